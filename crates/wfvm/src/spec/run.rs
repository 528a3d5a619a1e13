use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Login, Machine, Network, Spec, SpecError, Tools};

/// More have no room on the hosts that one has.
const MOST_MACHINES: u32 = 64;

/// `wfvm-nix-builder run`: a script beside a running guest whose disk is thrown away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Run {
    /// Version of this format: 1.
    pub wfvm_spec: u32,
    /// For messages.
    pub name: String,
    /// The disk image, qcow2. It is only read.
    pub image: PathBuf,
    /// What was kept of that image's machine besides the disk: a directory with `uefi-variables.fd` and `tpm`;
    /// absent: `state` in the image's directory, or new.
    #[serde(default)]
    pub state: Option<PathBuf>,
    /// Bash text, run on the host side with `win-exec` and its siblings on PATH.
    pub script: String,
    /// How many guests of the image there are, side by side: 1 to 64. The script's programs reach another one
    /// than the first by `--machine`.
    #[serde(default = "one")]
    pub machines: u32,
    /// What the guest runs on.
    pub machine: Machine,
    /// The account that commands run as.
    pub login: Login,
    /// What the guest can reach.
    #[serde(default)]
    pub network: Network,
    /// Whether a window shows the guest's screen.
    #[serde(default)]
    pub display: bool,
    /// How long each part may take.
    #[serde(default)]
    pub timeouts: RunTimeouts,
    /// Programs and firmware.
    pub tools: Tools,
}

fn one() -> u32 {
    1
}

/// Deadlines in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RunTimeouts {
    /// From QEMU's start to the authenticated session.
    pub boot_seconds: u64,
    /// The script; 0 is no limit, for interactive use.
    pub script_seconds: u64,
}

impl Default for RunTimeouts {
    fn default() -> Self {
        Self { boot_seconds: 1200, script_seconds: 0 }
    }
}

impl Spec for Run {
    fn check(&self) -> Result<(), SpecError> {
        self.machine.check()?;
        self.tools.check(&self.machine)?;
        self.tools.check_bash()?;
        self.network.check()?;
        if !(1..=MOST_MACHINES).contains(&self.machines) {
            let problem = format!("{} guests; 1 to {MOST_MACHINES} are possible", self.machines);
            return Err(SpecError::Value { path: "machines", problem });
        }
        if self.machines > 1 && self.network.ssh_port.is_some() {
            let problem = "one port of the host cannot lead to several guests".into();
            return Err(SpecError::Value { path: "network.sshPort", problem });
        }
        Ok(())
    }
}
