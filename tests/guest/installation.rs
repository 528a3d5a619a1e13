//! Both firmwares, all three answer media: each installs from a blank disk to an
//! authenticated session, and what it installed works.

use std::path::PathBuf;

use wfvm::spec::{AnswerMedium, Firmware, Run, RunCommand, Strategy};

use crate::laboratory::{Laboratory, NONCE, machine, spec};

/// The name that the answer file gives.
const HOSTNAME: &str = r"win-exec 'hostname' | grep -i '^WFVM-TEST'";

/// Checks of an installed guest, as a user writes them.
const WORKS: &str = r#"
win-exec 'ver' | grep -i windows
win-exec 'hostname' | grep -i '^WFVM-TEST'
win-exec 'echo %USERPROFILE%' | grep -F 'C:\Users\wfvm'
win-exec 'reg query "HKLM\Software\wfvm test" /v specialize' | grep -F 'ran as it stands'

# Exit codes of 32 bits arrive: their low eight here, all of them in words.
for code in 0 7 255; do
  status=0; win-exec "exit $code" || status=$?
  test "$status" = "$code"
done
status=0; win-exec 'exit 3010' 2> words || status=$?
test "$status" = 194
grep -F 3010 words

# The streams stay apart.
win-exec 'echo out & echo err>&2' > out 2> err
grep '^out' out; grep '^err' err
if grep err out; then exit 1; fi

# Files come back as they went, whatever their bytes; directories too.
mkdir -p 'there/a directory'
head -c 300000 /dev/urandom > 'there/a directory/random'
win-put there 'C:/Users'
win-get 'C:/Users/there' .
mkdir back
win-get 'C:\Users\there' back
cmp 'there/a directory/random' 'back/there/a directory/random'
printf hello > 'größe Ω.txt'
win-put 'größe Ω.txt'
win-exec 'copy "größe Ω.txt" "kopie ß.txt"'
win-get 'kopie ß.txt' .
cmp 'größe Ω.txt' 'kopie ß.txt'
status=0; win-get 'C:/Users/nowhere' 2> err || status=$?
test "$status" = 4
"#;

/// The driver is in the store, under a published name, with all its files.
const HAS_THE_DRIVER: &str = r"
win-exec 'pnputil /enum-drivers' > drivers
grep -A1 'Published Name: *oem0.inf' drivers | grep 'Original Name: *board.inf'
win-exec 'type C:\Windows\INF\oem0.inf' | grep -F CatalogFile
win-exec 'dir /s /b C:\Windows\System32\DriverStore\FileRepository' | grep -i 'board.inf_amd64_.*board.sys'
";

/// A package of a board that the machine does not have, as far as a store reads it: signed by Microsoft's programme.
fn driver(laboratory: &Laboratory) -> PathBuf {
    const SIGNED: &[u8] = b"\x30\x82\x00\x0b\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02";
    let folder = laboratory.path("driver");
    fs_err::create_dir_all(folder.join("below")).unwrap();
    let inf = "[Version]\r\nSignature=\"$WINDOWS NT$\"\r\nClass=System\r\n\
               ClassGuid={4D36E97D-E325-11CE-BFC1-08002BE10318}\r\nProvider=Test\r\nDriverVer=01/02/2026,1.2.3.4\r\n\
               CatalogFile=board.cat\r\n[SourceDisksNames]\r\n1=Disk\r\n[SourceDisksFiles]\r\nboard.sys=1\r\n";
    let catalog = [SIGNED, b"Microsoft Windows Hardware Compatibility Publisher"].concat();
    for (name, contents) in [("board.inf", inf.as_bytes()), ("board.sys", b"MZ"), ("board.cat", &catalog)] {
        fs_err::write(folder.join("below").join(name), contents).unwrap();
    }
    folder
}

