//! Several guests of one template in one run: each is one of its own, and the script reaches each.

use wfvm::spec::Run;

use crate::{
    laboratory::{Laboratory, NONCE, given},
    revive::clone_spec,
};

#[test]
fn three_guests_of_a_template_serve_one_script() {
    let laboratory = Laboratory::new();
    let script = format!(
        r#"
        for number in 1 2 3; do
            export WFVM_MACHINE=$number
            {NONCE}
            win-exec 'if exist C:\mark.txt exit 1'
            win-exec "(echo guest $number)> C:\mark.txt"
            win-put {answer} . --as answer.exe
            win-exec 'answer random' > "random-$number"
        done
        unset WFVM_MACHINE
        win-exec 'type C:\mark.txt' | grep 'guest 1'
        win-exec --machine 2 'type C:\mark.txt' | grep 'guest 2'
        mkdir got; win-get --machine 3 'C:\mark.txt' got; grep 'guest 3' got/mark.txt

        # A port of each leads to that one.
        for port in "$WFVM_PORT_SSH" "$WFVM_2_PORT_SSH" "$WFVM_3_PORT_SSH"; do
            exec {{door}}<> "/dev/tcp/127.0.0.1/$port"
            read -r banner <&$door
            [[ $banner == SSH-2.0-* ]]
            echo "$port"
        done | sort -u > ports
        [[ $(wc -l < ports) == 3 ]]

        # One that the script ends is not missed; one that never was is.
        win-exec --machine 2 'shutdown /s /t 0 /f'
        status=0; win-exec --machine 2 --timeout 60 ver || status=$?; [[ $status != 0 ]]
        win-exec --machine 3 ver
        status=0; win-exec --machine 4 ver 2> told || status=$?
        [[ $status == 2 ]]; grep 'there is no guest 4' told
        "#,
        answer = given("WFVM_TEST_ANSWER").display(),
    );
    let mut spec = Run { machines: 3, ..clone_spec(&laboratory, &script) };
    spec.network.ports = [("ssh".to_owned(), 22)].into();
    let status = laboratory.perform(&spec).unwrap_or_else(|failure| panic!("{failure}"));
    assert!(status.success(), "the script ended with {status}");
    // They go on from one memory, and yet none draws what another one has drawn.
    let drawn: Vec<String> =
        (1..=3).map(|n| fs_err::read_to_string(laboratory.path(&format!("random-{n}"))).unwrap()).collect();
    assert!(drawn.iter().all(|line| line.trim().len() == 64), "{drawn:?}");
    assert!(drawn[0] != drawn[1] && drawn[1] != drawn[2] && drawn[0] != drawn[2], "{drawn:?}");
}

#[test]
fn a_guest_that_is_lost_ends_the_run_and_is_named() {
    let laboratory = Laboratory::new();
    let script = r#"
        for process in $(cat /proc/$PPID/task/*/children); do
            words=$(tr '\0' ' ' < /proc/$process/cmdline)
            if [[ $words == *qemu-system* && $words == *"/r/2/"* ]]; then kill -KILL "$process"; fi
        done
        read -r -t 600 < <(exec tail -f /dev/null) || :
        echo "the script went on" >&2
    "#;
    let spec = Run { machines: 2, ..clone_spec(&laboratory, script) };
    let failure = laboratory.perform(&spec).expect_err("a guest was lost").to_string();
    assert!(failure.contains("phase     script of test, machine 2"), "{failure}");
    assert!(failure.contains("QEMU ended"), "{failure}");
    assert!(laboratory.path("evidence/machine 2").exists(), "{failure}");
}
