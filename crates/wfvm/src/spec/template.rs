use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Letters, Login, Machine, Spec, SpecError, Tools};

/// `wfvm-nix-builder template`: an image is booted and frozen, for clones that go on from there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Template {
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
    /// Command lines for the guest before it is frozen, so that what they load is in its memory.
    #[serde(default)]
    pub warm_up: Vec<String>,
    /// Under which letters builds on the template have their drives. One that wants others changes them
    /// when it begins, which takes seconds.
    #[serde(default)]
    pub letters: Letters,
    /// What the guest runs on, and each clone with it.
    pub machine: Machine,
    /// The account that commands run as.
    pub login: Login,
    /// How long each part may take.
    #[serde(default)]
    pub timeouts: TemplateTimeouts,
    /// Programs and firmware.
    pub tools: Tools,
}

/// Deadlines in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TemplateTimeouts {
    /// From QEMU's start to the authenticated session, and the same of the clone that is tried.
    pub boot_seconds: u64,
    /// Each command line of the warm-up.
    pub warm_up_seconds: u64,
    /// Until the guest is idle. One that is not by then is frozen as it is, with a warning.
    pub settle_seconds: u64,
    /// Writing the state of the devices.
    pub freeze_seconds: u64,
}

impl Default for TemplateTimeouts {
    fn default() -> Self {
        Self { boot_seconds: 1200, warm_up_seconds: 600, settle_seconds: 300, freeze_seconds: 300 }
    }
}

impl Spec for Template {
    fn check(&self) -> Result<(), SpecError> {
        self.machine.check()?;
        self.letters.check()?;
        self.tools.check(&self.machine)
    }
}
