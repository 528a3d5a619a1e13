//! What the real binary finds before a machine starts: `install`, `preflight` and `inspect`.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::{medium, stage::Stage};

/// Status, standard output and standard error.
fn end(command: &mut Command) -> (Option<i32>, String, String) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// A spec that fits the German medium of Windows 11 24H2.
fn german(stage: &Stage) -> Value {
    let mut spec = serde_json::to_value(stage.install_spec(&stage.scenario(&[]))).unwrap();
    spec["customAnswerFile"] = Value::Null;
    spec["installationMedium"] = json!(medium::german(stage));
    spec["guestOs"] = json!("windows-11-24h2");
    spec["image"] = json!({ "name": "Windows 11 Pro" });
    spec["answerFile"]["uiLanguage"] = json!("de-DE");
    spec["diskMib"] = json!(64 << 10);
    spec["machine"]["memoryMib"] = json!(4096);
    let archive = stage.path("OpenSSH-Win64.zip");
    fs_err::write(&archive, b"PK").unwrap();
    spec["payload"] = json!([{ "name": "OpenSSH-Win64.zip", "source": archive }]);
    spec
}

type Mistake = (&'static str, fn(&mut Value));

/// One for each: the lines by which it is told, and how it is made.
const MISTAKES: [Mistake; 10] = [
    (
        "guestOs: the medium `FAKE` is build 26100 (Windows 11 24H2), and the spec names Windows Server 2022\n    \
         leave it out, or write `windows-11-24h2`",
        |spec| spec["guestOs"] = json!("windows-server-2022"),
    ),
    ("answerFile.computerName: `WFVM` is also an account; Windows then cannot create the account", |spec| {
        spec["answerFile"]["computerName"] = json!("WFVM");
    }),
    (
        "answerFile.timeZone: `Europe/Berlin` is not a time zone of Windows such as `W. Europe Standard Time`",
        |spec| spec["answerFile"]["timeZone"] = json!("Europe/Berlin"),
    ),
    ("answerFile.inputLocale: `de-DE,en-US` is neither a language tag nor a keyboard", |spec| {
        spec["answerFile"]["inputLocale"] = json!("de-DE,en-US");
    }),
    (
        "answerFile.uiLanguage: the medium's Setup has no language `fr-FR`, and Setup would ask for one\n    it has de-DE",
        |spec| spec["answerFile"]["uiLanguage"] = json!("fr-FR"),
    ),
    (
        "answerFile.productKey: it is a key of edition Core, and the image `Windows 11 Pro` is Professional\n    \
         the generic key of Professional is VK7JG-NPHTM-C97JM-9MPGT-3V66T",
        |spec| spec["answerFile"]["productKey"] = json!("YTMG3-N6DKC-DKB77-7M9GH-8HVX7"),
    ),
    (
        "diskMib: 21000 MiB are too few for the image `Windows 11 Pro`, whose files have 19074 MiB\n    give at least ",
        |spec| spec["diskMib"] = json!(21000),
    ),
    (
        "machine.memoryMib: 1024 MiB are too few for Windows 11 24H2\n    give at least 2048 MiB; Microsoft names 4096 MiB",
        |spec| spec["machine"]["memoryMib"] = json!(1024),
    ),
    (
        "machine.cpuModel: build 26100 does not start on a `core2duo`, which lacks sse4.2 and popcnt\n    \
         `Nehalem` is the oldest model that it starts on",
        |spec| spec["machine"]["cpuModel"] = json!("core2duo"),
    ),
    (
        "machine.diskBus: the Setup of Windows 11 24H2 has no driver for this disk, so that it would find none\n    \
         give `virtioWin` or its driver (`drivers`, `driverPaths`), or take `sata`",
        |spec| spec["machine"]["diskBus"] = json!("virtio"),
    ),
];

fn install(stage: &Stage, spec: &Path) -> (Option<i32>, String) {
    let mut command = stage.command("wfvm-nix-builder");
    let (status, _, page) = end(command.args(["install", "--out", "disk.qcow2", "--spec"]).arg(spec));
    (status, page)
}

#[test]
fn ten_mistakes_are_ten_findings_in_one_message_and_no_machine_starts() {
    let stage = Stage::new();
    let mut spec = german(&stage);
    for (_, make) in MISTAKES {
        make(&mut spec);
    }
    let (status, page) = install(&stage, &stage.write_json(&spec));
    assert_eq!(status, Some(2), "{page}");
    let message = page.split_once("error: the spec does not fit the medium:\n").unwrap().1;
    for (words, _) in MISTAKES {
        assert!(message.contains(&format!("  {words}")), "{words:?} is not in:\n{message}");
    }
    let found = message.lines().filter(|line| {
        let refusal = line.strip_prefix("  ").is_some_and(|rest| !rest.starts_with([' ', 'n', 'w']));
        refusal && !line.starts_with("  phase")
    });
    assert_eq!(found.count(), MISTAKES.len(), "{message}");
    assert!(message.contains("  phase     preflight\n"), "{message}");
    for left in ["fake-qemu.pid", "disk.qcow2", "disk.qcow2.unfinished", "evidence"] {
        assert!(!stage.path(left).exists(), "nothing was started, and yet there is {left}");
    }
}

#[test]
fn each_mistake_alone_is_one_finding() {
    let stage = Stage::new();
    let good = german(&stage);
    let refused = |spec: &Value| {
        let mut command = stage.command("wfvm-nix-builder");
        let (status, json, page) =
            end(command.args(["preflight", "--json", "--spec"]).arg(stage.write_json(spec)));
        let verdict: Value =
            serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}{page}"));
        let findings = verdict["findings"].as_array().unwrap().clone();
        let refused: Vec<Value> =
            findings.into_iter().filter(|finding| finding["severity"] == "refusal").collect();
        assert_eq!(status, Some(if refused.is_empty() { 0 } else { 2 }), "{page}");
        refused
    };
    assert_eq!(refused(&good), [Value::Null; 0]);
    for (words, make) in MISTAKES {
        let mut spec = good.clone();
        make(&mut spec);
        let found = refused(&spec);
        let field = words.split(':').next().unwrap();
        // A medium of another release is judged as what it is, and so is the rest.
        assert_eq!(found.len(), 1, "{words}: {found:#?}");
        assert_eq!(found[0]["field"], field);
    }
}

