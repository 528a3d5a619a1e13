//! Scripts beside a fake QEMU and a fake guest's SSH server, through the command socket and
//! the programs that talk to it, in this process.

use std::os::unix::process::ExitStatusExt as _;

use wfvm::{blame::Blame, phase::Phase};
use wfvm_tests::scenario::{Act, Drives, Scenario, Ssh};

use crate::{
    ssh_server::{Character, SshServer},
    stage::{Stage, shutdown},
};

/// A stage whose fake leads to a well-behaved server.
struct Play {
    stage: Stage,
    _server: SshServer,
    scenario: Scenario,
}

fn play(story: &[Act]) -> Play {
    let stage = Stage::new();
    let server = SshServer::start(&stage, Character::Plain);
    let mut scenario = stage.scenario(story);
    scenario.ssh = Ssh::Port(server.port);
    Play { _server: server, scenario, stage }
}

impl Play {
    /// Runs a script on the stage; its exit status.
    async fn script(&self, script: &str) -> Option<i32> {
        let script = format!("cd {}\n{script}", self.stage.path("").display());
        let spec = self.stage.run_spec(&self.scenario, &script);
        self.stage.run(&spec).await.unwrap().code()
    }

    fn read(&self, name: &str) -> String {
        fs_err::read_to_string(self.stage.path(name)).unwrap()
    }
}

#[tokio::test]
async fn the_scripts_exit_status_is_the_runs() {
    let play = play(&[]);
    assert_eq!(play.script("exit 0").await, Some(0));
    assert_eq!(play.script("exit 42").await, Some(42));
    assert_eq!(play.script("false\nexit 0").await, Some(1), "the first command that fails ends a script");
    let spec = play.stage.run_spec(&play.scenario, "kill -TERM $$");
    assert_eq!(play.stage.run(&spec).await.unwrap().signal(), Some(15));
}

#[tokio::test]
async fn exit_codes_of_32_bits_become_statuses_of_eight_and_are_told_whole() {
    let play = play(&[]);
    let script = "
        for code in 0 7 255 256 300 3221225477; do
            status=0; win-exec exit $code 2> said || status=$?
            echo \"$code $status $(cat said)\"
        done > codes";
    assert_eq!(play.script(script).await, Some(0));
    assert_eq!(
        play.read("codes").lines().map(str::trim).collect::<Vec<_>>(),
        [
            "0 0",
            "7 7",
            "255 255",
            "256 1 win-exec: exit code 256 (0x100)",
            "300 44 win-exec: exit code 300 (0x12c)",
            "3221225477 5 win-exec: exit code 3221225477 (0xc0000005)",
        ]
    );
}

#[tokio::test]
async fn streams_stay_apart_and_input_arrives_whole_and_ends() {
    let play = play(&[]);
    let script = "
        win-exec streams > out 2> err
        head -c 3000000 /dev/urandom > bytes
        win-exec --stdin cat < bytes > back
        cmp bytes back
        printf '' | win-exec --stdin cat > nothing
        win-exec cat > no-input < bytes
        win-exec flood 8 | wc -c > flooded";
    assert_eq!(play.script(script).await, Some(0));
    assert_eq!((play.read("out"), play.read("err")), ("to stdout\r\n".into(), "to stderr\r\n".into()));
    assert_eq!((play.read("nothing"), play.read("no-input")), (String::new(), String::new()));
    assert_eq!(play.read("flooded").trim(), "8388608");
}

