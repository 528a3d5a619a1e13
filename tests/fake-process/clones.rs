//! Commands on clones beside a fake QEMU, which boots: who runs when, and how each end is told.

use std::cell::Cell;

use serde_json::Value;
use wfvm::{
    blame::Blame,
    clones::{self, ClonesFailure},
    progress::{Progress, Reader},
    spec::{CloneCommand, CloneFile, Clones, ClonesTimeouts},
};
use wfvm_tests::scenario::{Act, Ssh};

use crate::{
    ssh_server::{Character, SshServer},
    stage::{Stage, let_go, shutdown, until},
};

struct Play {
    stage: Stage,
    server: SshServer,
    story: Vec<Act>,
}

fn play(story: &[Act]) -> Play {
    let stage = Stage::new();
    let server = SshServer::start(&stage, Character::Plain);
    Play { stage, server, story: story.to_vec() }
}

impl Play {
    /// Commands by name, words that the server knows.
    fn spec(&self, commands: &[(&str, &str)]) -> Clones {
        let mut scenario = self.stage.scenario(&self.story);
        scenario.ssh = Ssh::Port(self.server.port);
        let run = self.stage.run_spec(&scenario, "");
        let command = |(name, command): &(&str, &str)| CloneCommand {
            name: (*name).into(),
            command: (*command).into(),
        };
        Clones {
            wfvm_spec: 1,
            name: "tests".into(),
            image: run.image,
            state: None,
            clones: 2,
            commands: commands.iter().map(command).collect(),
            files: Vec::new(),
            keep_going: true,
            keep_failed: false,
            machine: run.machine,
            login: run.login,
            network: run.network,
            timeouts: ClonesTimeouts::default(),
            tools: run.tools,
        }
    }

    /// Runs them in this process. There is a result exactly if it went well, and no machine is left.
    async fn clones(&self, spec: &Clones) -> Result<(), Box<ClonesFailure>> {
        let places = self.stage.places();
        let around = self.stage.around(&places);
        let out = self.stage.path("result");
        let outcome = clones::clones(spec, &out, &around, &Progress::new(Reader::Lines)).await;
        let_go().await;
        assert_eq!(out.exists(), outcome.is_ok(), "there is a result exactly if it went well");
        assert_eq!(self.machines(), 0);
        self.stage.assert_nothing_unfinished();
        outcome
    }

    async fn fails(&self, spec: &Clones) -> (Blame, String) {
        let failure = self.clones(spec).await.unwrap_err();
        (failure.blame(), failure.to_string())
    }

    /// How many have their places now.
    fn machines(&self) -> usize {
        fs_err::read_dir(self.stage.path("scratch")).unwrap().count()
    }

    fn read(&self, name: &str) -> String {
        fs_err::read_to_string(self.stage.path("result").join(name)).unwrap()
    }

    fn report(&self, field: &str) -> Vec<Value> {
        let report: Value = serde_json::from_str(&self.read("report.json")).unwrap();
        report["commands"].as_array().unwrap().iter().map(|command| command[field].clone()).collect()
    }
}

#[tokio::test]
async fn each_command_has_its_streams_and_its_exit_code() {
    let play = play(&[]);
    play.clones(&play.spec(&[("b", "streams"), ("a", "echo one"), ("c", "exit 0")])).await.unwrap();
    assert_eq!([play.read("b/stdout"), play.read("b/stderr")], ["to stdout\r\n", "to stderr\r\n"]);
    assert_eq!([play.read("a/stdout"), play.read("c/stdout"), play.read("c/stderr")], ["one", "", ""]);
    assert_eq!(["a", "b", "c"].map(|name| play.read(&format!("{name}/exit-code"))), ["0\n"; 3]);
    assert_eq!(play.report("name"), ["b", "a", "c"]);
    assert_eq!(play.report("start"), ["cold"; 3]);
    assert_eq!(play.server.connections(), 3, "each has a guest of its own");
    assert!(!play.stage.path("evidence").exists(), "a success leaves no evidence");
}