#[test]
fn preflight_tells_people_what_will_be_installed_and_what_may_surprise() {
    let stage = Stage::new();
    let spec = stage.write_json(&german(&stage));
    let preflight = |words: &[&std::ffi::OsStr]| {
        let mut command = stage.command("wfvm-nix-builder");
        end(command.args(["preflight", "--spec"]).arg(&spec).args(words))
    };
    let (status, page, _) = preflight(&[]);
    assert_eq!(status, Some(0), "{page}");
    assert!(page.starts_with("Windows 11 24H2: image 2 `Windows 11 Pro` of `FAKE`\n"), "{page}");
    assert!(page.contains("warning: installationMedium: it has no `sources/boot.wim`"), "{page}");
    assert!(page.contains("note: machine: Windows 11 24H2 wants a TPM 2.0, Secure Boot;"), "{page}");
    // Another medium than the spec's.
    let other = medium::iso(&stage);
    let (status, page, _) = preflight(&["--iso".as_ref(), other.as_ref()]);
    assert_eq!(status, Some(2), "{page}");
    assert!(page.contains("refused: image.name: the medium `FAKE` has no image `Windows 11 Pro`"), "{page}");
    let (status, _, page) = preflight(&["--iso".as_ref(), spec.as_ref()]);
    assert_eq!(status, Some(2), "{page}");
    assert!(page.contains("error: installationMedium: ") && page.contains("not an ISO image"), "{page}");
}

#[test]
fn secrets_come_from_their_files_and_stay_there() {
    let stage = Stage::new();
    let mut spec = german(&stage);
    let secret = |name: &str, text: &str| {
        fs_err::write(stage.path(name), text).unwrap();
        json!(stage.path(name))
    };
    spec["login"] = json!({ "user": "wfvm", "password": "", "passwordFile": secret("password", "geheim-1") });
    spec["answerFile"]["accounts"][0]["password"] = json!("");
    spec["answerFile"]["accounts"][0]["passwordFile"] = spec["login"]["passwordFile"].clone();
    let preflight = |spec: &Value, word: &str| {
        let mut command = stage.command("wfvm-nix-builder");
        end(command.args(["preflight", word, "--spec"]).arg(stage.write_json(spec)))
    };
    let (status, told, page) = preflight(&spec, "--json");
    assert_eq!(status, Some(0), "{told}{page}");
    // Home's key for Pro's image.
    let key = "YTMG3-N6DKC-DKB77-7M9GH-8HVX7";
    spec["answerFile"]["productKeyFile"] = secret("key", key);
    let (status, told, page) = preflight(&spec, "--json");
    assert_eq!(status, Some(2), "{told}{page}");
    assert!(told.contains("it is a key of edition Core"), "{told}");
    assert!(
        ![key, "geheim"].iter().any(|secret| told.contains(secret) || page.contains(secret)),
        "{told}{page}"
    );
}

