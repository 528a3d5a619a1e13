use super::*;

/// A spec that nothing is wrong with, as the modules below use it, too.
pub(crate) fn good_install() -> serde_json::Value {
    serde_json::json!({
        "wfvmSpec": 1,
        "installationMedium": "/iso",
        "guestOs": "reference-guest",
        "image": { "name": "Reference Guest Standard" },
        "machine": { "firmware": "bios", "accelerator": "tcg", "cores": 2, "memoryMib": 1024 },
        "diskMib": 8192,
        "answerFile": {
            "fullName": "John Doe", "organization": "KVM Authority",
            "uiLanguage": "en-US", "inputLocale": "en-US", "userLocale": "en-US", "systemLocale": "en-US",
            "timeZone": "UTC", "autoLogon": "wfvm",
            "accounts": [ { "name": "wfvm", "password": "1234", "groups": [ "Users", "Administrators" ] } ]
        },
        "login": { "user": "wfvm", "password": "1234" },
        "tools": { "qemu": "/q", "qemuImg": "/i" }
    })
}

fn refusal(change: impl FnOnce(&mut serde_json::Value)) -> String {
    let mut document = good_install();
    change(&mut document);
    parse::<Install>(&document.to_string()).unwrap_err().to_string()
}

#[test]
fn a_whole_spec_is_read_and_written_back_the_same() {
    let spec: Install = parse(&good_install().to_string()).unwrap();
    assert_eq!(spec.answer_medium, AnswerMedium::Iso);
    let again: Install = parse(&serde_json::to_string(&spec).unwrap()).unwrap();
    assert_eq!(again, spec);
}

#[test]
fn a_misspelt_field_is_refused_with_its_path() {
    let message = refusal(|spec| spec["machine"]["memoryMb"] = 4096.into());
    assert!(message.starts_with("machine.memoryMb: unknown field `memoryMb`"), "{message}");
}

#[test]
fn an_ill_typed_field_is_refused_with_its_path() {
    let message = refusal(|spec| spec["answerFile"]["accounts"][0]["groups"] = "Administrators".into());
    assert!(message.starts_with("answerFile.accounts[0].groups: invalid type: string"), "{message}");
}

#[test]
fn another_version_is_refused_before_its_fields_are_read() {
    let message = refusal(|spec| *spec = serde_json::json!({ "wfvmSpec": 2, "new": true }));
    assert_eq!(message, "wfvmSpec: this is version 2, but this binary reads version 1");
}

#[test]
fn impossible_values_are_refused_with_their_path() {
    type Case = (&'static str, fn(&mut serde_json::Value));
    let cases: [Case; 7] = [
        ("machine.cores: 0 is not", |spec| spec["machine"]["cores"] = 0.into()),
        ("machine.memoryMib: 4 MiB is not", |spec| spec["machine"]["memoryMib"] = 4.into()),
        ("diskMib: 70 MiB is not", |spec| spec["diskMib"] = 70.into()),
        ("image.index: images are counted", |spec| spec["image"] = serde_json::json!({ "index": 0 })),
        ("login.user: `root` is none", |spec| spec["login"]["user"] = "root".into()),
        ("machine.secureBoot: is UEFI's", |spec| spec["machine"]["secureBoot"] = true.into()),
        ("tools.ovmfCode: is absent", |spec| spec["machine"]["firmware"] = "uefi".into()),
    ];
    for (expected, change) in cases {
        let message = refusal(change);
        assert!(message.starts_with(expected), "{message}");
    }
}

fn network(network: serde_json::Value) -> Result<(), String> {
    let network: Network = serde_json::from_value(network).unwrap();
    network.check().map_err(|error| error.to_string())
}

#[test]
fn an_opening_that_no_connection_would_reach_is_refused_before_the_machine_starts() {
    let forward = |listen: &str, target: &str, port: u16| serde_json::json!({ "listenAddress": listen, "targetAddress": target, "port": port });
    let forwards = |forwards: &[serde_json::Value]| network(serde_json::json!({ "forwards": forwards }));
    let right = forward("192.168.1.50", "server.example.org", 1380);
    assert_eq!(forwards(&[right.clone(), forward("192.168.1.50", "::1", 1381)]), Ok(()));
    for (listen, problem) in [
        ("192.168.2.50", "192.168.2.50 is not in the guest's network 192.168.1.0/24"),
        ("192.168.1.0", "192.168.1.0 is the network itself; 192.168.1.50 is free"),
        ("192.168.1.2", "192.168.1.2 is the gateway; 192.168.1.50 is free"),
        ("192.168.1.3", "192.168.1.3 is the name server; 192.168.1.50 is free"),
        ("192.168.1.15", "192.168.1.15 is the guest itself; 192.168.1.50 is free"),
        ("192.168.1.255", "192.168.1.255 is the broadcast address; 192.168.1.50 is free"),
    ] {
        let refusal = forwards(&[forward(listen, "10.1.2.3", 80)]).unwrap_err();
        assert_eq!(refusal, format!("network.forwards.listenAddress: {problem}"));
    }
    for target in ["", "a b", "-h", "a..b", "10.1", "$(x)", "a;b"] {
        let refusal = forwards(&[forward("192.168.1.50", target, 80)]).unwrap_err();
        assert!(refusal.starts_with("network.forwards.targetAddress: "), "{target}: {refusal}");
    }
    let refusal = forwards(&[forward("192.168.1.50", "10.1.2.3", 0)]).unwrap_err();
    assert_eq!(refusal, "network.forwards.port: 0 is no port");
    let refusal = forwards(&[right.clone(), right]).unwrap_err();
    assert_eq!(refusal, "network.forwards: 192.168.1.50:1380 is opened twice");
}

#[test]
fn a_reachable_host_is_a_name_and_there_are_addresses_for_155_of_them() {
    let hosts = |count: u32| {
        let hosts = (0..count).map(|number| serde_json::json!({ "host": format!("h{number}"), "port": 80 }));
        network(serde_json::json!({ "reachable": hosts.collect::<Vec<_>>() }))
    };
    assert_eq!(hosts(155), Ok(()));
    assert!(hosts(156).unwrap_err().starts_with("network.reachable: 156 hosts"));
    for host in ["10.1.2.3", "10.1", "::1", "", "a b", "-o", "a.", "Localhost"] {
        let refusal =
            network(serde_json::json!({ "reachable": [{ "host": host, "port": 80 }] })).unwrap_err();
        assert!(refusal.starts_with("network.reachable: "), "{host}: {refusal}");
    }
}

#[test]
fn a_named_port_is_a_port() {
    assert_eq!(network(serde_json::json!({ "ports": { "web_1": 80 }, "sshPort": 2022 })), Ok(()));
    for wrong in [
        serde_json::json!({ "ports": { "web": 0 } }),
        serde_json::json!({ "ports": { "Web": 80 } }),
        serde_json::json!({ "sshPort": 0 }),
    ] {
        assert!(network(wrong.clone()).unwrap_err().starts_with("network."), "{wrong}");
    }
}
