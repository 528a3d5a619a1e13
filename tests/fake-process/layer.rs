//! Layers beside a fake QEMU: what is kept, what fails a layer, and what a restart does to it.

use serde_json::json;
use wfvm::{blame::Blame, layer::LayerFailure, phase::Phase};
use wfvm_tests::scenario::{Act, Ssh};

use crate::{
    ssh_server::{Character, SshServer},
    stage::{Stage, shutdown},
};

/// A stage, a guest that is shut down when it is told to, and a layer on it.
struct Play {
    stage: Stage,
    server: SshServer,
    story: Vec<Act>,
    strict: bool,
}

fn play(before: &[Act]) -> Play {
    let stage = Stage::new();
    let server = SshServer::start(&stage, Character::Plain);
    let end = [Act::AwaitCue("shutdown".into()), shutdown(true), Act::Exit(0)];
    Play { stage, server, story: [before, &end].concat(), strict: false }
}

impl Play {
    fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    async fn layer(&self, script: &str) -> Result<(), Box<LayerFailure>> {
        let mut scenario = self.stage.scenario(&self.story);
        scenario.ssh = Ssh::Port(self.server.port);
        let script = format!("cd {}\n{script}", self.stage.path("").display());
        let mut spec = self.stage.layer_spec(&scenario, &script);
        spec.strict = self.strict;
        self.stage.layer(&spec).await
    }

    async fn fails(&self, script: &str) -> (Blame, Phase, String) {
        let failure = self.layer(script).await.unwrap_err();
        (failure.error.blame(), failure.phase, failure.to_string())
    }
}

fn reset() -> Act {
    Act::Event { name: "RESET".into(), data: json!({ "guest": true, "reason": "guest-reset" }) }
}

#[tokio::test]
async fn a_layer_is_an_image_on_its_parent_and_the_guest_was_shut_down() {
    let play = play(&[]);
    play.layer("win-exec exit 0").await.unwrap();
    assert_eq!(fs_err::read_to_string(play.stage.path("shutdown")).unwrap(), "/s /t 0 /f");
    let layer = fs_err::read(play.stage.path("layer.qcow2")).unwrap();
    let parent = play.stage.path("parent.qcow2").display().to_string();
    let header = String::from_utf8_lossy(&layer[..4096]).into_owned();
    assert!(header.contains(&parent), "Nix finds the parent by its path in the header");
    assert!(!play.stage.path("evidence").exists(), "a success leaves no evidence");
}

#[tokio::test]
async fn by_the_old_rule_failures_are_told_and_the_last_status_decides() {
    play(&[]).layer("win-exec exit 7; false; win-exec exit 0").await.unwrap();
    let (blame, phase, page) = play(&[]).fails("win-exec exit 0; win-exec exit 7").await;
    assert_eq!((blame, phase), (Blame::Guest, Phase::Script), "{page}");
    assert!(page.contains("its script ended with exit status 7"), "{page}");
    assert!(page.contains("step 2    `win-exec exit 7` ended with exit code 7"), "{page}");
}

#[tokio::test]
async fn by_the_old_rule_a_lost_file_fails_the_layer_at_its_end() {
    let play = play(&[]);
    let (blame, _, page) = play.fails("win-put no-such-file; win-exec exit 0; touch reached").await;
    assert_eq!(blame, Blame::Guest, "{page}");
    assert!(page.contains("1 of 2 requests of its script did not get through"), "{page}");
    assert!(page.contains("no-such-file"), "{page}");
    assert!(play.stage.path("reached").exists(), "as in WFVM, a script goes on");
}

#[tokio::test]
async fn a_strict_layer_ends_at_its_first_failure() {
    let play = play(&[]).strict();
    let (blame, _, page) = play.fails("win-exec exit 1603; touch reached").await;
    assert_eq!(blame, Blame::Guest, "{page}");
    assert!(page.contains("exit code 1603 (0x643)") && page.contains("hint: 1603"), "{page}");
    assert!(!play.stage.path("reached").exists());
}

