//! A template and its clones: what they know of each other, what a fault does to them, and that the
//! template stays as it is. The binary is started as its users start it.

#![expect(
    clippy::disallowed_methods,
    reason = "the binary is killed in the middle, and other programs look at it"
)]

use std::{
    ffi::OsString,
    io::Write as _,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use wfvm::{
    spec::Run,
    template::{MANIFEST, MEMORY, STATE, Template},
    wait,
};

use crate::laboratory::{Laboratory, NONCE, builder, given, path_variable, runtime};

fn template() -> PathBuf {
    given("WFVM_TEST_TEMPLATE")
}

/// A run on the template's own machine.
pub(crate) fn clone_spec(laboratory: &Laboratory, script: &str) -> Run {
    let machine = Template::at(&template()).unwrap().unwrap().manifest.machine;
    Run { image: template(), machine, ..laboratory.run_spec(script) }
}

/// `run` with a directory of its own for everything that it leaves.
fn start(laboratory: &Laboratory, name: &str, spec: &Run) -> Command {
    let directory = laboratory.path(name);
    fs_err::create_dir(&directory).unwrap();
    let file = directory.join("spec.json");
    fs_err::write(&file, serde_json::to_string(spec).unwrap()).unwrap();
    let temporary = directory.join("tmp");
    fs_err::create_dir(&temporary).unwrap();
    let mut command = Command::new(builder());
    command.arg("run").arg("--spec").arg(file).arg("--evidence").arg(directory.join("evidence"));
    command.env("TMPDIR", temporary).env("PATH", path(laboratory)).stdin(Stdio::null());
    command
}

fn path(laboratory: &Laboratory) -> OsString {
    let mut path = laboratory.programs().into_os_string();
    path.push(":");
    path.push(path_variable());
    path
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The template is held against its own checksums, to its last byte.
fn assert_untouched(template: &Path) {
    let checked = Command::new(builder()).arg("check-template").arg(template).output().unwrap();
    assert!(checked.status.success(), "{}", said(&checked));
}

/// Processes whose words name a directory.
fn processes_of(directory: &Path) -> Vec<String> {
    let processes = fs_err::read_dir("/proc").unwrap().flatten();
    let words = processes.filter_map(|process| fs_err::read_to_string(process.path().join("cmdline")).ok());
    words
        .filter(|words| words.contains(&*directory.to_string_lossy()))
        .map(|words| words.replace('\0', " "))
        .collect()
}

/// The kernel ends the children of a killed builder in a moment.
pub(crate) fn assert_nothing_runs(laboratory: &Laboratory) {
    let gone = async {
        while !processes_of(&laboratory.path("")).is_empty() {
            wait::poll_pause().await;
        }
    };
    let ended = runtime().block_on(wait::bounded(std::time::Duration::from_secs(60), gone));
    assert!(ended.is_some(), "{:?}", processes_of(&laboratory.path("")));
}

/// One assertion, held across every way to a running guest.
#[test]
fn one_check_holds_however_the_guest_came_to_run() {
    let laboratory = Laboratory::new();
    let check = r#"
        [[ $(win-exec 'echo %COMPUTERNAME%-%USERNAME%' | tr -d '\r') == *-wfvm ]]
        win-exec 'if exist C:\run.txt exit 1'
        win-exec 'reg query HKCU\Software\Run' && exit 1
        win-exec 'echo here> C:\run.txt & reg add HKCU\Software\Run /v Value /d 1 /f'
        status=0; win-exec 'exit 3010' || status=$?
        [[ $status == 3010 || $status == 194 ]]
        echo "file of the host" > file; win-put file .; win-get file back; cmp file back/file
    "#;
    let spec = clone_spec(&laboratory, check);
    let image = Template::at(&template()).unwrap().unwrap().manifest.image;
    // Two layers with the same script: one on the image, one on the template.
    let mut layer = laboratory.layer_spec(r"win-exec 'echo layer> C:\layer.txt'");
    layer.machine = spec.machine.clone();
    let cold = laboratory
        .layer("cold.qcow2", &wfvm::spec::Layer { parent: image.clone(), ..layer.clone() })
        .unwrap();
    let warm = laboratory.layer("warm.qcow2", &wfvm::spec::Layer { parent: template(), ..layer }).unwrap();
    let ways = [
        ("boot", image, false, ""),
        ("layer", cold, false, r"win-exec 'type C:\layer.txt'"),
        ("layer-of-template", warm, false, r"win-exec 'type C:\layer.txt'"),
        ("clone", template(), true, ""),
        ("clone-again", template(), true, ""),
    ];
    for (name, image, revived, more) in ways {
        let directory = laboratory.path(name);
        let script = format!(
            "set -x; mkdir -p {0}/back; cd {0}; {check}\n{more}\n{1}{NONCE}",
            directory.display(),
            if revived { "" } else { "! " }
        );
        let output = start(&laboratory, name, &Run { image, script, ..spec.clone() }).output().unwrap();
        assert!(output.status.success(), "{name}: {}", said(&output));
        assert_eq!(said(&output).contains("waking a clone"), revived, "{name}: {}", said(&output));
    }
    assert_untouched(&template());
}

/// How many are started; half of them are killed, some in the middle of their waking.
const CLONES: usize = 50;

#[test]
fn clones_that_are_killed_take_nothing_along() {
    let laboratory = Laboratory::new();
    let spec = |number: usize| {
        let script = format!(
            "touch {0}/ready; read -r < {0}/go; exit 7",
            laboratory.path(&number.to_string()).display()
        );
        clone_spec(&laboratory, &script)
    };
    let mut clones: Vec<Child> = (0..CLONES)
        .map(|number| {
            let mut command = start(&laboratory, &number.to_string(), &spec(number));
            let fifo =
                Command::new("mkfifo").arg(laboratory.path(&number.to_string()).join("go")).status().unwrap();
            assert!(fifo.success());
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        })
        .collect();
    // The odd ones die wherever they are: each a little later than the one before.
    for clone in clones.iter_mut().skip(1).step_by(2) {
        clone.kill().unwrap();
        runtime().block_on(wait::poll_pause());
    }
    for (number, mut clone) in clones.into_iter().enumerate() {
        let directory = laboratory.path(&number.to_string());
        if number % 2 == 1 {
            assert!(!clone.wait().unwrap().success());
            continue;
        }
        while !directory.join("ready").exists() {
            assert!(clone.try_wait().unwrap().is_none(), "clone {number} ended before it was ready");
            runtime().block_on(wait::poll_pause());
        }
        let mut door = fs_err::OpenOptions::new().read(true).write(true).open(directory.join("go")).unwrap();
        door.write_all(b"go\n").unwrap();
        assert_eq!(clone.wait().unwrap().code(), Some(7), "clone {number}");
        assert_eq!(
            fs_err::read_dir(directory.join("tmp")).unwrap().count(),
            0,
            "clone {number} left nothing"
        );
    }
    assert_nothing_runs(&laboratory);
    assert_untouched(&template());
}

/// A directory that is the template but for one file.
fn damaged(laboratory: &Laboratory, name: &str, damage: impl FnOnce(&Path, &Path)) -> PathBuf {
    let directory = laboratory.path(name);
    fs_err::create_dir(&directory).unwrap();
    for entry in fs_err::read_dir(template()).unwrap() {
        let entry = entry.unwrap();
        symlink(entry.path(), directory.join(entry.file_name())).unwrap();
    }
    damage(&template(), &directory);
    directory
}

fn replace(directory: &Path, name: &str) -> fs_err::File {
    fs_err::remove_file(directory.join(name)).unwrap();
    fs_err::File::create(directory.join(name)).unwrap()
}

#[test]
fn a_damaged_template_is_refused_before_its_guest_goes_on() {
    let laboratory = Laboratory::new();
    let length = fs_err::metadata(template().join(MEMORY)).unwrap().len();
    let cut =
        damaged(&laboratory, "cut", |_, directory| replace(directory, MEMORY).set_len(length / 2).unwrap());
    let hollow =
        damaged(&laboratory, "hollow", |_, directory| replace(directory, MEMORY).set_len(length).unwrap());
    let flipped = damaged(&laboratory, "flipped", |whole, directory| {
        let mut state = fs_err::read(whole.join(STATE)).unwrap();
        let middle = state.len() / 2;
        state[middle] ^= 1;
        replace(directory, STATE).write_all(&state).unwrap();
    });
    let newer = damaged(&laboratory, "newer", |whole, directory| {
        let manifest = fs_err::read_to_string(whole.join(MANIFEST)).unwrap();
        let manifest = manifest.replace("\"wfvmTemplate\": 1", "\"wfvmTemplate\": 9");
        replace(directory, MANIFEST).write_all(manifest.as_bytes()).unwrap();
    });
    let cases = [
        (cut, 3, "memory is damaged: it has"),
        (hollow, 3, "memory is damaged: the block at byte"),
        (flipped, 3, "state is damaged: its checksum is not the manifest's"),
        (newer, 2, "version 9 of the format"),
    ];
    for (image, status, words) in cases {
        let name = format!("run-{}", image.file_name().unwrap().to_string_lossy());
        let spec = Run { image, ..clone_spec(&laboratory, "echo the script ran") };
        let output = start(&laboratory, &name, &spec).output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{}", said(&output));
        assert!(said(&output).contains(words), "{name}: {}", said(&output));
        assert!(!said(&output).contains("the script ran"), "{name}");
    }
    assert_nothing_runs(&laboratory);
}

#[test]
fn another_machine_boots_and_says_why() {
    let laboratory = Laboratory::new();
    let script = format!("! {NONCE}");
    let mut spec = clone_spec(&laboratory, &script);
    let other = laboratory.path("qemu");
    let text = format!("#!/bin/sh\nexec {} \"$@\"\n", spec.tools.qemu.display());
    fs_err::write(&other, text).unwrap();
    fs_err::set_permissions(&other, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    spec.tools.qemu = other;
    spec.machine.memory_mib += 512;
    spec.machine.cpu_model = Some("Nehalem".into());
    let output = start(&laboratory, "other", &spec).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    for reason in ["`machine.memoryMib` is", "`machine.cpuModel` is \"Nehalem\"", "`tools.qemu` is"] {
        assert!(said(&output).contains(reason), "{reason}: {}", said(&output));
    }
}

#[test]
fn the_clock_is_the_one_that_is_wanted_also_after_a_pause_of_the_host() {
    let laboratory = Laboratory::new();
    let script = r#"
        ask='powershell -NoProfile -Command "[DateTimeOffset]::UtcNow.ToUnixTimeMilliseconds()"'
        clock() { win-exec "$ask" | tr -d '\r'; }
        near() { local d=$(( $1 - $(date +%s%3N) )); (( d > -30000 && d < 30000 )) || { echo "off by $d ms"; exit 1; }; }
    "#;
    // The clock goes on from the freeze: a fixed date.
    let fixed = format!("{script}\n(( $(clock) < 1700000000000 )) || exit 1");
    let output = start(&laboratory, "fixed", &clone_spec(&laboratory, &fixed)).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    // The host's, and a machine that stands still for a while loses no command.
    let now = format!(
        r#"{script}
        near "$(clock)"
        for process in $(cat /proc/$PPID/task/*/children); do
            if grep -aq qemu-system /proc/$process/cmdline; then machine=$process; fi
        done
        kill -STOP $machine; sleep 5; kill -CONT $machine
        clock"#
    );
    let mut spec = clone_spec(&laboratory, &now);
    spec.machine.rtc_base = "utc".into();
    let output = start(&laboratory, "now", &spec).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
}

/// A real file system without room, in a mount namespace of the builder's own.
#[test]
fn a_full_disk_of_the_host_ends_a_clone_with_its_reason() {
    let laboratory = Laboratory::new();
    let answer = given("WFVM_TEST_ANSWER");
    let script =
        format!("win-put {} . --as answer.exe\nwin-exec answer.exe fill 'C:\\full'", answer.display());
    let spec = clone_spec(&laboratory, &script);
    let (file, small) = (laboratory.path("spec.json"), laboratory.path("small"));
    fs_err::write(&file, serde_json::to_string(&spec).unwrap()).unwrap();
    fs_err::create_dir(&small).unwrap();
    let script = format!(
        "mount -t tmpfs -o size=24M none {small} && export TMPDIR={small} && exec {builder} run --spec {spec} --evidence {evidence}",
        small = small.display(),
        builder = builder().display(),
        spec = file.display(),
        evidence = laboratory.path("evidence").display(),
    );
    let namespace = ["--user", "--map-root-user", "--mount", "sh", "-c", &script];
    let output = Command::new("unshare").args(namespace).env("PATH", path(&laboratory)).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("the host's storage failed"), "{}", said(&output));
    assert_untouched(&template());
}
