use std::{path::PathBuf, time::Duration};

use proptest::prelude::*;
use quick_xml::{Reader as Xml, events::Event};

use super::*;
use crate::{
    doctor::{Check, Verdict},
    guest_os::{GuestOs, RELEASES},
    preflight::{self, Severity},
    spec::{Accelerator, Firmware},
    windows_iso::{Architecture, BootEntry, CatalogPatch, Image, Platform},
};

const TOOK: Duration = Duration::from_millis(1234);

fn entry(platform: Platform) -> BootEntry {
    BootEntry { platform, bootable: true, emulation: 0, load_segment: 0, lba: 300, lba_offset: 0, sectors: 1 }
}

/// A medium of a release, in German.
fn medium(os: &GuestOs) -> WindowsIso {
    let kind = os.installation_types[0].name;
    let image = Image {
        index: 1,
        name: os.product.into(),
        edition_id: os.preferred_editions[0].into(),
        architecture: Architecture::Amd64,
        languages: vec!["de-DE".into()],
        default_language: Some("de-DE".into()),
        installation_type: kind.into(),
        build: Some(os.build),
        ..Image::default()
    };
    WindowsIso {
        volume_label: "LABEL".into(),
        announces_udf: true,
        bytes: 6 << 30,
        boot_entries: vec![entry(Platform::Bios), entry(Platform::Uefi)],
        no_prompt: Some(CatalogPatch { offset: 1, lba: 2 }),
        install_image: "sources/install.wim",
        images: vec![image],
        languages: vec!["de-DE".into()],
        ..WindowsIso::default()
    }
}

fn wishes() -> Wishes {
    Wishes {
        image: None,
        product_key_file: None,
        payload: vec![PathBuf::from("/there/OpenSSH-Win64.zip")],
        firmware: None,
        accelerator: Accelerator::Auto,
        memory_mib: None,
    }
}

fn specs(medium: &WindowsIso, wishes: &Wishes) -> Specs {
    let tools = serde_json::json!({
        "qemu": "/q", "qemuImg": "/i", "bash": "/b", "swtpm": "/s", "ovmfCode": "/c", "ovmfVars": "/v",
    });
    let nonces = Nonces { layer: "1".into(), run: "2".into() };
    let places = Places::below(Path::new("/it's/here"));
    let tools = serde_json::from_value(tools).unwrap();
    Specs::new(Path::new("/medium.iso"), medium, wishes, &tools, &places, &nonces).unwrap()
}

#[test]
fn what_is_made_for_a_medium_of_any_release_fits_it() {
    for os in RELEASES {
        let medium = medium(os);
        let mut spec = specs(&medium, &wishes()).install;
        // What its file would have.
        let password = specs::password().unwrap();
        (spec.login.password, spec.login.password_file) = (password.clone(), None);
        spec.answer_file.administrator_password =
            spec.answer_file.administrator_password_file.take().map(|_| password.clone());
        assert_eq!(spec.answer_file.administrator_password.is_some(), os.product_type == "ServerNT");
        (spec.answer_file.accounts[0].password, spec.answer_file.accounts[0].password_file) =
            (password, None);
        let findings = preflight::findings(&spec, os, &medium);
        let worse: Vec<_> = findings.iter().filter(|finding| finding.severity == Severity::Refusal).collect();
        assert!(worse.is_empty(), "{}: {worse:#?}", os.title);
        assert_eq!(spec.answer_file.ui_language, "de-DE");
        let wants_tpm = os.requirements.iter().any(|wanted| wanted.bypass == "BypassTPMCheck");
        assert_eq!(spec.machine.tpm, wants_tpm, "{}", os.title);
    }
}

#[test]
fn a_medium_decides_the_firmware_and_a_wish_decides_over_it() {
    let os = RELEASES[3];
    let mut medium = medium(os);
    assert_eq!(specs(&medium, &wishes()).install.machine.firmware, Firmware::Uefi);
    let wish = Wishes { firmware: Some(Firmware::Bios), memory_mib: Some(8192), ..wishes() };
    let machine = specs(&medium, &wish).install.machine;
    assert_eq!((machine.firmware, machine.tpm, machine.memory_mib), (Firmware::Bios, false, 8192));
    medium.no_prompt = None;
    let specs = specs(&medium, &wishes());
    assert_eq!(specs.install.machine.firmware, Firmware::Bios);
    // The same machine everywhere, or a layer would not start and a clone not wake.
    for machine in [&specs.layer.machine, &specs.run.machine, &specs.template.machine, &specs.clone.machine] {
        assert_eq!(*machine, specs.install.machine);
    }
    assert!(specs.run.script.starts_with("cd '/it'\\''s/here/run'\n"), "{}", specs.run.script);
}