#[tokio::test]
async fn a_strict_layer_may_answer_for_a_failure_itself() {
    let script = "rc=0; win-exec exit 7 || rc=$?; [[ $rc == 7 ]]; win-put no-such-file || true";
    play(&[]).strict().layer(script).await.unwrap();
}

#[tokio::test]
async fn a_failures_page_has_the_layers_name_and_the_commands_output() {
    let (_, _, page) = play(&[]).fails("win-exec frobnicate").await;
    assert!(page.starts_with("layer `test`: "), "{page}");
    assert!(page.contains("| 'frobnicate' is not recognized"), "{page}");
    assert!(page.contains("replay    ") && page.contains("/run-vm"), "{page}");
    assert!(page.contains("hint: 9009"), "{page}");
}

#[tokio::test]
async fn the_machine_of_a_failure_can_be_started_again_where_its_evidence_lies() {
    let play = play(&[]).strict();
    play.fails("win-exec exit 1").await;
    fs_err::rename(play.stage.path("evidence"), play.stage.path("moved")).unwrap();
    // Of the same machine, beside a shell that reads from us.
    let script = "echo 'win-exec exit 7; echo $? > status; exit 9' | moved/run-vm";
    let mut shell = std::process::Command::new("bash");
    shell.args(["-c", script]).current_dir(play.stage.path("")).env("TMPDIR", play.stage.path("tmp"));
    let run_vm = tokio::task::spawn_blocking(move || shell.output().unwrap());
    let output = run_vm.await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs_err::read_to_string(play.stage.path("moved/status")).unwrap(), "7\n");
    assert!(play.stage.path("moved/disk.qcow2").exists(), "what the shell did is kept");
}

#[tokio::test]
async fn all_commands_and_files_of_a_layer_share_one_connection() {
    let play = play(&[]).strict();
    play.layer("for i in 1 2 3; do win-exec exit 0; win-put parent.qcow2; win-wait; done").await.unwrap();
    assert_eq!(play.server.connections(), 1);
}

#[tokio::test]
async fn an_installer_that_wants_a_restart_gets_one_before_its_answer() {
    for code in [3010, 1641] {
        let restart = [Act::AwaitCue("restart".into()), reset()];
        let play = play(&restart).strict();
        let script = format!("win-exec exit {code}; [[ -e restart ]]; win-exec exit 0");
        play.layer(&script).await.unwrap();
        assert_eq!(fs_err::read_to_string(play.stage.path("restart")).unwrap(), "/r /t 0 /f");
    }
}

#[tokio::test]
async fn by_the_old_rule_the_code_of_a_restart_stays_the_scripts() {
    let play = play(&[Act::AwaitCue("restart".into()), reset()]);
    play.layer("win-exec exit 3010; [[ $? == 194 && -e restart ]]").await.unwrap();
}

#[tokio::test]
async fn a_restart_of_the_scripts_own_is_waited_for() {
    let play = play(&[Act::AwaitCue("restart".into()), Act::AwaitCue("later".into()), reset()]).strict();
    let script = "win-exec shutdown /r /t 5; { sleep 0.5; touch later; } & win-wait; [[ -e later ]]";
    play.layer(script).await.unwrap();
}

#[tokio::test]
async fn win_restart_restarts_the_guest() {
    let play = play(&[Act::AwaitCue("restart".into()), reset()]).strict();
    play.layer("win-restart; [[ -e restart ]]; win-exec exit 0").await.unwrap();
}

#[tokio::test]
async fn a_command_that_is_under_way_at_a_restart_is_lost_at_once() {
    let play = play(&[Act::AwaitCue("hangs".into()), reset()]);
    let (blame, _, page) = play.fails("win-exec hang; win-exec exit 0").await;
    assert_eq!(blame, Blame::Guest, "{page}");
    assert!(page.contains("`win-exec hang` failed"), "{page}");
    assert!(page.contains("the guest restarted before the answer"), "{page}");
}

