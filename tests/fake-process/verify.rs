//! `verify` beside a fake QEMU: where it fails, what it then leaves out, what it tells, and what it leaves.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use wfvm_tests::scenario::{Act, OPTION};

use crate::{
    medium,
    stage::{Stage, medium_started, program, shutdown},
};

const JSON: &str = "report.json";
const HTML: &str = "report.html";
/// Nobody is called so, and no message has such a word.
const PERSON: &str = "zaphodine";

/// A QEMU that plays `story` as a machine, and is not asked whether KVM runs anything.
fn tools(stage: &Stage, story: &[Act]) -> PathBuf {
    let scenario = serde_json::to_string(&stage.scenario(story)).unwrap();
    fs_err::write(stage.path("scenario.json"), scenario).unwrap();
    let qemu = stage.write_program(
        "qemu",
        &format!(
            "case \"$*\" in --version) echo 'QEMU emulator version 9.9'; exit ;; *isa-debug-exit*) exit 1 ;; esac\n\
             exec {} {OPTION} \"$(cat {})\" \"$@\"",
            env!("CARGO_BIN_EXE_fake-qemu"),
            stage.path("scenario.json").display()
        ),
    );
    let tools = json!({
        "qemu": qemu,
        "qemuImg": program("qemu-img"),
        "ovmfCode": stage.path("ovmf-code.fd"),
        "ovmfVars": stage.path("ovmf-vars.fd"),
        "bash": program("bash"),
    });
    let file = stage.path("tools.json");
    fs_err::write(&file, tools.to_string()).unwrap();
    file
}

/// With a medium of Windows 11 in German, and the archive that it needs.
fn verify(stage: &Stage, iso: PathBuf) -> Command {
    let archive = stage.path("OpenSSH-Win64.zip");
    fs_err::write(&archive, b"PK").unwrap();
    let mut command = stage.command("wfvm-nix-builder");
    command.args(["verify", "--accelerator", "tcg", "--json", JSON]);
    command.arg("--iso").arg(iso).arg("--payload").arg(archive);
    command.env("HOME", stage.path(PERSON)).env("USER", PERSON).stdin(Stdio::null());
    command
}

struct Ended {
    status: Option<i32>,
    report: Value,
    /// All that was said and written.
    all: String,
}

fn end(stage: &Stage, command: &mut Command) -> Ended {
    let output = command.args(["--html", HTML]).output().unwrap();
    let said = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let json = fs_err::read_to_string(stage.path(JSON)).unwrap_or_else(|error| panic!("{error}: {said:?}"));
    let html = fs_err::read_to_string(stage.path(HTML)).unwrap();
    assert!(!json.contains(PERSON) && !html.contains(PERSON), "{json}");
    let all = format!("{}{}{json}{html}", said[0], said[1]);
    assert!(!all.contains("Wf-"), "a password: {all}");
    Ended { status: output.status.code(), report: serde_json::from_str(&json).unwrap(), all }
}

/// Each phase and how it ended.
fn outcomes(report: &Value) -> Vec<(&str, &str)> {
    let phases = report["phases"].as_array().unwrap().iter();
    phases.map(|phase| (phase["name"].as_str().unwrap(), phase["outcome"].as_str().unwrap())).collect()
}

/// `passed` up to one that failed, and nothing after it.
fn fails_at(report: &Value, failed: &str) {
    let all = ["preflight", "media", "install", "layer", "run", "template", "checkTemplate", "clone"];
    let at = all.iter().position(|name| *name == failed).unwrap();
    let wanted: Vec<(&str, &str)> = all
        .iter()
        .enumerate()
        .map(|(number, name)| match number.cmp(&at) {
            std::cmp::Ordering::Less => (*name, "passed"),
            std::cmp::Ordering::Equal => (*name, "failed"),
            std::cmp::Ordering::Greater => (*name, "skipped"),
        })
        .collect();
    assert_eq!(outcomes(report), wanted, "{report:#}");
    assert_eq!(report["outcome"], "failed");
}

fn failure<'r>(report: &'r Value, name: &str) -> &'r Value {
    let mut phases = report["phases"].as_array().unwrap().iter();
    &phases.find(|phase| phase["name"] == name).unwrap()["failure"]
}

#[test]
fn a_guest_that_ends_in_the_middle_fails_its_phase_and_all_that_need_it_are_left_out() {
    let stage = Stage::new();
    let tools = tools(&stage, &[medium_started(), shutdown(true), Act::Exit(0)]);
    let iso = medium::german(&stage);
    let Ended { status, report, all } = end(&stage, verify(&stage, iso).arg("--tools").arg(tools));
    assert_eq!(status, Some(4), "{all}");
    fails_at(&report, "install");
    let failure = failure(&report, "install");
    assert_eq!((&failure["status"], &failure["during"]), (&json!(4), &json!("windowsPE")), "{failure:#}");
    let causes = failure["causes"].to_string();
    assert!(causes.contains("switched off by the guest before the installation was over"), "{causes}");
    let evidence = failure["evidence"].to_string();
    assert!(evidence.contains("com1.log") && evidence.contains("qmp.jsonl"), "{evidence}");
    assert!(all.contains("skipped  layer          it needs `install`, which has not passed"), "{all}");
    assert!(all.contains("error: install failed; report.json and report.html tell why"), "{all}");
    assert_eq!(report["medium"]["release"]["name"], "windows-11-24h2");
    assert_eq!(report["medium"]["file"], "german.iso");
    assert_eq!(report["machine"]["memoryMib"], 4096);
    assert!(report["versions"]["qemu"].as_str().unwrap().starts_with("QEMU emulator version 9.9"));
}

