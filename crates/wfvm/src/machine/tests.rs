use super::*;
use crate::spec::Accelerator;

fn machine(firmware: Firmware) -> Machine {
    Machine {
        firmware,
        accelerator: Accelerator::Tcg,
        cores: 4,
        memory_mib: 4096,
        disk_bus: DiskBus::Sata,
        network_card: NetworkCard::E1000e,
        tpm: false,
        rtc_base: "2022-10-10T10:10:10".into(),
        cpu_model: None,
        extra_qemu_flags: vec!["-name".into(), "x".into()],
    }
}

fn tools() -> Tools {
    Tools {
        qemu: "/q".into(),
        qemu_img: "/i".into(),
        ovmf_code: Some("/code.fd".into()),
        ovmf_vars: Some("/vars.fd".into()),
        swtpm: None,
        tesseract: None,
        bash: None,
    }
}

fn line(machine: &Machine, change: impl FnOnce(&mut Assembly<'_>)) -> String {
    let (tools, network) = (tools(), Network::default());
    let mut assembly = Assembly {
        machine,
        tools: &tools,
        acceleration: Acceleration::Tcg,
        disk: SystemDisk { file: "disk.qcow2".into(), writes: Writes::Kept },
        installation_medium: None,
        answer_medium: None,
        network: &network,
        forwarder: None,
        display: Display::None,
        directory: Path::new("m"),
    };
    change(&mut assembly);
    assembly.arguments().join(" ")
}

#[test]
fn the_network_is_closed_unless_opened() {
    assert!(line(&machine(Firmware::Bios), |_| {}).contains("restrict=on,hostfwd=tcp:127.0.0.1:0-:22"));
    let open = Network { open: true, ..Network::default() };
    let (machine, tools) = (machine(Firmware::Bios), tools());
    let assembly = Assembly {
        machine: &machine,
        tools: &tools,
        acceleration: Acceleration::Tcg,
        disk: SystemDisk { file: "d".into(), writes: Writes::Kept },
        installation_medium: None,
        answer_medium: None,
        network: &open,
        forwarder: None,
        display: Display::None,
        directory: Path::new(""),
    };
    assert!(!assembly.arguments().join(" ").contains("restrict"));
}

#[test]
fn uefi_gets_its_own_variables_and_bios_gets_no_flash() {
    let uefi = line(&machine(Firmware::Uefi), |_| {});
    assert!(uefi.contains("unit=0,format=raw,readonly=on,file=/code.fd"), "{uefi}");
    assert!(uefi.contains("unit=1,format=raw,file=m/uefi-variables.fd"), "{uefi}");
    assert!(!line(&machine(Firmware::Bios), |_| {}).contains("pflash"));
}

#[test]
fn a_usb_answer_stick_is_removable_and_shifts_the_number_of_a_virtio_disk_only() {
    let words = line(&machine(Firmware::Bios), |assembly| {
        assembly.answer_medium = Some((AnswerMedium::Usb, "a.img".into()));
    });
    assert!(words.contains("usb-storage,bus=usb.0,drive=answer,removable=on"), "{words}");
    assert_eq!(system_disk_id(DiskBus::Sata, AnswerMedium::Usb), 0);
    assert_eq!(system_disk_id(DiskBus::Virtio, AnswerMedium::Usb), 1);
    assert_eq!(system_disk_id(DiskBus::Virtio, AnswerMedium::Iso), 0);
}

#[test]
fn the_disk_is_started_before_the_medium() {
    let words = line(&machine(Firmware::Bios), |assembly| {
        assembly.installation_medium = Some(InstallationMedium { file: "w,1.iso".into(), format: "raw" });
    });
    assert!(words.contains("drive=system,bootindex=1"), "{words}");
    assert!(words.contains("drive=installation,bootindex=2"), "{words}");
    assert!(words.contains("file=w,,1.iso"), "{words}");
}

#[test]
fn discarded_writes_never_reach_the_image() {
    let words = line(&machine(Firmware::Bios), |assembly| assembly.disk.writes = Writes::Discarded);
    assert!(words.contains("file=disk.qcow2,snapshot=on"), "{words}");
}

#[test]
fn the_users_own_words_come_last() {
    assert!(line(&machine(Firmware::Bios), |_| {}).ends_with("-name x"));
}

#[test]
fn a_screen_is_shown_nowhere_or_in_a_window_or_on_loopback_alone() {
    let shown = |display| line(&machine(Firmware::Bios), |assembly| assembly.display = display);
    assert!(shown(Display::None).contains("-display none"));
    assert!(shown(Display::Window).contains("-display gtk,show-cursor=on"));
    assert!(shown(Display::Vnc).contains("-display vnc=127.0.0.1:0,to="));
}
