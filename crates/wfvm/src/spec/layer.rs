use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Login, Machine, Network, Spec, SpecError, Tools};

/// `wfvm-nix-builder layer`: a script beside a running guest whose changes are kept, as an
/// image whose backing file is the parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Layer {
    /// Version of this format: 1.
    pub wfvm_spec: u32,
    /// For messages.
    pub name: String,
    /// The image that the layer is put on, qcow2. It is only read.
    pub parent: PathBuf,
    /// What was kept of that image's machine besides the disk: a directory with `uefi-variables.fd` and `tpm`;
    /// absent: `state` in the image's directory, or new.
    #[serde(default)]
    pub state: Option<PathBuf>,
    /// Bash text, run on the host side with `win-exec` and its siblings on PATH.
    pub script: String,
    /// Whether the first step that fails ends the layer. Otherwise, as in WFVM, each failure is told,
    /// and the script's last status and files that did not get through decide.
    #[serde(default)]
    pub strict: bool,
    /// Directories of programs for the script, in this order.
    #[serde(default)]
    pub search_path: Vec<PathBuf>,
    /// Whether the image is written anew with all its backing files as one compressed file.
    #[serde(default)]
    pub compact: bool,
    /// What the guest runs on.
    pub machine: Machine,
    /// The account that commands run as.
    pub login: Login,
    /// What the guest can reach.
    #[serde(default)]
    pub network: Network,
    /// How long each part may take.
    #[serde(default)]
    pub timeouts: LayerTimeouts,
    /// Programs and firmware.
    pub tools: Tools,
}

/// Deadlines in seconds. They end what hangs; none of them is ever waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LayerTimeouts {
    /// From QEMU's start, or from a restart of the guest, to the authenticated session.
    pub boot_seconds: u64,
    /// The script, restarts included.
    pub script_seconds: u64,
    /// From the order to shut down to the end.
    pub shutdown_seconds: u64,
}

impl Default for LayerTimeouts {
    fn default() -> Self {
        Self { boot_seconds: 1200, script_seconds: 14400, shutdown_seconds: 600 }
    }
}

impl Spec for Layer {
    fn check(&self) -> Result<(), SpecError> {
        self.machine.check()?;
        self.tools.check(&self.machine)?;
        self.tools.check_bash()?;
        self.network.check()
    }
}
