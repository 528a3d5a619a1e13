//! What the guest's own programs do where Windows' programs do it: each has an effect that another
//! program sees, or refuses aloud. One start of the guest serves all.

use std::fmt::Write as _;

use crate::laboratory::Laboratory;

/// `expect CODE TEXT COMMAND`: the command ends with the code and prints the text.
const FUNCTIONS: &str = r#"
expect() {
    rm -f told
    win-exec --exit-code told "$3" > said 2> complained || true
    [[ $(cat told) == "$1" && $(cat said) == *"$2"* ]] || {
        echo "[$3] ended with $(cat told), not $1, or does not say [$2]:"
        cat said complained
        exit 1
    }
}
"#;

/// A package for the guest's network card, without and with a catalogue. Nobody signed it.
const INF: &str = "[Version]\r\nSignature=\"$WINDOWS NT$\"\r\nClass=System\r\nClassGuid={4D36E97D-E325-11CE-BFC1-08002BE10318}\r\n\
    Provider=\"Example\"\r\nDriverVer=07/09/2020,1.2.3.4\r\n[Manufacturer]\r\n\"Example\"=Models,NTamd64\r\n\
    [Models.NTamd64]\r\n\"Card\"=Install,PCI\\VEN_8086&DEV_10D3\r\n";

/// Exit codes with which a command must end, and texts that it must print.
const COMMANDS: &[(&str, u32, &str)] = &[
    // tasks
    ("schtasks /Change /DISABLE /TN \"\\Microsoft\\Windows\\Defrag\\ScheduledDefrag\"", 0, "SUCCESS"),
    ("schtasks /Query /TN \"\\Microsoft\\Windows\\Defrag\\ScheduledDefrag\"", 0, "Disabled"),
    ("schtasks /Query /TN \"\\No\\Such\"", 1, ""),
    // power and firewall, as the registry has them
    ("powercfg.exe /x -hibernate-timeout-ac 0", 0, ""),
    ("netsh advfirewall set allprofiles state off", 0, "Ok."),
    (
        "reg query HKLM\\System\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\PublicProfile /v EnableFirewall",
        0,
        "0x0",
    ),
    // boot settings wait for the next start, so that the driver is refused still
    ("bcdedit /set testsigning on", 0, "successfully"),
    ("bcdedit /enum", 0, "testsigning             Yes"),
    ("pnputil /add-driver bare.inf", 0xE000_022F, "digital signature"),
    ("pnputil /add-driver signed.inf /install", 0x800B_0100, "No signature"),
    ("pnputil /enum-drivers", 259, "No published driver"),
    // the disk
    ("defrag C: /L", 0, "Total space trimmed"),
    // PowerShell
    (
        "powershell -Command \"Set-LocalUser -Name wfvm -PasswordNeverExpires $true; Get-Service sshd\"",
        0,
        "Running",
    ),
    ("powershell -NoProfile -ExecutionPolicy Bypass -File script.ps1", 300, "7"),
    ("powershell -NoProfile -File script.ps1", 1, ""),
    ("powershell -Command \"New-Item C:\\halved -ItemType Directory; Get-Process\"", 50, ""),
    ("dir C:\\halved", 1, ""),
    // archives
    ("mkdir packed unpacked & echo text> packed\\file & tar -czf packed.tgz packed", 0, ""),
    ("tar -xf packed.tgz -C unpacked & type unpacked\\packed\\file", 0, "text"),
    // names
    ("echo 127.0.0.9 ninth>> C:\\Windows\\System32\\drivers\\etc\\hosts & ping -n 1 ninth", 0, "[127.0.0.9]"),
    // what is not there, or not understood, says so
    ("curl -s https://example.org/", 50, ""),
    ("robocopy a b", 50, ""),
    ("type C:\\Windows\\Logs\\stand-ins.log", 0, "wfvm: robocopy a b"),
];

#[test]
fn each_program_has_its_effect_or_refuses_aloud() {
    let laboratory = Laboratory::new();
    let catalogued = INF.replace("[Manufacturer]", "CatalogFile=signed.cat\r\n[Manufacturer]");
    let powershell = "New-Item -Path 'HKLM:\\Software\\Wfvm test' | Out-Null\r\n\
        New-ItemProperty 'HKLM:\\Software\\Wfvm test' -Name x -Value 7 -PropertyType DWord | Out-Null\r\n\
        Get-ItemPropertyValue 'HKLM:\\Software\\Wfvm test' -Name x\r\nexit 300\r\n";
    for (name, text) in [
        ("bare.inf", INF),
        ("signed.inf", &catalogued),
        ("signed.cat", "no signature"),
        ("script.ps1", powershell),
    ] {
        fs_err::write(laboratory.path(name), text).unwrap();
    }
    let mut script = format!(
        "set -e\n{FUNCTIONS}\nfor file in bare.inf signed.inf signed.cat script.ps1; do win-put $file; done\n"
    );
    for (command, code, text) in COMMANDS {
        writeln!(script, "expect {code} '{text}' '{command}'").unwrap();
    }
    let status =
        laboratory.perform(&laboratory.run_spec(&script)).unwrap_or_else(|failure| panic!("{failure}"));
    assert!(status.success(), "{status}");
}
