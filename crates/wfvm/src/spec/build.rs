use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Login, Machine, Network, Spec, SpecError, Tools};

/// `wfvm-nix-builder build`: a derivation's builder runs in a guest, and its outputs come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the derivation")]
pub struct Build {
    /// Version of this format: 1.
    pub wfvm_spec: u32,
    /// For messages.
    pub name: String,
    /// The disk image: a qcow2 file, or a directory with `disk-image.qcow2`. It is only read.
    pub image: PathBuf,
    /// What was kept of that image's machine besides the disk: a directory with `uefi-variables.fd` and `tpm`;
    /// absent: `state` in the image's directory, or new.
    #[serde(default)]
    pub state: Option<PathBuf>,
    /// A file with one store path in each line: what the guest finds in its store drive.
    pub closure: PathBuf,
    /// What runs in the guest.
    pub command: Command,
    /// Whether store paths in variables, arguments and scripts become paths of the store drive.
    #[serde(default = "yes")]
    pub translate_paths: bool,
    /// Exit codes that mean success.
    #[serde(default = "zero")]
    pub success_exit_codes: Vec<u32>,
    /// Patterns for executable files below an output; absent: by their names' ends.
    #[serde(default)]
    pub executables: Option<Vec<String>>,
    /// Whether the guest may end the machine instead of its command.
    #[serde(default)]
    pub expect_shutdown: bool,
    /// Under which letters the guest has its drives.
    #[serde(default)]
    pub letters: Letters,
    /// Where the guest's command is to write its outputs.
    #[serde(default)]
    pub output_place: OutputPlace,
    /// Capacity of the exchange drive in MiB.
    #[serde(default = "exchange_mib")]
    pub exchange_mib: u64,
    /// Bash text, run on the host before the machine starts. It may set `diskImage` and `QEMU_OPTS`.
    #[serde(default)]
    pub pre_vm: String,
    /// Bash text, run on the host after a success.
    #[serde(default)]
    pub post_vm: String,
    /// Further words of QEMU's command line, as a shell splits them; `preVm` may change them.
    #[serde(default)]
    pub qemu_opts: String,
    /// Whether the machine has as many CPUs as Nix gives the build (`NIX_BUILD_CORES`), instead of its own number.
    #[serde(default)]
    pub parallel: bool,
    /// Whether the guest's disk is kept beside the evidence of a failure.
    #[serde(default = "yes")]
    pub keep_failed_disk: bool,
    /// What the guest runs on.
    pub machine: Machine,
    /// The account that the command runs as.
    pub login: Login,
    /// What the guest can reach.
    #[serde(default)]
    pub network: Network,
    /// How long each part may take.
    #[serde(default)]
    pub timeouts: BuildTimeouts,
    /// Programs and firmware.
    pub tools: Tools,
}

fn yes() -> bool {
    true
}

fn zero() -> Vec<u32> {
    vec![0]
}

fn exchange_mib() -> u64 {
    16 << 10
}

/// What runs in the guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Command {
    /// The words behind the spec on the command line: the derivation's builder and its arguments, in which
    /// Nix has put the paths of outputs.
    Verbatim,
    /// The text of the derivation's attribute `buildCommand`, by a shell.
    Script {
        /// Which one.
        shell: WindowsShell,
    },
    /// The phases of the derivation's `stdenv`, by MSYS2's bash.
    Phases {
        /// The script that `stdenv` runs: its builder's last argument.
        script: String,
    },
}

/// A guest's shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum WindowsShell {
    /// `cmd.exe`.
    Cmd,
    /// Windows PowerShell 5.1.
    Powershell,
    /// PowerShell 7, which a layer installs.
    Pwsh,
    /// MSYS2's bash, which a layer installs.
    Bash,
}

/// Drive letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Letters {
    /// Of the closure.
    pub store: char,
    /// Of the exchange drive.
    pub exchange: char,
}

impl Default for Letters {
    fn default() -> Self {
        Self { store: 'S', exchange: 'X' }
    }
}

impl Letters {
    pub(super) fn check(self) -> Result<(), SpecError> {
        let wrong = |path, problem: String| Err(SpecError::Value { path, problem });
        let fit = |letter: char| letter.is_ascii_uppercase() && !['A', 'B', 'C'].contains(&letter);
        let Self { store, exchange } = self;
        if !fit(store) {
            return wrong("letters.store", format!("{store:?} is not a drive letter from D to Z"));
        }
        if !fit(exchange) {
            return wrong("letters.exchange", format!("{exchange:?} is not a drive letter from D to Z"));
        }
        if store == exchange {
            return wrong("letters.exchange", format!("{exchange:?} is `letters.store` as well"));
        }
        Ok(())
    }
}

/// Where a command writes its outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OutputPlace {
    /// On the exchange drive, which is FAT32: files below 4 GiB and no links.
    #[default]
    Exchange,
    /// On the guest's system drive, from where they come as a tar stream.
    System,
}

/// Deadlines in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BuildTimeouts {
    /// From QEMU's start to the authenticated session.
    pub boot_seconds: u64,
    /// The command; 0 is no limit, since Nix has its own.
    pub command_seconds: u64,
    /// Until the guest has found its drives, and until it has written everything to them.
    pub drive_seconds: u64,
}

impl Default for BuildTimeouts {
    fn default() -> Self {
        Self { boot_seconds: 1200, command_seconds: 0, drive_seconds: 300 }
    }
}

impl Spec for Build {
    fn check(&self) -> Result<(), SpecError> {
        self.machine.check()?;
        self.tools.check(&self.machine)?;
        self.tools.check_bash()?;
        self.letters.check()?;
        if !(64..=1 << 20).contains(&self.exchange_mib) {
            let problem = format!("{} MiB is not between 64 MiB and 1 TiB", self.exchange_mib);
            return Err(SpecError::Value { path: "exchangeMib", problem });
        }
        self.network.check()
    }
}
