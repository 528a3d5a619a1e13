//! Mistakes of an answer file, each of which stops Setup at a page that names nothing
//! outside the screen. The guest stops as documented, and the product reports the phase
//! and the page's text.

use std::collections::BTreeSet;

use wfvm::{
    answer_file,
    blame::Blame,
    boot::GuestError,
    guest_os,
    install::{InstallError, InstallFailure},
    lint::{self, Machine, Severity, Target},
    phase::Phase,
    spec::{AnswerMedium, Firmware},
    wait::Cause,
    windows_iso::{Architecture, Image, WindowsIso},
};

use crate::laboratory::{Laboratory, spec};

/// A mistake: what is replaced by what, and where that ends.
struct Mistake {
    /// Every piece of text must be there; the replacement may be empty.
    changes: &'static [(&'static str, &'static str)],
    /// What `lint` says of it; allowed here, so that Setup says it.
    rules: &'static [&'static str],
    /// The phase in which the product sees it.
    phase: Phase,
    /// Words of the documented page.
    page: &'static str,
}

const REFUSED: &str = "Windows could not parse or process the unattend answer file";
const RESTARTED: &str = "The computer restarted unexpectedly or encountered an unexpected error";

fn generated() -> String {
    let spec = spec(Firmware::Uefi, AnswerMedium::Floppy);
    answer_file::xml(&spec, &guest_os::REFERENCE_GUEST, 0).unwrap()
}

/// The file with the mistake in it.
fn mistaken(mistake: &Mistake) -> String {
    let mut text = generated();
    for (right, wrong) in mistake.changes {
        assert!(text.contains(right), "{right:?} is not in the generated answer file:\n{text}");
        text = text.replacen(right, wrong, 1);
    }
    text
}

fn failure(mistake: &Mistake) -> Box<InstallFailure> {
    let laboratory = Laboratory::new();
    let mut spec = spec(Firmware::Uefi, AnswerMedium::Floppy);
    let file = laboratory.path("Autounattend.xml");
    fs_err::write(&file, mistaken(mistake)).unwrap();
    spec.custom_answer_file = Some(file);
    spec.allowed_answer_file_rules = mistake.rules.iter().map(ToString::to_string).collect();
    let failure = laboratory.install(&spec).expect_err("the mistake stops the installation");
    let Some(evidence) = &failure.evidence else { panic!("no machine ran: {failure}") };
    assert!(
        evidence.screen.as_ref().is_some_and(|screen| screen.exists()),
        "the picture of the page is kept"
    );
    assert!(evidence.directory.join("qmp.jsonl").exists(), "QEMU's log is kept");
    failure
}

