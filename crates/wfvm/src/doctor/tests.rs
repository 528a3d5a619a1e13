use super::*;

fn host() -> Seen {
    Seen {
        kvm: Ok(()),
        virtualisation: true,
        memory_bytes: 16 << 30,
        available_bytes: 12 << 30,
        processors: 4,
        room: vec![("/nix/store".into(), 100 << 30), ("/tmp".into(), 50 << 30)],
        programs: vec![("qemu", Ok("QEMU emulator version 10.0 (/bin/q)".into()))],
        nix: Ok(Nix {
            version: "nix (Nix) 2.26".into(),
            sandbox: "true".into(),
            system_features: vec!["kvm".into(), "big-parallel".into()],
        }),
    }
}

fn of(host: &Seen, name: &str) -> Check {
    checks(host).into_iter().find(|check| check.name == name).unwrap()
}

#[test]
fn a_fit_host_has_nothing_to_do() {
    let checks = checks(&host());
    assert!(
        checks.iter().all(|check| check.verdict == Verdict::Good && check.advice.is_empty()),
        "{checks:?}"
    );
    assert!(page(&checks).contains("good     memory           16.0 GiB, of which 12.0 GiB are free\n"));
}

#[test]
fn each_shortcoming_is_told_with_what_helps() {
    type Change = fn(&mut Seen);
    let cases: [(&str, Verdict, &str, Change); 10] = [
        ("kvm", Verdict::Problem, "nested", |host| host.kvm = Err("hangs".into())),
        ("kvm", Verdict::Problem, "firmware", |host| {
            (host.kvm, host.virtualisation) = (Err("none".into()), false);
        }),
        ("memory", Verdict::Problem, "memoryMib", |host| host.memory_bytes = 3 << 30),
        ("memory", Verdict::Warning, "killed", |host| host.available_bytes = 4 << 30),
        ("processors", Verdict::Warning, "slow", |host| host.processors = 1),
        ("room", Verdict::Warning, "15 GiB", |host| host.room[1].1 = 1 << 30),
        ("qemu", Verdict::Warning, "bring their own", |host| host.programs[0].1 = Err("not on PATH".into())),
        ("nix", Verdict::Warning, "lint", |host| host.nix = Err("not on PATH".into())),
        ("nix", Verdict::Warning, "sandbox = true", |host| {
            host.nix.as_mut().unwrap().sandbox = "false".into();
        }),
        ("system-features", Verdict::Problem, "extra-system-features", |host| {
            host.nix.as_mut().unwrap().system_features.clear();
        }),
    ];
    for (name, verdict, advice, change) in cases {
        let mut host = host();
        change(&mut host);
        let check = of(&host, name);
        assert_eq!(check.verdict, verdict, "{check:?}");
        assert!(check.advice.contains(advice), "{check:?}");
    }
}

#[test]
fn a_feature_that_is_promised_in_vain_is_told() {
    let mut host = host();
    host.kvm = Err("hangs".into());
    assert_eq!(of(&host, "system-features").verdict, Verdict::Warning);
    host.nix.as_mut().unwrap().system_features.clear();
    assert_eq!(of(&host, "system-features").verdict, Verdict::Good);
}
