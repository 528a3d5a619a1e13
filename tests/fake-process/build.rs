//! Builds beside a fake QEMU: each way in which one can fail, with its blame and its words.

use std::path::Path;

use serde_json::json;
use wfvm::{
    blame::Blame,
    build::{self, BuildFailure, derivation::Derivation},
    phase::Phase,
    progress::{Progress, Reader},
    spec::{Accelerator, Build, BuildTimeouts, Command, Letters, OutputPlace},
};
use wfvm_tests::scenario::{Act, Ssh};

use crate::{
    ssh_server::{Character, SshServer},
    stage::{Stage, let_go, shutdown},
};

/// An output that no fake makes.
const OUT: &str = "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-never-made";

struct Play {
    stage: Stage,
    server: SshServer,
    story: Vec<Act>,
}

/// A guest in which the builder is `command`, a word that the server knows.
fn play(command: &str, story: &[Act]) -> Play {
    let stage = Stage::new();
    fs_err::write(stage.path("run.cmd"), command).unwrap();
    let server = SshServer::start(&stage, Character::Plain);
    Play { stage, server, story: story.to_vec() }
}

impl Play {
    fn spec(&self) -> Build {
        let mut scenario = self.stage.scenario(&self.story);
        scenario.ssh = Ssh::Port(self.server.port);
        let layer = self.stage.layer_spec(&scenario, "");
        let (input, closure) = (self.stage.path("input"), self.stage.path("closure"));
        fs_err::write(&input, "an input").unwrap();
        fs_err::write(&closure, format!("{}\n", input.display())).unwrap();
        Build {
            wfvm_spec: 1,
            name: "test".into(),
            image: layer.parent,
            state: None,
            closure,
            command: Command::Verbatim,
            translate_paths: true,
            success_exit_codes: vec![0],
            executables: None,
            expect_shutdown: false,
            letters: Letters::default(),
            output_place: OutputPlace::default(),
            exchange_mib: 64,
            pre_vm: String::new(),
            post_vm: String::new(),
            qemu_opts: String::new(),
            parallel: false,
            keep_failed_disk: true,
            machine: layer.machine,
            login: layer.login,
            network: layer.network,
            timeouts: BuildTimeouts::default(),
            tools: layer.tools,
        }
    }

    /// Builds in this process, by a builder whose name is all that matters.
    async fn build(&self, spec: &Build, word: &str) -> Result<(), Box<BuildFailure>> {
        let places = self.stage.places();
        let around = self.stage.around(&places);
        let derivation = Derivation::from_environment(&[("out".into(), OUT.into())]).unwrap();
        let (output, mut pieces) = tokio::sync::mpsc::channel(16);
        let progress = Progress::new(Reader::Lines);
        let words = [word.to_owned()];
        let built = build::build(spec, (&derivation, &words), &around, &progress, output);
        let (outcome, ()) = tokio::join!(built, async { while pieces.recv().await.is_some() {} });
        let_go().await;
        assert!(!Path::new(OUT).exists());
        self.stage.assert_nothing_unfinished();
        outcome
    }

    async fn fails(&self, change: impl FnOnce(&mut Build)) -> (Blame, Phase, String) {
        let mut spec = self.spec();
        change(&mut spec);
        let failure: Box<BuildFailure> = self.build(&spec, "x.exe").await.unwrap_err();
        (failure.error.blame(), failure.phase, failure.to_string())
    }
}

fn hangs() -> Act {
    Act::AwaitCue("hangs".into())
}

