use serde_json::json;

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
        secure_boot: false,
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
        memory: Memory::Anonymous,
        disk: SystemDisk { file: "disk.qcow2".into(), writes: Writes::Kept, state: None },
        installation_medium: None,
        answer_medium: None,
        plugged: Plugged::default(),
        network: &network,
        forwarder: None,
        display: Display::None,
        directory: Path::new("m"),
    };
    change(&mut assembly);
    assembly.arguments().join(" ")
}

fn user_network(network: serde_json::Value) -> String {
    let network = serde_json::from_value(network).unwrap();
    network::user_network(&network, Some(Path::new("/f,g")))
}

#[test]
fn the_network_is_closed_unless_opened() {
    assert!(
        line(&machine(Firmware::Bios), |_| {})
            .contains("user,net=192.168.1.0/24,restrict=on,ipv6=off,hostfwd=tcp:127.0.0.1:0-:22,id=network")
    );
    let open = user_network(json!({ "open": true }));
    assert!(!open.contains("restrict") && !open.contains("ipv6"), "{open}");
}

#[test]
fn every_opening_is_carried_by_a_program_of_its_own_while_the_rest_stays_closed() {
    let words = user_network(json!({
        "forwards": [ { "listenAddress": "192.168.1.100", "targetAddress": "10.1.2.3", "port": 80 } ],
        "reachable": [
            { "host": "Mirror.example.org", "port": 443 }, { "host": "cache.example.org", "port": 80 },
            { "host": "mirror.example.org", "port": 80 },
        ],
    }));
    // Names have the addresses that no forward has, in the order of the names.
    for opening in [
        "restrict=on,ipv6=off",
        "guestfwd=tcp:192.168.1.100:80-cmd:/f,,g forward 10.1.2.3 80",
        "guestfwd=tcp:192.168.1.101:80-cmd:/f,,g forward cache.example.org 80",
        "guestfwd=tcp:192.168.1.102:80-cmd:/f,,g forward mirror.example.org 80",
        "guestfwd=tcp:192.168.1.102:443-cmd:/f,,g forward mirror.example.org 443",
    ] {
        assert!(words.contains(opening), "{opening} is not in {words}");
    }
    assert_eq!(words.matches("guestfwd").count(), 4);
}

#[test]
fn a_host_has_one_line_in_the_hosts_file_whatever_its_ports() {
    let network = json!({ "reachable": [
        { "host": "b.org", "port": 1 }, { "host": "a.org", "port": 1 }, { "host": "B.org", "port": 2 },
    ] });
    let lines = hosts_lines(&serde_json::from_value(network).unwrap());
    let lines: Vec<_> = lines.iter().map(|(address, name)| format!("{address} {name}")).collect();
    assert_eq!(lines, ["192.168.1.100 a.org", "192.168.1.101 b.org"]);
}

#[test]
fn a_port_of_the_guest_has_one_free_loopback_port_however_many_names_it_has() {
    let words = user_network(json!({ "ports": { "web": 80, "http": 80, "shell": 22 }, "sshPort": 2022 }));
    assert!(words.contains("hostfwd=tcp:127.0.0.1:0-:22,hostfwd=tcp:127.0.0.1:0-:80"), "{words}");
    assert!(words.contains("hostfwd=tcp:127.0.0.1:2022-:22"), "{words}");
    assert_eq!(words.matches("hostfwd").count(), 3);
}

#[test]
fn uefi_gets_its_own_variables_and_bios_gets_no_flash() {
    let uefi = line(&machine(Firmware::Uefi), |_| {});
    assert!(uefi.contains("unit=0,format=raw,readonly=on,file=/code.fd"), "{uefi}");
    assert!(uefi.contains("unit=1,format=raw,file=m/uefi-variables.fd"), "{uefi}");
    assert!(!line(&machine(Firmware::Bios), |_| {}).contains("pflash"));
}

#[test]
fn secure_boot_keeps_the_variables_from_the_guest() {
    let plain = machine(Firmware::Uefi);
    let secure = line(&Machine { secure_boot: true, ..plain.clone() }, |_| {});
    for word in [
        "-machine q35,hpet=off,smm=on",
        "driver=cfi.pflash01,property=secure,value=on",
        "ICH9-LPC.disable_s3=1",
    ] {
        assert!(secure.contains(word), "{secure}");
        assert!(!line(&plain, |_| {}).contains(word));
    }
    let template = line(&Machine { secure_boot: true, ..plain }, |assembly| {
        assembly.memory = Memory::Kept("/t/m".into());
    });
    assert!(template.contains("q35,hpet=off,smm=on,memory-backend=memory"), "{template}");
}

#[test]
fn ticks_that_a_busy_host_lost_come_later_under_kvm() {
    let plain = machine(Firmware::Uefi);
    let kvm = line(&plain, |assembly| assembly.acceleration = Acceleration::Kvm);
    assert!(kvm.contains("-rtc base=2022-10-10T10:10:10,driftfix=slew "), "{kvm}");
    assert!(!line(&plain, |_| {}).contains("driftfix"));
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

#[test]
fn a_clone_has_the_devices_of_its_template_and_leaves_the_file_of_its_memory_alone() {
    let machine = machine(Firmware::Bios);
    let plugged = Plugged { store: Some("s".into()), exchange: Some("x".into()) };
    let template = line(&machine, |assembly| assembly.memory = Memory::Kept("/t/m".into()));
    let clone = line(&machine, |assembly| {
        assembly.memory = Memory::Revived { file: "/t/m".into(), writable: false };
        assembly.plugged = plugged;
    });
    assert!(template.contains("mem-path=/t/m,share=on "), "{template}");
    let private = template.replace("share=on", "share=off,readonly=on,rom=off");
    let (head, tail) = private.split_once(" -chardev").unwrap();
    assert_eq!(clone, format!("{head} -incoming defer -chardev{tail}"));
}
