use super::*;
use crate::guest_os::{REFERENCE_GUEST, WINDOWS_11_24H2};
use crate::spec::{
    self, AnswerMedium, DiskBus, Firmware, GuestOsName, ImageSelection, NetworkCard, PayloadFile,
};
use crate::windows_iso::{Architecture, BootEntry, BootWim, CatalogPatch, EiCfg, Image, ImageFile, Platform};

mod severity;

fn install() -> Install {
    spec::parse(&spec::tests::good_install().to_string()).unwrap()
}

fn image(index: u32, edition: &str) -> Image {
    Image {
        index,
        name: format!("Reference Guest {edition}"),
        description: format!("Reference Guest {edition} (stand-in for Windows)"),
        display_name: String::new(),
        edition_id: format!("Reference{edition}"),
        architecture: Architecture::Amd64,
        languages: vec!["en-US".into(), "de-DE".into()],
        default_language: Some("en-US".into()),
        installation_type: "Client".into(),
        build: Some(19043),
        content_bytes: 100 << 20,
        ..Image::default()
    }
}

fn medium() -> WindowsIso {
    let entry = |platform| BootEntry {
        platform,
        bootable: true,
        emulation: 0,
        load_segment: 0,
        lba: 300,
        lba_offset: 0,
        sectors: 1,
    };
    WindowsIso {
        volume_label: "REFERENCE".into(),
        bytes: 200 << 20,
        boot_entries: vec![entry(Platform::Bios), entry(Platform::Uefi)],
        no_prompt: Some(CatalogPatch { offset: 100 << 10, lba: 400 }),
        install_image: "sources/install.wim",
        images: vec![image(1, "Standard"), image(2, "Datacenter")],
        languages: vec!["en-US".into(), "de-DE".into()],
        announces_udf: true,
        boot_wim: Some(BootWim {
            file: ImageFile::default(),
            images: vec![Image { build: Some(19043), architecture: Architecture::Amd64, ..Image::default() }],
        }),
        ..WindowsIso::default()
    }
}

/// What is refused of a good pair after a change, as `field: problem | advice`.
fn said(change: impl FnOnce(&mut Install, &mut WindowsIso)) -> Vec<String> {
    let (mut spec, mut iso) = (install(), medium());
    change(&mut spec, &mut iso);
    findings(&spec, &REFERENCE_GUEST, &iso)
        .into_iter()
        .filter(|finding| finding.severity == Severity::Refusal)
        .map(|finding| format!("{finding} | {}", finding.advice))
        .collect()
}

/// The fields of what is refused.
fn refused(spec: &Install, os: &GuestOs, iso: &WindowsIso) -> Vec<String> {
    let all = findings(spec, os, iso).into_iter();
    all.filter(|finding| finding.severity == Severity::Refusal).map(|finding| finding.field).collect()
}

#[test]
fn a_good_spec_has_no_findings() {
    assert_eq!(findings(&install(), &REFERENCE_GUEST, &medium()), []);
}

#[test]
fn an_unknown_image_is_answered_with_those_that_exist() {
    let offers = "its images are 1 \"Reference Guest Standard\" (ReferenceStandard), \
                  2 \"Reference Guest Datacenter\" (ReferenceDatacenter)";
    assert_eq!(
        said(|spec, _| spec.image = Some(ImageSelection::Name("Windows 11 Pro".into()))),
        [format!("image.name: the medium `REFERENCE` has no image `Windows 11 Pro` | {offers}")]
    );
    assert_eq!(
        said(|spec, _| spec.image = Some(ImageSelection::Index(3))),
        [format!("image.index: the medium `REFERENCE` has no image `3` | {offers}")]
    );
}

#[test]
fn a_name_that_two_images_have_selects_none() {
    let said = said(|_, iso| iso.images[1].name = "Reference Guest Standard".into());
    assert!(said[0].starts_with("image.name: 2 images of the medium"), "{said:?}");
}

