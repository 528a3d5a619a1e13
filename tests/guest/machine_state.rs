//! What belongs to a machine and is not on its disk goes with the image: UEFI variables and the TPM.

use std::path::Path;

use wfvm::spec::{Layer, Machine, Run, Tools};

use crate::laboratory::{Laboratory, NONCE, given, tools};

/// `owner OLD NEW` changes the authorization of the TPM's owner, which the TPM keeps.
const OWNER: &str = r#"
a=QUFBQUFBQUFBQUFBQUFBQUFBQUE= b=QkJCQkJCQkJCQkJCQkJCQkJCQkI=
owner() { win-exec "powershell -NoProfile -Command \"Set-TpmOwnerAuth $1 -NewOwnerAuthorization $2\""; }
"#;

fn with_tpm(machine: &Machine, programs: Tools) -> (Machine, Tools) {
    let swtpm = Some(given("WFVM_TEST_TOOLS").join("bin/swtpm"));
    (Machine { tpm: true, ..machine.clone() }, Tools { swtpm, ..programs })
}

fn layer(laboratory: &Laboratory, name: &str, below: Option<&Path>, script: &str) -> std::path::PathBuf {
    let plain = laboratory.layer_spec(&format!("{OWNER}{script}"));
    let (machine, tools) = with_tpm(&plain.machine, tools());
    let mut spec = Layer { machine, tools, strict: true, ..plain };
    spec.state = Some(given("WFVM_TEST_STATE"));
    if let Some(below) = below {
        (spec.parent, spec.state) = (below.into(), Some(below.with_extension("state")));
    }
    laboratory.layer(name, &spec).unwrap_or_else(|failure| panic!("{failure}"))
}

#[test]
fn what_a_layer_writes_to_the_firmware_and_the_tpm_is_there_two_layers_later() {
    let laboratory = Laboratory::new();
    let first = layer(
        &laboratory,
        "first.qcow2",
        None,
        r#"win-exec 'bcdedit /set {bootmgr} description "Kept Boot Manager"'
        owner '' $a"#,
    );
    let second = layer(&laboratory, "second.qcow2", Some(&first), r"win-exec 'echo second> C:\second.txt'");
    let plain = laboratory.run_spec(&format!(
        "{OWNER}{}",
        r#"
        win-exec 'type C:\second.txt'
        win-exec 'bcdedit /enum firmware' | grep 'Kept Boot Manager'
        if owner "$b" $a; then echo 'the TPM took a wrong value'; exit 1; fi
        owner "$a" $b
        "#
    ));
    let (machine, tools) = with_tpm(&plain.machine, tools());
    let spec =
        Run { image: second.clone(), state: Some(second.with_extension("state")), machine, tools, ..plain };
    // The second start finds what the first one found: a run keeps nothing.
    for _ in 0..2 {
        let status = laboratory.perform(&spec).unwrap_or_else(|failure| panic!("{failure}"));
        assert!(status.success(), "the script ended with {status}");
    }

    // Without its state the image has another machine around it.
    let script = format!(
        "{OWNER}{}",
        r"
        win-exec 'type C:\second.txt'
        if win-exec 'bcdedit /enum firmware' | grep 'Kept Boot Manager'; then exit 1; fi
        owner '' $b
        "
    );
    let status = laboratory
        .perform(&Run { state: None, script, ..spec })
        .unwrap_or_else(|failure| panic!("{failure}"));
    assert!(status.success(), "the script ended with {status}");
}

#[test]
fn each_clone_has_the_tpm_of_its_template() {
    let laboratory = Laboratory::new();
    let plain = laboratory.run_spec("");
    let (machine, tools) = with_tpm(&plain.machine, tools());
    let plain = Run { machine, tools, ..plain };
    let owned = r#"powershell -NoProfile -Command "Set-TpmOwnerAuth -NewOwnerAuthorization QUFBQUFBQUFBQUFBQUFBQUFBQUE=""#;
    let template =
        laboratory.freeze(&plain, &[owned.to_owned()]).unwrap_or_else(|failure| panic!("{failure}"));
    let script = format!("{OWNER}{NONCE}\nif owner '' $b; then exit 1; fi\nowner $a $b");
    let spec = Run { image: template, ..laboratory.run_spec(&script) };
    let spec = Run { machine: plain.machine, tools: plain.tools, ..spec };
    // What one clone writes to its TPM the next one does not find.
    for _ in 0..2 {
        let status = laboratory.perform(&spec).unwrap_or_else(|failure| panic!("{failure}"));
        assert!(status.success(), "the script ended with {status}");
    }
}