#[tokio::test]
async fn an_exit_code_that_means_no_success_fails_the_build_and_leaves_its_machine() {
    let play = play("streams", &[]);
    // The streams' end with code 0, which is none of these.
    let (blame, phase, page) = play.fails(|spec| spec.success_exit_codes = vec![3010]).await;
    assert_eq!((blame, phase), (Blame::Guest, Phase::Script), "{page}");
    assert!(page.contains("the builder ended with exit code 0; C: is full, with 1 KiB left"), "{page}");
    assert!(page.contains("| to stdout") && page.contains("| to stderr"), "{page}");
    for name in ["run-vm", "spec.json", "exchange.img", "disk.qcow2", "uefi-variables.fd"] {
        assert!(play.stage.path("evidence").join(name).exists(), "{name} is kept");
    }
    let report = fs_err::read(play.stage.path("evidence/report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["exitStatus"], 4);
    assert_eq!(report["exitCode"], 0);
    assert_eq!(report["phase"], "script");
    let program = fs_err::read_to_string(play.stage.path("evidence/run-vm")).unwrap();
    assert!(program.contains("build --spec spec.json --shell"), "{program}");
}

#[tokio::test]
async fn a_disk_is_not_kept_where_nobody_wants_it() {
    let play = play("exit 7", &[]);
    let (_, _, page) = play.fails(|spec| spec.keep_failed_disk = false).await;
    assert!(page.contains("exit code 7"), "{page}");
    assert!(!play.stage.path("evidence/disk.qcow2").exists());
    assert!(play.stage.path("evidence/exchange.img").exists());
}

#[tokio::test]
async fn all_32_bits_decide() {
    for (code, words) in [
        ("256", "256 (0x100)"),
        ("3010", "3010 (0xBC2) (success"),
        ("3221225477", "0xC0000005 (access violation)"),
    ] {
        let (blame, _, page) = play(&format!("exit {code}"), &[]).fails(|_| {}).await;
        assert_eq!(blame, Blame::Guest, "{page}");
        assert!(page.contains(&format!("exit code {words}")), "{page}");
    }
}

#[tokio::test]
async fn a_success_without_an_exit_code_of_this_run_is_none() {
    let (blame, phase, page) = play("exit 0", &[]).fails(|_| {}).await;
    assert_eq!((blame, phase), (Blame::Guest, Phase::Output), "{page}");
    assert!(
        page.contains("the guest left no exit code: `in-vm-exit` on the exchange drive says ``"),
        "{page}"
    );
}

#[tokio::test]
async fn a_guest_that_shuts_down_has_built_nothing_unless_that_is_expected() {
    let story = [hangs(), shutdown(true), Act::Exit(0)];
    let (blame, _, page) = play("hang", &story).fails(|_| {}).await;
    assert_eq!(blame, Blame::Guest, "{page}");
    assert!(page.contains("the guest shut down before the builder had ended"), "{page}");
    assert!(page.contains("hint: `expectShutdown = true`"), "{page}");
    let (_, phase, page) = play("hang", &story).fails(|spec| spec.expect_shutdown = true).await;
    assert_eq!(phase, Phase::Output, "{page}");
    assert!(page.contains("no output `out`"), "{page}");
}

#[tokio::test]
async fn a_blue_screen_is_the_guests_failure() {
    let panic = Act::Event {
        name: "GUEST_PANICKED".into(),
        data: json!({ "action": "pause", "info": { "type": "hyper-v", "arg1": 239, "arg2": 1, "arg3": 2, "arg4": 3, "arg5": 4 } }),
    };
    let (blame, _, page) = play("hang", &[hangs(), panic]).fails(|_| {}).await;
    assert_eq!(blame, Blame::Guest, "{page}");
    assert!(page.contains("the guest reported"), "{page}");
}

#[tokio::test]
async fn a_session_that_is_lost_is_the_guests_failure() {
    let (blame, _, page) = play("cut", &[]).fails(|_| {}).await;
    assert_eq!(blame, Blame::Guest, "{page}");
    assert!(page.contains("| so far"), "{page}");
}

#[tokio::test]
async fn a_qemu_that_is_killed_is_the_hosts_failure() {
    let (blame, _, page) = play("hang", &[hangs(), Act::Die]).fails(|_| {}).await;
    assert_eq!(blame, Blame::Host, "{page}");
    assert!(page.contains("QEMU ended: signal 9"), "{page}");
}

#[tokio::test]
async fn kvm_that_does_not_run_guests_is_the_hosts_failure() {
    let (blame, _, page) =
        play("hang", &[Act::Die]).fails(|spec| spec.machine.accelerator = Accelerator::Kvm).await;
    assert_eq!(blame, Blame::Host, "{page}");
    assert!(
        page.contains("KVM does not run guests") && page.contains(r#"hint: `accelerator = "tcg"`"#),
        "{page}"
    );
}

#[tokio::test]
async fn each_deadline_is_told_by_its_name() {
    let late = play("hang", &[]);
    let (blame, _, page) = late.fails(|spec| spec.timeouts.command_seconds = 1).await;
    assert_eq!(blame, Blame::Deadline, "{page}");
    let processes = fs_err::read_to_string(late.stage.path("evidence/processes.txt")).unwrap();
    assert!(processes.contains("sshd.exe"), "{processes}");
    assert!(page.contains("1 s were over (`timeouts.commandSeconds`)"), "{page}");

    let without_drives = play("exit 0", &[]);
    fs_err::write(without_drives.stage.path("drives"), "store S\r\n").unwrap();
    let (blame, _, page) = without_drives.fails(|spec| spec.timeouts.drive_seconds = 1).await;
    assert_eq!(blame, Blame::Deadline, "{page}");
    assert!(
        page.contains("the guest's drives did not happen: 1 s were over (`timeouts.driveSeconds`)"),
        "{page}"
    );
}

#[tokio::test]
async fn a_builder_of_linux_is_refused_before_a_boot() {
    let play = play("exit 0", &[]);
    let program = std::env::current_exe().unwrap();
    let spec = play.spec();
    let failure = play.build(&spec, &program.display().to_string()).await.unwrap_err();
    assert_eq!((failure.error.blame(), failure.phase), (Blame::Input, Phase::Preflight), "{failure}");
    assert!(failure.to_string().contains("is an ELF file, which Windows does not run"), "{failure}");
    assert!(failure.evidence.is_none(), "no machine ran");
}

#[test]
fn a_build_that_is_ended_leaves_nothing() {
    let play = play("hang", &[]);
    let spec = play.stage.write_spec(&play.spec());
    let mut command = play.stage.command("wfvm-nix-builder");
    command.args(["build", "--spec"]).arg(spec).args(["--", "x.exe"]).env_clear();
    command.env("TMPDIR", play.stage.path("tmp")).env("out", OUT);
    let mut child = command.spawn().unwrap();
    play.stage.await_cue("hangs");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3));
    play.stage.assert_nothing_left();
}