#[test]
fn what_is_kept_repeats_a_phase_and_has_a_password_that_its_owner_alone_reads() {
    let stage = Stage::new();
    let tools = tools(&stage, &[medium_started(), shutdown(true), Act::Exit(0)]);
    let iso = medium::german(&stage);
    fs_err::create_dir(stage.path("large")).unwrap();
    let mut command = verify(&stage, iso);
    let Ended { all, .. } =
        end(&stage, command.args(["--keep", "--directory", "large", "--tools"]).arg(tools));
    let kept: Vec<PathBuf> =
        fs_err::read_dir(stage.path("large")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [kept] = &kept[..] else { panic!("{kept:?}: {all}") };
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs_err::metadata(kept.join("password")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    let password = fs_err::read_to_string(kept.join("password")).unwrap();
    assert!(password.starts_with("Wf-") && password.len() > 20);
    let spec = fs_err::read_to_string(kept.join("specs/install.json")).unwrap();
    assert!(spec.contains("passwordFile") && !spec.contains(&password), "{spec}");
    assert!(
        kept.join("evidence/install/run-vm").is_file() && kept.join("evidence/install/com1.log").is_file()
    );
}

#[test]
fn a_medium_that_is_none_is_told_with_everything_that_is_known_of_the_host() {
    let stage = Stage::new();
    let tools = tools(&stage, &[]);
    let iso = stage.path("none.iso");
    // As a download is that broke off.
    fs_err::write(&iso, &fs_err::read(medium::german(&stage)).unwrap()[..100_000]).unwrap();
    let Ended { status, report, all } = end(&stage, verify(&stage, iso).arg("--tools").arg(tools));
    assert_eq!(status, Some(2), "{all}");
    fails_at(&report, "preflight");
    assert_eq!((&report["medium"], &report["machine"]), (&Value::Null, &Value::Null));
    let named = |name: &str| report["host"].as_array().unwrap().iter().any(|check| check["name"] == name);
    assert!(named("kvm") && named("memory") && named("room"), "{report:#}");
    assert!(!stage.path("fake-qemu.pid").exists(), "a machine was started");
}

#[test]
fn what_does_not_fit_is_told_at_once_and_no_machine_starts() {
    let stage = Stage::new();
    let tools = tools(&stage, &[]);
    let key = stage.path("there-is-no-key");
    let iso = medium::german(&stage);
    let mut command = verify(&stage, iso);
    command.args(["--memory-mib", "1024", "--product-key-file"]).arg(&key).arg("--tools").arg(tools);
    let Ended { status, report, all } = end(&stage, &mut command);
    assert_eq!(status, Some(2), "{all}");
    fails_at(&report, "preflight");
    let findings = report["phases"][0]["findings"].to_string();
    assert!(
        findings.contains("machine.memoryMib") && findings.contains("answerFile.productKeyFile"),
        "{findings}"
    );
    assert_eq!(report["medium"]["release"]["name"], "windows-11-24h2");
    assert!(!stage.path("fake-qemu.pid").exists(), "a machine was started");
}

#[test]
fn programs_that_are_not_there_are_the_hosts_fault_and_the_medium_is_inspected_all_the_same() {
    let stage = Stage::new();
    fs_err::create_dir(stage.path("empty")).unwrap();
    let iso = medium::german(&stage);
    let Ended { status, report, all } = end(&stage, verify(&stage, iso).env("PATH", stage.path("empty")));
    assert_eq!(status, Some(3), "{all}");
    fails_at(&report, "preflight");
    assert_eq!(failure(&report, "preflight")["causes"], json!(["qemu-system-x86_64: not on PATH"]));
    assert_eq!(report["medium"]["release"]["name"], "windows-11-24h2");
}

#[test]
fn a_signal_in_the_middle_leaves_nothing() {
    let stage = Stage::new();
    let tools = tools(&stage, &[medium_started(), Act::AwaitCue("never".into())]);
    let iso = medium::german(&stage);
    let mut command = verify(&stage, iso);
    let mut child =
        command.args(["--html", HTML, "--tools"]).arg(tools).stderr(Stdio::piped()).spawn().unwrap();
    stage.pid("fake-qemu.pid");
    assert!(stage.path("report.json.unfinished").exists());
    kill_process(Pid::from_raw(child.id().try_into().unwrap()).unwrap(), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3));
    stage.assert_nothing_left();
    assert!(!stage.path(JSON).exists() && !stage.path(HTML).exists(), "a report of nothing");
}

#[test]
fn a_report_that_cannot_be_written_is_found_out_before_an_hour_of_work() {
    let stage = Stage::new();
    let tools = tools(&stage, &[]);
    let iso = medium::german(&stage);
    let mut command = verify(&stage, iso);
    let output = command.args(["--html", "nowhere/report.html"]).arg("--tools").arg(tools).output().unwrap();
    let page = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{page}");
    assert!(page.starts_with("error: ") && page.contains("nowhere/report.html"), "{page}");
}
