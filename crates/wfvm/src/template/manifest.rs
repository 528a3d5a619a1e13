//! What a template is, and whether a machine can be one of its clones. Nothing here touches a file.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::HostCpu;
use crate::{
    machine::Acceleration,
    spec::{Accelerator, Machine, Network, Tools},
};

/// The version of the format that this program reads and writes.
pub const VERSION: u32 = 1;

/// `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// [`VERSION`].
    pub wfvm_template: u32,
    /// For messages.
    pub name: String,
    /// The image that was booted; its file.
    pub image: PathBuf,
    /// What belonged to the image's machine besides the disk, if that was kept.
    #[serde(default)]
    pub image_state: Option<PathBuf>,
    /// What it was booted on.
    pub machine: Machine,
    /// How its instructions were run.
    pub acceleration: Acceleration,
    /// The program that wrote the devices' state; no other reads it for sure.
    pub qemu: PathBuf,
    /// What that program says of itself.
    pub qemu_version: String,
    /// OVMF's code, for UEFI.
    pub firmware: Option<PathBuf>,
    /// The host's processor, where the guest has seen it.
    pub host_cpu: Option<HostCpu>,
    /// What stands in `HKLM\HARDWARE\DESCRIPTION\System` of each clone, and of no machine that has booted.
    pub nonce: String,
    /// Length of the memory's file in bytes.
    pub memory_bytes: u64,
    /// Length of the state's file in bytes.
    pub state_bytes: u64,
    /// SHA-256 of the state's file, in hexadecimal digits.
    pub state_sha256: String,
    /// SHA-256 of the file of the memory's checksums.
    pub sums_sha256: String,
}

/// What somebody wants to start.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// What the guest runs on.
    pub machine: &'a Machine,
    /// Programs and firmware.
    pub tools: &'a Tools,
    /// What the guest can reach.
    pub network: &'a Network,
}

