//! Installations beside a fake QEMU, in this process.

use wfvm::{blame::Blame, boot::GuestError, install::InstallError, phase::Phase, wait::Cause};
use wfvm_tests::scenario::{Act, Drives, Manner, Start};

use crate::stage::{Stage, com1, disk_started, installation, marker, medium_started, reset, shutdown};

/// The phase, the blame and the page of an installation that fails with this story.
async fn failure(stage: &Stage, story: &[Act]) -> (Phase, Blame, String) {
    let failure = stage.install(&stage.install_spec(&stage.scenario(story))).await.unwrap_err();
    (failure.phase, failure.error.blame(), failure.to_string())
}

async fn killed_in(phase: Phase, story: &[Act]) {
    let stage = Stage::new();
    let mut story = story.to_vec();
    story.push(Act::Die);
    let (at, blame, page) = failure(&stage, &story).await;
    assert_eq!((at, blame), (phase, Blame::Host), "{page}");
    assert!(page.contains("QEMU ended: signal 9"), "{page}");
    assert!(stage.path("evidence/com1.log").exists(), "{page}");
}

#[tokio::test]
async fn a_qemu_that_is_killed_while_the_firmware_runs_is_the_hosts_fault() {
    killed_in(Phase::Firmware, &[]).await;
}

#[tokio::test]
async fn a_qemu_that_is_killed_in_windows_pe_is_the_hosts_fault() {
    killed_in(Phase::WindowsPe, &[medium_started()]).await;
}

#[tokio::test]
async fn a_qemu_that_is_killed_in_the_specialize_pass_is_the_hosts_fault() {
    killed_in(Phase::Specialize, &[medium_started(), reset(), disk_started(), marker("specialize")]).await;
}

#[tokio::test]
async fn a_qemu_that_is_killed_in_the_oobe_system_pass_is_the_hosts_fault() {
    killed_in(Phase::OobeSystem, &installation()[..5]).await;
}

#[tokio::test]
async fn a_qemu_that_is_killed_in_the_first_logon_is_the_hosts_fault() {
    killed_in(Phase::FirstLogon, &installation()[..6]).await;
}

#[tokio::test]
async fn a_qemu_that_is_killed_while_the_session_opens_is_the_hosts_fault() {
    let mut story = installation();
    story.push(Act::AwaitSsh);
    killed_in(Phase::Session, &story).await;
}

#[tokio::test]
async fn a_qemu_that_refuses_its_command_line_is_told_with_its_words_and_the_command() {
    let stage = Stage::new();
    let mut scenario = stage.scenario(&[]);
    scenario.start = Start::Dies { words: "qemu: -machine q36: unsupported".into(), status: 1 };
    let failure = stage.install(&stage.install_spec(&scenario)).await.unwrap_err();
    let page = failure.to_string();
    assert_eq!((failure.phase, failure.error.blame()), (Phase::Firmware, Blame::Host), "{page}");
    assert!(page.contains("exit status 1") && page.contains("-machine q36: unsupported"), "{page}");
    assert!(page.contains("fake-qemu -nodefaults"), "{page}");
}

#[tokio::test]
async fn a_qemu_that_ends_before_its_greeting_is_told_with_its_status_and_words() {
    let stage = Stage::new();
    let mut scenario = stage.scenario(&[]);
    scenario.start = Start::DiesConnected { words: "qemu: out of memory".into(), status: 1 };
    let failure = stage.install(&stage.install_spec(&scenario)).await.unwrap_err();
    let page = failure.to_string();
    assert_eq!((failure.phase, failure.error.blame()), (Phase::Firmware, Blame::Host), "{page}");
    assert!(page.contains("exit status 1") && page.contains("qemu: out of memory"), "{page}");
}

async fn never_ready(start: Start) {
    let stage = Stage::new();
    let mut scenario = stage.scenario(&[]);
    scenario.start = start;
    let mut spec = stage.install_spec(&scenario);
    spec.timeouts.firmware_seconds = 2;
    let failure = stage.install(&spec).await.unwrap_err();
    let page = failure.to_string();
    assert_eq!((failure.phase, failure.error.blame()), (Phase::Firmware, Blame::Deadline), "{page}");
    assert!(page.contains("`timeouts.firmwareSeconds`"), "{page}");
}

