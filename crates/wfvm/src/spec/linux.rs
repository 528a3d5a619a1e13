use std::{collections::BTreeMap, path::PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Accelerator, Spec, SpecError, Tools};

/// `wfvm-nix-builder linux`: a derivation's builder in a Linux guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Linux {
    /// Version of this format: 1.
    pub wfvm_spec: u32,
    /// For messages.
    pub name: String,
    /// The program that the guest runs, as the guest sees it.
    pub builder: String,
    /// Its arguments, where the command line has none.
    #[serde(default)]
    pub args: Vec<String>,
    /// Variables of the builder's, in the place of the derivation's of the same name.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Whether a shell takes the builder's place and the terminal is its own.
    #[serde(default)]
    pub interactive: bool,
    /// The kernel, as QEMU's `-kernel` takes it.
    pub kernel: PathBuf,
    /// What `wfvm-nix-builder linux-initramfs` made for it.
    pub initramfs: PathBuf,
    /// The program that the kernel calls for a module that it misses.
    #[serde(default)]
    pub modprobe: Option<PathBuf>,
    /// What `/bin/sh` is where the root is in memory.
    pub shell: PathBuf,
    /// The store, which the guest sees at the same path.
    pub store_directory: PathBuf,
    /// How instructions are run.
    pub accelerator: Accelerator,
    /// Memory in MiB; files of a root in memory are part of it.
    pub memory_mib: u64,
    /// Whether the guest has as many CPUs as the build has cores, and not one.
    #[serde(default)]
    pub parallel: bool,
    /// Words of a shell that end QEMU's command line: what `QEMU_OPTS` is before `preVM`.
    #[serde(default)]
    pub qemu_options: String,
    /// Bash, on the host, before QEMU starts. It may set `diskImage` and `QEMU_OPTS`.
    #[serde(default)]
    pub pre_vm: String,
    /// Bash, on the host, after a builder that ended with 0; in the same shell.
    #[serde(default)]
    pub post_vm: String,
    /// Directories of programs for both.
    #[serde(default)]
    pub search_path: Vec<PathBuf>,
    /// The guest's disk: a file, or a directory with `disk-image.qcow2`. What `diskImage` is before `preVM`.
    #[serde(default)]
    pub disk_image: Option<PathBuf>,
    /// Its format, as QEMU calls it; absent: what `qemu-img` finds.
    #[serde(default)]
    pub disk_image_format: Option<String>,
    /// Whether the guest writes to a new file on top of `diskImage` and not into it.
    #[serde(default)]
    pub overlay: bool,
    /// The device of the root file system, as the guest sees it; absent: a root in memory.
    #[serde(default)]
    pub root_device: Option<String>,
    /// From QEMU's start to the builder's, in seconds; 0 is no limit.
    #[serde(default = "boot_timeout_seconds")]
    pub boot_timeout_seconds: u64,
    /// The builder, in seconds; 0 is no limit.
    #[serde(default)]
    pub timeout_seconds: u64,
    /// Programs.
    pub tools: Tools,
}

fn boot_timeout_seconds() -> u64 {
    LINUX_BOOT_TIMEOUT_SECONDS
}

/// What `bootTimeoutSeconds` is if the spec does not say: a kernel that is translated on a loaded
/// host needs a minute.
pub const LINUX_BOOT_TIMEOUT_SECONDS: u64 = 600;

impl Spec for Linux {
    fn check(&self) -> Result<(), SpecError> {
        let refuse = |path, problem: String| Err(SpecError::Value { path, problem });
        if self.memory_mib < 64 || self.memory_mib > 4 << 20 {
            return refuse("memoryMib", format!("{} MiB is not between 64 MiB and 4 TiB", self.memory_mib));
        }
        if !self.store_directory.is_absolute() {
            return refuse("storeDirectory", format!("{} is not absolute", self.store_directory.display()));
        }
        if self.overlay && self.disk_image.is_none() {
            return refuse("diskImage", "is absent, and `overlay` needs it".into());
        }
        if self.builder.starts_with("builtin:") {
            return refuse("builder", format!("`{}` is a part of Nix and no program", self.builder));
        }
        self.tools.check_bash()
    }
}
