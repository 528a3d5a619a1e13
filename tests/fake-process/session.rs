//! Sessions of an installation: what the guest's SSH server may do, in this process.

use wfvm::{blame::Blame, phase::Phase};
use wfvm_tests::scenario::{Act, Ssh};

use crate::{
    ssh_server::{Character, SshServer},
    stage::{Stage, installation, shutdown},
};

/// An installation beside a server of this character, ended by this story.
async fn install(
    character: Character,
    end: &[Act],
    change: impl FnOnce(&mut wfvm::spec::Install),
) -> (Stage, Result<(), Box<wfvm::install::InstallFailure>>) {
    let stage = Stage::new();
    let server = SshServer::start(&stage, character);
    let mut story = installation();
    story.extend_from_slice(end);
    let mut scenario = stage.scenario(&story);
    scenario.ssh = Ssh::Port(server.port);
    let mut spec = stage.install_spec(&scenario);
    change(&mut spec);
    let outcome = stage.install(&spec).await;
    (stage, outcome)
}

fn on_shutdown(rest: &[Act]) -> Vec<Act> {
    [&[Act::AwaitCue("shutdown".into())], rest].concat()
}

#[tokio::test]
async fn an_installation_ends_with_a_disk_when_the_guest_shut_down() {
    for _ in 0..5 {
        let end = on_shutdown(&[shutdown(true), Act::Exit(0)]);
        let (stage, outcome) = install(Character::Plain, &end, |_| {}).await;
        outcome.unwrap();
        assert_eq!(fs_err::read_to_string(stage.path("shutdown")).unwrap(), "/s /t 0 /f");
        let disk = fs_err::read(stage.path("disk.qcow2")).unwrap();
        assert_eq!(&disk[..4], b"QFI\xfb");
        assert!(!stage.path("evidence").exists(), "a success leaves no evidence");
    }
}

#[tokio::test]
async fn a_guest_that_refuses_the_command_gets_the_power_button() {
    let end = [Act::AwaitCue("system_powerdown".into()), shutdown(true), Act::Exit(0)];
    let (_stage, outcome) = install(Character::RefusesShutdown, &end, |_| {}).await;
    outcome.unwrap();
}

#[tokio::test]
async fn a_qemu_that_is_killed_in_the_shutdown_leaves_no_disk() {
    let (_stage, outcome) = install(Character::Plain, &on_shutdown(&[Act::Die]), |_| {}).await;
    let failure = outcome.unwrap_err();
    assert_eq!((failure.phase, failure.error.blame()), (Phase::Shutdown, Blame::Host), "{failure}");
    assert!(failure.to_string().contains("signal 9"), "{failure}");
}

#[tokio::test]
async fn a_qemu_that_ends_well_without_a_word_of_the_guest_leaves_no_disk() {
    let end = on_shutdown(&[shutdown(false), Act::Exit(0)]);
    let (_stage, outcome) = install(Character::Plain, &end, |_| {}).await;
    let failure = outcome.unwrap_err();
    assert_eq!((failure.phase, failure.error.blame()), (Phase::Shutdown, Blame::Host), "{failure}");
    assert!(failure.to_string().contains("had not shut down"), "{failure}");
}

#[tokio::test]
async fn a_guest_that_never_shuts_down_ends_at_the_deadline() {
    let change = |spec: &mut wfvm::spec::Install| spec.timeouts.shutdown_seconds = 1;
    let (_stage, outcome) = install(Character::Plain, &[], change).await;
    let failure = outcome.unwrap_err();
    assert_eq!((failure.phase, failure.error.blame()), (Phase::Shutdown, Blame::Deadline), "{failure}");
    assert!(failure.to_string().contains("`timeouts.shutdownSeconds`"), "{failure}");
}

#[tokio::test]
async fn a_refused_password_is_told_with_the_account() {
    let (_stage, outcome) = install(Character::RefusesPasswords, &[], |_| {}).await;
    let failure = outcome.unwrap_err();
    assert_eq!((failure.phase, failure.error.blame()), (Phase::Session, Blame::Input), "{failure}");
    assert!(failure.to_string().contains("refuses the account `wfvm`"), "{failure}");
}

/// A port where nobody says a word, or where nobody listens.
async fn no_session(ssh: Ssh, words: &str) {
    let stage = Stage::new();
    let mut scenario = stage.scenario(&installation());
    scenario.ssh = ssh;
    let mut spec = stage.install_spec(&scenario);
    spec.timeouts.first_logon_seconds = 2;
    let failure = stage.install(&spec).await.unwrap_err();
    assert_eq!((failure.phase, failure.error.blame()), (Phase::Session, Blame::Deadline), "{failure}");
    let page = failure.to_string();
    assert!(page.contains("`timeouts.firstLogonSeconds`") && page.contains(words), "{page}");
}

#[tokio::test]
async fn a_server_that_hangs_before_its_banner_ends_at_the_deadline() {
    no_session(Ssh::Mute, "the logon did not happen").await;
}

#[tokio::test]
async fn a_port_where_nobody_listens_ends_at_the_deadline_with_the_reason() {
    // Held, so that no server of another test gets it, and without anybody who listens.
    let held = tokio::net::TcpSocket::new_v4().unwrap();
    held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    no_session(Ssh::Port(held.local_addr().unwrap().port()), "refused").await;
}

#[tokio::test]
async fn a_machine_without_a_forwarded_port_is_a_bug_of_ours() {
    let stage = Stage::new();
    let mut scenario = stage.scenario(&installation());
    scenario.ssh = Ssh::None;
    let failure = stage.install(&stage.install_spec(&scenario)).await.unwrap_err();
    assert_eq!((failure.phase, failure.error.blame()), (Phase::Session, Blame::Bug), "{failure}");
}
