//! The real binary: its exit statuses, its pages, and what signals leave behind.

use std::{
    io::Read as _,
    os::unix::process::CommandExt as _,
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use wfvm_tests::scenario::{Act, Scenario, Ssh};

use crate::{
    ssh_server::{Character, SshServer},
    stage::{Stage, installation, is_running, medium_started, shutdown, until},
};

/// How a program ended and what it said on standard error.
fn end(command: &mut Command) -> (Option<i32>, String) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn install(stage: &Stage, spec: &std::path::Path) -> Command {
    let mut command = stage.command("wfvm-nix-builder");
    command.args(["install", "--out", "disk.qcow2", "--spec"]).arg(spec);
    command
}

fn run(stage: &Stage, scenario: &Scenario, script: &str) -> Command {
    let spec = stage.write_spec(&stage.run_spec(scenario, script));
    let mut command = stage.command("wfvm-nix-builder");
    command.args(["run", "--spec"]).arg(spec);
    command
}

/// A mistake, and the words by which it must be refused.
type Mistake = (&'static str, fn(&mut Value));

/// An install spec changed at one place, given to the binary.
fn refusal(stage: &Stage, change: impl FnOnce(&mut Value)) -> (Option<i32>, String) {
    let mut spec = serde_json::to_value(stage.install_spec(&stage.scenario(&[]))).unwrap();
    change(&mut spec);
    let ended = end(&mut install(stage, &stage.write_json(&spec)));
    assert!(!stage.path("disk.qcow2").exists());
    ended
}

#[test]
fn a_spec_that_is_wrong_is_refused_with_the_field() {
    let stage = Stage::new();
    let mistakes: [Mistake; 9] = [
        ("machine.memoryMb: unknown field `memoryMb`", |spec| spec["machine"]["memoryMb"] = json!(4096)),
        ("machine.memoryMib: invalid type: string", |spec| spec["machine"]["memoryMib"] = json!("4G")),
        ("machine.firmware: unknown variant `efi`", |spec| spec["machine"]["firmware"] = json!("efi")),
        ("answerFile.accounts[0].pasword: unknown field", |spec| {
            spec["answerFile"]["accounts"][0]["pasword"] = json!("x");
        }),
        ("login.password: is absent", |spec| spec["login"] = json!({ "user": "wfvm" })),
        ("diskMib: 10 MiB is not between", |spec| spec["diskMib"] = json!(10)),
        ("wfvmSpec: this is version 2", |spec| spec["wfvmSpec"] = json!(2)),
        ("login.user: `root` is none of", |spec| spec["login"]["user"] = json!("root")),
        ("tools.ovmfCode: is absent", |spec| spec["tools"]["ovmfCode"] = Value::Null),
    ];
    for (words, change) in mistakes {
        let (status, page) = refusal(&stage, change);
        assert_eq!(status, Some(2), "{page}");
        assert!(page.contains("error: ") && page.contains("spec.json: ") && page.contains(words), "{page}");
    }
}

#[test]
fn a_port_that_a_stranger_has_is_told_with_the_stranger_before_anything_starts() {
    let stage = Stage::new();
    let stranger = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = stranger.local_addr().unwrap().port();
    let mut spec = stage.run_spec(&stage.scenario(&[]), "touch ran");
    spec.network.ssh_port = Some(port);
    let mut command = stage.command("wfvm-nix-builder");
    let (status, page) = end(command.args(["run", "--spec"]).arg(stage.write_spec(&spec)));
    assert_eq!(status, Some(3), "{page}");
    let holder = format!("process {}\n", std::process::id());
    for words in [&format!("error: 127.0.0.1:{port}, which `sshPort` asks for, is taken by `"), &holder] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    assert!(!stage.path("fake-qemu.pid").exists() && !stage.path("ran").exists(), "nothing was started");
}

#[test]
fn a_medium_that_is_none_is_refused_with_its_path() {
    let stage = Stage::new();
    let garbage = stage.path("garbage.iso");
    fs_err::write(&garbage, vec![7; 100_000]).unwrap();
    let truncated = stage.path("truncated.iso");
    let whole = fs_err::read(crate::medium::iso(&stage)).unwrap();
    fs_err::write(&truncated, &whole[..whole.len() / 2]).unwrap();
    for (path, words) in
        [(stage.path("no.iso"), "No such file"), (garbage, "not an ISO"), (truncated, "truncated")]
    {
        let (status, page) = refusal(&stage, |spec| spec["installationMedium"] = json!(path));
        assert_eq!(status, Some(2), "{page}");
        assert!(page.contains(words) && page.contains(&path.display().to_string()), "{page}");
    }
}

#[test]
fn an_image_that_the_medium_has_not_is_refused_with_those_it_has() {
    let stage = Stage::new();
    let (status, page) = refusal(&stage, |spec| {
        spec["customAnswerFile"] = Value::Null;
        spec["image"] = json!({ "name": "Windows 12 Pro" });
    });
    assert_eq!(status, Some(2), "{page}");
    assert!(page.contains("Windows 12 Pro") && page.contains("Fake"), "{page}");
}

#[test]
fn a_missing_spec_a_broken_one_and_a_wrong_word_are_the_inputs_fault() {
    let stage = Stage::new();
    let (status, page) = end(&mut install(&stage, &stage.path("none.json")));
    assert_eq!(status, Some(2), "{page}");
    assert!(page.contains("none.json"), "{page}");
    fs_err::write(stage.path("broken.json"), b"{ \"wfvmSpec\": 1,").unwrap();
    let (status, page) = end(&mut install(&stage, &stage.path("broken.json")));
    assert_eq!(status, Some(2), "{page}");
    assert!(page.contains("not JSON"), "{page}");
    let (status, page) = end(stage.command("wfvm-nix-builder").arg("instal"));
    assert_eq!(status, Some(2), "{page}");
    assert!(page.contains("install"), "the nearest word is told: {page}");
    let (status, page) = end(stage.command("wfvm-nix-builder").arg("install"));
    assert_eq!(status, Some(2), "{page}");
}

#[test]
fn a_program_whose_owner_is_gone_says_so() {
    let stage = Stage::new();
    let gone = stage.path("gone.sock");
    let (status, page) = end(stage.command("win-exec").arg("ver").env("WFVM_SOCKET", &gone));
    assert_eq!(status, Some(3), "{page}");
    assert!(page.contains(&gone.display().to_string()), "{page}");
}

#[test]
fn each_blame_has_its_exit_status() {
    let stage = Stage::new();
    let cases: [(i32, &[Act]); 2] = [
        (3, &[medium_started(), Act::Die]),
        (4, &[crate::stage::com1("BdsDxe: No bootable option or device was found.")]),
    ];
    for (status, story) in cases {
        let spec = stage.write_spec(&stage.install_spec(&stage.scenario(story)));
        let (ended, page) = end(&mut install(&stage, &spec));
        assert_eq!(ended, Some(status), "{page}");
        assert!(page.contains("phase     "), "{page}");
        stage.assert_nothing_left();
    }
    let mut spec = stage.install_spec(&stage.scenario(&[]));
    spec.timeouts.firmware_seconds = 1;
    let (ended, page) = end(&mut install(&stage, &stage.write_spec(&spec)));
    assert_eq!(ended, Some(5), "{page}");
    assert!(page.contains("hint: "), "{page}");
}

#[test]
fn kvm_that_does_not_run_guests_is_refused_and_auto_translates_with_a_warning() {
    let stage = Stage::new();
    // The fake is no machine: whatever the device, no guest of it ends the probe.
    let mut spec = stage.install_spec(&stage.scenario(&[Act::Die]));
    spec.machine.accelerator = wfvm::spec::Accelerator::Kvm;
    let (status, page) = end(&mut install(&stage, &stage.write_spec(&spec)));
    assert_eq!(status, Some(3), "{page}");
    assert!(page.contains("KVM does not run guests") && page.contains("hint: "), "{page}");
    spec.machine.accelerator = wfvm::spec::Accelerator::Auto;
    let (_, page) = end(&mut install(&stage, &stage.write_spec(&spec)));
    assert!(
        page.contains("warning: KVM does not run guests") && page.contains("phase     firmware"),
        "{page}"
    );
}

/// From the firmware to the guest's own shutdown.
fn whole_installation(stage: &Stage, server: &SshServer) -> Scenario {
    let mut story = installation();
    story.extend([Act::AwaitCue("shutdown".into()), shutdown(true), Act::Exit(0)]);
    let mut scenario = stage.scenario(&story);
    scenario.ssh = Ssh::Port(server.port);
    scenario
}

#[test]
fn an_installation_through_the_binary_puts_the_disk_into_its_place() {
    let stage = Stage::new();
    let server = SshServer::start(&stage, Character::Plain);
    let scenario = whole_installation(&stage, &server);
    let spec = stage.write_spec(&stage.install_spec(&scenario));
    let (status, page) = end(&mut install(&stage, &spec));
    assert_eq!(status, Some(0), "{page}");
    assert!(stage.path("disk.qcow2").exists() && !stage.path("evidence").exists());
    for phase in
        ["preflight", "media", "firmware", "windowsPE", "specialize", "oobeSystem", "firstLogon", "output"]
    {
        assert!(page.contains(&format!("] {phase}: ")), "{phase} is not told:\n{page}");
    }
}

#[test]
fn as_a_derivations_builder_it_takes_the_spec_from_the_attributes_and_tells_nix_its_phases() {
    let stage = Stage::new();
    let server = SshServer::start(&stage, Character::Plain);
    let scenario = whole_installation(&stage, &server);
    let attributes = json!({ "spec": stage.install_spec(&scenario), "outputs": {} });
    fs_err::create_dir(stage.path("build")).unwrap();
    fs_err::write(stage.path("build/.attrs.json"), attributes.to_string()).unwrap();
    let mut command = stage.command("wfvm-nix-builder");
    // A name with dots: what is unfinished must not lose the part after the last of them.
    command.args(["install", "--out", "0123-windows-11.0-image"]);
    command.env("NIX_BUILD_TOP", stage.path("build")).env("NIX_LOG_FD", "2");
    let (status, page) = end(&mut command);
    assert_eq!(status, Some(0), "{page}");
    assert!(stage.path("0123-windows-11.0-image").exists());
    let phase = |line: &&str| line.starts_with("@nix ") && line.contains("\"setPhase\"");
    assert!(page.lines().filter(phase).count() >= 8, "{page}");
}

#[test]
fn the_scripts_exit_status_is_the_binarys() {
    let stage = Stage::new();
    let server = SshServer::start(&stage, Character::Plain);
    let mut scenario = stage.scenario(&[]);
    scenario.ssh = Ssh::Port(server.port);
    for (script, expected) in [("win-exec exit 0", 0), ("win-exec exit 7", 7), ("kill -KILL $$", 137)] {
        let (status, page) = end(&mut run(&stage, &scenario, script));
        assert_eq!(status, Some(expected), "{page}");
        stage.assert_nothing_left();
    }
}

#[test]
fn a_directory_for_temporary_files_with_a_long_name_leaves_sockets_with_short_ones() {
    let stage = Stage::new();
    let server = SshServer::start(&stage, Character::Plain);
    let mut scenario = stage.scenario(&[]);
    scenario.ssh = Ssh::Port(server.port);
    let long = stage.path(&"long/".repeat(20));
    fs_err::create_dir_all(&long).unwrap();
    let mut command = run(&stage, &scenario, "win-exec exit 7");
    let (status, page) = end(command.env("TMPDIR", &long).current_dir(&long));
    assert_eq!(status, Some(7), "{page}");
}

/// Starts the binary in the middle of something, as the leader of a group of its own.
fn start(command: &mut Command) -> Child {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap()
}

fn tell(process: u32, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(process).unwrap()).unwrap(), signal).unwrap();
}