/// Installs, which ends with a logon.
fn installs(firmware: Firmware, medium: AnswerMedium) {
    let laboratory = Laboratory::new();
    laboratory.install(&spec(firmware, medium)).unwrap_or_else(|failure| panic!("{failure}"));
}

/// Installs, and uses what was installed.
fn installs_and_works(firmware: Firmware, medium: AnswerMedium) {
    let laboratory = Laboratory::new();
    let mut spec = spec(firmware, medium);
    spec.answer_file.specialize_commands.push(RunCommand {
        path: r#"reg add "HKLM\Software\wfvm test" /v specialize /d "ran as it stands" /f"#.into(),
        description: None,
        will_reboot: None,
    });
    let with_a_driver = medium == AnswerMedium::Iso;
    if with_a_driver {
        spec.answer_file.settings.drivers.push(driver(&laboratory));
    }
    let image = laboratory.install(&spec).unwrap_or_else(|failure| panic!("{failure}"));
    let works = format!("{WORKS}{}", if with_a_driver { HAS_THE_DRIVER } else { "" });
    let status = laboratory.run(&image, firmware, &works).unwrap_or_else(|failure| panic!("{failure}"));
    assert!(status.success(), "the script ended with {status}");
}

#[test]
fn uefi_with_the_answer_file_on_a_second_cd() {
    installs_and_works(Firmware::Uefi, AnswerMedium::Iso);
}

#[test]
fn uefi_with_the_answer_file_on_a_floppy() {
    installs(Firmware::Uefi, AnswerMedium::Floppy);
}

#[test]
fn uefi_with_the_answer_file_on_a_usb_stick() {
    installs(Firmware::Uefi, AnswerMedium::Usb);
}

#[test]
fn bios_with_the_answer_file_on_a_second_cd() {
    installs(Firmware::Bios, AnswerMedium::Iso);
}

#[test]
fn bios_with_the_answer_file_on_a_floppy() {
    installs_and_works(Firmware::Bios, AnswerMedium::Floppy);
}

#[test]
fn bios_with_the_answer_file_on_a_usb_stick() {
    installs(Firmware::Bios, AnswerMedium::Usb);
}

#[test]
fn what_was_installed_by_bios_can_be_frozen_and_woken() {
    let laboratory = Laboratory::new();
    let image = laboratory
        .install(&spec(Firmware::Bios, AnswerMedium::Iso))
        .unwrap_or_else(|failure| panic!("{failure}"));
    let run = Run { image, machine: machine(Firmware::Bios), ..laboratory.run_spec("") };
    let template = laboratory.freeze(&run, &[]).unwrap_or_else(|failure| panic!("{failure}"));
    let script = format!("{HOSTNAME}\n{NONCE}");
    let status = laboratory
        .perform(&Run { image: template, machine: run.machine, ..laboratory.run_spec(&script) })
        .unwrap_or_else(|failure| panic!("{failure}"));
    assert!(status.success(), "the script ended with {status}");
}

/// Installs by Windows PE's own tools, past Setup, with a driver, and uses what was installed.
fn applies_and_works(firmware: Firmware) {
    let laboratory = Laboratory::new();
    let mut spec = spec(firmware, AnswerMedium::Iso);
    spec.strategy = Strategy::Apply;
    spec.answer_file.settings.drivers.push(driver(&laboratory));
    let image = laboratory.install(&spec).unwrap_or_else(|failure| panic!("{failure}"));
    let script = format!(
        "{HOSTNAME}\nwin-exec 'type C:\\Windows\\Panther\\unattend.xml' | grep -F oobeSystem\n{HAS_THE_DRIVER}"
    );
    let status = laboratory.run(&image, firmware, &script).unwrap_or_else(|failure| panic!("{failure}"));
    assert!(status.success(), "the script ended with {status}");
}

#[test]
fn uefi_by_dism_instead_of_setup() {
    applies_and_works(Firmware::Uefi);
}

#[test]
fn bios_by_dism_instead_of_setup() {
    applies_and_works(Firmware::Bios);
}
