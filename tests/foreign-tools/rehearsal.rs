//! The reviewed answer files of every release, firmware and strategy, in the eyes of the reference guest's Setup: it is
//! given media whose images `wimlib-imagex` has made as Microsoft's have them, and says what it would install, or why not.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use wfvm::answer_file::TAG_FILE_NAME;
use wfvm::guest_os::{GuestOs, RELEASES};
use wfvm::spec::{Firmware, Install};

use crate::case::{assert_golden, cases, spec};
use crate::program::{Place, ended};
use crate::synthetic::{FILES, image};

/// The images of a medium in their order: what follows the product in the name, `EDITIONID`, `INSTALLATIONTYPE`. The
/// order is that of Microsoft's media as it is commonly reported.
pub(crate) type Images = &'static [(&'static str, &'static str, &'static str)];

const CONSUMER: Images = &[
    ("Home", "Core", "Client"),
    ("Home N", "CoreN", "Client"),
    ("Home Single Language", "CoreSingleLanguage", "Client"),
    ("Education", "Education", "Client"),
    ("Education N", "EducationN", "Client"),
    ("Pro", "Professional", "Client"),
    ("Pro N", "ProfessionalN", "Client"),
];
const BUSINESS: Images = &[
    ("Education", "Education", "Client"),
    ("Education N", "EducationN", "Client"),
    ("Enterprise", "Enterprise", "Client"),
    ("Enterprise N", "EnterpriseN", "Client"),
    ("Pro", "Professional", "Client"),
    ("Pro N", "ProfessionalN", "Client"),
];
const SERVER: Images = &[
    ("SERVERSTANDARDCORE", "ServerStandard", "Server Core"),
    ("SERVERSTANDARD", "ServerStandard", "Server"),
    ("SERVERDATACENTERCORE", "ServerDatacenter", "Server Core"),
    ("SERVERDATACENTER", "ServerDatacenter", "Server"),
];
const SERVER_EVALUATION: Images = &[
    ("SERVERSTANDARDCORE", "ServerStandardEval", "Server Core"),
    ("SERVERSTANDARD", "ServerStandardEval", "Server"),
    ("SERVERDATACENTERCORE", "ServerDatacenterEval", "Server Core"),
    ("SERVERDATACENTER", "ServerDatacenterEval", "Server"),
];

/// The medium that the release's answer files were reviewed for, and what they install from it.
pub(crate) const MEDIA: [(&str, Images, &str); 7] = [
    ("windows-10-22h2", CONSUMER, "Professional"),
    ("windows-11-23h2", CONSUMER, "Professional"),
    ("windows-11-24h2", CONSUMER, "Professional"),
    ("windows-11-25h2", BUSINESS, "Enterprise"),
    ("windows-server-2019", SERVER, "ServerStandard"),
    ("windows-server-2022", SERVER_EVALUATION, "ServerStandardEval"),
    ("windows-server-2025", SERVER, "ServerDatacenter"),
];

/// An installation medium of a release.
pub(crate) struct Medium {
    pub(crate) os: &'static GuestOs,
    pub(crate) place: Place,
    pub(crate) edition: &'static str,
}

impl Medium {
    pub(crate) fn new((name, images, edition): (&'static str, Images, &'static str)) -> Self {
        let os = RELEASES.into_iter().find(|os| os.name().text() == name);
        let os = os.unwrap_or_else(|| panic!("there is no release {name}"));
        let place = Place::new();
        place.put("content/Windows/notepad.exe", b"MZ");
        for (name, bytes) in FILES {
            place.put(&format!("tree/{name}"), bytes);
        }
        let (wim, content) = (place.text("tree/sources/install.wim"), place.text("content"));
        for (index, (name, edition, kind)) in images.iter().enumerate() {
            let name = format!("{} {name}", os.product);
            let properties = [
                "WINDOWS/ARCH=9".to_owned(),
                format!("WINDOWS/EDITIONID={edition}"),
                format!("WINDOWS/INSTALLATIONTYPE={kind}"),
                format!("WINDOWS/PRODUCTTYPE={}", os.product_type),
                format!("WINDOWS/VERSION/BUILD={}", os.build),
                "WINDOWS/LANGUAGES/LANGUAGE=en-US".to_owned(),
            ];
            let properties: Vec<&str> = properties.iter().map(String::as_str).collect();
            image(&wim, &content, &name, index + 1, &["--compress=none"], &properties);
        }
        let mut keys = String::new();
        for edition in os.editions {
            for key in edition.keys() {
                let _ = writeln!(keys, "{} {key}", edition.id);
            }
        }
        place.put("keys", keys.as_bytes());
        place.put("registry", registry(&["UTC", "W. Europe Standard Time"]).as_bytes());
        Self { os, place, edition }
    }

