//! A test's own directory with everything a task needs, and the proof that nothing outlives it.

use std::{
    cell::RefCell,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::json;
use wfvm::{
    install::{self, InstallFailure, Places},
    layer::{self, LayerFailure},
    machine::{Display, Made},
    progress::{Progress, Reader},
    run::{self, RunFailure},
    script::Surroundings,
    spec::{
        Accelerator, Account, AnswerFile, AnswerMedium, DiskBus, Firmware, GuestOsName, ImageSelection,
        Install, InstallTimeouts, Layer, LayerTimeouts, Login, Machine, Network, NetworkCard, Run,
        RunTimeouts, Settings, Strategy, Tools,
    },
};
use wfvm_tests::scenario::{Act, Drives, Manner, OPTION, Scenario, Ssh, Start};

use crate::medium;

pub(crate) const USER: &str = "wfvm";
pub(crate) const PASSWORD: &str = "1234";

/// How long what was ended may take to be gone, on a loaded machine.
const GONE: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

pub(crate) struct Stage {
    directory: tempfile::TempDir,
    /// Programs under this test's own names, beside the real binary.
    programs: RefCell<Option<tempfile::TempDir>>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let stage = Self { directory: tempfile::tempdir().unwrap(), programs: RefCell::default() };
        for directory in ["scratch", "tmp", "guest"] {
            fs_err::create_dir(stage.path(directory)).unwrap();
        }
        // Never opened by the fake.
        for file in ["image.qcow2", "ovmf-code.fd", "ovmf-vars.fd"] {
            fs_err::write(stage.path(file), b"").unwrap();
        }
        stage
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A machine that connects, starts, and does nothing.
    pub(crate) fn scenario(&self, story: &[Act]) -> Scenario {
        Scenario {
            stage: self.directory.path().into(),
            start: Start::Ready,
            manner: Manner::Plain,
            story: story.to_vec(),
            drives: Drives::Moving,
            screen: None,
            ssh: Ssh::Mute,
        }
    }

    fn machine(scenario: &Scenario) -> Machine {
        Machine {
            firmware: Firmware::Uefi,
            accelerator: Accelerator::Tcg,
            cores: 1,
            memory_mib: 512,
            disk_bus: DiskBus::Sata,
            network_card: NetworkCard::E1000e,
            secure_boot: false,
            tpm: false,
            rtc_base: "utc".into(),
            cpu_model: None,
            extra_qemu_flags: vec![OPTION.into(), serde_json::to_string(scenario).unwrap()],
        }
    }

    fn tools(&self) -> Tools {
        Tools {
            qemu: env!("CARGO_BIN_EXE_fake-qemu").into(),
            qemu_img: program("qemu-img"),
            ovmf_code: Some(self.path("ovmf-code.fd")),
            ovmf_vars: Some(self.path("ovmf-vars.fd")),
            swtpm: None,
            tesseract: None,
            bash: Some(program("bash")),
        }
    }

    pub(crate) fn install_spec(&self, scenario: &Scenario) -> Install {
        let custom = self.path("custom.xml");
        fs_err::write(&custom, b"<unattend/>").unwrap();
        Install {
            wfvm_spec: 1,
            installation_medium: medium::iso(self),
            guest_os: Some(GuestOsName::Windows11),
            image: Some(ImageSelection::Index(1)),
            // What Setup needs, although nobody has it here.
            machine: Machine { memory_mib: 2048, ..Self::machine(scenario) },
            strategy: Strategy::Setup,
            disk_mib: 4096,
            answer_medium: AnswerMedium::Iso,
            answer_file: AnswerFile {
                full_name: "a".into(),
                organization: "b".into(),
                product_key: None,
                product_key_file: None,
                ui_language: "en-US".into(),
                input_locale: "en-US".into(),
                user_locale: "en-US".into(),
                system_locale: "en-US".into(),
                time_zone: "UTC".into(),
                computer_name: None,
                accounts: vec![Account {
                    name: USER.into(),
                    password: PASSWORD.into(),
                    password_file: None,
                    description: String::new(),
                    display_name: String::new(),
                    groups: vec!["Administrators".into()],
                }],
                administrator_password: None,
                administrator_password_file: None,
                auto_logon: USER.into(),
                specialize_commands: Vec::new(),
                driver_paths: Vec::new(),
                settings: Settings::default(),
            },
            custom_answer_file: Some(custom),
            // Nobody reads it here.
            allowed_answer_file_rules: vec!["wrong-root".into()],
            payload: Vec::new(),
            login: login(),
            timeouts: InstallTimeouts::default(),
            tools: self.tools(),
        }
    }

    pub(crate) fn run_spec(&self, scenario: &Scenario, script: &str) -> Run {
        Run {
            machines: 1,
            wfvm_spec: 1,
            name: "test".into(),
            image: self.path("image.qcow2"),
            state: None,
            script: script.into(),
            machine: Self::machine(scenario),
            login: login(),
            network: Network::default(),
            display: false,
            timeouts: RunTimeouts::default(),
            tools: self.tools(),
        }
    }

    pub(crate) fn layer_spec(&self, scenario: &Scenario, script: &str) -> Layer {
        let parent = self.path("parent.qcow2");
        let mut qemu_img = Command::new(program("qemu-img"));
        qemu_img.args(["create", "-q", "-f", "qcow2"]).arg(&parent).arg("16M");
        assert!(qemu_img.status().unwrap().success());
        Layer {
            wfvm_spec: 1,
            name: "test".into(),
            parent,
            state: None,
            script: script.into(),
            strict: false,
            search_path: Vec::new(),
            compact: false,
            machine: Self::machine(scenario),
            login: login(),
            network: Network::default(),
            timeouts: LayerTimeouts::default(),
            tools: self.tools(),
        }
    }

    /// Installs in this process. Whatever happens, there is an output exactly if it went well.
    pub(crate) async fn install(&self, spec: &Install) -> Result<(), Box<InstallFailure>> {
        let (out, scratch, evidence) = (self.path("disk.qcow2"), self.path("scratch"), self.path("evidence"));
        let own = self.path("disk-reader");
        let disk_reader = if own.exists() { own } else { self.builder() };
        let places = Places {
            out: Made { disk: &out, state: None },
            scratch: &scratch,
            evidence: &evidence,
            builder: &disk_reader,
            display: Display::None,
        };
        let outcome = install::install(spec, places, &Progress::new(Reader::Lines)).await;
        let_go().await;
        assert_eq!(out.exists(), outcome.is_ok(), "there is an output exactly if the installation went well");
        self.assert_nothing_unfinished();
        outcome
    }

    /// Where a task has its scratch files, and its evidence.
    pub(crate) fn places(&self) -> (PathBuf, PathBuf) {
        (self.path("scratch"), self.path("evidence"))
    }

    pub(crate) fn around<'a>(&self, (scratch, evidence): &'a (PathBuf, PathBuf)) -> Surroundings<'a> {
        let builder = self.builder();
        let programs = builder.parent().unwrap().into();
        Surroundings { scratch, evidence, programs, builder, path: path_variable(), display: Display::None }
    }

    /// Builds a layer in this process. Whatever happens, there is an output exactly if it went well.
    pub(crate) async fn layer(&self, spec: &Layer) -> Result<(), Box<LayerFailure>> {
        let out = self.path("layer.qcow2");
        let places = self.places();
        let around = self.around(&places);
        let outcome =
            layer::layer(spec, Made { disk: &out, state: None }, &around, &Progress::new(Reader::Lines))
                .await;
        let_go().await;
        assert_eq!(out.exists(), outcome.is_ok(), "there is an output exactly if the layer went well");
        self.assert_nothing_unfinished();
        outcome.map(drop)
    }

    /// Runs a script beside the fake, in this process.
    pub(crate) async fn run(&self, spec: &Run) -> Result<std::process::ExitStatus, Box<RunFailure>> {
        let places = self.places();
        fs_err::remove_dir_all(&places.0).unwrap();
        fs_err::create_dir(&places.0).unwrap();
        let around = self.around(&places);
        let outcome = run::run(spec, &around, &Progress::new(Reader::Lines)).await;
        let_go().await;
        outcome.map(|ended| ended.status)
    }

    /// Writes a spec for the real binary.
    pub(crate) fn write_spec(&self, spec: &impl serde::Serialize) -> PathBuf {
        self.write_json(&serde_json::to_value(spec).unwrap())
    }

    pub(crate) fn write_json(&self, spec: &serde_json::Value) -> PathBuf {
        let file = self.path("spec.json");
        fs_err::write(&file, spec.to_string()).unwrap();
        file
    }

    /// A program of this test's own, as a shell script.
    pub(crate) fn write_program(&self, name: &str, script: &str) -> PathBuf {
        let file = self.path(name);
        fs_err::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs_err::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        file
    }

    /// The real binary with its short names beside it.
    pub(crate) fn builder(&self) -> PathBuf {
        let mut programs = self.programs.borrow_mut();
        let directory = programs.get_or_insert_with(|| {
            // On the file system of the binary, so that it is linked and not copied.
            let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
            fs_err::hard_link(builder(), directory.path().join("wfvm-nix-builder")).unwrap();
            for name in ["win-exec", "win-put", "win-get", "win-wait", "win-restart"] {
                std::os::unix::fs::symlink("wfvm-nix-builder", directory.path().join(name)).unwrap();
            }
            directory
        });
        directory.path().join("wfvm-nix-builder")
    }

    /// A command of the real binary, or of one of its short names, in the stage's directory.
    pub(crate) fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.builder().with_file_name(name));
        command.current_dir(self.directory.path()).env("TMPDIR", self.path("tmp"));
        for variable in [
            "WFVM_SOCKET",
            "NIX_BUILD_TOP",
            "NIX_LOG_FD",
            "NIX_ATTRS_JSON_FILE",
            "SSHUSER",
            "WFVM_SSH_USER",
            "WFVM_SSH_PASSWORD_FILE",
            "WFVM_WAIT_SECONDS",
        ] {
            command.env_remove(variable);
        }
        command
    }

    /// Waits for a file that the fake, the server or a script leaves.
    pub(crate) fn await_cue(&self, name: &str) {
        let file = self.path(name);
        until(|| file.exists(), || format!("{name} did not come"));
    }

    /// The process id that a file on the stage tells, as soon as it does.
    pub(crate) fn pid(&self, name: &str) -> u32 {
        let read = || fs_err::read_to_string(self.path(name)).ok()?.trim().parse().ok();
        until(|| read().is_some(), || format!("{name} did not come"));
        read().unwrap()
    }

    pub(crate) fn assert_nothing_unfinished(&self) {
        let names = fs_err::read_dir(self.directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let unfinished: Vec<_> = names.filter(|name| name.to_string_lossy().contains("unfinished")).collect();
        assert!(unfinished.is_empty(), "left behind: {unfinished:?}");
    }

    /// No process knows this stage any more, no socket of it is open, no scratch directory is left.
    pub(crate) fn assert_nothing_left(&self) {
        until(|| self.processes().is_empty(), || format!("processes are left: {:#?}", self.processes()));
        // A process that has ended may not have let go of them yet.
        until(|| self.open_sockets().is_empty(), || format!("sockets are left: {:#?}", self.open_sockets()));
        let left: Vec<PathBuf> =
            fs_err::read_dir(self.path("tmp")).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(left.is_empty(), "scratch directories are left: {left:?}");
        self.assert_nothing_unfinished();
    }

    fn open_sockets(&self) -> Vec<String> {
        let sockets = fs_err::read_to_string("/proc/net/unix").unwrap();
        let stage = self.directory.path().display().to_string();
        sockets.lines().filter(|line| line.contains(&stage)).map(str::to_owned).collect()
    }

    /// Processes other than this one whose words or variables name the stage.
    fn processes(&self) -> Vec<String> {
        let stage = self.directory.path().display().to_string();
        let programs =
            self.programs.borrow().as_ref().map(|directory| directory.path().display().to_string());
        let this = std::process::id().to_string();
        let mut processes = Vec::new();
        for entry in fs_err::read_dir("/proc").unwrap().flatten() {
            let id = entry.file_name().to_string_lossy().into_owned();
            if id == this || !id.bytes().all(|byte| byte.is_ascii_digit()) {
                continue;
            }
            // A process may end while it is looked at.
            let text = |name: &str| fs_err::read(entry.path().join(name)).unwrap_or_default();
            let words = String::from_utf8_lossy(&text("cmdline")).replace('\0', " ");
            let knows = |name: &String| {
                words.contains(name) || String::from_utf8_lossy(&text("environ")).contains(name)
            };
            if knows(&stage) || programs.as_ref().is_some_and(knows) {
                processes.push(format!("{id}: {words}"));
            }
        }
        processes
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // A second panic would hide the first.
        if !std::thread::panicking() {
            self.assert_nothing_left();
        }
    }
}

