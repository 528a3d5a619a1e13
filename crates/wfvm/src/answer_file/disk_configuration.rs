//! One wiped disk: the smallest layout that each firmware starts from. No recovery
//! partition, which would stand in the way when the system volume grows.

use super::element::{Element, flag, group, number, text};
use crate::spec::Firmware;

/// What is created, in this order.
struct Partition {
    kind: &'static str,
    /// Absent: the rest of the disk.
    size_mb: Option<u64>,
    /// Absent: the partition cannot be formatted.
    volume: Option<Volume>,
}

struct Volume {
    format: &'static str,
    label: &'static str,
    letter: Option<&'static str>,
    active: bool,
}

const WINDOWS: Partition = Partition {
    kind: "Primary",
    size_mb: None,
    volume: Some(Volume { format: "NTFS", label: "Windows", letter: Some("C"), active: false }),
};

// Sizes: "UEFI/GPT-based hard drive partitions" and "BIOS/MBR-based hard drive partitions".
// 300 MB also suffices where sectors have 4096 bytes.
const UEFI: [Partition; 3] = [
    Partition {
        kind: "EFI",
        size_mb: Some(300),
        volume: Some(Volume { format: "FAT32", label: "System", letter: None, active: false }),
    },
    Partition { kind: "MSR", size_mb: Some(16), volume: None },
    WINDOWS,
];

const BIOS: [Partition; 2] = [
    Partition {
        kind: "Primary",
        size_mb: Some(300),
        volume: Some(Volume { format: "NTFS", label: "System", letter: None, active: true }),
    },
    WINDOWS,
];

fn layout(firmware: Firmware) -> &'static [Partition] {
    match firmware {
        Firmware::Uefi => &UEFI,
        Firmware::Bios => &BIOS,
    }
}

/// The same layout as a script for `diskpart`.
pub(super) fn diskpart(firmware: Firmware, disk_number: u32) -> String {
    let table = match firmware {
        Firmware::Uefi => "gpt",
        Firmware::Bios => "mbr",
    };
    let mut lines = vec![format!("select disk {disk_number}"), "clean".into(), format!("convert {table}")];
    for partition in layout(firmware) {
        let size = partition.size_mb.map_or_else(String::new, |mb| format!(" size={mb}"));
        lines.push(format!("create partition {}{size}", partition.kind.to_lowercase()));
        let Some(volume) = &partition.volume else { continue };
        let format = volume.format.to_lowercase();
        lines.push(format!("format quick fs={format} label=\"{}\"", volume.label));
        // `C` may be taken in Windows PE; the system that starts from it calls it so.
        lines.push(format!("assign letter={}", if volume.letter.is_some() { 'W' } else { 'S' }));
        if volume.active {
            lines.push("active".into());
        }
    }
    lines.push("exit".into());
    lines.into_iter().flat_map(|line| [line, "\r\n".into()]).collect()
}

/// The number of the partition that Windows lies on, counted from 1 with the reserved one.
#[must_use]
pub fn windows_partition(firmware: Firmware) -> u32 {
    match firmware {
        Firmware::Uefi => 3,
        Firmware::Bios => 2,
    }
}

pub(super) fn disk_configuration(firmware: Firmware, disk_number: u32) -> Element {
    let numbered = || (1_u64..).zip(layout(firmware));
    let create: Vec<Element> = numbered().map(|(order, partition)| create(order, partition)).collect();
    let modify: Vec<Element> = numbered()
        .filter_map(|(id, partition)| Some((id, partition.volume.as_ref()?)))
        .zip(1_u64..)
        .map(|((id, volume), order)| modify(order, id, volume))
        .collect();
    let disk = group(
        "Disk",
        [
            number("DiskID", disk_number),
            // The new table is a GPT under UEFI and an MBR under BIOS.
            flag("WillWipeDisk", true),
            group("CreatePartitions", create),
            group("ModifyPartitions", modify),
        ],
    );
    group("DiskConfiguration", [disk.added(), text("WillShowUI", "OnError")])
}

fn create(order: u64, partition: &Partition) -> Element {
    let size = match partition.size_mb {
        Some(size_mb) => number("Size", size_mb),
        None => flag("Extend", true),
    };
    group("CreatePartition", [number("Order", order), text("Type", partition.kind), size]).added()
}

fn modify(order: u64, id: u64, volume: &Volume) -> Element {
    let mut settings = vec![
        number("Order", order),
        number("PartitionID", id),
        text("Format", volume.format),
        text("Label", volume.label),
    ];
    if let Some(letter) = volume.letter {
        settings.push(text("Letter", letter));
    }
    if volume.active {
        settings.push(flag("Active", true));
    }
    group("ModifyPartition", settings).added()
}

pub(super) fn install_to(firmware: Firmware, disk_number: u32) -> Element {
    group("InstallTo", [number("DiskID", disk_number), number("PartitionID", windows_partition(firmware))])
}