/// Waits for the end of a child; its status and its last words.
fn last_words(mut child: Child) -> (std::process::ExitStatus, String) {
    let mut page = String::new();
    child.stderr.take().unwrap().read_to_string(&mut page).unwrap();
    (child.wait().unwrap(), page)
}

#[test]
fn a_signal_in_the_middle_of_an_installation_leaves_nothing() {
    for (signal, name) in [(Signal::TERM, "SIGTERM"), (Signal::INT, "SIGINT"), (Signal::HUP, "SIGHUP")] {
        let stage = Stage::new();
        let spec = stage.write_spec(&stage.install_spec(&stage.scenario(&[medium_started()])));
        let child = start(&mut install(&stage, &spec));
        stage.await_cue("cont");
        let machine = stage.pid("fake-qemu.pid");
        assert!(is_running(machine));
        tell(child.id(), signal);
        let (status, page) = last_words(child);
        assert_eq!(status.code(), Some(3), "{page}");
        assert!(page.contains(name), "{page}");
        until(|| !is_running(machine), || format!("QEMU outlives {name}"));
        assert!(!stage.path("disk.qcow2").exists());
    }
}

#[test]
fn a_signal_before_qemu_is_ready_leaves_nothing() {
    let stage = Stage::new();
    let mut scenario = stage.scenario(&[]);
    scenario.start = wfvm_tests::scenario::Start::NeverGreets;
    let spec = stage.write_spec(&stage.install_spec(&scenario));
    let child = start(&mut install(&stage, &spec));
    let machine = stage.pid("fake-qemu.pid");
    tell(child.id(), Signal::TERM);
    let (status, page) = last_words(child);
    assert_eq!(status.code(), Some(3), "{page}");
    until(|| !is_running(machine), || "QEMU outlives SIGTERM".into());
}