/// Tasks that were aborted let go of their sockets when the runtime turns.
pub(crate) async fn let_go() {
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
}

fn login() -> Login {
    Login { user: USER.into(), password: PASSWORD.into(), password_file: None }
}

/// Waits for something that has no event, with a bound.
pub(crate) fn until(condition: impl Fn() -> bool, otherwise: impl Fn() -> String) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < GONE, "{}", otherwise());
        std::thread::sleep(LOOK_AGAIN);
    }
}

pub(crate) fn is_running(pid: u32) -> bool {
    // A zombie has ended; who reaps it is its parent's business.
    fs_err::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(") ").next().unwrap_or_default().starts_with('Z'))
}

fn path_variable() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

/// A program of the host, by PATH.
pub(crate) fn program(name: &str) -> PathBuf {
    let path = path_variable();
    let found = std::env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.exists());
    found.unwrap_or_else(|| panic!("`{name}` is needed by this test and not on PATH"))
}

/// The product's binary, in the target directory of this test.
fn builder() -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let found = this.ancestors().skip(1).take(3).map(|directory| directory.join("wfvm-nix-builder"));
    found.into_iter().find(|file| file.is_file()).unwrap_or_else(|| {
        panic!("wfvm-nix-builder is needed by this test: `cargo build --package wfvm-nix-builder` makes it")
    })
}

