use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Login, Machine, Spec, SpecError, Tools};

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
    /// Bash text, run on the host side with `win-exec` and its siblings on PATH.
    pub script: String,
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

/// What the guest can reach. It is closed unless opened here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Network {
    /// Everything that the host reaches, the host itself included.
    pub open: bool,
    /// Single openings.
    pub forwards: Vec<Forward>,
}

/// The guest connects to `listenAddress:port` and reaches `targetAddress:port`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Forward {
    /// An address of the guest's own network.
    pub listen_address: std::net::Ipv4Addr,
    /// A name or address that the host reaches.
    pub target_address: String,
    /// The TCP port on both sides.
    pub port: u16,
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
        if self.tools.bash.is_none() {
            return Err(SpecError::Value {
                path: "tools.bash",
                problem: "is absent, and the script needs it".into(),
            });
        }
        Ok(())
    }
}
