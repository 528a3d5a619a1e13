//! A builder's guest that is no guest: QEMU ends in every way, or not at all.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

use crate::stage::{Stage, is_running, program, until};

/// A stage on which QEMU is a script of bash.
struct Theatre {
    stage: Stage,
    spec: Value,
}

fn theatre(qemu: &str) -> Theatre {
    let stage = Stage::new();
    let file = stage.path("qemu");
    fs_err::write(&file, format!("#!{}\n{qemu}\n", program("bash").display())).unwrap();
    fs_err::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    let spec = json!({
        "wfvmSpec": 1, "name": "subject", "builder": "/builder", "kernel": "/kernel", "initramfs": "/initramfs",
        "shell": "/sh", "storeDirectory": "/nix/store", "accelerator": "tcg", "memoryMib": 64,
        "bootTimeoutSeconds": 60, "searchPath": std::env::split_paths(&std::env::var_os("PATH").unwrap()).collect::<Vec<PathBuf>>(),
        "tools": { "qemu": file, "qemuImg": "/qemu-img", "bash": program("bash") },
    });
    Theatre { stage, spec }
}

impl Theatre {
    fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.spec[field] = value.into();
        self
    }

    fn command(&self) -> Command {
        let spec = self.stage.path("spec.json");
        fs_err::write(&spec, self.spec.to_string()).unwrap();
        let top = self.stage.path("top");
        fs_err::create_dir_all(&top).unwrap();
        let mut command = Command::new(self.stage.builder());
        command.args(["linux", "--spec"]).arg(spec).current_dir(&top).env("NIX_BUILD_TOP", &top);
        command.env_remove("NIX_ATTRS_SH_FILE").env_remove("stdenv").env("TMPDIR", self.stage.path("tmp"));
        command
    }

    fn perform(&self) -> (i32, String) {
        let Output { status, stderr, .. } = self.command().output().unwrap();
        // What was made for sockets is gone in any case.
        assert_eq!(fs_err::read_dir(self.stage.path("tmp")).unwrap().count(), 0);
        (status.code().unwrap(), String::from_utf8_lossy(&stderr).into_owned())
    }
}

/// The file of the console, from QEMU's arguments.
const CONSOLE: &str = r"for word; do case $word in file,id=console,path=*) console=${word##*=} ;; esac; done";

#[test]
fn a_qemu_that_fails_is_the_hosts_and_quoted() {
    let (status, said) = theatre("echo no such machine >&2; exit 1").perform();
    assert_eq!(status, 3, "{said}");
    assert!(said.contains("QEMU ended: exit status 1\nno such machine"), "{said}");
}

#[test]
fn a_qemu_that_was_killed_is_the_hosts() {
    let (status, said) = theatre("kill -KILL $$").perform();
    assert_eq!(status, 3, "{said}");
    assert!(said.contains("QEMU ended: signal 9"), "{said}");
}

#[test]
fn a_guest_that_ends_without_a_code_is_told() {
    let (status, said) = theatre("exit 0").perform();
    assert_eq!(status, 4, "{said}");
    assert!(said.contains("error: the guest ended without the builder's exit code"), "{said}");
}

#[test]
fn a_panic_is_told_from_the_console() {
    let panic =
        format!("{CONSOLE}\nprintf '[ 1.0] Kernel panic - not syncing: no init\\r\\n' > \"$console\"");
    let (status, said) = theatre(&panic).perform();
    assert_eq!(status, 4, "{said}");
    assert!(said.contains("error: the guest's kernel panicked: no init\n"), "{said}");
}

#[test]
fn a_guest_that_never_starts_the_builder_ends_with_the_deadlines_attribute() {
    let (status, said) = theatre("exec sleep 1000").with("bootTimeoutSeconds", 1).perform();
    assert_eq!(status, 5, "{said}");
    assert!(said.contains("(`bootTimeoutSeconds`)"), "{said}");
}

#[test]
fn hooks_that_fail_are_named() {
    let (status, said) = theatre("exit 0").with("preVm", "exit 9").perform();
    assert_eq!(status, 2, "{said}");
    assert!(said.contains("error: `preVM` ended with exit status 9"), "{said}");
}

#[test]
fn a_disk_that_is_not_there_is_named() {
    let (status, said) = theatre("exit 0").with("preVm", "diskImage=/nowhere").perform();
    assert_eq!(status, 2, "{said}");
    assert!(said.contains("error: `diskImage`: there is no /nowhere"), "{said}");
}

#[test]
fn options_are_the_words_that_a_shell_makes_of_them() {
    let theatre = theatre(r#"printf '<%s>' "${@: -3}" > words"#)
        .with("qemuOptions", "-name 'a b'")
        .with("preVm", r#"QEMU_OPTS="$QEMU_OPTS \"c  d\"""#);
    theatre.perform();
    assert_eq!(fs_err::read_to_string(theatre.stage.path("top/words")).unwrap(), "<-name><a b><c  d>");
}

#[test]
fn nix_s_own_files_are_given_to_the_guest_under_its_own_names() {
    let theatre = theatre("exit 0");
    fs_err::create_dir_all(theatre.stage.path("top")).unwrap();
    fs_err::write(theatre.stage.path("top/.attr-0"), "text").unwrap();
    let mut command = theatre.command();
    command.env("textPath", theatre.stage.path("top/.attr-0")).output().unwrap();
    let exchange = theatre.stage.path("top/xchg");
    assert_eq!(fs_err::read_to_string(exchange.join(".attr-0")).unwrap(), "text");
    assert_eq!(fs_err::read_to_string(exchange.join(".laid")).unwrap(), ".attr-0");
    let variables = fs_err::read_to_string(exchange.join(".environment")).unwrap();
    assert!(variables.contains("\0textPath=/tmp/.attr-0\0"), "{variables}");
    assert!(variables.contains("NIX_BUILD_TOP=/tmp\0"), "{variables}");
}

#[test]
fn a_signal_leaves_nothing_running() {
    let theatre =
        theatre("echo $$ > qemu.pid; exec sleep 1000").with("preVm", "sleep 1000 & echo $! > hook.pid");
    let mut child = theatre.command().stderr(Stdio::null()).spawn().unwrap();
    let programs = ["qemu", "hook"].map(|name| theatre.stage.pid(&format!("top/{name}.pid")));
    let id = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3));
    for program in programs {
        until(|| !is_running(program), || format!("{program} was left behind"));
    }
    assert_eq!(fs_err::read_dir(theatre.stage.path("tmp")).unwrap().count(), 0);
}