    fn name(&self) -> String {
        self.os.name().text()
    }

    /// What Setup would install by the files of a folder on the spec's machine, or its page.
    pub(crate) fn rehearse(&self, answers: &Place, spec: &Install) -> Result<Value, String> {
        let mut command = Command::new(reference_guest());
        command.arg("rehearse").arg("--answers").arg(answers.path(""));
        let firmware = if spec.machine.firmware == Firmware::Uefi { "uefi" } else { "bios" };
        let (disk, memory) = (spec.disk_mib.to_string(), spec.machine.memory_mib.to_string());
        let [medium, keys, registry] = ["tree", "keys", "registry"].map(|name| self.place.text(name));
        for (option, value) in [
            ("--medium", medium.as_str()),
            ("--firmware", firmware),
            ("--disk-mib", &disk),
            ("--memory-mib", &memory),
            ("--product-keys", &keys),
            ("--registry", &registry),
        ] {
            command.args([option, value]);
        }
        if spec.machine.tpm {
            command.arg("--tpm");
        }
        if spec.machine.secure_boot {
            command.arg("--secure-boot");
        }
        let end = ended(&mut command);
        let page = String::from_utf8_lossy(&end.stderr).trim().to_owned();
        match end.status.code() {
            Some(0) => Ok(serde_json::from_slice(&end.stdout).unwrap_or_else(|error| panic!("{error}"))),
            Some(1) => Err(page),
            _ => panic!("the rehearsal of {} ended with {}: {page}", answers.text(""), end.status),
        }
    }
}

/// Names of time zones in the registry of an image, as Wine writes it.
fn registry(zones: &[&str]) -> String {
    let mut text = "WINE REGISTRY Version 2\n".to_owned();
    for zone in zones {
        let key = format!("Software\\\\Microsoft\\\\Windows NT\\\\CurrentVersion\\\\Time Zones\\\\{zone}");
        let _ = write!(text, "\n[{key}]\n\"Std\"=\"{zone}\"\n");
    }
    text
}

/// The reference guest's program, in the target directory of this test.
fn reference_guest() -> PathBuf {
    let this = std::env::current_exe().unwrap_or_else(|error| panic!("{error}"));
    let found = this.ancestors().skip(1).take(3).map(|directory| directory.join("reference-guest"));
    found.into_iter().find(|file| file.is_file()).unwrap_or_else(|| {
        panic!("reference-guest is needed by this test: `cargo build --package reference-guest` makes it")
    })
}

/// A reviewed case: its name, its answer medium, its spec.
struct Reviewed {
    name: String,
    answers: Place,
    spec: Install,
}

/// What the answer medium has: the reviewed files, and the tag by which command files are found.
fn answers(case: &Path) -> Place {
    let answers = Place::new();
    for file in fs_err::read_dir(case).unwrap_or_else(|error| panic!("{error}")).filter_map(Result::ok) {
        let name = file.file_name().to_string_lossy().into_owned();
        if name != "spec.json" {
            answers.put(&name, &fs_err::read(file.path()).unwrap_or_else(|error| panic!("{error}")));
        }
    }
    answers.put(TAG_FILE_NAME, b"");
    answers
}

/// The reviewed cases of the releases of Windows: one for each firmware and strategy.
fn reviewed() -> Vec<Reviewed> {
    let named = |case: PathBuf| {
        let name = case.file_name()?.to_str()?.to_owned();
        let of_a_release = |(release, ..): &(&str, Images, &str)| {
            let rest = name.strip_prefix(release)?.strip_prefix('-')?;
            ["bios", "uefi", "bios-apply", "uefi-apply"].contains(&rest).then_some(())
        };
        MEDIA.iter().find_map(of_a_release)?;
        let spec = spec(&case).unwrap_or_else(|error| panic!("{}: {error}", case.display()));
        Some(Reviewed { name, answers: answers(&case), spec })
    };
    cases("answer-file").into_iter().filter_map(named).collect()
}