/// Why a machine cannot be a clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The spec's field, as in `machine.memoryMib`.
    pub field: String,
    /// The template's value.
    pub template: String,
    /// The one that is wanted.
    pub wanted: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` is {} and the template's is {}", self.field, self.wanted, self.template)
    }
}

/// Fields of a machine that the guest does not know: its clock is set when it wakes, and how its
/// instructions are run is compared by what came of it.
const NOT_HARDWARE: [&str; 2] = ["rtcBase", "accelerator"];

impl Manifest {
    /// All that keeps a machine from being a clone. This host's processor is asked for only where it counts.
    #[must_use]
    pub fn differences(&self, wanted: Wanted<'_>, this_host: impl FnOnce() -> HostCpu) -> Vec<Difference> {
        let mut found = Vec::new();
        let mut differ = |field: &str, template: &Value, wanted: &Value| {
            if template != wanted {
                let (template, wanted) = (template.to_string(), wanted.to_string());
                found.push(Difference { field: field.to_owned(), template, wanted });
            }
        };
        let (ours, theirs) = (fields(&self.machine), fields(wanted.machine));
        for (name, value) in theirs.iter().filter(|(name, _)| !NOT_HARDWARE.contains(&name.as_str())) {
            differ(&format!("machine.{name}"), ours.get(name).unwrap_or(&Value::Null), value);
        }
        let acceleration = match self.acceleration {
            Acceleration::Kvm => "kvm",
            Acceleration::Tcg => "tcg",
        };
        match wanted.machine.accelerator {
            Accelerator::Kvm => differ("machine.accelerator", &acceleration.into(), &"kvm".into()),
            Accelerator::Tcg => differ("machine.accelerator", &acceleration.into(), &"tcg".into()),
            Accelerator::Auto => {}
        }
        // A guest asks for its routes when its network comes up, which was before the freeze.
        differ("network.open", &false.into(), &wanted.network.open.into());
        differ("tools.qemu", &path(&self.qemu), &path(&real(&wanted.tools.qemu)));
        let firmware = wanted.tools.ovmf_code.as_deref().map(real);
        let firmware = firmware.filter(|_| self.firmware.is_some());
        differ("tools.ovmfCode", &optional(self.firmware.as_deref()), &optional(firmware.as_deref()));
        if let Some(cpu) = &self.host_cpu {
            differ("the host's processor", &cpu.to_string().into(), &this_host().to_string().into());
        }
        found
    }
}

fn fields(machine: &Machine) -> Map<String, Value> {
    match serde_json::to_value(machine) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => Map::new(),
    }
}

fn path(path: &Path) -> Value {
    path.to_string_lossy().into_owned().into()
}

fn optional(file: Option<&Path>) -> Value {
    file.map_or(Value::Null, path)
}

/// One program has several names.
#[must_use]
pub fn real(file: &Path) -> PathBuf {
    fs_err::canonicalize(file).unwrap_or_else(|_| file.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn machine() -> Value {
        json!({ "firmware": "uefi", "accelerator": "tcg", "cores": 2, "memoryMib": 2048 })
    }

    fn tools(qemu: &str) -> Tools {
        serde_json::from_value(
            json!({ "qemu": qemu, "qemuImg": "/i", "ovmfCode": "/no/code", "ovmfVars": "/v" }),
        )
        .unwrap()
    }

    fn cpu(model: &str) -> HostCpu {
        HostCpu::parse(&format!("vendor_id\t: V\nmodel\t: {model}\nflags\t: a b\n\nvendor_id : other\n"))
    }

    fn differences(change: impl FnOnce(&mut Value, &mut Tools, &mut Manifest, &mut Network)) -> Vec<String> {
        let (mut wanted, mut programs, mut network) = (machine(), tools("/no/q"), Network::default());
        let mut manifest = Manifest {
            wfvm_template: VERSION,
            name: "t".into(),
            image: "/i".into(),
            image_state: None,
            machine: serde_json::from_value(machine()).unwrap(),
            acceleration: Acceleration::Tcg,
            qemu: "/no/q".into(),
            qemu_version: "10".into(),
            firmware: Some("/no/code".into()),
            host_cpu: None,
            nonce: "n".into(),
            memory_bytes: 2048 << 20,
            state_bytes: 1,
            state_sha256: String::new(),
            sums_sha256: String::new(),
        };
        change(&mut wanted, &mut programs, &mut manifest, &mut network);
        let wanted: Machine = serde_json::from_value(wanted).unwrap();
        let wanted = Wanted { machine: &wanted, tools: &programs, network: &network };
        manifest
            .differences(wanted, || cpu("1"))
            .into_iter()
            .map(|difference| difference.to_string())
            .collect()
    }

    #[test]
    fn the_same_machine_is_a_clone_whatever_its_clock_shows() {
        assert!(differences(|_, _, _, _| {}).is_empty());
        assert!(differences(|machine, _, _, _| machine["rtcBase"] = "localtime".into()).is_empty());
        assert!(differences(|machine, _, _, _| machine["accelerator"] = "auto".into()).is_empty());
    }

    #[test]
    fn every_difference_is_told_at_once() {
        let told = differences(|machine, tools, _, network| {
            machine["memoryMib"] = 4096.into();
            machine["tpm"] = true.into();
            machine["accelerator"] = "kvm".into();
            tools.qemu = "/other/q".into();
            network.open = true;
        });
        assert_eq!(told.len(), 5, "{told:?}");
        assert_eq!(told[0], "`machine.memoryMib` is 4096 and the template's is 2048");
    }

    #[test]
    fn a_processor_counts_only_where_the_guest_has_seen_it() {
        assert!(differences(|_, _, manifest, _| manifest.host_cpu = Some(cpu("1"))).is_empty());
        let told = differences(|_, _, manifest, _| manifest.host_cpu = Some(cpu("2")));
        assert!(told[0].starts_with("`the host's processor`"), "{told:?}");
    }

    #[test]
    fn a_bios_machine_has_no_firmware_that_could_differ() {
        let told = differences(|_, _, manifest, _| manifest.firmware = None);
        assert!(told.is_empty(), "{told:?}");
    }
}
