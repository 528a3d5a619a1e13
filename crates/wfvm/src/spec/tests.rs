use super::*;

/// A spec that nothing is wrong with, as the modules below use it, too.
pub(crate) fn good_install() -> serde_json::Value {
    serde_json::json!({
        "wfvmSpec": 1,
        "installationMedium": "/iso",
        "guestOs": "reference-guest",
        "image": { "name": "Reference Guest Standard" },
        "machine": { "firmware": "bios", "accelerator": "tcg", "cores": 2, "memoryMib": 1024 },
        "diskMib": 8192,
        "answerFile": {
            "fullName": "John Doe", "organization": "KVM Authority",
            "uiLanguage": "en-US", "inputLocale": "en-US", "userLocale": "en-US", "systemLocale": "en-US",
            "timeZone": "UTC", "autoLogon": "wfvm",
            "accounts": [ { "name": "wfvm", "password": "1234", "groups": [ "Users", "Administrators" ] } ]
        },
        "login": { "user": "wfvm", "password": "1234" },
        "tools": { "qemu": "/q", "qemuImg": "/i" }
    })
}

fn refusal(change: impl FnOnce(&mut serde_json::Value)) -> String {
    let mut document = good_install();
    change(&mut document);
    parse::<Install>(&document.to_string()).unwrap_err().to_string()
}

#[test]
fn a_whole_spec_is_read_and_written_back_the_same() {
    let spec: Install = parse(&good_install().to_string()).unwrap();
    assert_eq!(spec.answer_medium, AnswerMedium::Iso);
    let again: Install = parse(&serde_json::to_string(&spec).unwrap()).unwrap();
    assert_eq!(again, spec);
}

#[test]
fn a_misspelt_field_is_refused_with_its_path() {
    let message = refusal(|spec| spec["machine"]["memoryMb"] = 4096.into());
    assert!(message.starts_with("machine.memoryMb: unknown field `memoryMb`"), "{message}");
}

#[test]
fn an_ill_typed_field_is_refused_with_its_path() {
    let message = refusal(|spec| spec["answerFile"]["accounts"][0]["groups"] = "Administrators".into());
    assert!(message.starts_with("answerFile.accounts[0].groups: invalid type: string"), "{message}");
}

#[test]
fn another_version_is_refused_before_its_fields_are_read() {
    let message = refusal(|spec| *spec = serde_json::json!({ "wfvmSpec": 2, "new": true }));
    assert_eq!(message, "wfvmSpec: this is version 2, but this binary reads version 1");
}

#[test]
fn impossible_values_are_refused_with_their_path() {
    type Case = (&'static str, fn(&mut serde_json::Value));
    let cases: [Case; 6] = [
        ("machine.cores: 0 is not", |spec| spec["machine"]["cores"] = 0.into()),
        ("machine.memoryMib: 4 MiB is not", |spec| spec["machine"]["memoryMib"] = 4.into()),
        ("diskMib: 70 MiB is not", |spec| spec["diskMib"] = 70.into()),
        ("image.index: images are counted", |spec| spec["image"] = serde_json::json!({ "index": 0 })),
        ("login.user: `root` is none", |spec| spec["login"]["user"] = "root".into()),
        ("tools.ovmfCode: is absent", |spec| spec["machine"]["firmware"] = "uefi".into()),
    ];
    for (expected, change) in cases {
        let message = refusal(change);
        assert!(message.starts_with(expected), "{message}");
    }
}