#[tokio::test]
async fn words_reach_the_guest_as_one_command_line() {
    let play = play(&[]);
    let script = r#"win-exec echo 'two words' 'a"b' > several
        win-exec 'echo two words & more' > one"#;
    assert_eq!(play.script(script).await, Some(0));
    assert_eq!(play.read("several"), r#""two words" "a\"b""#);
    assert_eq!(play.read("one"), "two words & more");
}

#[tokio::test]
async fn a_command_without_an_exit_code_is_a_failed_step_of_the_guest() {
    let play = play(&[]);
    let script = "status=0; win-exec no-code > out 2> err || status=$?; exit $status";
    assert_eq!(play.script(script).await, Some(4));
    assert_eq!(play.read("out"), "so far");
    assert!(play.read("err").contains("`no-code` without an exit code"), "{}", play.read("err"));
}

#[tokio::test]
async fn a_connection_that_is_cut_in_the_middle_fails_one_step_and_the_next_has_a_new_one() {
    let play = play(&[]);
    let script = "
        status=0; win-exec cut > out 2> err || status=$?
        later=0; win-exec exit 0 2> later || later=$?
        echo $status $later > statuses";
    assert_eq!(play.script(script).await, Some(0));
    assert_eq!(play.read("statuses"), "4 0\n");
}

#[tokio::test]
async fn a_command_past_its_timeout_ends_with_5_and_is_given_up_in_the_guest() {
    let play = play(&[]);
    let script = "
        status=0; win-exec --timeout 1 hang 2> err || status=$?
        for i in $(seq 200); do [[ -e channel-closed ]] && break; sleep 0.05; done
        [[ -e channel-closed ]] || exit 77
        exit $status";
    assert_eq!(play.script(script).await, Some(5));
    assert!(play.read("err").contains("`hang` did not end within 1 s (`--timeout`)"), "{}", play.read("err"));
}

#[tokio::test]
async fn a_reader_that_goes_away_is_not_taken_for_a_lost_guest() {
    let play = play(&[]);
    let script = "
        set +e
        win-exec flood 64 2> err | head -c 1 > first
        echo ${PIPESTATUS[0]} > status
        win-exec exit 0";
    assert_eq!(play.script(script).await, Some(0), "the session serves the next command");
    let err = play.read("err");
    assert!(err.contains("standard output") && !err.contains("owner of the guest"), "{err}");
    assert_eq!(play.read("status"), "3\n");
}

#[tokio::test]
async fn files_and_directories_travel_both_ways() {
    let play = play(&[]);
    let script = "
        mkdir -p guest/C:/data tree/below
        head -c 1000000 /dev/urandom > tree/large
        : > tree/below/empty
        win-put tree C:/data
        win-put tree/large 'C:\\data' --as other.bin
        win-put tree/below/empty
        cmp tree/large guest/C:/data/tree/large
        cmp tree/large guest/C:/data/other.bin
        [[ -e guest/empty && -e guest/C:/data/tree/below/empty ]]
        mkdir back
        win-get C:/data back
        diff -r back/data guest/C:/data
        win-get /C:/data/other.bin
        cmp other.bin tree/large
        win-wait";
    assert_eq!(play.script(script).await, Some(0));
    assert!(!play.stage.path("escaped").exists(), "a guest's file name left its directory");
}

#[tokio::test]
async fn a_missing_file_is_told_with_its_side_and_its_path() {
    let play = play(&[]);
    let script = "
        set +e
        win-put no-such-file 2> err; echo $? > statuses
        win-put image.qcow2 C:/nowhere 2>> err; echo $? >> statuses
        win-get C:/gone.txt 2>> err; echo $? >> statuses
        win-put image.qcow2 missing/../C: 2>> err; echo $? >> statuses
        touch guest/a-file
        win-get a-file /no/such/directory 2>> err; echo $? >> statuses
        exit 0";
    assert_eq!(play.script(script).await, Some(0));
    let (statuses, err) = (play.read("statuses"), play.read("err"));
    assert_eq!(statuses.split_whitespace().collect::<Vec<_>>(), ["2", "4", "4", "4", "2"], "{err}");
    let pages: Vec<&str> = err.lines().collect();
    assert!(pages[0].contains("no-such-file"), "{err}");
    assert_eq!(pages[1], "error: /C:/nowhere in the guest: No such file");
    assert_eq!(pages[2], "error: /C:/gone.txt in the guest: No such file");
    assert!(pages[4].contains("/no/such/directory"), "{err}");
    assert!(!play.stage.path("gone.txt").exists(), "no partial output");
}

#[tokio::test]
async fn a_file_that_breaks_in_the_middle_leaves_what_was_there() {
    let play = play(&[]);
    let script = "
        mkdir back; echo old > back/breaks-in-the-middle
        head -c 300000 /dev/zero > guest/breaks-in-the-middle
        : > guest/whole
        status=0; win-get breaks-in-the-middle back 2> err || status=$?
        win-get whole back
        ls -A back > listed
        stat -c %a guest/whole back/whole > modes
        exit $status";
    assert_eq!(play.script(script).await, Some(4));
    assert!(play.read("err").contains("breaks-in-the-middle in the guest: Failure"), "{}", play.read("err"));
    assert_eq!(play.read("back/breaks-in-the-middle"), "old\n");
    assert_eq!(play.read("listed"), "breaks-in-the-middle\nwhole\n");
    let modes = play.read("modes");
    assert_eq!(modes.lines().next(), modes.lines().last(), "a file is as readable as any other");
}

#[tokio::test]
async fn a_qemu_that_dies_beside_a_script_is_the_hosts_fault_and_ends_the_script() {
    let play = play(&[Act::AwaitCue("now".into()), Act::Die]);
    let script = format!("cd {}; : > now; sleep 1000 & sleep 1000", play.stage.path("").display());
    let failure = play.stage.run(&play.stage.run_spec(&play.scenario, &script)).await.unwrap_err();
    assert_eq!((failure.phase, failure.error.blame()), (Phase::Script, Blame::Host), "{failure}");
    assert!(failure.to_string().contains("signal 9"), "{failure}");
}

#[tokio::test]
async fn a_script_that_ends_the_guest_goes_on() {
    let play = play(&[Act::AwaitCue("shutdown".into()), shutdown(true), Act::Exit(0)]);
    let script = "
        win-exec shutdown /s
        while [[ -d /proc/$(cat fake-qemu.pid) ]]; do sleep 0.02; done
        # As long as it takes a run to notice.
        sleep 1
        exit 9";
    assert_eq!(play.script(script).await, Some(9));
}

#[tokio::test]
async fn a_script_past_its_deadline_is_ended_with_its_children() {
    let play = play(&[]);
    let mut spec = play.stage.run_spec(&play.scenario, "sleep 1000 & sleep 1000");
    spec.timeouts.script_seconds = 1;
    let failure = play.stage.run(&spec).await.unwrap_err();
    assert_eq!((failure.phase, failure.error.blame()), (Phase::Script, Blame::Deadline), "{failure}");
    assert!(failure.to_string().contains("`timeouts.scriptSeconds`"), "{failure}");
}

#[tokio::test]
async fn an_image_that_is_not_there_is_the_inputs_fault() {
    let play = play(&[]);
    let mut spec = play.stage.run_spec(&play.scenario, "true");
    spec.image = play.stage.path("no.qcow2");
    let failure = play.stage.run(&spec).await.unwrap_err();
    assert_eq!((failure.phase, failure.error.blame()), (Phase::Preflight, Blame::Input), "{failure}");
    assert!(failure.to_string().contains("no.qcow2"), "{failure}");
}

#[tokio::test]
async fn a_boot_without_an_answer_ends_at_its_deadline() {
    let stage = Stage::new();
    let mut spec = stage.run_spec(&stage.scenario(&[]), "true");
    spec.timeouts.boot_seconds = 2;
    let failure = stage.run(&spec).await.unwrap_err();
    assert_eq!((failure.phase, failure.error.blame()), (Phase::Boot, Blame::Deadline), "{failure}");
    assert!(failure.to_string().contains("`timeouts.bootSeconds`"), "{failure}");
}

#[tokio::test]
async fn a_boot_without_a_deadline_is_no_stall() {
    let stage = Stage::new();
    let server = SshServer::start(&stage, Character::Slow);
    let mut scenario = stage.scenario(&[]);
    scenario.ssh = Ssh::Port(server.port);
    scenario.drives = Drives::Still;
    let mut spec = stage.run_spec(&scenario, "exit 3");
    spec.timeouts.boot_seconds = 0;
    assert_eq!(stage.run(&spec).await.unwrap().code(), Some(3));
}

#[tokio::test]
async fn a_qemu_that_dies_in_the_boot_is_told_with_its_status() {
    let stage = Stage::new();
    let failure = stage.run(&stage.run_spec(&stage.scenario(&[Act::Die]), "true")).await.unwrap_err();
    assert_eq!((failure.phase, failure.error.blame()), (Phase::Boot, Blame::Host), "{failure}");
    assert!(failure.to_string().contains("QEMU ended: signal 9"), "{failure}");
}