fn text<'v>(report: &'v Value, pointer: &str) -> &'v str {
    report.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[test]
fn every_reviewed_answer_file_installs_its_release() {
    let media: Vec<Medium> = MEDIA.into_iter().map(Medium::new).collect();
    let reviewed = reviewed();
    assert_eq!(reviewed.len(), MEDIA.len() * 4);
    for Reviewed { name, answers, spec } in reviewed {
        let medium = media.iter().find(|medium| name.starts_with(&medium.name()));
        let medium = medium.unwrap_or_else(|| panic!("{name} has no medium"));
        let report = medium.rehearse(&answers, &spec).unwrap_or_else(|page| panic!("{name}: {page}"));
        assert_eq!(text(&report, "/image/edition"), medium.edition, "{name}");
        assert_ne!(text(&report, "/image/installationType"), "Server Core", "{name}");
        assert_eq!(text(&report, "/loggedOn"), "wfvm", "{name}");
        let uefi = spec.machine.firmware == Firmware::Uefi;
        let kinds: Vec<&str> = report
            .pointer("/partitions")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|one| text(one, "/kind"))
            .collect();
        let expected: &[&str] = if uefi { &["Efi", "Msr", "Primary"] } else { &["Primary", "Primary"] };
        assert_eq!(kinds, expected, "{name}");
        // Windows has what the others leave.
        let mib = report.pointer("/partitions").and_then(Value::as_array).into_iter().flatten();
        let mib: u64 = mib.filter_map(|one| one.pointer("/mib")?.as_u64()).sum();
        assert!(mib + 3 >= spec.disk_mib && mib <= spec.disk_mib, "{name}: {mib} MiB of {}", spec.disk_mib);
        let commands = report.pointer("/firstLogonCommands").and_then(Value::as_array);
        assert_eq!(commands.map(Vec::len), Some(1), "{name}");
    }
}

/// `6 Professional`, or the number of the rule that Setup's page names.
fn outcome(end: &Result<Value, String>) -> String {
    match end {
        Ok(report) => {
            let index = report.pointer("/image/index").and_then(Value::as_u64).unwrap_or_default();
            format!("{index} {}", text(report, "/image/edition"))
        }
        Err(page) => {
            let rule = page.split(['(', '\n', ' ']).find_map(|word| {
                let rule = word.strip_suffix(':')?;
                rule.strip_prefix('L')?.parse::<u32>().ok().map(|_| rule.to_owned())
            });
            let lacks =
                || page.split_once("the machine ").map(|(_, what)| what.trim_end_matches(')').to_owned());
            let no_image = || page.contains("has no image").then(|| "no such image".to_owned());
            rule.or_else(lacks).or_else(no_image).unwrap_or_else(|| page.clone())
        }
    }
}