#[tokio::test]
async fn no_more_guests_run_at_once_than_wanted() {
    for at_once in [1, 2] {
        let play = play(&[]);
        let names = ["1", "2", "3", "4", "5"];
        let mut spec = play.spec(&names.map(|name| (name, "echo x")));
        spec.clones = at_once;
        let most = Cell::new(0);
        let look = async {
            loop {
                most.set(most.get().max(play.machines()));
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            outcome = play.clones(&spec) => outcome.unwrap(),
            () = look => {}
        }
        assert_eq!(most.get(), at_once);
    }
}

#[tokio::test]
async fn a_failure_ends_no_other_and_all_of_them_are_told_at_the_end() {
    let play = play(&[]);
    let spec = play.spec(&[("bad", "exit 7"), ("good", "exit 0"), ("odd", "frobnicate")]);
    let (blame, page) = play.fails(&spec).await;
    assert_eq!(blame, Blame::Guest, "{page}");
    assert!(
        page.starts_with("2 of 3 commands of tests failed\n  bad: it ended with exit code 7, after "),
        "{page}"
    );
    assert!(
        page.contains("odd: it ended with exit code 9009") && page.contains("hint: programs come"),
        "{page}"
    );
    assert_eq!(play.server.connections(), 3, "all have run");
    for name in ["bad", "odd"] {
        assert!(play.stage.path("evidence").join(name).join("run-vm").exists(), "{name} leaves its machine");
    }
    assert!(!play.stage.path("evidence/good").exists());
}

#[tokio::test]
async fn failures_that_are_kept_are_a_result_that_has_failed() {
    let play = play(&[]);
    let mut spec = play.spec(&[("bad", "exit 3221225477"), ("good", "exit 0")]);
    spec.keep_failed = true;
    play.clones(&spec).await.unwrap();
    assert_eq!(play.read("bad/exit-code"), "3221225477\n");
    assert_eq!(play.read("nix-support/failed"), "");
    assert_eq!(play.read("nix-support/hydra-build-products").lines().count(), 2);
    assert!(play.read("report.xml").contains(r#"tests="2" failures="1" errors="0" skipped="0""#));
}

#[tokio::test]
async fn after_a_failure_none_is_begun_if_that_is_wanted() {
    let play = play(&[]);
    let mut spec =
        play.spec(&[("good", "exit 0"), ("bad", "exit 7"), ("never", "exit 0"), ("nor", "exit 0")]);
    (spec.clones, spec.keep_going, spec.keep_failed) = (1, false, true);
    play.clones(&spec).await.unwrap();
    assert_eq!(play.server.connections(), 2);
    assert_eq!(play.report("exitCode"), [Value::from(0), Value::from(7), Value::Null, Value::Null]);
    assert_eq!(play.report("start"), [Value::from("cold"), Value::from("cold"), Value::Null, Value::Null]);
    assert!(!play.stage.path("result/never").exists());
    spec.keep_failed = false;
    fs_err::remove_dir_all(play.stage.path("result")).unwrap();
    let (_, page) = play.fails(&spec).await;
    assert!(page.starts_with("1 of 4 commands of tests failed, and 2 were not begun"), "{page}");
}

#[tokio::test]
async fn a_command_that_hangs_is_ended_at_its_deadline_and_the_next_one_runs() {
    let play = play(&[]);
    let mut spec = play.spec(&[("slow", "hang"), ("good", "exit 0")]);
    spec.timeouts.command_seconds = 1;
    spec.clones = 1;
    let (blame, page) = play.fails(&spec).await;
    assert_eq!(blame, Blame::Deadline, "{page}");
    assert!(
        page.contains(
            "slow: the end of the command did not happen: 1 s were over (`timeouts.commandSeconds`)"
        ),
        "{page}"
    );
    assert_eq!(play.server.connections(), 2);
}

#[tokio::test]
async fn a_guest_that_shuts_down_leaves_no_exit_code() {
    let play = play(&[Act::AwaitCue("hangs".into()), shutdown(true), Act::Exit(0)]);
    let (blame, page) = play.fails(&play.spec(&[("down", "hang")])).await;
    assert_eq!(blame, Blame::Guest, "{page}");
    assert!(page.contains("down: its guest shut down before it had ended, so there is no exit"), "{page}");
}

#[tokio::test]
async fn what_the_host_did_is_no_result_that_is_kept() {
    let play = play(&[Act::AwaitCue("hangs".into()), Act::Die]);
    let mut spec = play.spec(&[("killed", "hang")]);
    spec.keep_failed = true;
    let (blame, page) = play.fails(&spec).await;
    assert_eq!(blame, Blame::Host, "{page}");
    assert!(page.contains("QEMU ended: signal 9"), "{page}");
}

#[tokio::test]
async fn each_guest_is_given_the_files() {
    let play = play(&[]);
    fs_err::write(play.stage.path("source"), "text").unwrap();
    let mut spec = play.spec(&[("a", "exit 0")]);
    spec.files = vec![CloneFile { name: "words.txt".into(), source: play.stage.path("source") }];
    play.clones(&spec).await.unwrap();
    assert_eq!(fs_err::read_to_string(play.stage.path("guest/words.txt")).unwrap(), "text");
}

#[tokio::test]
async fn files_that_no_guest_takes_are_told_before_one_runs() {
    let play = play(&[]);
    let mut spec = play.spec(&[("a", "exit 0")]);
    for (name, source, words) in [("aux.c", "image.qcow2", "the device AUX"), ("x", "gone", "gone")] {
        spec.files = vec![CloneFile { name: name.into(), source: play.stage.path(source) }];
        let (blame, page) = play.fails(&spec).await;
        assert_eq!(blame, Blame::Input, "{page}");
        assert!(page.starts_with("files: ") && page.contains(words), "{page}");
    }
    assert_eq!(play.server.connections(), 0);
}

#[test]
fn the_binary_tells_lines_by_name_and_ends_all_guests_when_it_is_told_to_end() {
    let play = play(&[]);
    let spec = play.stage.write_spec(&play.spec(&[("one", "echo x"), ("two", "hang"), ("three", "hang")]));
    let mut command = play.stage.command("wfvm-nix-builder");
    command.args(["clones", "--out", "result", "--spec"]).arg(&spec).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    play.stage.await_cue("hangs");
    until(|| play.server.connections() == 3, || "the third guest did not come".into());
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("\none| x\n") && said.contains("ended by SIGTERM"), "{said}");
    assert!(!play.stage.path("result").exists());
    play.stage.assert_nothing_left();
}

#[test]
fn the_binary_ends_with_the_status_of_what_failed() {
    let play = play(&[]);
    let mut spec = play.spec(&[("bad", "exit 7"), ("good", "exit 0")]);
    let status = |spec: &Clones| {
        let file = play.stage.write_spec(spec);
        let mut command = play.stage.command("wfvm-nix-builder");
        command.args(["clones", "--out", "result", "--spec"]).arg(&file);
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = status(&spec);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("error: 1 of 2 commands of tests failed\n  bad: "), "{said}");
    spec.keep_failed = true;
    assert_eq!(status(&spec).0, Some(0));
}
