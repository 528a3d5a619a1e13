//! What every test here needs: the medium, the tools, a spec, and places to write to.

use std::{
    path::{Path, PathBuf},
    process::ExitStatus,
};

use wfvm::{
    freeze::{self, FreezeFailure},
    install::{self, InstallFailure, Places},
    layer::{self, LayerFailure},
    machine::{Display, Made},
    progress::{Progress, Reader},
    run::{self, RunFailure},
    script::Surroundings,
    spec::{
        Accelerator, Account, AnswerFile, AnswerMedium, DiskBus, Firmware, GuestOsName, ImageSelection,
        Install, InstallTimeouts, Layer, LayerTimeouts, Letters, Login, Machine, Network, NetworkCard, Run,
        RunTimeouts, Settings, Strategy, Template, TemplateTimeouts, Tools,
    },
};

/// Asks a guest for what is in a template's memory alone, in a hive that Windows never writes.
pub(crate) const NONCE: &str = r"win-exec 'reg query HKLM\HARDWARE\DESCRIPTION\System /v WfvmTemplate'";

/// A place of one test's own, which goes away with it.
pub(crate) struct Laboratory {
    directory: tempfile::TempDir,
}

#[expect(clippy::disallowed_methods, reason = "scripts/test names the medium and the tools by variables")]
pub(crate) fn given(variable: &str) -> PathBuf {
    let Some(path) = std::env::var_os(variable) else {
        panic!("{variable} is not set: `scripts/test 5` sets it and runs these tests")
    };
    path.into()
}

impl Laboratory {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Installs; the disk on success.
    pub(crate) fn install(&self, spec: &Install) -> Result<PathBuf, Box<InstallFailure>> {
        let (out, scratch, evidence) = (self.path("disk.qcow2"), self.path("m"), self.path("evidence"));
        fs_err::create_dir(&scratch).unwrap();
        let disk_reader = builder();
        let places = Places {
            out: Made { disk: &out, state: Some(&out.with_extension("state")) },
            scratch: &scratch,
            evidence: &evidence,
            builder: &disk_reader,
            display: Display::None,
        };
        let outcome = runtime().block_on(install::install(spec, places, &Progress::new(Reader::Lines)));
        assert_eq!(out.exists(), outcome.is_ok(), "there is a disk exactly if the installation succeeded");
        assert!(!self.path("disk.qcow2.unfinished").exists(), "nothing unfinished is left");
        if outcome.is_ok() && spec.machine.firmware == Firmware::Uefi {
            let variables = fs_err::read(out.with_extension("state").join("uefi-variables.fd")).unwrap();
            let entry: Vec<u8> = "Windows Boot Manager".encode_utf16().flat_map(u16::to_le_bytes).collect();
            assert!(variables.windows(entry.len()).any(|here| here == entry), "the boot entry is kept");
        }
        outcome.map(|()| out)
    }

    /// Runs a script beside an installed image.
    pub(crate) fn run(
        &self,
        image: &Path,
        firmware: Firmware,
        script: &str,
    ) -> Result<ExitStatus, Box<RunFailure>> {
        self.perform(&Run { image: image.into(), machine: machine(firmware), ..self.run_spec(script) })
    }

    /// A run of the guest that was installed for all tests.
    pub(crate) fn run_spec(&self, script: &str) -> Run {
        Run {
            machines: 1,
            wfvm_spec: 1,
            name: "test".into(),
            image: given("WFVM_TEST_IMAGE"),
            state: None,
            script: format!("cd {}\n{script}", self.directory.path().display()),
            machine: machine(Firmware::Uefi),
            login: login(),
            network: Network::default(),
            display: false,
            timeouts: RunTimeouts::default(),
            tools: tools(),
        }
    }

    /// A layer on the guest that was installed for all tests, by the old rule.
    pub(crate) fn layer_spec(&self, script: &str) -> Layer {
        let run = self.run_spec(script);
        Layer {
            wfvm_spec: run.wfvm_spec,
            name: run.name,
            parent: run.image,
            state: None,
            script: run.script,
            strict: false,
            search_path: Vec::new(),
            compact: false,
            machine: run.machine,
            login: run.login,
            network: run.network,
            timeouts: LayerTimeouts::default(),
            tools: run.tools,
        }
    }

    /// Builds a layer; the image on success.
    pub(crate) fn layer(&self, name: &str, spec: &Layer) -> Result<PathBuf, Box<LayerFailure>> {
        let (out, scratch, evidence) = (self.path(name), self.path("m"), self.path("evidence"));
        let _ = fs_err::remove_dir_all(&scratch);
        fs_err::create_dir(&scratch).unwrap();
        let around = self.around(&scratch, &evidence);
        let made = Made { disk: &out, state: Some(&out.with_extension("state")) };
        let outcome = runtime().block_on(layer::layer(spec, made, &around, &Progress::new(Reader::Lines)));
        assert_eq!(out.exists(), outcome.is_ok(), "there is an image exactly if the layer went well");
        assert!(!self.path(&format!("{name}.unfinished")).exists(), "nothing unfinished is left");
        outcome.map(|_| out)
    }