#[test]
fn what_a_phase_needs_comes_before_it() {
    for (at, step) in Step::ALL.into_iter().enumerate() {
        let before = &Step::ALL[..at];
        assert!(step.needs().is_none_or(|needed| before.contains(&needed)), "{}", step.word());
        assert_eq!(serde_json::to_value(step).unwrap(), step.word());
    }
    let mut report = Report::new(Vec::new());
    report.phases.push(Phase::performed(Step::Preflight, TOOK, None));
    assert_eq!(report.missing(Step::Media), None);
    let failure = Failure::new(vec!["x".into()], Blame::Guest, "x".into());
    report.phases.push(Phase::performed(Step::Media, TOOK, Some(failure)));
    assert_eq!(report.missing(Step::Install), Some(Step::Media));
    report.phases.push(Phase::skipped(Step::Install, Step::Media));
    assert_eq!(report.missing(Step::Layer), Some(Step::Install));
    let report = report.concluded();
    assert_eq!(
        (report.outcome, report.failure().map(|(step, _)| step)),
        (Outcome::Failed, Some(Step::Media))
    );
}

/// A report in which everything that comes from elsewhere is `text`.
fn report_of(text: &str) -> Report {
    let text = || text.to_owned();
    let mut iso = medium(RELEASES[3]);
    (iso.volume_label, iso.images[0].name, iso.images[0].edition_id) = (text(), text(), text());
    let mut failure = Failure::new(vec![text(), text()], Blame::Guest, text());
    failure.during = Some(text());
    failure.screen_text = Some(text());
    failure.setup_log = Some((text(), vec![text()]).into());
    failure.evidence = vec![text()];
    failure.picture = Some(text().into_bytes());
    let finding = Finding::refusal(&text(), text(), text(), text());
    let check = Check { name: "qemu", verdict: Verdict::Warning, found: text(), advice: text() };
    let mut report = Report::new(vec![check]);
    report.medium = Some(Inspection::new(&text(), iso));
    report.phases = vec![
        Phase {
            parts: vec![Part::new((phase::Phase::Boot, TOOK))],
            findings: vec![finding],
            facts: vec![text()],
            ..Phase::performed(Step::Preflight, TOOK, Some(failure))
        },
        Phase::skipped(Step::Media, Step::Preflight),
    ];
    report.concluded()
}

/// Names and attributes of the elements in their order, without the one that is a picture.
fn elements(page: &str) -> Vec<String> {
    let mut reader = Xml::from_str(page);
    let mut elements = Vec::new();
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error}: {page}")) {
            Event::Start(element) | Event::Empty(element) => {
                elements.push(element.as_ref().split(" src=").next().unwrap_or_default().to_owned());
            }
            Event::Eof => return elements,
            Event::End(_)
            | Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_) => {}
        }
    }
}

proptest! {
    #[test]
    fn no_text_is_more_than_text_on_the_page(text in "(?s)(.|[<>&\"'\u{0}-\u{20}\u{80}-\u{9f}\u{202e}]|</pre>|<script>|]]>|<!--){1,24}") {
        let page = html(&report_of(&text));
        prop_assert_eq!(elements(&page), elements(&html(&report_of("x"))));
        prop_assert!(!page.contains("<script") && !page.contains('\u{202e}') && !page.contains('\0'), "{}", page);
    }
}

#[test]
fn what_is_hidden_stands_nowhere_in_a_failure_or_a_finding() {
    let mut hidden = Hidden::default();
    hidden.secret("geheim");
    hidden.name("ann", "USER");
    let mut failure = report_of("geheim of ann").phases.remove(0);
    let finding = hidden.finding(failure.findings.remove(0));
    let failure = failure.failure.map(|failure| failure.without(&hidden));
    let failure = failure.map(|failure| Failure { during: None, ..failure });
    // A finding's field, and where it was, are words of ours.
    let told = serde_json::to_string(&(failure, Finding { field: String::new(), ..finding })).unwrap();
    assert!(told.contains("SECRET of USER") && !told.contains("geheim") && !told.contains("ann"), "{told}");
}