#[test]
fn secrets_that_cannot_be_read_are_told_with_all_else() {
    let stage = Stage::new();
    let mut spec = german(&stage);
    fs_err::write(stage.path("empty"), "").unwrap();
    spec["login"] = json!({ "user": "wfvm", "passwordFile": stage.path("empty") });
    spec["answerFile"]["productKeyFile"] = json!(stage.path("nowhere"));
    spec["machine"]["memoryMib"] = json!(1024);
    spec["answerFile"]["timeZone"] = json!("Europe/Berlin");
    let file = stage.write_json(&spec);
    let mut command = stage.command("wfvm-nix-builder");
    let (status, told, page) = end(command.args(["preflight", "--json", "--spec"]).arg(&file));
    assert_eq!(status, Some(2), "{told}{page}");
    let verdict: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(verdict["wfvmPreflight"], 1);
    let refused =
        verdict["findings"].as_array().unwrap().iter().filter(|found| found["severity"] == "refusal");
    let fields: Vec<&str> = refused.map(|found| found["field"].as_str().unwrap()).collect();
    let wanted =
        ["answerFile.timeZone", "machine.memoryMib", "answerFile.productKeyFile", "login.passwordFile"];
    assert_eq!(fields, wanted, "{verdict:#}");
    // An installation refuses the same, in one message.
    let (status, page) = install(&stage, &file);
    assert_eq!(status, Some(2), "{page}");
    for words in ["passwordFile: ", " is empty\n", "productKeyFile: ", "machine.memoryMib: "] {
        assert!(page.contains(words), "{words:?} is not in {page}");
    }
}

#[test]
fn inspect_needs_nothing_but_the_medium() {
    let stage = Stage::new();
    let iso = medium::german(&stage);
    let inspect = |words: &[&str], file: &Path| {
        let mut command = stage.command("wfvm-nix-builder");
        // As on a machine that has no Nix and nothing else.
        end(command.arg("inspect").args(words).arg(file).env_clear())
    };
    let (status, page, complaint) = inspect(&[], &iso);
    assert_eq!((status, complaint.as_str()), (Some(0), ""), "{page}");
    for words in
        ["release    Windows 11 24H2, 10.0.26100.1742\n", "->  2    Professional", "uiLanguage = \"de-DE\";"]
    {
        assert!(page.contains(words), "{words:?} is not in:\n{page}");
    }
    let (status, json, _) = inspect(&["--json"], &iso);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((status, &json["chosenImage"], &json["wfvmInspection"]), (Some(0), &json!(2), &json!(1)));
    assert_eq!(json["medium"]["images"][1]["editionId"], "Professional");
    assert!(json["medium"]["bytesRead"].as_u64().unwrap() < 256 << 10, "{json}");
    // Nothing says of which release the other medium is.
    let (status, page, _) = inspect(&[], &medium::iso(&stage));
    assert_eq!(status, Some(2), "{page}");
    assert!(page.contains("release    unknown, no version\n") && page.contains("refused: "), "{page}");

    let garbage = stage.path("garbage.iso");
    fs_err::write(&garbage, vec![7; 100_000]).unwrap();
    let directory = stage.path("scratch");
    for (file, words) in [
        (&garbage, "this is not an ISO image: `CD001` does not stand at byte 32769"),
        (&stage.path("no.iso"), "No such file or directory"),
        (&directory, "this is a directory"),
    ] {
        let (status, page, complaint) = inspect(&[], file);
        assert_eq!((status, page.as_str()), (Some(2), ""), "{complaint}");
        let named = complaint.starts_with("error: ") && complaint.contains(&file.display().to_string());
        assert!(named && complaint.contains(words), "{complaint}");
    }
}
