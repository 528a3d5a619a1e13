//! What is no refusal, and what is one on machines that Windows has no driver for.

use super::*;

/// What is told of a good pair after a change, as `severity field: problem`.
fn told(os: &GuestOs, change: impl FnOnce(&mut Install, &mut WindowsIso)) -> Vec<String> {
    let (mut spec, mut iso) = (install(), medium());
    spec.guest_os = None;
    spec.disk_mib = 100 << 10;
    spec.machine.memory_mib = 4096;
    spec.payload.push(PayloadFile { name: "OpenSSH-Win64.zip".into(), source: "/zip".into() });
    iso.images.truncate(1);
    iso.images[0].build = Some(os.build);
    iso.images[0].edition_id = os.editions[0].id.into();
    iso.images[0].installation_type = os.installation_types[0].name.into();
    let boot_wim = iso.boot_wim.as_mut().unwrap();
    boot_wim.images[0].build = Some(os.build);
    change(&mut spec, &mut iso);
    let line = |finding: Finding| format!("{} {finding}", finding.severity.word());
    findings(&spec, os, &iso).into_iter().map(line).collect()
}

/// The only line besides the note on what Windows 11 wants.
fn only(change: impl FnOnce(&mut Install, &mut WindowsIso)) -> String {
    let mut lines = told(&WINDOWS_11_24H2, change);
    lines.retain(|line| !line.starts_with("note machine: Windows 11 24H2 wants a TPM 2.0, Secure Boot; "));
    assert_eq!(lines.len(), 1, "{lines:#?}");
    lines.remove(0)
}

#[test]
fn what_setup_is_told_to_pass_over_is_a_note() {
    assert_eq!(
        told(&WINDOWS_11_24H2, |_, _| {}),
        ["note machine: Windows 11 24H2 wants a TPM 2.0, Secure Boot; Setup is told to pass over that by \
          values that Microsoft does not document"]
    );
    let told = told(&WINDOWS_11_24H2, |spec, _| {
        spec.machine.tpm = true;
        spec.machine.firmware = Firmware::Uefi;
        spec.machine.memory_mib = 3000;
        spec.disk_mib = 30 << 10;
    });
    assert!(told[0].contains("wants Secure Boot, 4096 MiB of memory, a disk of 65536 MiB;"), "{told:?}");
}

#[test]
fn editions_with_a_peculiarity_are_noted() {
    let with = |edition: &str| only(|_, iso| iso.images[0].edition_id = edition.into());
    assert!(with("ProfessionalN").starts_with("note image: `Reference Guest Standard` is an N edition"));
    assert!(with("EnterpriseEval").contains("is an evaluation, which takes no product key"));
    assert!(with("IoTEnterpriseS").contains("is an edition of Windows 11 24H2 that there are no data for"));
}

#[test]
fn media_that_were_changed_are_told() {
    let with = |change: fn(&mut WindowsIso)| only(|_, iso| change(iso));
    let cut = with(|iso| iso.volume_bytes = iso.bytes + 2048);
    assert_eq!(cut, "warning installationMedium: its volume has 209717248 bytes, and the file 209715200");
    assert!(with(|iso| iso.announces_udf = false).contains("no descriptor that announces it (`NSR02`)"));
    assert!(with(|iso| iso.boot_wim = None).contains("it has no `sources/boot.wim`"));
    assert!(with(|iso| iso.languages.clear()).contains("it has no `sources/lang.ini`"));
    assert!(with(|iso| iso.has_oem_folder = true).starts_with("note installationMedium: it has a folder"));
    assert!(with(|iso| iso.product_key = Some("x".into())).contains("in `sources/pid.txt`"));
    assert!(with(|iso| iso.foreign_answer_file = Some("sources/autounattend.xml")).contains("of its own"));
    let older = with(|iso| {
        iso.install_file.solid = true;
        iso.boot_wim.as_mut().unwrap().images[0].build = Some(19041);
    });
    assert!(
        older.contains("its Setup is of build 19041, which may not know a solid image (ESD) of build 26100")
    );
    let other = with(|iso| iso.boot_wim.as_mut().unwrap().images[0].architecture = Architecture::X86);
    assert!(other.contains("its Setup is for x86, and the image `Reference Guest Standard` for amd64"));
    assert!(
        with(|iso| iso.images[0].architecture = Architecture::Other(None))
            .contains("does not say what it is for")
    );
}

#[test]
fn a_foreign_answer_file_is_told_once() {
    let told = only(|_, iso| iso.foreign_answer_file = Some("autounattend.xml"));
    assert!(told.starts_with("refused answerMedium: "), "{told}");
    let told = only(|spec, iso| {
        spec.answer_medium = AnswerMedium::Usb;
        iso.foreign_answer_file = Some("autounattend.xml");
    });
    assert!(told.starts_with("note installationMedium: "), "{told}");
}