    /// Freezes what the run would start; the template on success.
    pub(crate) fn freeze(&self, run: &Run, warm_up: &[String]) -> Result<PathBuf, Box<FreezeFailure>> {
        let (out, scratch, evidence) = (self.path("template"), self.path("f"), self.path("evidence"));
        fs_err::create_dir(&scratch).unwrap();
        let spec = Template {
            wfvm_spec: run.wfvm_spec,
            name: run.name.clone(),
            image: run.image.clone(),
            state: run.state.clone(),
            warm_up: warm_up.into(),
            letters: Letters::default(),
            machine: run.machine.clone(),
            login: run.login.clone(),
            timeouts: TemplateTimeouts::default(),
            tools: run.tools.clone(),
        };
        let around = self.around(&scratch, &evidence);
        runtime().block_on(freeze::freeze(&spec, &out, &around, &Progress::new(Reader::Lines)))?;
        Ok(out)
    }

    fn around<'a>(&self, scratch: &'a Path, evidence: &'a Path) -> Surroundings<'a> {
        Surroundings {
            scratch,
            evidence,
            programs: self.programs(),
            builder: builder(),
            path: path_variable(),
            display: Display::None,
        }
    }

    /// `win-exec` and its siblings.
    pub(crate) fn programs(&self) -> PathBuf {
        let programs = self.path("programs");
        if !programs.exists() {
            fs_err::create_dir(&programs).unwrap();
            for name in ["win-exec", "win-put", "win-get", "win-wait", "win-restart"] {
                std::os::unix::fs::symlink(builder(), programs.join(name)).unwrap();
            }
        }
        programs
    }

    pub(crate) fn perform(&self, spec: &Run) -> Result<ExitStatus, Box<RunFailure>> {
        let (scratch, evidence) = (self.path("r"), self.path("evidence"));
        let _ = fs_err::remove_dir_all(&scratch);
        fs_err::create_dir(&scratch).unwrap();
        let around = self.around(&scratch, &evidence);
        let ended = runtime().block_on(run::run(spec, &around, &Progress::new(Reader::Lines)));
        ended.map(|ended| ended.status)
    }
}

#[expect(clippy::disallowed_methods, reason = "the script gets the caller's PATH, as in the binary")]
pub(crate) fn path_variable() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// A port that nobody has, most likely.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The real binary, which lies two directories above a test's own executable.
pub(crate) fn builder() -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let binary = this.parent().and_then(Path::parent).unwrap().join("wfvm-nix-builder");
    assert!(binary.exists(), "{} is missing: `cargo build -p wfvm-nix-builder`", binary.display());
    binary
}

pub(crate) fn tools() -> Tools {
    let tools = given("WFVM_TEST_TOOLS");
    Tools {
        qemu: tools.join("bin/qemu-system-x86_64"),
        qemu_img: tools.join("bin/qemu-img"),
        ovmf_code: Some(tools.join("FV/OVMF_CODE.fd")),
        ovmf_vars: Some(tools.join("FV/OVMF_VARS.fd")),
        swtpm: None,
        tesseract: Some(tools.join("bin/tesseract")),
        bash: Some(tools.join("bin/bash")),
    }
}

fn login() -> Login {
    Login { user: "wfvm".into(), password: "1234".into(), password_file: None }
}

pub(crate) fn machine(firmware: Firmware) -> Machine {
    Machine {
        firmware,
        accelerator: Accelerator::Tcg,
        cores: 2,
        memory_mib: 1536,
        disk_bus: DiskBus::Sata,
        network_card: NetworkCard::E1000e,
        secure_boot: false,
        tpm: false,
        rtc_base: "2025-01-01T00:00:00".into(),
        cpu_model: None,
        extra_qemu_flags: Vec::new(),
    }
}

/// An installation that succeeds.
pub(crate) fn spec(firmware: Firmware, answer_medium: AnswerMedium) -> Install {
    Install {
        wfvm_spec: 1,
        installation_medium: given("WFVM_TEST_ISO"),
        guest_os: Some(GuestOsName::ReferenceGuest),
        image: Some(ImageSelection::Name("Reference Guest Standard".into())),
        machine: machine(firmware),
        strategy: Strategy::Setup,
        disk_mib: 4096,
        answer_medium,
        answer_file: AnswerFile {
            full_name: "John Doe".into(),
            organization: "KVM Authority".into(),
            product_key: Some("RGSTD-22222-33333-44444-55555".into()),
            ui_language: "en-US".into(),
            input_locale: "en-US".into(),
            user_locale: "en-US".into(),
            system_locale: "en-US".into(),
            time_zone: "UTC".into(),
            computer_name: Some("WFVM-TEST".into()),
            accounts: vec![Account {
                name: "wfvm".into(),
                password: "1234".into(),
                password_file: None,
                description: String::new(),
                display_name: String::new(),
                groups: vec!["Administrators".into()],
            }],
            product_key_file: None,
            administrator_password: None,
            administrator_password_file: None,
            auto_logon: "wfvm".into(),
            specialize_commands: Vec::new(),
            driver_paths: Vec::new(),
            settings: Settings::default(),
        },
        custom_answer_file: None,
        allowed_answer_file_rules: Vec::new(),
        payload: Vec::new(),
        login: login(),
        timeouts: InstallTimeouts { stall_seconds: 240, ..InstallTimeouts::default() },
        tools: tools(),
    }
}