#[tokio::test]
async fn a_guest_that_shuts_down_in_the_middle_is_told_with_what_ran() {
    let stage = Stage::new();
    let server = SshServer::start(&stage, Character::Plain);
    let story = vec![Act::AwaitCue("hangs".into()), shutdown(true), Act::Exit(0)];
    let play = Play { stage, server, story, strict: true };
    let (blame, phase, page) = play.fails("win-exec hang").await;
    assert_eq!((blame, phase), (Blame::Guest, Phase::Script), "{page}");
    assert!(page.contains("shut down in the middle of the script, while `win-exec hang` ran"), "{page}");
}

#[tokio::test]
async fn a_guest_whose_server_says_farewell_before_the_machine_ends_has_shut_down() {
    let stage = Stage::new();
    let server = SshServer::start(&stage, Character::Plain);
    let story = vec![Act::AwaitCue("gone".into()), shutdown(true), Act::Exit(0)];
    let play = Play { stage, server, story, strict: false };
    // In a session of its own, so that it does not end with the script.
    let script = "win-exec no-code; setsid -f sh -c 'touch begun; sleep 0.5; touch gone'
        until [[ -e begun ]]; do :; done; exit 4";
    let (blame, _, page) = play.fails(script).await;
    assert_eq!(blame, Blame::Guest, "{page}");
    assert!(page.contains("shut down in the middle of the script, while `win-exec no-code` ran"), "{page}");
}

#[tokio::test]
async fn a_qemu_that_is_killed_in_the_middle_is_the_hosts_fault() {
    let stage = Stage::new();
    let server = SshServer::start(&stage, Character::Plain);
    let story = vec![Act::AwaitCue("hangs".into()), Act::Die];
    let play = Play { stage, server, story, strict: true };
    let (blame, _, page) = play.fails("win-exec hang").await;
    assert_eq!(blame, Blame::Host, "{page}");
    assert!(page.contains("QEMU ended: signal 9"), "{page}");
}

#[tokio::test]
async fn a_parent_that_is_not_there_is_the_inputs_fault() {
    let play = play(&[]);
    let mut spec = play.stage.layer_spec(&play.stage.scenario(&[]), "true");
    spec.parent = play.stage.path("no.qcow2");
    let failure = play.stage.layer(&spec).await.unwrap_err();
    assert_eq!((failure.error.blame(), failure.phase), (Blame::Input, Phase::Preflight), "{failure}");
    assert!(
        failure.to_string().contains("parent: ") && failure.to_string().contains("no.qcow2"),
        "{failure}"
    );
}

#[tokio::test]
async fn a_directory_of_programs_that_is_not_there_is_told_before_a_boot() {
    let play = play(&[]);
    let mut spec = play.stage.layer_spec(&play.stage.scenario(&[]), "true");
    spec.search_path = vec![play.stage.path("gone/bin")];
    let failure = play.stage.layer(&spec).await.unwrap_err();
    assert_eq!((failure.error.blame(), failure.phase), (Blame::Input, Phase::Preflight), "{failure}");
    assert!(failure.to_string().contains("gone/bin"), "{failure}");
}

#[tokio::test]
async fn a_compact_layer_has_no_backing_file() {
    let play = play(&[]);
    let mut scenario = play.stage.scenario(&play.story);
    scenario.ssh = Ssh::Port(play.server.port);
    let mut spec = play.stage.layer_spec(&scenario, "win-exec exit 0");
    spec.compact = true;
    play.stage.layer(&spec).await.unwrap();
    let layer = fs_err::read(play.stage.path("layer.qcow2")).unwrap();
    // Bytes 8 to 15 of a qcow2 header: where the backing file's name stands.
    assert_eq!(&layer[..4], b"QFI\xfb");
    assert_eq!(&layer[8..16], &[0; 8]);
}