#[test]
fn keys_of_another_channel_or_with_letters_that_no_key_has_are_doubted() {
    let with = |key: &str, channel: &str| {
        only(|spec, iso| {
            iso.images[0].edition_id = "Professional".into();
            iso.ei_cfg = Some(EiCfg { channel: Some(channel.into()), ..EiCfg::default() });
            spec.answer_file.product_key = Some(key.into());
        })
    };
    let volume = with("W269N-WFGWX-YVC9B-4J6C9-T83GX", "Retail");
    assert!(
        volume.starts_with("warning answerFile.productKey: it is a key of another channel than the medium's, which is `Retail`"),
        "{volume}"
    );
    assert!(with("VK7JG-NPHTM-C97JM-9MPGT-3V66T", "Volume").contains("which is `Volume`"));
    assert!(
        with("AAAAA-22222-33333-44444-66666", "Retail")
            .starts_with("warning answerFile.productKey: it holds `A`, which keys")
    );
    let unknown = with("BBBBB-22222-33333-44444-66666", "Retail");
    assert!(unknown.starts_with("note answerFile.productKey: it is no published key"), "{unknown}");
}

#[test]
fn languages_and_keyboards_that_nobody_lists_are_doubted() {
    let user = only(|spec, _| spec.answer_file.user_locale = "de-GER".into());
    assert_eq!(
        user,
        "warning answerFile.userLocale: `de-GER` is none of the languages that Microsoft listed in 2017"
    );
    let keyboard = only(|spec, _| spec.answer_file.input_locale = "en-US;0409:00000999".into());
    assert!(keyboard.starts_with("warning answerFile.inputLocale: `00000999` is none of the keyboards"));
    // A refusal says enough.
    let refused = only(|spec, _| spec.answer_file.ui_language = "xx-YY".into());
    assert!(refused.starts_with("refused answerFile.uiLanguage: "), "{refused}");
}

#[test]
fn a_network_card_without_a_driver_and_drivers_of_another_release_are_found() {
    let card = only(|spec, _| spec.machine.network_card = NetworkCard::Virtio);
    assert!(
        card.starts_with("refused machine.networkCard: Windows 11 24H2 has no driver for this network card")
    );
    let drivers = only(|spec, _| {
        spec.machine.network_card = NetworkCard::Virtio;
        spec.answer_file.driver_paths = vec![r"D:\NetKVM\w11\amd64".into(), r"D:\viostor\2k22\amd64".into()];
    });
    assert!(
        drivers.starts_with(
            "warning answerFile.driverPaths[1]: `2k22` is the folder of another release's drivers"
        ),
        "{drivers}"
    );
}

#[test]
fn a_tpm_under_bios_is_doubted() {
    let told = told(&WINDOWS_11_24H2, |spec, _| spec.machine.tpm = true);
    assert!(told.iter().any(|line| line.starts_with("warning machine.tpm: ")), "{told:?}");
}

#[test]
fn passwords_that_windows_does_not_take_are_found() {
    let empty = only(|spec, _| {
        spec.login.password.clear();
        spec.answer_file.accounts[0].password.clear();
    });
    assert!(empty.starts_with("refused login.password: `wfvm` has an empty password"), "{empty}");

    let server = |password: &str| {
        told(&crate::guest_os::WINDOWS_SERVER_2022, |spec, _| {
            spec.login.password = password.into();
            spec.answer_file.accounts[0].password = password.into();
        })
    };
    let simple = "warning answerFile.accounts[0].password: the password of `wfvm` may be too simple for the \
                  policy of Windows Server 2022";
    for password in ["1234", "aaaaaaaa", "Wfvm-1234", "Ab-12"] {
        assert_eq!(server(password), [simple], "{password}");
    }
    assert_eq!(server("Correct-1"), Vec::<String>::new());
}

#[test]
fn a_floppy_is_small() {
    let mut spec = install();
    spec.payload = vec![
        PayloadFile { name: "small.txt".into(), source: "/a".into() },
        PayloadFile { name: "large.zip".into(), source: "/b".into() },
    ];
    assert_eq!(answer_medium(&spec, &[1, 5 << 20]), []);
    spec.answer_medium = AnswerMedium::Floppy;
    assert_eq!(answer_medium(&spec, &[1, 1 << 20]), []);
    let [finding] = answer_medium(&spec, &[1, 5 << 20]).try_into().unwrap();
    assert_eq!(
        format!("{finding}"),
        "answerMedium: a floppy has room for 1457664 bytes, and the payload needs 5308928; `large.zip` has 5242880 bytes"
    );
}

#[test]
fn a_verdict_has_refusals_first() {
    let of = |severity| Finding {
        severity,
        field: "x".into(),
        value: String::new(),
        problem: "is y".into(),
        advice: "write z".into(),
    };
    let verdict = Verdict::new(
        "Windows".into(),
        vec![of(Severity::Note), of(Severity::Refusal), of(Severity::Warning)],
    );
    assert!(verdict.is_refused());
    assert_eq!(
        verdict.page(),
        "Windows\nrefused: x: is y\n    write z\nwarning: x: is y\n    write z\nnote: x: is y\n    write z\n"
    );
    assert_eq!(Verdict::new("Windows".into(), vec![]).page(), "Windows\n\nnothing to say against it\n");
}
