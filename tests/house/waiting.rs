//! Nothing sleeps. The product waits for events, in `wait`, and between two looks at something
//! that has no event it pauses for the poll interval at most.

use std::time::Duration;

use crate::source;

const PRODUCT: [&str; 2] = ["crates/wfvm/src", "crates/wfvm-nix-builder/src"];
const WAIT: &str = "crates/wfvm/src/wait.rs";

/// Functions that let time pass, whatever they belong to.
const TIMERS: [&str; 12] = [
    "sleep",
    "sleep_ms",
    "sleep_until",
    "timeout",
    "timeout_at",
    "interval",
    "interval_at",
    "park_timeout",
    "park_timeout_ms",
    "recv_timeout",
    "wait_timeout",
    "nanosleep",
];

/// What a command line of the guest's would sleep with.
const COMMANDS: [&str; 4] = ["timeout /t", "timeout.exe", "Start-Sleep", "ping -n"];

fn calls(code: &str) -> Vec<(usize, &'static str, &str)> {
    let mut calls = Vec::new();
    for (number, line) in source::lines_without_comments(code, "//") {
        for timer in TIMERS {
            for (before, after) in source::word(line, timer) {
                if let Some(arguments) = after.strip_prefix('(')
                    && !before.ends_with("fn ")
                {
                    calls.push((number, timer, arguments));
                }
            }
        }
    }
    calls
}

#[test]
fn the_poll_interval_is_short() {
    assert!(wfvm::wait::POLL_INTERVAL < Duration::from_secs(1));
}

#[test]
fn only_wait_uses_timers_and_sleeps_for_the_poll_interval_alone() {
    let mut wrong = Vec::new();
    let mut pauses = 0;
    for file in PRODUCT.iter().flat_map(|directory| source::files(directory)) {
        let text = source::text(&file);
        for (number, timer, arguments) in calls(&text) {
            if file != WAIT {
                wrong.push(format!(
                    "{file}:{number}: `{timer}` outside of `wait`: wait for an event by `wait::race`"
                ));
            } else if matches!(timer, "sleep" | "interval") {
                pauses += 1;
                if !arguments.starts_with("POLL_INTERVAL)") {
                    wrong.push(format!("{file}:{number}: `{timer}({arguments}` is not POLL_INTERVAL"));
                }
            }
        }
        for command in COMMANDS {
            if text.contains(command) {
                wrong.push(format!("{file}: `{command}` lets the guest sleep: let it do what it waits for"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert!(pauses > 0, "{WAIT} has no pause any more, so this check sees nothing");
}

#[test]
fn no_script_and_no_nix_file_sleeps() {
    let mut wrong = Vec::new();
    for file in
        ["nix", "scripts", "examples", "wfvm", ".ci"].iter().flat_map(|directory| source::files(directory))
    {
        let mark = if has_c_comments(&file) { "//" } else { "#" };
        for (number, line) in source::lines_without_comments(&source::text(&file), mark) {
            for name in ["sleep", "usleep", "nanosleep", "Sleep", "Start-Sleep"] {
                if source::word(line, name).next().is_some() {
                    wrong
                        .push(format!("{file}:{number}: `{name}`: wait for what is to happen, not for time"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn has_c_comments(file: &str) -> bool {
    source::has_extension(file, "c") || source::has_extension(file, "h")
}
