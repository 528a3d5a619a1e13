//! What belongs to a machine and is not on its disk goes with the image: UEFI variables, the TPM, the clock.

use std::path::Path;

use wfvm::{
    blame::Blame,
    install::InstallFailure,
    spec::{AnswerMedium, Firmware, Install, Layer, Machine, Run, Tools},
};

use crate::laboratory::{Laboratory, NONCE, given, spec, tools};

/// `owner OLD NEW` changes the authorization of the TPM's owner, which the TPM keeps.
const OWNER: &str = r#"
a=QUFBQUFBQUFBQUFBQUFBQUFBQUE= b=QkJCQkJCQkJCQkJCQkJCQkJCQkI=
owner() { win-exec "powershell -NoProfile -Command \"Set-TpmOwnerAuth $1 -NewOwnerAuthorization $2\""; }
may=1904169600 # 2030-05-05
now() { win-exec 'powershell -NoProfile -Command "[DateTimeOffset]::UtcNow.ToUnixTimeSeconds()"' | tr -d '\r'; }
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
        owner '' $a
        win-exec "powershell -NoProfile -Command \"Set-Date -Date ([DateTimeOffset]::FromUnixTimeSeconds($may).LocalDateTime) | Out-Null\""
        "#,
    );
    let second = layer(
        &laboratory,
        "second.qcow2",
        Some(&first),
        r"win-exec 'echo second> C:\second.txt'
        [ $(now) -ge $may ]",
    );
    let plain = laboratory.run_spec(&format!(
        "{OWNER}{}",
        r#"
        win-exec 'type C:\second.txt'
        win-exec 'bcdedit /enum firmware' | grep 'Kept Boot Manager'
        [ $(now) -ge $may ]
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
        [ $(now) -lt $may ]
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

/// Fails unless the guest says that its firmware starts only what is signed.
const SECURE: &str = r"
win-exec 'reg query HKLM\SYSTEM\CurrentControlSet\Control\SecureBoot\State /v UEFISecureBootEnabled' | grep -w 0x1
win-exec 'powershell -NoProfile -Command Confirm-SecureBootUEFI' | grep True
";

fn with_secure_boot(machine: &Machine, programs: Tools, variables: &Path) -> (Machine, Tools) {
    let code = given("WFVM_TEST_TOOLS").join("FV/OVMF_CODE.ms.fd");
    (
        Machine { secure_boot: true, ..machine.clone() },
        Tools { ovmf_code: Some(code), ovmf_vars: Some(variables.into()), ..programs },
    )
}

fn installation(variables: &Path) -> Install {
    let plain = spec(Firmware::Uefi, AnswerMedium::Iso);
    let (machine, tools) = with_secure_boot(&plain.machine, tools(), variables);
    Install { machine, tools, ..plain }
}

#[test]
fn secure_boot_is_on_in_the_installation_in_a_layer_and_in_a_run() {
    let laboratory = Laboratory::new();
    let variables = given("WFVM_TEST_VARIABLES");
    let mut spec = installation(&variables);
    let told = r"reg query HKLM\SYSTEM\CurrentControlSet\Control\SecureBoot\State > C:\first.txt";
    spec.answer_file.settings.first_logon_commands.push(told.into());
    let image = laboratory.install(&spec).unwrap_or_else(|failure| panic!("{failure}"));

    // From here on the image's own variables have the keys: those of a new machine have none.
    let none = given("WFVM_TEST_TOOLS").join("FV/OVMF_VARS.fd");
    let plain = laboratory.layer_spec(&format!(r"win-exec 'type C:\first.txt' | grep -w 0x1{SECURE}"));
    let (machine, tools) = with_secure_boot(&plain.machine, tools(), &none);
    let state = Some(image.with_extension("state"));
    let spec = Layer { parent: image.clone(), state, machine, tools, strict: true, ..plain };
    let layer = laboratory.layer("layer.qcow2", &spec).unwrap_or_else(|failure| panic!("{failure}"));

    let plain = laboratory.run_spec(SECURE);
    let state = Some(layer.with_extension("state"));
    let spec = Run { image: layer, state, machine: spec.machine, tools: spec.tools, ..plain };
    let status = laboratory.perform(&spec).unwrap_or_else(|failure| panic!("{failure}"));
    assert!(status.success(), "the script ended with {status}");

    // The same disk in a machine that does not have it.
    let machine = Machine { secure_boot: false, ..spec.machine };
    let script = SECURE.replace("0x1", "0x0").replace("| grep True", "&& exit 1 || true");
    let status = laboratory
        .perform(&Run { state: None, machine, tools: crate::laboratory::tools(), script, ..spec })
        .unwrap_or_else(|failure| panic!("{failure}"));
    assert!(status.success(), "the script ended with {status}");
}

#[test]
fn what_the_firmware_does_not_trust_ends_the_installation_and_so_do_variables_without_keys() {
    let refused = |variables: &str| -> Box<InstallFailure> {
        let variables = given("WFVM_TEST_TOOLS").join("FV").join(variables);
        Laboratory::new()
            .install(&installation(&variables))
            .expect_err("it installs what is not to be trusted")
    };
    // Microsoft has not signed the reference guest.
    let failure = refused("OVMF_VARS.ms.fd");
    assert_eq!(failure.error.blame(), Blame::Guest);
    let said = failure.to_string();
    assert!(
        said.contains("the firmware refused to start what none of its Secure Boot keys has signed"),
        "{said}"
    );
    assert!(said.contains("UEFI QEMU DVD-ROM") && said.contains("Access Denied"), "{said}");

    let failure = refused("OVMF_VARS.fd");
    assert_eq!(failure.error.blame(), Blame::Input);
    assert!(failure.to_string().contains("FV/OVMF_VARS.fd has no platform key"), "{failure}");
}
