//! `verify` with the reference guest's medium: as it is, with damage that is seen only when it is installed,
//! and ended in the middle.

#![expect(clippy::disallowed_methods, reason = "the binary is started as its users start it, and ended")]

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::{
    laboratory::{Laboratory, builder, given, path_variable, tools},
    revive::assert_nothing_runs,
};

/// Nobody is called so.
const PERSON: &str = "zaphodine";

fn verify(laboratory: &Laboratory, iso: &Path) -> Command {
    for directory in ["temporary", "large"] {
        fs_err::create_dir(laboratory.path(directory)).unwrap();
    }
    let tools_file = laboratory.path("tools.json");
    fs_err::write(&tools_file, serde_json::to_string(&tools()).unwrap()).unwrap();
    let mut command = Command::new(builder());
    command.current_dir(laboratory.path("")).args(["verify", "--accelerator", "tcg", "--iso"]).arg(iso);
    command.arg("--tools").arg(tools_file).arg("--directory").arg(laboratory.path("large"));
    command.env("TMPDIR", laboratory.path("temporary")).env("PATH", path_variable());
    command.env("HOME", laboratory.path(PERSON)).env("USER", PERSON).stdin(Stdio::null());
    command
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The report, in which nobody is named and no password stands.
fn report(laboratory: &Laboratory, output: &Output) -> Value {
    let [json, html] = ["json", "html"].map(|kind| {
        fs_err::read_to_string(laboratory.path(&format!("wfvm-verification.{kind}")))
            .unwrap_or_else(|error| panic!("{error}: {}", said(output)))
    });
    for text in [&json, &html, &said(output)] {
        assert!(!text.contains("Wf-"), "a password: {text}");
    }
    for text in [&json, &html] {
        assert!(
            !text.contains(PERSON) && !text.contains(&*laboratory.path("large").to_string_lossy()),
            "{text}"
        );
    }
    serde_json::from_str(&json).unwrap()
}

fn outcomes(report: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let phases = report["phases"].as_array().unwrap().iter();
    phases.map(|phase| (text(&phase["name"]), text(&phase["outcome"]))).collect()
}

fn assert_nothing_left(laboratory: &Laboratory) {
    assert_nothing_runs(laboratory);
    for directory in ["temporary", "large"] {
        let left: Vec<PathBuf> = fs_err::read_dir(laboratory.path(directory))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        assert!(left.is_empty(), "left behind: {left:?}");
    }
}

#[test]
fn the_reference_guest_passes_every_phase() {
    let laboratory = Laboratory::new();
    let output = verify(&laboratory, &given("WFVM_TEST_ISO")).output().unwrap();
    let report = report(&laboratory, &output);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!((report["outcome"].as_str(), outcomes(&report).len()), (Some("passed"), 8), "{report:#}");
    let waking = said(&output).lines().filter(|line| line.starts_with("clone|")).collect::<String>();
    assert!(waking.contains("waking a clone"), "{}", said(&output));
    assert_nothing_left(&laboratory);
}

/// No blob of any image has the sum by which its files are found (MSWIM, "lookup table": entries of 50 bytes
/// that end with the SHA-1); what is read before a machine starts is as it was.
fn damaged(laboratory: &Laboratory) -> PathBuf {
    let mut bytes = fs_err::read(given("WFVM_TEST_ISO")).unwrap();
    let starts: Vec<usize> =
        bytes.windows(8).enumerate().filter(|(_, here)| here == b"MSWIM\0\0\0").map(|(at, _)| at).collect();
    for start in starts {
        let number = |at: usize, length: usize| {
            let little_endian = bytes.get(start + at..start + at + length).unwrap().iter().rev();
            little_endian.fold(0_usize, |value, byte| value << 8 | usize::from(*byte))
        };
        let (length, offset) = (number(0x30, 7), number(0x38, 8));
        let table = bytes.get_mut(start + offset..start + offset + length).unwrap();
        for entry in table.chunks_exact_mut(50) {
            entry.get_mut(30..).unwrap().fill(0xaa);
        }
    }
    let file = laboratory.path("damaged.iso");
    fs_err::write(&file, bytes).unwrap();
    file
}

#[test]
fn a_damaged_medium_fails_where_its_damage_is_met_and_shows_the_page() {
    let laboratory = Laboratory::new();
    let iso = damaged(&laboratory);
    let output = verify(&laboratory, &iso).output().unwrap();
    let report = report(&laboratory, &output);
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    let words: Vec<String> = outcomes(&report).into_iter().map(|(_, outcome)| outcome).collect();
    assert_eq!(words, ["passed", "passed", "failed", "skipped", "skipped", "skipped", "skipped", "skipped"]);
    let failure = &report["phases"][2]["failure"];
    assert_eq!(failure["during"], "windowsPE");
    assert!(failure["screenText"].as_str().unwrap().contains("lookup table"), "{failure:#}");
    let html = fs_err::read_to_string(laboratory.path("wfvm-verification.html")).unwrap();
    assert!(html.contains("src=\"data:image/png;base64,iVBORw0KGgo"), "a picture of the page");
    assert_nothing_left(&laboratory);
}

#[test]
fn a_signal_in_the_middle_of_an_installation_leaves_nothing() {
    let laboratory = Laboratory::new();
    let mut child = verify(&laboratory, &given("WFVM_TEST_ISO")).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let begun = lines.any(|line| line.unwrap().contains("windowsPE: "));
    assert!(begun, "the installation did not come to Windows PE");
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(3), "{rest:?}");
    assert_nothing_left(&laboratory);
    for name in ["json", "html"].map(|kind| format!("wfvm-verification.{kind}")) {
        let unfinished = laboratory.path(&format!("{name}.unfinished"));
        assert!(!laboratory.path(&name).exists() && !unfinished.exists(), "{name}");
    }
}