// What Setup shows from outside, in words that tests put together to stories.

pub(crate) fn com1(line: &str) -> Act {
    Act::Com1(format!("{line}\r\n"))
}

pub(crate) fn medium_started() -> Act {
    com1(
        "\u{1b}[2J\u{1b}[01;01HBdsDxe: starting Boot0001 \"UEFI QEMU DVD-ROM QM00003 \" from PciRoot(0x0)/Pci(0x1F,0x2)",
    )
}

pub(crate) fn disk_started() -> Act {
    com1(
        "BdsDxe: starting Boot0004 \"Windows Boot Manager\" from HD(1,GPT,0)/\\EFI\\Microsoft\\Boot\\bootmgfw.efi",
    )
}

pub(crate) fn reset() -> Act {
    Act::Event { name: "RESET".into(), data: json!({ "guest": true, "reason": "guest-reset" }) }
}

pub(crate) fn shutdown(by_guest: bool) -> Act {
    let reason = if by_guest { "guest-shutdown" } else { "host-signal" };
    Act::Event { name: "SHUTDOWN".into(), data: json!({ "guest": by_guest, "reason": reason }) }
}

pub(crate) fn marker(phase: &str) -> Act {
    com1(&format!("WFVM:phase={phase}"))
}

/// The story of an installation up to the question for a session.
pub(crate) fn installation() -> Vec<Act> {
    vec![
        medium_started(),
        reset(),
        disk_started(),
        marker("specialize"),
        marker("oobeSystem"),
        marker("firstLogon"),
        marker("ready"),
    ]
}
