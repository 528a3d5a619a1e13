//! Layers on an installed guest: what they keep, what passes through them unaltered, and how each
//! fault that may befall one ends.

#![expect(clippy::disallowed_methods, reason = "other programs look at what a layer left")]

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use wfvm::{blame::Blame, layer::LayerFailure, phase::Phase};

use crate::laboratory::{Laboratory, builder, given, path_variable, tools};

/// Exit codes that lose something in eight or in sixteen bits, or that mean something to somebody:
/// 259 is `STILL_ACTIVE`, 3010 wants a restart, the last is an access violation.
const CODES: [u32; 5] = [0, 7, 259, 3010, 0xC000_0005];

/// Puts the tests' program into the guest's home.
fn with_answer(script: &str) -> String {
    format!("win-put {} . --as answer.exe\n{script}", given("WFVM_TEST_ANSWER").display())
}

/// A script that writes what `win-exec` tells of each code to `codes`.
fn codes_script() -> String {
    let codes = CODES.map(|code| code.to_string()).join(" ");
    format!(
        "for code in {codes}; do
            rm -f told; status=0
            win-exec --exit-code told answer.exe exit $code || status=$?
            echo \"$code $(cat told) $status\" >> codes
        done"
    )
}

fn assert_codes(laboratory: &Laboratory, restart_is_success: bool) {
    let text = fs_err::read_to_string(laboratory.path("codes")).unwrap();
    let line = |code: u32| {
        let status = if code == 3010 && restart_is_success { 0 } else { code & 0xff };
        format!("{code} {code} {status}")
    };
    assert_eq!(text.lines().collect::<Vec<_>>(), CODES.map(line));
}

fn page(failure: &LayerFailure) -> String {
    failure.to_string()
}

/// An image that was installed, with what the layer's own file says in addition.
fn backing_file(image: &Path) -> PathBuf {
    let told = Command::new(tools().qemu_img).args(["info", "--output=json"]).arg(image).output().unwrap();
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    told.get("full-backing-filename").unwrap().as_str().unwrap().into()
}

#[test]
fn codes_and_bytes_pass_a_run_unaltered() {
    let laboratory = Laboratory::new();
    let script = with_answer(&format!(
        "{}
        win-exec answer.exe bytes 4096 > bytes
        head -c 3000000 /dev/urandom > sent
        win-exec --stdin answer.exe copy < sent > back
        cmp sent back
        status=0; win-exec --exit-code crashed answer.exe crash || status=$?
        [[ $(cat crashed) == 3221225477 && $status == 5 ]]",
        codes_script()
    ));
    let status = laboratory.perform(&laboratory.run_spec(&script)).unwrap();
    assert!(status.success(), "{status}");
    assert_codes(&laboratory, false);
    let bytes = fs_err::read(laboratory.path("bytes")).unwrap();
    let expected: Vec<u8> = (0..4096).flat_map(|_| 0..=255_u8).collect();
    assert!(bytes == expected, "{} bytes of {}, or others", bytes.len(), expected.len());
}

#[test]
fn codes_pass_a_layer_and_its_changes_are_there_for_the_next() {
    let laboratory = Laboratory::new();
    let script = with_answer(&format!(
        "{}\nwin-exec 'reg add HKLM\\Software\\Layer /v x /t REG_SZ /d kept /f'",
        codes_script()
    ));
    let mut spec = laboratory.layer_spec(&script);
    spec.strict = true;
    let first = laboratory.layer("first", &spec).unwrap_or_else(|failure| panic!("{failure}"));
    assert_codes(&laboratory, true);
    assert_eq!(backing_file(&first), fs_err::canonicalize(given("WFVM_TEST_IMAGE")).unwrap());

    // By the old rule the code of a failing command is told, and the last status decides.
    let script = "win-exec 'answer.exe exit 7'; win-exec 'reg query HKLM\\Software\\Layer /v x' > found; grep -q kept found";
    let mut spec = laboratory.layer_spec(script);
    spec.parent.clone_from(&first);
    let second = laboratory.layer("second", &spec).unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!(backing_file(&second), first);
}