#[test]
fn a_signal_beside_a_script_ends_the_script_with_its_children() {
    for signal in [Signal::TERM, Signal::INT] {
        let stage = Stage::new();
        let server = SshServer::start(&stage, Character::Plain);
        let mut scenario = stage.scenario(&[]);
        scenario.ssh = Ssh::Port(server.port);
        let stage_path = stage.path("");
        let script =
            format!("cd {}; win-exec hang & sleep 1000 & echo $! > sleep.pid; wait", stage_path.display());
        let child = start(&mut run(&stage, &scenario, &script));
        stage.await_cue("hangs");
        let (machine, sleep) = (stage.pid("fake-qemu.pid"), stage.pid("sleep.pid"));
        tell(child.id(), signal);
        let (status, page) = last_words(child);
        assert_eq!(status.code(), Some(3), "{page}");
        for process in [machine, sleep] {
            until(|| !is_running(process), || format!("{process} outlives the builder"));
        }
    }
}

#[test]
fn a_builder_that_is_killed_takes_its_machine_with_it() {
    let stage = Stage::new();
    let server = SshServer::start(&stage, Character::Plain);
    let mut scenario = stage.scenario(&[]);
    scenario.ssh = Ssh::Port(server.port);
    // A child of the script would live on: nobody is left who could end it.
    let script = format!("cd {}; echo $$ > script.pid; win-exec hang", stage.path("").display());
    let child = start(&mut run(&stage, &scenario, &script));
    stage.await_cue("hangs");
    let (machine, script) = (stage.pid("fake-qemu.pid"), stage.pid("script.pid"));
    tell(child.id(), Signal::KILL);
    last_words(child);
    for process in [machine, script] {
        until(|| !is_running(process), || format!("{process} outlives the builder"));
    }
    // What only a living builder could have removed.
    for entry in fs_err::read_dir(stage.path("tmp")).unwrap() {
        fs_err::remove_dir_all(entry.unwrap().path()).unwrap();
    }
}

#[test]
fn what_a_killed_builder_left_is_in_nobodys_way() {
    let stage = Stage::new();
    let spec = stage.write_spec(&stage.install_spec(&stage.scenario(&[medium_started(), Act::Die])));
    fs_err::write(stage.path("disk.qcow2.unfinished"), b"half a disk").unwrap();
    let (status, page) = end(&mut install(&stage, &spec));
    assert_eq!(status, Some(3), "{page}");
    assert!(page.contains("phase     windowsPE"), "{page}");
}
