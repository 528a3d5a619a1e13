use super::*;
use crate::windows_iso::{Architecture, BootEntry, BootWim, CatalogPatch, EiCfg, ImageFile, Platform};

fn image(index: u32, edition: &str, kind: &str, build: u32, languages: &[&str]) -> Image {
    Image {
        index,
        name: format!("Windows {edition}"),
        edition_id: edition.into(),
        architecture: Architecture::Amd64,
        languages: languages.iter().map(|language| (*language).into()).collect(),
        default_language: languages.first().map(|language| (*language).into()),
        installation_type: kind.into(),
        build: Some(build),
        ..Image::default()
    }
}

fn medium(images: Vec<Image>) -> WindowsIso {
    let entry = |platform| BootEntry {
        platform,
        bootable: true,
        emulation: 0,
        load_segment: 0,
        lba: 300,
        lba_offset: 0,
        sectors: 1,
    };
    let languages: Vec<String> = images.iter().flat_map(|image| image.languages.clone()).collect();
    WindowsIso {
        volume_label: "LABEL".into(),
        announces_udf: true,
        bytes: 6 << 30,
        boot_entries: vec![entry(Platform::Bios), entry(Platform::Uefi)],
        no_prompt: Some(CatalogPatch { offset: 1, lba: 2 }),
        install_image: "sources/install.wim",
        boot_wim: Some(BootWim { file: ImageFile::default(), images: vec![images[0].clone()] }),
        images,
        languages,
        ..WindowsIso::default()
    }
}

fn expression(file: &str, medium: WindowsIso) -> String {
    Inspection::new(file, medium).expression
}

#[test]
fn the_expression_names_what_differs_from_the_defaults() {
    let english = medium(vec![
        image(1, "Core", "Client", 22631, &["en-US"]),
        image(2, "Professional", "Client", 22631, &["en-US"]),
    ]);
    assert_eq!(
        expression("win.iso", english.clone()),
        "wfvm.makeWindowsImage {\n  windowsImage = ./win.iso;\n  imageSelection = { edition = \"Professional\"; };\n}"
    );
    let german = medium(vec![image(1, "Professional", "Client", 22631, &["de-DE", "en-US"])]);
    assert!(expression("win.iso", german).ends_with(
        "  uiLanguage = \"de-DE\";\n  inputLocale = \"de-DE\";\n  userLocale = \"de-DE\";\n  systemLocale = \"de-DE\";\n}"
    ));
    let mut bios = english.clone();
    bios.no_prompt = None;
    assert!(expression("win.iso", bios).contains("\n  firmware = \"bios\";\n"));
    let mut prepared = english;
    prepared.foreign_answer_file = Some("autounattend.xml");
    assert!(expression("win.iso", prepared).contains("\n  answerMedium = \"usb\";\n"));
}

#[test]
fn editions_that_stand_twice_are_named_by_number() {
    let twice = medium(vec![
        image(1, "Professional", "Client", 22631, &[]),
        image(2, "Professional", "Client", 22631, &[]),
    ]);
    assert!(expression("w.iso", twice).contains("imageSelection = { index = 1; };"));
    let server = medium(vec![
        image(1, "ServerStandard", "Server Core", 20348, &[]),
        image(2, "ServerStandard", "Server", 20348, &[]),
    ]);
    let inspection = Inspection::new("w.iso", server);
    assert_eq!(inspection.chosen_image, Some(2), "with a desktop");
    assert!(inspection.expression.contains("imageSelection = { edition = \"ServerStandard\"; };"));
}

#[test]
fn paths_are_nix() {
    let line = |file: &str| {
        let text = expression(file, medium(vec![image(1, "Professional", "Client", 22631, &[])]));
        text.lines().nth(1).unwrap().trim().to_owned()
    };
    assert_eq!(line("a.iso"), "windowsImage = ./a.iso;");
    assert_eq!(line("../a.iso"), "windowsImage = ../a.iso;");
    assert_eq!(line("/isos/a.iso"), "windowsImage = /isos/a.iso;");
    assert_eq!(line("my isos/a.iso"), "windowsImage = ./. + \"/my isos/a.iso\";");
    assert_eq!(line("/isos/ü ${x}\".iso"), "windowsImage = /. + \"/isos/ü \\${x}\\\".iso\";");
}

#[test]
fn the_channel_is_said_with_its_witness() {
    let with = |change: fn(&mut WindowsIso)| {
        let mut medium = medium(vec![image(1, "Professional", "Client", 22631, &[])]);
        change(&mut medium);
        Inspection::new("w.iso", medium).channel.map(|channel| (channel.name, channel.by))
    };
    let ei_cfg = |channel: &str| Some(EiCfg { channel: Some(channel.into()), ..EiCfg::default() });
    assert_eq!(with(|_| {}), None);
    assert_eq!(
        with(|medium| medium.volume_label = "CCCOMA_X64FRE_EN-US_DV9".into()).unwrap(),
        ("retail".into(), "its label, which promises nothing".into())
    );
    let mut volume = medium(vec![image(1, "Professional", "Client", 22631, &[])]);
    volume.ei_cfg = ei_cfg("Volume");
    assert_eq!(Inspection::new("w.iso", volume).channel.unwrap().name, "volume");
    assert_eq!(with(|medium| medium.images[0].edition_id = "EnterpriseEval".into()).unwrap().0, "evaluation");
}

#[test]
fn the_setup_is_that_of_boot_wims_build() {
    let generation = |build| {
        let setup =
            Inspection::new("w.iso", medium(vec![image(1, "Professional", "Client", build, &[])])).setup;
        setup.unwrap().generation
    };
    assert_eq!(generation(19045).as_deref(), Some("classic"));
    assert_eq!(generation(26100).as_deref(), Some("conX"));
    assert_eq!(generation(1), None);
}

#[test]
fn a_medium_that_nothing_can_be_installed_from_is_refused() {
    let refused = |change: fn(&mut WindowsIso)| {
        let mut medium = medium(vec![image(1, "Professional", "Client", 22631, &[])]);
        change(&mut medium);
        Inspection::new("w.iso", medium).is_refused()
    };
    assert!(!refused(|_| {}));
    assert!(refused(|medium| medium.boot_entries.clear()));
    assert!(refused(|medium| medium.images[0].build = Some(7601)));
    assert!(refused(|medium| medium.images[0].architecture = Architecture::Arm64));
    assert!(!refused(|medium| medium.no_prompt = None), "it starts under a BIOS");
}

#[test]
fn the_json_has_a_version_and_no_key() {
    let mut with_key = medium(vec![image(1, "Professional", "Client", 22631, &[])]);
    with_key.product_key = Some("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE".into());
    let json: serde_json::Value = serde_json::from_str(&Inspection::new("w.iso", with_key).json()).unwrap();
    assert_eq!(json["wfvmInspection"], 1);
    assert_eq!(json["medium"]["productKey"], "…-EEEEE");
    assert_eq!(json["release"]["name"], "windows-11-23h2");
    assert_eq!(json["medium"]["bootEntries"][1]["platform"], "uefi");
}
