//! Which of virtio-win's drivers a machine needs, and where they lie on its medium.
//!
//! The medium has `DRIVER/RELEASE/ARCHITECTURE/` (virtio-win-pkg-scripts, `util/filemap.py`).

use crate::spec::{DiskBus, Machine, NetworkCard};

/// The only architecture that there are machines for.
pub const ARCHITECTURE: &str = "amd64";

/// A driver, and the beginning of the names of QEMU's devices that it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Driver {
    /// Its folder on the medium.
    pub folder: &'static str,
    devices: &'static [&'static str],
}

const DRIVERS: [Driver; 10] = [
    Driver { folder: "viostor", devices: &["virtio-blk"] },
    Driver { folder: "vioscsi", devices: &["virtio-scsi"] },
    Driver { folder: "NetKVM", devices: &["virtio-net"] },
    Driver { folder: "vioserial", devices: &["virtio-serial"] },
    Driver { folder: "Balloon", devices: &["virtio-balloon"] },
    Driver { folder: "viorng", devices: &["virtio-rng"] },
    Driver { folder: "viofs", devices: &["vhost-user-fs"] },
    Driver {
        folder: "vioinput",
        devices: &["virtio-keyboard", "virtio-mouse", "virtio-tablet", "virtio-input"],
    },
    Driver { folder: "viogpudo", devices: &["virtio-gpu", "virtio-vga"] },
    Driver { folder: "pvpanic", devices: &["pvpanic"] },
];

/// The drivers of what the machine has: its disk and its card, and devices of `extraQemuFlags`.
#[must_use]
pub fn needed(machine: &Machine) -> Vec<Driver> {
    let mut devices = Vec::new();
    if machine.disk_bus == DiskBus::Virtio {
        devices.push("virtio-blk");
    }
    if machine.network_card == NetworkCard::Virtio {
        devices.push("virtio-net");
    }
    let flags = &machine.extra_qemu_flags;
    let of_the_user = flags.iter().zip(flags.iter().skip(1)).filter(|(flag, _)| *flag == "-device");
    devices.extend(of_the_user.map(|(_, device)| device.as_str()));
    let is_for = |driver: &Driver| {
        devices.iter().any(|device| driver.devices.iter().any(|begin| device.starts_with(begin)))
    };
    DRIVERS.into_iter().filter(is_for).collect()
}

/// Whether a file of a driver's folder is part of the driver: symbols for a debugger are many times as large as all
/// others, and an `.inf` may name any other.
#[must_use]
pub fn is_part(name: &str) -> bool {
    let kind = name.rsplit_once('.').map_or("", |(_, kind)| kind);
    !["pdb", "doc"].iter().any(|other| kind.eq_ignore_ascii_case(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(machine: &Machine) -> Vec<&'static str> {
        needed(machine).into_iter().map(|driver| driver.folder).collect()
    }

    #[test]
    fn a_machine_needs_what_it_has() {
        let mut json = crate::spec::tests::good_install();
        let machine = |json: &serde_json::Value| {
            crate::spec::parse::<crate::spec::Install>(&json.to_string()).unwrap().machine
        };
        assert!(folders(&machine(&json)).is_empty());
        json["machine"]["networkCard"] = "virtio".into();
        assert_eq!(folders(&machine(&json)), ["NetKVM"]);
        json["machine"]["diskBus"] = "virtio".into();
        json["machine"]["extraQemuFlags"] =
            serde_json::json!(["-device", "virtio-rng-pci", "-name", "virtio-balloon", "-device", "nvme"]);
        assert_eq!(folders(&machine(&json)), ["viostor", "NetKVM", "viorng"]);
    }

    #[test]
    fn symbols_are_no_part_of_a_driver() {
        for (name, part) in
            [("viostor.sys", true), ("VIOSTOR.INF", true), ("netkvmco.dll", true), ("viostor.PDB", false)]
        {
            assert_eq!(is_part(name), part, "{name}");
        }
    }
}