#[tokio::test]
async fn a_qemu_that_never_connects_ends_at_the_firmwares_deadline() {
    never_ready(Start::NeverConnects).await;
}

#[tokio::test]
async fn a_qemu_that_never_greets_ends_at_the_firmwares_deadline() {
    never_ready(Start::NeverGreets).await;
}

/// The page of an installation whose TPM emulator is this script.
async fn with_a_tpm(script: &str) -> (Phase, Blame, String) {
    let stage = Stage::new();
    let mut spec = stage.install_spec(&stage.scenario(&[]));
    spec.machine.tpm = true;
    spec.tools.swtpm = Some(stage.write_program("swtpm", script));
    spec.timeouts.firmware_seconds = 1;
    let failure = stage.install(&spec).await.unwrap_err();
    (failure.phase, failure.error.blame(), failure.to_string())
}

#[tokio::test]
async fn a_tpm_that_ends_at_its_start_is_told_with_its_words() {
    let (phase, blame, page) = with_a_tpm("echo no room for state >&2; exit 7").await;
    assert_eq!((phase, blame), (Phase::Firmware, Blame::Host), "{page}");
    assert!(page.contains("exit status 7") && page.contains("no room for state"), "{page}");
}

#[tokio::test]
async fn a_tpm_that_never_listens_ends_at_the_firmwares_deadline() {
    let (phase, blame, page) = with_a_tpm("exec sleep 1000").await;
    assert_eq!((phase, blame), (Phase::Firmware, Blame::Deadline), "{page}");
    assert!(page.contains("the TPM's socket") && page.contains("`timeouts.firmwareSeconds`"), "{page}");
}

#[tokio::test]
async fn a_confused_protocol_changes_nothing() {
    let stage = Stage::new();
    let mut scenario = stage.scenario(&installation()[..6]);
    scenario.manner = Manner::Confused;
    scenario.story.push(Act::Die);
    let failure = stage.install(&stage.install_spec(&scenario)).await.unwrap_err();
    assert_eq!((failure.phase, failure.error.blame()), (Phase::FirstLogon, Blame::Host), "{failure}");
}

#[tokio::test]
async fn a_guest_without_a_sign_of_life_ends_at_the_stall_deadline_with_evidence() {
    let stage = Stage::new();
    let mut scenario = stage.scenario(&[medium_started(), com1("Windows is loading files")]);
    scenario.drives = Drives::Still;
    let picture = stage.path("picture.png");
    fs_err::write(&picture, b"a picture").unwrap();
    scenario.screen = Some(picture);
    let mut spec = stage.install_spec(&scenario);
    spec.timeouts.stall_seconds = 1;
    let failure = stage.install(&spec).await.unwrap_err();
    let page = failure.to_string();
    assert_eq!((failure.phase, failure.error.blame()), (Phase::WindowsPe, Blame::Deadline), "{page}");
    assert!(
        matches!(&failure.error, InstallError::Guest(GuestError::Wait(error)) if matches!(error.cause, Cause::Stalled(_)))
    );
    assert!(page.contains("`timeouts.stallSeconds`"), "{page}");
    assert!(page.contains("last seen: `Windows is loading files`"), "{page}");
    assert_eq!(fs_err::read(stage.path("evidence/screen.png")).unwrap(), b"a picture");
    let told = fs_err::read_to_string(stage.path("evidence/com1.log")).unwrap();
    assert!(told.contains("Windows is loading files"), "{told}");
    assert!(fs_err::read_to_string(stage.path("evidence/qmp.jsonl")).unwrap().contains("\"cont\""));
}

#[tokio::test]
async fn a_disk_that_kills_its_reader_does_not_hide_the_failure() {
    for (script, words) in
        [("kill -ABRT $$", "ended with signal 6"), ("echo nonsense", "something else than files")]
    {
        let stage = Stage::new();
        stage.write_program("disk-reader", script);
        let (phase, blame, page) = failure(&stage, &[medium_started(), Act::Die]).await;
        assert_eq!((phase, blame), (Phase::WindowsPe, Blame::Host), "{page}");
        assert!(page.contains("QEMU ended: signal 9"), "{page}");
        assert!(page.contains("log       could not be read: ") && page.contains(words), "{page}");
    }
}

