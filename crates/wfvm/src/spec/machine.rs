use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SpecError;

/// What the guest runs on. The defaults are hardware that Windows has drivers for in the box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Machine {
    /// UEFI (OVMF) or BIOS (SeaBIOS).
    pub firmware: Firmware,
    /// How instructions are run.
    pub accelerator: Accelerator,
    /// Virtual CPUs, in one socket, since client editions use no more than two.
    pub cores: u32,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// The controller of the system disk.
    #[serde(default)]
    pub disk_bus: DiskBus,
    /// The network card.
    #[serde(default)]
    pub network_card: NetworkCard,
    /// Whether the firmware starts only what is signed by a key that its variables name (UEFI).
    #[serde(default)]
    pub secure_boot: bool,
    /// Whether the machine has a TPM 2.0.
    #[serde(default)]
    pub tpm: bool,
    /// QEMU's `-rtc base=`: a UTC time such as `2022-10-10T10:10:10`, `utc` or `localtime`.
    #[serde(default = "utc")]
    pub rtc_base: String,
    /// A CPU model of QEMU's; absent: `host` under KVM, and under TCG `max` without MWAIT.
    #[serde(default)]
    pub cpu_model: Option<String>,
    /// Words added at the end of QEMU's command line.
    #[serde(default)]
    pub extra_qemu_flags: Vec<String>,
}

fn utc() -> String {
    "utc".into()
}

impl Machine {
    pub(super) fn check(&self) -> Result<(), SpecError> {
        if !(1..=255).contains(&self.cores) {
            return Err(SpecError::Value {
                path: "machine.cores",
                problem: format!("{} is not a number of CPUs from 1 to 255", self.cores),
            });
        }
        if self.memory_mib < 256 || self.memory_mib > 4 << 20 {
            return Err(SpecError::Value {
                path: "machine.memoryMib",
                problem: format!("{} MiB is not between 256 MiB and 4 TiB", self.memory_mib),
            });
        }
        if self.firmware == Firmware::Bios && self.secure_boot {
            return Err(SpecError::Value {
                path: "machine.secureBoot",
                problem: "is UEFI's, and `machine.firmware` is `bios`".into(),
            });
        }
        Ok(())
    }
}

/// The firmware that starts the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Firmware {
    /// OVMF, disks with a GPT.
    Uefi,
    /// SeaBIOS, disks with an MBR.
    Bios,
}

/// How the guest's instructions are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Accelerator {
    /// Hardware virtualisation, or a refusal.
    Kvm,
    /// Emulation, some twenty times slower; works everywhere.
    Tcg,
    /// KVM where a probe shows that it runs a guest, else TCG with a warning.
    Auto,
}

/// The controller of the system disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DiskBus {
    /// AHCI: Windows has the driver.
    #[default]
    Sata,
    /// virtio-blk: the answer file must bring the driver.
    Virtio,
}

/// The network card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum NetworkCard {
    /// Intel 82574L: Windows 10 and later have the driver.
    #[default]
    E1000e,
    /// virtio-net: the driver must have been installed.
    Virtio,
}

/// The programs and firmware files that a task starts, as absolute paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tools {
    /// `qemu-system-x86_64`.
    pub qemu: PathBuf,
    /// `qemu-img`.
    pub qemu_img: PathBuf,
    /// OVMF's code; needed for UEFI. For Secure Boot a build that keeps its variables in System Management Mode.
    #[serde(default)]
    pub ovmf_code: Option<PathBuf>,
    /// OVMF's variable store for a new machine; needed for UEFI. For Secure Boot one with keys.
    #[serde(default)]
    pub ovmf_vars: Option<PathBuf>,
    /// `swtpm`; needed for a TPM.
    #[serde(default)]
    pub swtpm: Option<PathBuf>,
    /// `tesseract`, which reads the text of a page that Setup stopped at; absent: the picture alone.
    #[serde(default)]
    pub tesseract: Option<PathBuf>,
    /// `bash`; needed by `run` and `layer`.
    #[serde(default)]
    pub bash: Option<PathBuf>,
}

impl Tools {
    pub(super) fn check(&self, machine: &Machine) -> Result<(), SpecError> {
        let missing = |path, what: &str| {
            Err(SpecError::Value { path, problem: format!("is absent, and {what} needs it") })
        };
        if machine.firmware == Firmware::Uefi && self.ovmf_code.is_none() {
            return missing("tools.ovmfCode", "`machine.firmware = uefi`");
        }
        if machine.firmware == Firmware::Uefi && self.ovmf_vars.is_none() {
            return missing("tools.ovmfVars", "`machine.firmware = uefi`");
        }
        if machine.tpm && self.swtpm.is_none() {
            return missing("tools.swtpm", "`machine.tpm = true`");
        }
        Ok(())
    }

    #[cfg(feature = "script")]
    pub(super) fn check_bash(&self) -> Result<(), SpecError> {
        if self.bash.is_some() {
            return Ok(());
        }
        Err(SpecError::Value { path: "tools.bash", problem: "is absent, and the script needs it".into() })
    }
}
