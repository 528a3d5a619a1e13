//! Eight runs of one image at the same time: each has a guest of its own, and nothing is left.

use std::{io::Write as _, thread};

use wfvm::{spec::Run, wait};

use crate::laboratory::{Laboratory, given, runtime};

const RUNS: usize = 8;
/// Until the last of them has its guest; a translated one alone takes half a minute.
const ALL_READY: u32 = 900;

/// Marks the guest, waits until all guests are marked, and finds its own mark.
fn script(number: usize) -> String {
    format!(
        "mkfifo go
        win-exec 'if exist mark exit 1'
        win-exec '(echo run {number})> mark'
        touch ready
        read -r -t {ALL_READY} < go
        win-exec 'type mark' > mark
        win-get mark got"
    )
}

#[test]
fn eight_runs_of_one_image_do_not_know_of_each_other() {
    let image = given("WFVM_TEST_IMAGE");
    let before = fs_err::metadata(&image).unwrap();
    let bytes_before = fs_err::read(&image).unwrap();
    let laboratories: Vec<Laboratory> = (0..RUNS).map(|_| Laboratory::new()).collect();
    thread::scope(|scope| {
        let runs: Vec<_> = laboratories
            .iter()
            .enumerate()
            .map(|(number, laboratory)| {
                fs_err::create_dir(laboratory.path("got")).unwrap();
                scope.spawn(move || {
                    let mut spec: Run = laboratory.run_spec(&script(number));
                    (spec.machine.cores, spec.machine.memory_mib) = (1, 768);
                    let status = laboratory.perform(&spec).unwrap_or_else(|failure| panic!("{failure}"));
                    assert!(status.success(), "the script of run {number} ended with {status}");
                })
            })
            .collect();
        // One that ended has failed, and the others are ended by their own deadline.
        while laboratories.iter().any(|laboratory| !laboratory.path("ready").exists())
            && !runs.iter().any(thread::ScopedJoinHandle::is_finished)
        {
            runtime().block_on(wait::poll_pause());
        }
        let ready = laboratories.iter().filter(|laboratory| laboratory.path("ready").exists());
        // Opened for both, so that it waits for nobody, and kept until it was read.
        let mut doors: Vec<_> = ready
            .map(|one| fs_err::OpenOptions::new().read(true).write(true).open(one.path("go")).unwrap())
            .collect();
        for door in &mut doors {
            door.write_all(b"go\n").unwrap();
        }
        for run in runs {
            run.join().unwrap();
        }
    });
    for (number, laboratory) in laboratories.iter().enumerate() {
        for copy in ["mark", "got/mark"] {
            let mark = fs_err::read_to_string(laboratory.path(copy)).unwrap();
            assert_eq!(mark.trim_end(), format!("run {number}"));
        }
    }
    let after = fs_err::metadata(&image).unwrap();
    assert_eq!(after.modified().unwrap(), before.modified().unwrap());
    assert!(fs_err::read(&image).unwrap() == bytes_before, "the image is what it was");
    assert_eq!(machines_of(&laboratories), Vec::<String>::new());
}

/// Processes whose words name one of the laboratories.
fn machines_of(laboratories: &[Laboratory]) -> Vec<String> {
    let processes = fs_err::read_dir("/proc").unwrap().flatten();
    let words = processes.filter_map(|process| fs_err::read_to_string(process.path().join("cmdline")).ok());
    let names =
        |words: &String| laboratories.iter().any(|one| words.contains(&*one.path("").to_string_lossy()));
    words.filter(names).map(|words| words.replace('\0', " ")).collect()
}