#[tokio::test]
async fn a_page_that_waits_for_a_person_is_told_with_its_text() {
    let stage = Stage::new();
    let mut scenario = stage.scenario(&[medium_started()]);
    scenario.drives = Drives::Still;
    let picture = stage.path("picture.png");
    fs_err::write(&picture, b"a picture").unwrap();
    scenario.screen = Some(picture);
    let mut spec = stage.install_spec(&scenario);
    let words = "Windows Setup\nThe product key entered does not match any of the Windows images";
    spec.tools.tesseract = Some(stage.write_program("tesseract", &format!("echo '{words}'")));
    let failure = stage.install(&spec).await.unwrap_err();
    let page = failure.to_string();
    assert_eq!((failure.phase, failure.error.blame()), (Phase::WindowsPe, Blame::Guest), "{page}");
    assert!(page.contains("the product key is of another edition than the image"), "{page}");
    assert!(page.contains("| The product key entered does not match any"), "{page}");
}

#[tokio::test]
async fn a_machine_whose_disk_moves_ends_at_the_deadline_of_its_phase() {
    let stage = Stage::new();
    let mut spec = stage.install_spec(&stage.scenario(&[medium_started()]));
    spec.timeouts.windows_pe_seconds = 1;
    spec.timeouts.stall_seconds = 1;
    let failure = stage.install(&spec).await.unwrap_err();
    let page = failure.to_string();
    assert_eq!((failure.phase, failure.error.blame()), (Phase::WindowsPe, Blame::Deadline), "{page}");
    assert!(page.contains("`timeouts.windowsPeSeconds`") && page.contains("hint: "), "{page}");
}

#[tokio::test]
async fn a_qemu_that_answers_no_more_is_a_stall() {
    let stage = Stage::new();
    let mut spec = stage.install_spec(&stage.scenario(&[medium_started(), Act::FallSilent]));
    spec.timeouts.stall_seconds = 1;
    let failure = stage.install(&spec).await.unwrap_err();
    let page = failure.to_string();
    assert_eq!((failure.phase, failure.error.blame()), (Phase::WindowsPe, Blame::Deadline), "{page}");
    assert!(page.contains("`timeouts.stallSeconds`"), "{page}");
    // What needs no answer is kept although the screen could not be had.
    assert!(stage.path("evidence/com1.log").exists(), "{page}");
}

#[tokio::test]
async fn a_full_disk_of_the_host_is_the_hosts_fault_and_ends_at_once() {
    let stage = Stage::new();
    let data = serde_json::json!({ "device": "system", "node-name": "#block133", "operation": "write",
        "action": "stop", "nospace": true, "reason": "No space left on device" });
    let full = Act::Event { name: "BLOCK_IO_ERROR".into(), data };
    let (phase, blame, page) = failure(&stage, &[medium_started(), full]).await;
    assert_eq!((phase, blame), (Phase::WindowsPe, Blame::Host), "{page}");
    assert!(page.contains("write of drive `system`: No space left on device"), "{page}");
}

#[tokio::test]
async fn a_firmware_with_nothing_to_start_is_the_guests_step() {
    let stage = Stage::new();
    let story = [com1("BdsDxe: No bootable option or device was found.")];
    let (phase, blame, page) = failure(&stage, &story).await;
    assert_eq!((phase, blame), (Phase::Firmware, Blame::Guest), "{page}");
    assert!(page.contains("nothing to start"), "{page}");
}

#[tokio::test]
async fn seabios_with_nothing_to_start_is_the_guests_step() {
    let stage = Stage::new();
    let story = [Act::Firmware("SeaBIOS (version 1.16)\nNo bootable device.\n".into())];
    let mut spec = stage.install_spec(&stage.scenario(&story));
    spec.machine.firmware = wfvm::spec::Firmware::Bios;
    let failure = stage.install(&spec).await.unwrap_err();
    assert_eq!((failure.phase, failure.error.blame()), (Phase::Firmware, Blame::Guest), "{failure}");
}