#[test]
fn two_layers_of_one_image_are_built_at_once() {
    let image = given("WFVM_TEST_IMAGE");
    let before = fs_err::metadata(&image).unwrap().modified().unwrap();
    std::thread::scope(|scope| {
        for name in ["one", "two"] {
            scope.spawn(move || {
                let laboratory = Laboratory::new();
                let script =
                    format!("win-exec 'echo {name}> C:\\name.txt'; win-exec 'type C:\\name.txt' > name");
                laboratory
                    .layer(name, &laboratory.layer_spec(&script))
                    .unwrap_or_else(|failure| panic!("{failure}"));
                assert_eq!(fs_err::read_to_string(laboratory.path("name")).unwrap().trim(), name);
            });
        }
    });
    assert_eq!(fs_err::metadata(&image).unwrap().modified().unwrap(), before);
}

#[test]
fn a_guest_that_shuts_down_in_the_middle_ends_the_layer_with_what_ran() {
    let laboratory = Laboratory::new();
    let script = "win-exec 'shutdown /s /t 0'; win-exec 'ping -n 600 127.0.0.1 >nul'";
    let failure = laboratory.layer("out", &laboratory.layer_spec(script)).unwrap_err();
    assert_eq!((failure.error.blame(), failure.phase), (Blame::Guest, Phase::Script), "{failure}");
    assert!(page(&failure).contains("the guest shut down in the middle of the script"), "{failure}");
}

#[test]
fn an_ssh_server_that_is_stopped_ends_the_layer_with_its_reason() {
    let laboratory = Laboratory::new();
    let script = "win-exec 'taskkill /f /im sshd.exe'; win-exec 'echo x'";
    let failure = laboratory.layer("out", &laboratory.layer_spec(script)).unwrap_err();
    assert_eq!((failure.error.blame(), failure.phase), (Blame::Guest, Phase::Script), "{failure}");
    assert!(page(&failure).contains("`win-exec taskkill /f /im sshd.exe` failed"), "{failure}");
    assert!(page(&failure).contains("`win-exec echo x` failed"), "{failure}");
    assert!(page(&failure).contains("nobody answers on its port"), "{failure}");
}

#[test]
fn a_qemu_that_is_killed_ends_the_layer_and_leaves_no_image() {
    let laboratory = Laboratory::new();
    // The machine's directory stands in the command line of its QEMU, and of nothing else that is called so.
    let script = format!(
        "for process in /proc/[0-9]*; do
            if tr '\\0' ' ' < $process/cmdline 2> /dev/null | grep -q 'qemu-system.*{scratch}/qmp.sock'; then
                kill -9 ${{process#/proc/}}
            fi
        done
        win-exec 'ping -n 600 127.0.0.1 >nul'",
        scratch = laboratory.path("m").display()
    );
    let failure = laboratory.layer("out", &laboratory.layer_spec(&script)).unwrap_err();
    assert_eq!((failure.error.blame(), failure.phase), (Blame::Host, Phase::Script), "{failure}");
    assert!(page(&failure).contains("signal 9"), "{failure}");
}

#[test]
fn a_full_disk_in_the_guest_is_the_commands_own_failure() {
    let laboratory = Laboratory::new();
    let script = with_answer("win-exec answer.exe fill 'C:\\full'; win-exec 'del C:\\full'");
    let mut spec = laboratory.layer_spec(&script);
    spec.strict = true;
    let failure = laboratory.layer("out", &spec).unwrap_err();
    assert_eq!(failure.error.blame(), Blame::Guest, "{failure}");
    // ERROR_DISK_FULL
    assert!(
        page(&failure).contains("`win-exec answer.exe fill C:\\full` ended with exit code 112"),
        "{failure}"
    );
}

/// A real file system without room, in a mount namespace of the builder's own.
#[test]
fn a_full_disk_of_the_host_ends_the_layer_with_its_reason() {
    let laboratory = Laboratory::new();
    let spec = laboratory.layer_spec(&with_answer("win-exec answer.exe fill 'C:\\full'"));
    let (file, small) = (laboratory.path("spec.json"), laboratory.path("small"));
    fs_err::write(&file, serde_json::to_string(&spec).unwrap()).unwrap();
    fs_err::create_dir(&small).unwrap();
    let script = format!(
        "mount -t tmpfs -o size=48M none {small} && exec {builder} layer --spec {spec} --out {small}/out --evidence {evidence}",
        small = small.display(),
        builder = builder().display(),
        spec = file.display(),
        evidence = laboratory.path("evidence").display(),
    );
    let namespace = ["--user", "--map-root-user", "--mount", "sh", "-c", &script];
    let mut path = laboratory.programs().into_os_string();
    path.push(":");
    path.push(path_variable());
    let output = Command::new("unshare").args(namespace).env("PATH", path).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("the host's storage failed"), "{said}");
}
