//! What a spec sets is set in the installed guest, and a password by file logs on.

use wfvm::spec::{
    AnswerMedium, Firmware, Login, Networking, PlacedFile, RegistryData, RegistryValue, Run, Settings,
};

use crate::laboratory::{Laboratory, spec};

/// What the guest says of its settings.
const IS_SET: &str = r#"
win-exec 'reg query "HKLM\Software\wfvm test" /v Text' | grep -F 'C:\a "b" & %PATH%'
win-exec 'reg query "HKLM\Software\wfvm test" /v Number' | grep -i 0x102
win-exec 'reg query "HKCU\Software\wfvm test" /v Mine' | grep -F mine
win-exec 'reg query HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate\AU /v NoAutoUpdate' | grep -i 0x1
win-exec 'type "C:\a folder\placed.txt"' | grep -F 'placed by the answer medium'
win-exec 'type C:\first-logon.txt' | grep -F wfvm
"#;

#[test]
fn settings_are_set_and_a_secret_logs_on() {
    let laboratory = Laboratory::new();
    let secret = laboratory.path("secret");
    fs_err::write(&secret, "g\u{e4}heim 1\n").unwrap();
    let placed = laboratory.path("placed.txt");
    fs_err::write(&placed, "placed by the answer medium\r\n").unwrap();
    let value = |key: &str, name: &str, data| RegistryValue { key: key.into(), name: name.into(), data };

    let mut spec = spec(Firmware::Bios, AnswerMedium::Iso);
    // The medium says both.
    spec.guest_os = None;
    spec.image = None;
    for account in &mut spec.answer_file.accounts {
        account.password.clear();
        account.password_file = Some(secret.clone());
    }
    let login =
        Login { user: spec.login.user.clone(), password: String::new(), password_file: Some(secret.clone()) };
    spec.login = login.clone();
    spec.answer_file.settings = Settings {
        windows_update: Some(false),
        hibernation: Some(false),
        standby: Some(false),
        firewall: Some(true),
        page_file_mib: Some(1024),
        logon_count: Some(5),
        networking: Networking { workgroup: Some("LAB".into()), ..Networking::default() },
        registry: vec![
            value(r"HKLM\Software\wfvm test", "Text", RegistryData::String(r#"C:\a "b" & %PATH%"#.into())),
            value(r"HKLM\Software\wfvm test", "Number", RegistryData::Dword(0x102)),
            value(r"HKCU\Software\wfvm test", "Mine", RegistryData::String("mine".into())),
        ],
        files: vec![PlacedFile { path: r"C:\a folder\placed.txt".into(), source: placed }],
        first_logon_commands: vec![r"echo %USERNAME%> C:\first-logon.txt & exit /b 0".into()],
        ..Settings::default()
    };
    let image = laboratory.install(&spec).unwrap_or_else(|failure| panic!("{failure}"));
    let run = Run { image, machine: spec.machine, login, ..laboratory.run_spec(IS_SET) };
    let status = laboratory.perform(&run).unwrap_or_else(|failure| panic!("{failure}"));
    assert!(status.success(), "the script ended with {status}");
}