#[test]
fn all_findings_come_at_once() {
    let said = said(|spec, iso| {
        spec.answer_file.computer_name = Some("a computer".into());
        spec.answer_file.ui_language = "fr-FR".into();
        spec.answer_file.product_key = Some("RGDAT-22222-33333-44444-55555".into());
        spec.machine.memory_mib = 256;
        spec.disk_mib = 1024;
        spec.machine.firmware = Firmware::Uefi;
        iso.images[0].content_bytes = 4 << 30;
        iso.images[0].build = Some(26100);
        iso.images[0].architecture = Architecture::Arm64;
        iso.boot_entries.pop();
        iso.foreign_answer_file = Some("autounattend.xml");
    });
    let fields: Vec<&str> =
        said.iter().filter_map(|line| line.split_once(':')).map(|(field, _)| field).collect();
    assert_eq!(
        fields,
        [
            "guestOs",
            "answerFile.computerName",
            "machine.firmware",
            "answerMedium",
            "installationMedium",
            "answerFile.uiLanguage",
            "answerFile.productKey",
            "diskMib",
            "machine.memoryMib",
        ]
    );
    let advice: Vec<&str> =
        said.iter().filter_map(|line| line.split_once(" | ")).map(|(_, advice)| advice).collect();
    assert_eq!(advice[2], "it starts under `bios`");
    assert_eq!(advice[5], "it has en-US, de-DE");
    assert_eq!(advice[6], "the generic key of ReferenceStandard is RGSTD-22222-33333-44444-55555");
    assert_eq!(advice[7], "give at least 5376 MiB; what is not used takes no space");
}

#[test]
fn an_evaluation_takes_no_key() {
    let said = said(|spec, iso| {
        spec.guest_os = None;
        spec.answer_file.product_key = Some("RGSTD-22222-33333-44444-55555".into());
        iso.images[0].edition_id = "EnterpriseEval".into();
    });
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("(EnterpriseEval), which takes no key | leave the key out"), "{said:?}");
}

#[test]
fn the_key_is_the_given_one_or_that_of_edition_and_channel() {
    let (mut spec, mut iso) = (install(), medium());
    assert_eq!(product_key(&spec, &REFERENCE_GUEST, &iso), Some("RGSTD-22222-33333-44444-55555"));
    iso.images[0].edition_id = "Enterprise".into();
    assert_eq!(product_key(&spec, &WINDOWS_11_24H2, &iso), Some("XGVPP-NMH47-7TTHJ-W3FW7-8HV2C"));
    let channel = Some("volume".into());
    iso.ei_cfg = Some(EiCfg { channel, ..EiCfg::default() });
    assert_eq!(product_key(&spec, &WINDOWS_11_24H2, &iso), Some("NPPR9-FWDCX-D2C8J-H872K-2YT43"));
    iso.images[0].edition_id = "EnterpriseEval".into();
    assert_eq!(product_key(&spec, &WINDOWS_11_24H2, &iso), None);
    spec.answer_file.product_key = Some("AAAAA-AAAAA-AAAAA-AAAAA-AAAAA".into());
    assert_eq!(product_key(&spec, &WINDOWS_11_24H2, &iso), Some("AAAAA-AAAAA-AAAAA-AAAAA-AAAAA"));
}

#[test]
fn a_medium_that_waits_for_a_key_is_refused_under_uefi_only() {
    assert_eq!(said(|_, iso| iso.no_prompt = None), Vec::<String>::new());
    let said = said(|spec, iso| {
        spec.machine.firmware = Firmware::Uefi;
        iso.no_prompt = None;
    });
    assert!(said[0].starts_with("machine.firmware: the medium `REFERENCE` has no boot image that starts"));
}