#[tokio::test]
async fn a_failed_command_of_the_first_logon_is_told_with_its_words() {
    let stage = Stage::new();
    let mut story = installation();
    story.insert(6, com1("WFVM:error=1058 net start sshd"));
    let (phase, blame, page) = failure(&stage, &story).await;
    assert_eq!(blame, Blame::Guest, "{page}");
    assert_eq!(phase, Phase::FirstLogon, "{page}");
    assert!(page.contains("1058 net start sshd"), "{page}");
}

#[tokio::test]
async fn a_crash_of_the_guest_explains_the_end_that_follows() {
    for _ in 0..5 {
        let stage = Stage::new();
        let panicked = Act::Event {
            name: "GUEST_PANICKED".into(),
            data: serde_json::json!({ "action": "poweroff", "info": { "type": "of-tomorrow" } }),
        };
        let (phase, blame, page) = failure(&stage, &[medium_started(), panicked, Act::Exit(0)]).await;
        assert_eq!((phase, blame), (Phase::WindowsPe, Blame::Guest), "{page}");
        assert!(page.contains("GUEST_PANICKED"), "{page}");
    }
}

#[tokio::test]
async fn a_guest_that_switches_itself_off_in_the_middle_is_the_guests_fault() {
    for _ in 0..5 {
        let stage = Stage::new();
        let (phase, blame, page) = failure(&stage, &[medium_started(), shutdown(true), Act::Exit(0)]).await;
        assert_eq!((phase, blame), (Phase::WindowsPe, Blame::Guest), "{page}");
        assert!(page.contains("switched off by the guest"), "{page}");
    }
}

#[tokio::test]
async fn a_machine_that_is_switched_off_from_outside_is_the_hosts_fault() {
    let stage = Stage::new();
    let (phase, blame, page) = failure(&stage, &[medium_started(), shutdown(false), Act::Exit(0)]).await;
    assert_eq!((phase, blame), (Phase::WindowsPe, Blame::Host), "{page}");
}

#[tokio::test]
async fn a_firmware_that_starts_the_medium_again_found_no_system_on_the_disk() {
    let stage = Stage::new();
    let (phase, blame, page) = failure(&stage, &[medium_started(), reset(), medium_started()]).await;
    assert_eq!((phase, blame), (Phase::Specialize, Blame::Guest), "{page}");
    assert!(page.contains("installation medium again"), "{page}");
}

#[tokio::test]
async fn a_guest_that_restarts_for_ever_is_ended() {
    let stage = Stage::new();
    let mut story = vec![medium_started()];
    story.extend((0..40).flat_map(|_| [reset(), disk_started()]));
    let (phase, blame, page) = failure(&stage, &story).await;
    assert_eq!((phase, blame), (Phase::Specialize, Blame::Guest), "{page}");
    assert!(page.contains("again and again"), "{page}");
}

#[tokio::test]
async fn a_medium_that_asks_for_a_key_gets_one() {
    let stage = Stage::new();
    let story = [
        Act::Com1("Press any key to boot from CD or DVD......".into()),
        Act::AwaitCue("send-key".into()),
        medium_started(),
        Act::Die,
    ];
    let (phase, blame, page) = failure(&stage, &story).await;
    assert_eq!((phase, blame), (Phase::WindowsPe, Blame::Host), "{page}");
}

#[tokio::test]
async fn a_flood_without_the_end_of_a_line_takes_little_room_and_hides_nothing() {
    let stage = Stage::new();
    let story = [medium_started(), Act::Flood(200), com1(""), com1("WFVM:error=1 after the flood")];
    let (phase, blame, page) = failure(&stage, &story).await;
    assert_eq!((phase, blame), (Phase::WindowsPe, Blame::Guest), "{page}");
    assert!(page.contains("1 after the flood"), "{page}");
    let kept = fs_err::metadata(stage.path("evidence/com1.log")).unwrap().len();
    assert!(kept < 20 << 20, "{kept} bytes of the flood were kept");
}