/// Recognition reads spaces and lines less well than letters.
fn squeezed(text: &str) -> String {
    text.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn stops(mistake: &Mistake) {
    let failure = failure(mistake);
    let page = failure.to_string();
    println!("{page}");
    assert_eq!(failure.phase, mistake.phase, "{page}");
    let InstallError::Guest(GuestError::Wait(error)) = &failure.error else { panic!("{page}") };
    assert!(matches!(error.cause, Cause::GuestFailed(_)), "the page is recognised before the stall: {page}");
    assert_eq!(failure.error.blame(), Blame::Guest);
    assert!(squeezed(&page).contains(&squeezed(mistake.page)), "the report has the page's words: {page}");
}

const L01_NOT_WELL_FORMED: Mistake = Mistake {
    changes: &[("</unattend>", "")],
    rules: &["not-well-formed"],
    phase: Phase::WindowsPe,
    page: REFUSED,
};
const L07_UNKNOWN_PASS: Mistake = Mistake {
    changes: &[(r#"<settings pass="specialize""#, r#"<settings pass="specialise""#)],
    rules: &["unknown-pass"],
    phase: Phase::WindowsPe,
    page: REFUSED,
};
const L11_UNKNOWN_SETTING: Mistake = Mistake {
    changes: &[("<WillWipeDisk>", "<WillWipeDisc>"), ("</WillWipeDisk>", "</WillWipeDisc>")],
    rules: &["misspelt-setting"],
    phase: Phase::WindowsPe,
    page: REFUSED,
};
const L26_NOT_A_BOOLEAN: Mistake = Mistake {
    changes: &[("<WillWipeDisk>true<", "<WillWipeDisk>yes<")],
    rules: &["not-a-boolean"],
    phase: Phase::WindowsPe,
    page: REFUSED,
};
const L28_NO_WINDOWS_PE: Mistake = Mistake {
    changes: &[(r#"<settings pass="windowsPE""#, r#"<settings pass="generalize""#)],
    rules: &["no-windows-pe", "component-pass"],
    phase: Phase::WindowsPe,
    page: "Language to install",
};
const L29_NO_LICENCE: Mistake = Mistake {
    changes: &[("<AcceptEula>true<", "<AcceptEula>false<")],
    rules: &["eula-not-accepted"],
    phase: Phase::WindowsPe,
    page: "license terms",
};
const L33_WRONG_PARTITION: Mistake = Mistake {
    changes: &[(
        "<PartitionID>3</PartitionID>\n          </InstallTo>",
        "<PartitionID>7</PartitionID>\n          </InstallTo>",
    )],
    rules: &["install-partition"],
    phase: Phase::WindowsPe,
    page: "Windows could not apply the unattend answer file's",
};
const L34_WRONG_DISK: Mistake = Mistake {
    changes: &[("<DiskID>0<", "<DiskID>1<")],
    rules: &["install-disk", "disk-number"],
    phase: Phase::WindowsPe,
    page: "Windows could not apply the unattend answer file's",
};
const L36_NO_EFI_PARTITION: Mistake = Mistake {
    changes: &[("<Type>EFI</Type>", "<Type>Primary</Type>")],
    rules: &["no-efi-partition"],
    phase: Phase::WindowsPe,
    page: "Windows could not apply the unattend answer file's",
};
const L51_NO_SUCH_IMAGE: Mistake = Mistake {
    changes: &[("<Value>Reference Guest Standard</Value>", "<Value>Reference Guest Home</Value>")],
    rules: &["no-such-image"],
    phase: Phase::WindowsPe,
    page: "Windows could not apply the unattend answer file's",
};
const L52_MALFORMED_KEY: Mistake = Mistake {
    changes: &[("RGSTD-22222-33333-44444-55555", "RGSTD-22222-33333")],
    rules: &["malformed-key"],
    phase: Phase::WindowsPe,
    page: "The unattend answer file contains an invalid product key",
};
const L53_KEY_OF_ANOTHER_EDITION: Mistake = Mistake {
    changes: &[("RGSTD-22222-33333-44444-55555", "RGDAT-22222-33333-44444-55555")],
    rules: &["key-of-other-edition"],
    phase: Phase::WindowsPe,
    page: "product key entered does not match",
};
const L57_LANGUAGE_NOT_ON_THE_MEDIUM: Mistake = Mistake {
    changes: &[("<UILanguage>en-US</UILanguage>", "<UILanguage>fr-FR</UILanguage>")],
    rules: &["language-not-on-medium"],
    phase: Phase::WindowsPe,
    page: "Language to install",
};
const L61_COMPUTER_NAME: Mistake = Mistake {
    changes: &[("<ComputerName>WFVM-TEST<", "<ComputerName>WFVM TEST<")],
    rules: &["computer-name-character"],
    phase: Phase::Specialize,
    page: RESTARTED,
};
const L73_TIME_ZONE: Mistake = Mistake {
    changes: &[("<TimeZone>UTC</TimeZone>", "<TimeZone>Europe/Berlin</TimeZone>")],
    rules: &["unknown-time-zone"],
    phase: Phase::Specialize,
    page: RESTARTED,
};

const ALL: [&Mistake; 15] = [
    &L01_NOT_WELL_FORMED,
    &L07_UNKNOWN_PASS,
    &L11_UNKNOWN_SETTING,
    &L26_NOT_A_BOOLEAN,
    &L28_NO_WINDOWS_PE,
    &L29_NO_LICENCE,
    &L33_WRONG_PARTITION,
    &L34_WRONG_DISK,
    &L36_NO_EFI_PARTITION,
    &L51_NO_SUCH_IMAGE,
    &L52_MALFORMED_KEY,
    &L53_KEY_OF_ANOTHER_EDITION,
    &L57_LANGUAGE_NOT_ON_THE_MEDIUM,
    &L61_COMPUTER_NAME,
    &L73_TIME_ZONE,
];

#[test]
fn each_mistake_is_made_in_the_file_that_the_product_writes() {
    let right = generated();
    for mistake in ALL {
        assert_ne!(mistaken(mistake), right);
    }
}

/// The guest judges by the documents on its own; where it stops, `lint` has a rule.
#[test]
fn each_mistake_is_found_before_a_machine_starts() {
    let image = |index, name: &str, edition: &str| Image {
        index,
        name: name.into(),
        edition_id: edition.into(),
        architecture: Architecture::Amd64,
        installation_type: "Client".into(),
        build: Some(19043),
        ..Image::default()
    };
    let iso = WindowsIso {
        install_image: "sources/install.wim",
        images: vec![
            image(1, "Reference Guest Standard", "ReferenceStandard"),
            image(2, "Reference Guest Datacenter", "ReferenceDatacenter"),
        ],
        languages: vec!["en-US".into()],
        ..WindowsIso::default()
    };
    let machine = Machine { firmware: Some(Firmware::Uefi), disks: Some(1), ..Machine::default() };
    let target = Target { file_name: Some(answer_file::FILE_NAME), iso: Some(&iso), machine };
    let found = |text: &str| -> BTreeSet<&str> {
        let findings = lint::lint(text.as_bytes(), &target);
        let heavy = findings.iter().filter(|finding| finding.rule.severity > Severity::Note);
        heavy.map(|finding| finding.rule.id).collect()
    };
    assert_eq!(found(&generated()), BTreeSet::new());
    for mistake in ALL {
        assert_eq!(
            found(&mistaken(mistake)),
            mistake.rules.iter().copied().collect(),
            "{:?}",
            mistake.changes
        );
    }
}

/// One test per mistake, so that they run side by side and fail by name.
macro_rules! stopped {
    ($($name:ident: $mistake:ident),* $(,)?) => {
        $(#[test] fn $name() { stops(&$mistake); })*
    };
}

stopped! {
    l01_a_file_that_is_not_well_formed: L01_NOT_WELL_FORMED,
    l07_a_pass_that_does_not_exist: L07_UNKNOWN_PASS,
    l11_a_setting_that_does_not_exist: L11_UNKNOWN_SETTING,
    l26_a_boolean_that_is_none: L26_NOT_A_BOOLEAN,
    l28_no_windows_pe_pass: L28_NO_WINDOWS_PE,
    l29_a_licence_that_is_not_accepted: L29_NO_LICENCE,
    l33_a_partition_that_is_not_there: L33_WRONG_PARTITION,
    l34_a_disk_that_is_not_there: L34_WRONG_DISK,
    l36_a_uefi_disk_without_an_efi_partition: L36_NO_EFI_PARTITION,
    l51_an_image_that_is_not_on_the_medium: L51_NO_SUCH_IMAGE,
    l52_a_key_that_is_malformed: L52_MALFORMED_KEY,
    l53_a_key_of_another_edition: L53_KEY_OF_ANOTHER_EDITION,
    l57_a_language_that_is_not_on_the_medium: L57_LANGUAGE_NOT_ON_THE_MEDIUM,
    l61_a_computer_name_with_a_space: L61_COMPUTER_NAME,
    l73_a_time_zone_that_is_not_windows: L73_TIME_ZONE,
}
