//! Answer files with one mistake each, and foreign ones without any: what is found in them, and what is not.
//!
//! `bad.tsv` says of each bad file what it is for and which rules it breaks in which lines; it was
//! written from the files, not from the linter's output.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use wfvm::lint::{self, Machine, Severity, Target};
use wfvm::spec::{AnswerMedium, DiskBus, Firmware};
use wfvm::windows_iso::{Architecture, Image, WindowsIso};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/lint")
}

/// The lines of a table of the corpus, in columns.
fn table(name: &str) -> Vec<Vec<String>> {
    let text = fs_err::read_to_string(corpus().join(name)).unwrap_or_else(|error| panic!("{error}"));
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// The files of a folder, by their names without extension.
fn files(folder: &str) -> BTreeSet<String> {
    let entries = fs_err::read_dir(corpus().join(folder)).unwrap_or_else(|error| panic!("{error}"));
    let name = |entry: std::io::Result<fs_err::DirEntry>| {
        let path = entry.unwrap_or_else(|error| panic!("{error}")).path();
        path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
    };
    entries.map(name).collect()
}

/// What was found, as `rule:line`.
fn found(folder: &str, name: &str, options: &str, least: Severity) -> Vec<String> {
    let path = corpus().join(folder).join(format!("{name}.xml"));
    let bytes = fs_err::read(path).unwrap_or_else(|error| panic!("{error}"));
    let words: Vec<(&str, &str)> =
        options.split_whitespace().filter_map(|word| word.split_once('=')).collect();
    let iso = words.iter().find(|(option, _)| *option == "iso").map(|(_, medium)| iso(medium));
    let mut target =
        Target { file_name: Some("Autounattend.xml"), iso: iso.as_ref(), machine: Machine::default() };
    for (option, value) in words {
        let machine = &mut target.machine;
        match (option, value) {
            ("iso", _) => {}
            ("name", name) => target.file_name = Some(name),
            ("firmware", "uefi") => machine.firmware = Some(Firmware::Uefi),
            ("firmware", "bios") => machine.firmware = Some(Firmware::Bios),
            ("disk-bus", "virtio") => machine.disk_bus = Some(DiskBus::Virtio),
            ("answer-medium", "usb") => machine.answer_medium = Some(AnswerMedium::Usb),
            ("disk-mib", mib) => machine.disk_mib = mib.parse().ok(),
            ("disks", count) => machine.disks = count.parse().ok(),
            ("tpm", has) => machine.tpm = has.parse().ok(),
            ("network", has) => machine.network = has.parse().ok(),
            other => panic!("{name}: {other:?}"),
        }
    }
    let findings = lint::lint(&bytes, &target);
    let heavy = findings.iter().filter(|finding| finding.rule.severity >= least);
    heavy.map(|finding| format!("{}:{}", finding.rule.id, finding.line)).collect()
}

/// A medium as Microsoft's are.
fn iso(name: &str) -> WindowsIso {
    let image = |index, name: &str, edition: &str, kind: &str, build| Image {
        index,
        name: name.into(),
        edition_id: edition.into(),
        architecture: Architecture::Amd64,
        installation_type: kind.into(),
        build: Some(build),
        ..Image::default()
    };
    let client = || {
        vec![
            image(1, "Windows 11 Home", "Core", "Client", 26100),
            image(6, "Windows 11 Pro", "Professional", "Client", 26100),
        ]
    };
    let server = |suffix: &str| {
        vec![
            image(
                1,
                "Windows Server 2022 SERVERSTANDARDCORE",
                &format!("ServerStandard{suffix}"),
                "Server Core",
                20348,
            ),
            image(
                2,
                "Windows Server 2022 SERVERSTANDARD",
                &format!("ServerStandard{suffix}"),
                "Server",
                20348,
            ),
        ]
    };
    let (images, languages, foreign_answer_file) = match name {
        "windows-11" => (client(), vec!["en-US"], None),
        "prepared" => (client(), vec!["en-US"], Some("autounattend.xml")),
        "server-2022" => (server(""), vec!["en-US", "de-DE"], None),
        "server-2022-english" => (server(""), vec!["en-US"], None),
        "server-2022-evaluation" => (server("Eval"), vec!["de-DE"], None),
        other => panic!("there is no medium `{other}`"),
    };
    WindowsIso {
        install_image: "sources/install.wim",
        images,
        languages: languages.into_iter().map(str::to_owned).collect(),
        foreign_answer_file,
        ..WindowsIso::default()
    }
}

#[test]
fn exactly_the_mistakes_are_found() {
    let bad = table("bad.tsv");
    let listed: BTreeSet<String> = bad.iter().map(|row| row[0].clone()).collect();
    assert_eq!(listed, files("bad"), "bad.tsv and the folder differ");
    let (mut right, mut missed, mut invented, mut wrong) = (0, 0, 0, Vec::new());
    for row in &bad {
        let [name, options, expected] = &row[..] else { panic!("{row:?}") };
        let mut expected: Vec<String> = expected.split(' ').map(str::to_owned).collect();
        let mut found = found("bad", name, options, Severity::Note);
        expected.sort();
        found.sort();
        right += expected.iter().filter(|finding| found.contains(finding)).count();
        missed += expected.iter().filter(|finding| !found.contains(finding)).count();
        invented += found.iter().filter(|finding| !expected.contains(finding)).count();
        if found != expected {
            wrong.push(format!("{name}: expected {}, found {}", expected.join(" "), found.join(" ")));
        }
    }
    // A finding of any severity in a good file counts against precision.
    for row in table("good.tsv") {
        invented += found("good", &row[0], &row[1], Severity::Warning).len();
    }
    let share = |part: usize, of: usize| {
        100.0 * f64::from(u32::try_from(part).unwrap()) / f64::from(u32::try_from(of).unwrap())
    };
    println!(
        "lint: {} bad files, {right} of {} mistakes found (recall {:.1} %), {invented} findings too many (precision {:.1} %)",
        bad.len(),
        right + missed,
        share(right, right + missed),
        share(right, right + invented)
    );
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn nothing_is_found_in_good_files_of_others() {
    let good = table("good.tsv");
    let listed: BTreeSet<String> = good.iter().map(|row| row[0].clone()).collect();
    assert_eq!(listed, files("good"), "good.tsv and the folder differ");
    assert!(good.len() >= 20, "{}", good.len());
    let mut wrong = Vec::new();
    for row in &good {
        let found = found("good", &row[0], &row[1], Severity::Warning);
        if !found.is_empty() {
            wrong.push(format!("{}: {}", row[0], found.join(" ")));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_rule_has_a_bad_file() {
    let bad = table("bad.tsv");
    let shown: BTreeSet<&str> = bad
        .iter()
        .flat_map(|row| row[2].split(' '))
        .map(|finding| finding.split(':').next().unwrap_or_default())
        .collect();
    // No such file is kept: it would be larger than all others together.
    let missing: Vec<&str> =
        lint::rules().map(|rule| rule.id).filter(|id| !shown.contains(id) && *id != "too-large").collect();
    assert!(missing.is_empty(), "no bad file breaks {missing:?}");
}
