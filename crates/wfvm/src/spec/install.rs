use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AnswerFile, Machine, Spec, SpecError, Tools};

/// `wfvm-nix-builder install`: from an installation medium to an installed disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Install {
    /// Version of this format: 1.
    pub wfvm_spec: u32,
    /// The installation ISO. It is only read.
    pub installation_medium: PathBuf,
    /// Which release the medium should be of; absent: whichever it is.
    #[serde(default)]
    pub guest_os: Option<GuestOsName>,
    /// Which image of the medium is installed; absent: its only one, or that of the edition that
    /// most would take (`Professional`, `Enterprise`, `ServerStandard` with a desktop).
    #[serde(default)]
    pub image: Option<ImageSelection>,
    /// What the guest runs on.
    pub machine: Machine,
    /// Virtual size of the disk in MiB.
    pub disk_mib: u64,
    /// Who divides the disk and applies the image.
    #[serde(default)]
    pub strategy: Strategy,
    /// The medium that carries the answer file.
    #[serde(default)]
    pub answer_medium: AnswerMedium,
    /// What the answer file says.
    pub answer_file: AnswerFile,
    /// An answer file of the user's own, taken as it is instead of `answerFile`. It has to run
    /// `first-logon.cmd` of the answer medium at the first logon, as the product's own file does.
    #[serde(default)]
    pub custom_answer_file: Option<PathBuf>,
    /// Rules of `lint` that the answer file may break, such as `no-install-target`: the others refuse it
    /// before a machine starts, if they are errors.
    #[serde(default)]
    pub allowed_answer_file_rules: Vec<String>,
    /// Files put beside the answer file.
    #[serde(default)]
    pub payload: Vec<PayloadFile>,
    /// The account that commands run as afterwards.
    pub login: Login,
    /// How long each part may take.
    #[serde(default)]
    pub timeouts: InstallTimeouts,
    /// Programs and firmware.
    pub tools: Tools,
}

/// Releases that the product has data for, and families of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GuestOsName {
    /// Windows 10, any from 1809 on.
    #[serde(rename = "windows-10")]
    Windows10,
    /// Windows 10 from 1809 (build 17763) to 22H2 (build 19045).
    #[serde(rename = "windows-10-22h2")]
    Windows10Release22H2,
    /// Windows 11, any.
    #[serde(rename = "windows-11")]
    Windows11,
    /// Windows 11 from its first release (build 22000) to 23H2 (build 22631).
    #[serde(rename = "windows-11-23h2")]
    Windows11Release23H2,
    /// Windows 11 24H2 (build 26100).
    #[serde(rename = "windows-11-24h2")]
    Windows11Release24H2,
    /// Windows 11 25H2 (build 26200).
    #[serde(rename = "windows-11-25h2")]
    Windows11Release25H2,
    /// Windows Server, any of those below.
    WindowsServer,
    /// Windows Server 2019 (build 17763).
    #[serde(rename = "windows-server-2019")]
    WindowsServer2019,
    /// Windows Server 2022 (build 20348).
    #[serde(rename = "windows-server-2022")]
    WindowsServer2022,
    /// Windows Server 2025 (build 26100).
    #[serde(rename = "windows-server-2025")]
    WindowsServer2025,
    /// The licence-free guest that follows Setup's documents.
    ReferenceGuest,
}

impl GuestOsName {
    /// As a spec has it.
    #[must_use]
    pub fn text(self) -> String {
        // A name without fields is a string, and a string is its own text.
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(text)) => text,
            _ => String::new(),
        }
    }
}

/// How an image of the medium is chosen. The answer file names it by its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ImageSelection {
    /// Counted from 1.
    Index(u32),
    /// The exact name, or what Setup shows instead of it.
    Name(String),
    /// The exact description.
    Description(String),
    /// `EDITIONID`, which is the same in every language; a server without a desktop is
    /// `ServerStandardCore`.
    Edition(String),
}

/// Who divides the disk and applies the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Strategy {
    /// Microsoft's Setup, by the whole answer file.
    #[default]
    Setup,
    /// A script in Windows PE, by `diskpart`, `dism` and `bcdboot`; the answer file is for the later
    /// passes alone.
    Apply,
}

/// The medium that carries the answer file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AnswerMedium {
    /// A second CD: any firmware, takes no disk number.
    #[default]
    Iso,
    /// A floppy of 1.44 MB: found before all others.
    Floppy,
    /// A removable USB stick: room for payload, takes a disk number.
    Usb,
}

/// A file put into the root of the answer medium.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PayloadFile {
    /// Its name there.
    pub name: String,
    /// The file.
    pub source: PathBuf,
}

/// An account of the guest that commands run as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Login {
    /// The account's name.
    pub user: String,
    /// Its password. It guards nothing: the guest is reached through a loopback port of its owner.
    #[serde(default)]
    pub password: String,
    /// A file that has the password instead, read when a guest is logged on to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
}

/// Deadlines in seconds. They end what hangs; none of them is ever waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct InstallTimeouts {
    /// From QEMU's start to the firmware's or the loader's first word or read.
    pub firmware_seconds: u64,
    /// The windowsPE pass, up to the reboot.
    pub windows_pe_seconds: u64,
    /// From that reboot to the first logon.
    pub specialize_seconds: u64,
    /// From the first logon to the authenticated session.
    pub first_logon_seconds: u64,
    /// From the order to shut down to the end.
    pub shutdown_seconds: u64,
    /// Without any sign of life (disk, medium, serial line, screen).
    pub stall_seconds: u64,
}

impl Default for InstallTimeouts {
    // For Windows itself under KVM, with a factor of four for a loaded host.
    fn default() -> Self {
        Self {
            firmware_seconds: 120,
            windows_pe_seconds: 3600,
            specialize_seconds: 3600,
            first_logon_seconds: 1800,
            shutdown_seconds: 600,
            stall_seconds: 900,
        }
    }
}

impl Spec for Install {
    fn check(&self) -> Result<(), SpecError> {
        self.machine.check()?;
        self.tools.check(&self.machine)?;
        // 64 TiB is the limit of an NTFS volume with 16 KiB clusters, and of any sane typing error.
        if !(1024..=64 << 20).contains(&self.disk_mib) {
            return Err(SpecError::Value {
                path: "diskMib",
                problem: format!("{} MiB is not between 1 GiB and 64 TiB", self.disk_mib),
            });
        }
        if self.image == Some(ImageSelection::Index(0)) {
            return Err(SpecError::Value {
                path: "image.index",
                problem: "images are counted from 1".into(),
            });
        }
        self.answer_file.check_secrets()?;
        if !self.answer_file.accounts.iter().any(|account| account.name == self.login.user) {
            return Err(SpecError::Value {
                path: "login.user",
                problem: format!("`{}` is none of answerFile.accounts", self.login.user),
            });
        }
        // None would be an empty one, by which Windows lets nobody in from outside.
        if self.login.password.is_empty() && self.login.password_file.is_none() {
            return Err(SpecError::Value {
                path: "login.password",
                problem: "is absent, and so is `login.passwordFile`".into(),
            });
        }
        Ok(())
    }
}