/// Every answer file with every medium: refused wherever the releases differ in what Setup sees of them.
#[test]
fn an_answer_file_of_another_release_is_taken_for_what_it_says() {
    let media: Vec<Medium> = MEDIA.into_iter().map(Medium::new).collect();
    let mut table = "# Answer file, medium, and what the reference guest's Setup makes of it.\n".to_owned();
    for Reviewed { name, answers, spec } in reviewed() {
        for medium in &media {
            let end = medium.rehearse(&answers, &spec);
            let _ = writeln!(table, "{name}\t{}\t{}", medium.name(), outcome(&end));
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("foreign-tools");
    assert_golden(&folder, "rehearsal.tsv", &table);
}

/// A mistake in each thing that Setup or a program of Windows PE decides by.
#[test]
fn a_mistake_in_a_reviewed_file_is_noticed() {
    let xml = "Autounattend.xml";
    let mistakes = [
        ("windows-11-24h2-uefi", xml, "<AcceptEula>true", "<AcceptEula>false", "L29"),
        (
            "windows-11-24h2-uefi",
            xml,
            "<PartitionID>3</PartitionID>\n          </InstallTo>",
            "<PartitionID>2</PartitionID>\n          </InstallTo>",
            "L33",
        ),
        ("windows-11-24h2-uefi", xml, "<Size>300</Size>", "<Size>90000</Size>", "L42"),
        ("windows-11-24h2-uefi", xml, "<Value>6</Value>", "<Value>9</Value>", "L51"),
        ("windows-11-24h2-uefi", xml, "<Value>6</Value>", "<Value>7</Value>", "L53"),
        ("windows-11-24h2-uefi", xml, "BypassSecureBootCheck /t", "BypassTPMCheck /t", "lacks Secure Boot"),
        ("windows-11-24h2-bios", xml, "BypassTPMCheck /t", "BypassRAMCheck /t", "lacks a TPM 2.0"),
        ("windows-11-24h2-bios", xml, "<Type>Primary</Type>", "<Type>EFI</Type>", "L36"),
        ("windows-11-24h2-uefi", xml, "<UILanguage>en-US", "<UILanguage>fr-FR", "L57"),
        ("windows-11-24h2-uefi", xml, "<TimeZone>UTC", "<TimeZone>Etc/UTC", "L73"),
        ("windows-11-24h2-uefi", xml, "<Name>wfvm", "<Name>guest", "L63"),
        ("windows-11-24h2-uefi", xml, "<ProtectYourPC>3</ProtectYourPC>", "", "ProtectYourPC"),
        ("windows-11-24h2-uefi", xml, "<Username>wfvm", "<Username>other", "L65"),
        ("windows-11-24h2-uefi", xml, "SecureStartup-FilterDriver", "IE-ESC", "L09"),
        ("windows-11-24h2-uefi-apply", xml, "%d:\\apply.cmd", "%d:\\other.cmd", "No such file"),
        ("windows-11-24h2-uefi-apply", "diskpart.txt", "letter=S", "letter=W", "not free"),
        ("windows-11-24h2-uefi-apply", "diskpart.txt", "convert gpt", "convert mbr", "has an MBR"),
        ("windows-11-24h2-uefi-apply", "apply.cmd", "install.wim set", "install.wim rem", "does not know"),
        ("windows-11-24h2-uefi-apply", "apply.cmd", "/Index:6", "/Index:8", "has no image 8"),
        ("windows-11-24h2-uefi-apply", "apply.cmd", "/ApplyDir:W:", "/ApplyDir:V:", "is no partition"),
        ("windows-11-24h2-uefi-apply", "apply.cmd", "/s S: /f", "/s W: /f", "no such system partition"),
        ("windows-11-24h2-uefi-apply", "apply.cmd", "/f UEFI", "/f BIOS", "no such system partition"),
        (
            "windows-11-24h2-uefi-apply",
            "apply.cmd",
            "copy /y \"%~dp0later.xml\" W:\\Windows\\Panther\\unattend.xml\r\nif",
            "if",
            "no answers",
        ),
        (
            "windows-11-24h2-uefi-apply",
            "apply.cmd",
            "dism.exe /Image:W:\\ /Apply-Unattend:\"%~dp0later.xml\"\r\nif",
            "if",
            "not applied",
        ),
        ("windows-11-24h2-uefi-apply", "later.xml", "<EnableLUA>false", "<EnableLUA>no", "L26"),
        (
            "windows-11-24h2-uefi-apply",
            "later.xml",
            "VK7JG-NPHTM-C97JM-9MPGT-3V66T",
            "2B87N-8KFHP-DKV6R-Y2C8J-PKCKT",
            "L53",
        ),
        ("windows-11-24h2-uefi-apply", "later.xml", "<UserLocale>en-US</UserLocale>", "", "L60"),
    ];
    let medium = Medium::new(MEDIA[2]);
    for Reviewed { name, answers, spec } in reviewed() {
        for (_, file, from, to, word) in mistakes.iter().filter(|(case, ..)| *case == name) {
            let path = answers.path(file);
            let good = fs_err::read_to_string(&path).unwrap_or_else(|error| panic!("{error}"));
            assert!(good.contains(from), "{name}/{file} does not hold {from}");
            answers.put(file, good.replace(from, to).as_bytes());
            let page = medium.rehearse(&answers, &spec).expect_err(&format!("{name}/{file}: {to}"));
            assert!(page.contains(word), "{name}/{file}: {to}: {page}");
            answers.put(file, good.as_bytes());
        }
    }
}
