//! `lint` by the real binary, and the answer file that an installation is refused for.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::{medium, stage::Stage};

/// Status, standard output and standard error.
fn end(command: &mut Command) -> (Option<i32>, String, String) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// An answer file of a person, without and with mistakes.
fn answers(mistakes: &[(&str, &str)]) -> String {
    let mut text = include_str!("../golden/lint/good/packer-windows-11-uefi.xml").to_owned();
    for (right, wrong) in mistakes {
        assert!(text.contains(right), "{right}");
        text = text.replacen(right, wrong, 1);
    }
    text
}

const NO_LICENCE: (&str, &str) = ("<AcceptEula>true<", "<AcceptEula>false<");
const IANA: (&str, &str) = ("<TimeZone>UTC<", "<TimeZone>Europe/Berlin<");

/// `lint` as on a machine that has neither Nix nor anything else.
fn lint(stage: &Stage, words: &[&str]) -> (Option<i32>, String, String) {
    let mut command = stage.command("wfvm-nix-builder");
    end(command.arg("lint").args(words).env_clear().current_dir(stage.path("")))
}

#[test]
fn the_status_says_whether_there_is_an_error() {
    let stage = Stage::new();
    let put =
        |name: &str, mistakes: &[(&str, &str)]| fs_err::write(stage.path(name), answers(mistakes)).unwrap();
    put("Autounattend.xml", &[]);
    assert_eq!(
        lint(&stage, &["Autounattend.xml"]),
        (Some(0), "Autounattend.xml: nothing found\n".into(), String::new())
    );
    put("Autounattend.xml", &[IANA]);
    let (status, page, _) = lint(&stage, &["Autounattend.xml"]);
    assert_eq!(status, Some(0), "{page}");
    assert!(
        page.contains("warning[unknown-time-zone]: ") && page.contains("  --> Autounattend.xml:99:7\n"),
        "{page}"
    );
    assert_eq!(lint(&stage, &["--deny-warnings", "Autounattend.xml"]).0, Some(2));
    let allowed = ["--deny-warnings", "--allow", "unknown-time-zone", "Autounattend.xml"];
    assert_eq!(lint(&stage, &allowed).0, Some(0));
    put("Autounattend.xml", &[IANA, NO_LICENCE]);
    let (status, page, _) = lint(&stage, &["Autounattend.xml"]);
    assert_eq!(status, Some(2), "{page}");
    assert!(page.ends_with("Autounattend.xml: 1 error, 1 warning\n"), "{page}");
}

#[test]
fn what_is_wrong_with_the_command_is_the_callers_and_says_so() {
    let stage = Stage::new();
    let (status, _, page) = lint(&stage, &["missing.xml"]);
    assert_eq!(status, Some(2), "{page}");
    assert!(page.starts_with("error: ") && page.contains("missing.xml"), "{page}");
    let (status, _, page) = lint(&stage, &["--allow", "no-such-rule", "missing.xml"]);
    assert_eq!(
        (status, page.as_str()),
        (Some(2), "error: there is no rule `no-such-rule`; `--rules` lists them\n")
    );
    let (status, page, _) = lint(&stage, &["--explain", "order-twice"]);
    assert!(status == Some(0) && page.starts_with("# `order-twice`\n"), "{page}");
}

#[test]
fn programs_get_json_and_passwords_are_in_no_output() {
    let stage = Stage::new();
    let plain = ("<Value>dgBhAGcAcgBhAG4AdABQAGEAcwBzAHcAbwByAGQA</Value>", "<Value>hunter-2</Value>");
    fs_err::write(stage.path("a b.xml"), answers(&[plain, NO_LICENCE])).unwrap();
    for form in ["--json", "--sarif"] {
        let (status, text, _) = lint(&stage, &[form, "a b.xml"]);
        assert_eq!(status, Some(2), "{text}");
        let value: Value = serde_json::from_str(&text).unwrap();
        assert!(value.is_object() && text.contains("password-encoding"), "{text}");
        assert!(!text.contains("hunter-2"), "{text}");
    }
}

#[test]
fn an_installation_is_refused_for_its_own_answer_file_with_all_findings() {
    let stage = Stage::new();
    let mut spec = serde_json::to_value(stage.install_spec(&stage.scenario(&[]))).unwrap();
    spec["installationMedium"] = json!(medium::german(&stage));
    spec["guestOs"] = Value::Null;
    spec["machine"]["memoryMib"] = json!(4096);
    spec["allowedAnswerFileRules"] = json!([]);
    let file = stage.path("custom.xml");
    fs_err::write(&file, answers(&[NO_LICENCE, IANA])).unwrap();
    spec["customAnswerFile"] = json!(file);
    let install = |spec: &Value| {
        let mut command = stage.command("wfvm-nix-builder");
        end(command.args(["install", "--out", "disk.qcow2", "--spec"]).arg(stage.write_json(spec)))
    };
    let (status, _, page) = install(&spec);
    assert_eq!(status, Some(2), "{page}");
    for words in [
        "customAnswerFile: line 71: `AcceptEula` is not `true` [eula-not-accepted]",
        "[language-not-on-medium]",
        "warning: customAnswerFile: line 99: `Europe/Berlin` is not a time zone of Windows [unknown-time-zone]",
    ] {
        assert!(page.contains(words), "{words:?} is not in:\n{page}");
    }
    assert!(!stage.path("fake-qemu.pid").exists(), "a machine was started");
    // Who knows better than a rule says so.
    spec["allowedAnswerFileRules"] = json!(["eula-not-accepted", "no-such-rule"]);
    let (_, _, page) = install(&spec);
    assert!(!page.contains("[eula-not-accepted]"), "{page}");
    assert!(page.contains("allowedAnswerFileRules: there is no rule `no-such-rule`"), "{page}");
}