#[test]
fn windows_11_without_its_ssh_server_is_refused() {
    let mut spec = install();
    spec.guest_os = Some(GuestOsName::Windows11);
    let mut iso = medium();
    iso.images.iter_mut().for_each(|image| image.build = Some(26100));
    assert_eq!(refused(&spec, &WINDOWS_11_24H2, &iso), ["payload", "diskMib", "machine.memoryMib"]);
}

#[test]
fn windows_needs_a_driver_for_virtio_and_a_cpu_of_its_time() {
    let (mut spec, mut iso) = (install(), medium());
    spec.guest_os = None;
    spec.payload.push(PayloadFile { name: "OpenSSH-Win64.zip".into(), source: "/zip".into() });
    spec.disk_mib = 65536;
    spec.machine.memory_mib = 4096;
    spec.machine.disk_bus = DiskBus::Virtio;
    spec.machine.cpu_model = Some("core2duo-v1,+ssse3".into());
    iso.images[0].build = Some(26100);
    let fields = |spec: &Install, iso: &WindowsIso| refused(spec, &WINDOWS_11_24H2, iso);
    assert_eq!(fields(&spec, &iso), ["machine.cpuModel", "machine.diskBus"]);
    spec.answer_file.driver_paths.push(r"D:\".into());
    iso.images[0].build = Some(22631);
    assert_eq!(fields(&spec, &iso), Vec::<String>::new());
    iso.images[0].build = Some(26100);
    let lacks_something = |model: &str| {
        let mut spec = spec.clone();
        spec.machine.cpu_model = Some(model.into());
        !fields(&spec, &iso).is_empty()
    };
    for enough in ["Nehalem", "qemu64,+ssse3,+sse4_1,+sse4-2,popcnt=on", "max,-popcnt,+popcnt"] {
        assert!(!lacks_something(enough), "{enough}");
    }
    for less in ["qemu64", "kvm64,+sse4.2", "max,-popcnt", "Nehalem-v2,sse4.2=off"] {
        assert!(lacks_something(less), "{less}");
    }
}

/// A medium as one of Windows Server 2022 is, and one of Windows 11's first.
fn windows(build: u32, images: &[(&str, &str, &str, &str)]) -> WindowsIso {
    let mut iso = medium();
    iso.volume_label = "WINDOWS".into();
    iso.images = images
        .iter()
        .zip(1..)
        .map(|((name, shown, edition, kind), index)| Image {
            name: (*name).into(),
            display_name: (*shown).into(),
            edition_id: (*edition).into(),
            installation_type: (*kind).into(),
            build: Some(build),
            ..image(index, "")
        })
        .collect();
    iso
}

fn server() -> WindowsIso {
    let image = |name, shown, edition, kind| (name, shown, edition, kind);
    windows(
        20348,
        &[
            image(
                "Windows Server 2022 SERVERSTANDARDCORE",
                "Windows Server 2022 Standard",
                "ServerStandard",
                "Server Core",
            ),
            image(
                "Windows Server 2022 SERVERSTANDARD",
                "Windows Server 2022 Standard (Desktop Experience)",
                "ServerStandard",
                "Server",
            ),
        ],
    )
}

#[test]
fn the_release_is_found_on_the_medium() {
    let mut spec = install();
    spec.guest_os = None;
    let (os, doubt) = release(&spec, &server());
    assert_eq!((os.title, doubt), ("Windows Server 2022", None));
    assert_eq!(release(&spec, &medium()).0.title, "reference guest");
}

#[test]
fn a_release_that_the_medium_is_not_of_is_refused() {
    let mut spec = install();
    let doubt = |spec: &Install, iso: &WindowsIso| {
        let (os, finding) = release(spec, iso);
        (os.title, finding.map(|finding| format!("{finding} | {}", finding.advice)))
    };
    spec.guest_os = Some(GuestOsName::WindowsServer2025);
    let problem = "guestOs: the medium `WINDOWS` is build 20348 (Windows Server 2022), and the spec names \
                   Windows Server 2025 | leave it out, or write `windows-server-2022`";
    assert_eq!(doubt(&spec, &server()), ("Windows Server 2022", Some(problem.into())));
    spec.guest_os = Some(GuestOsName::WindowsServer);
    assert_eq!(doubt(&spec, &server()), ("Windows Server 2022", None));
    // A build that nobody knows is judged as the newest, and refused.
    spec.guest_os = None;
    let (title, problem) = doubt(&spec, &windows(99999, &[("Windows 13", "", "Professional", "Client")]));
    let problem = problem.unwrap();
    assert_eq!(title, "Windows 11 25H2");
    assert!(
        problem.contains("is build 99999 (Client), and there are no data for it | known are Windows 10"),
        "{problem}"
    );
}

#[test]
fn an_image_is_chosen_by_edition_or_by_what_setup_shows() {
    let mut spec = install();
    spec.guest_os = None;
    let chosen = |spec: &Install, iso: &WindowsIso| {
        selected(spec, release(spec, iso).0, iso).map(|image| image.index).map_err(|finding| finding.advice)
    };
    spec.image = None;
    assert_eq!(chosen(&spec, &server()), Ok(2), "with a desktop");
    spec.image = Some(ImageSelection::Edition("ServerStandardCore".into()));
    assert_eq!(chosen(&spec, &server()), Ok(1));
    spec.image = Some(ImageSelection::Name("Windows Server 2022 Standard".into()));
    assert_eq!(chosen(&spec, &server()), Ok(1));
    // Windows 11's first images had the names of Windows 10's.
    let first = windows(
        22000,
        &[
            ("Windows 10 Home", "Windows 11 Home", "Core", "Client"),
            ("Windows 10 Pro", "Windows 11 Pro", "Professional", "Client"),
        ],
    );
    spec.image = Some(ImageSelection::Name("Windows 11 Pro".into()));
    assert_eq!(chosen(&spec, &first), Ok(2));
    spec.image = None;
    assert_eq!(chosen(&spec, &first), Ok(2));
    // Editions that nobody prefers are listed.
    let odd = windows(22631, &[("A", "", "CoreN", "Client"), ("B", "", "CoreSingleLanguage", "Client")]);
    assert_eq!(chosen(&spec, &odd), Err("select one: 1 \"A\" (CoreN), 2 \"B\" (CoreSingleLanguage)".into()));
}

#[test]
fn a_language_must_be_in_setup_and_in_the_image() {
    assert_eq!(
        said(|spec, iso| {
            spec.answer_file.ui_language = "de-DE".into();
            iso.images[0].languages.pop();
        }),
        [
            "answerFile.uiLanguage: the image has no language `de-DE`, and Setup would ask for one | it has en-US"
        ]
    );
    assert_eq!(
        said(|spec, iso| {
            spec.answer_file.ui_language = "DE-de".into();
            iso.languages.clear();
        }),
        Vec::<String>::new()
    );
}

#[test]
fn a_finding_about_the_later_passes_names_their_file() {
    let good = |pass: &str, name: &str| {
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<unattend xmlns=\"urn:schemas-microsoft-com:unattend\">\n\
             <settings pass=\"{pass}\"><component name=\"{name}\" processorArchitecture=\"amd64\" \
             publicKeyToken=\"31bf3856ad364e35\" language=\"neutral\" versionScope=\"nonSxS\"/></settings></unattend>"
        )
        .into_bytes()
    };
    let later = good("specialize", "Microsoft-Windows-No-Such-Component");
    let files = [("Autounattend.xml", later.clone()), ("unattend.xml", later)];
    let found = of_answer_files("answerFile", &files, &install(), &medium());
    let problems: Vec<&str> = found
        .iter()
        .filter(|finding| finding.problem.contains("[unknown-component]"))
        .map(|finding| finding.problem.split(':').next().unwrap())
        .collect();
    assert_eq!(problems, ["line 3", "unattend.xml, line 3"]);
}
