//! From `DiskConfiguration` and `InstallTo` to partitions with places and sizes; every documented fault stops here,
//! before a byte is written.

use crate::answer_file::{self, Component, Element};
use crate::page::Page;

pub(crate) const SECTOR_BYTES: u64 = 512;
pub(crate) const SECTORS_PER_MIB: u64 = (1 << 20) / SECTOR_BYTES;
// The backup GPT needs 33 sectors; partitions end on whole MiB.
const RESERVED_AT_END: u64 = SECTORS_PER_MIB;
const MBR_PRIMARIES: usize = 4;
// 32-bit sector numbers.
const MBR_LIMIT_SECTORS: u64 = 1 << 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Firmware {
    Bios,
    Uefi,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Primary,
    Efi,
    Extended,
    Logical,
    Msr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Ntfs,
    Fat32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Partition {
    /// Windows' `PartitionID`: the position on the disk, the MSR counted.
    pub(crate) id: u32,
    /// The number that Linux gives the device.
    pub(crate) device_number: u32,
    pub(crate) kind: Kind,
    pub(crate) start_sector: u64,
    pub(crate) sectors: u64,
    pub(crate) format: Option<Format>,
    pub(crate) label: String,
    pub(crate) active: bool,
    pub(crate) type_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DiskPlan {
    pub(crate) disk_id: usize,
    pub(crate) partitions: Vec<Partition>,
}

/// What is to be done to the disks, and where Windows goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) disks: Vec<DiskPlan>,
    pub(crate) target_disk: usize,
    pub(crate) target_partition: u32,
}

/// What Setup sees of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PresentDisk {
    pub(crate) size_bytes: u64,
    pub(crate) blank: bool,
}

pub(crate) fn fault(cause: impl Into<String>) -> Page {
    Page::new(
        "Install Windows",
        "Windows could not apply the unattend answer file's <DiskConfiguration> setting. The partition selected for the installation does not exist or is invalid.",
        cause,
    )
    .from("IBSLIB")
}

fn install_fault(cause: impl Into<String>) -> Page {
    Page::new(
        "Install Windows",
        "Windows could not apply the unattend answer file's <ImageInstall> setting. The partition selected for the installation does not exist or is invalid.",
        cause,
    )
    .from("IBSLIB")
}

pub(crate) fn plan(setup: &Component<'_>, firmware: Firmware, present: &[PresentDisk]) -> Result<Plan, Page> {
    let mut disks = Vec::new();
    for disk in setup.list("DiskConfiguration/Disk") {
        let text = disk.text_at("DiskID").unwrap_or("");
        let disk_id =
            text.parse::<usize>().map_err(|_| fault(format!("L17: a Disk has the DiskID {text:?}")))?;
        let Some(size) = present.get(disk_id) else {
            return Err(fault(format!(
                "L34: DiskID {disk_id} does not exist; there are {} disks, from number 0",
                present.len()
            )));
        };
        if disks.iter().any(|other: &DiskPlan| other.disk_id == disk_id) {
            return Err(fault(format!("L17: two Disk elements have the DiskID {disk_id}")));
        }
        if let Some(plan) = plan_disk(disk, disk_id, firmware, *size)? {
            disks.push(plan);
        }
    }
    let (target_disk, target_partition) = target(setup, &disks, present)?;
    let boots = disks
        .iter()
        .find(|disk| disk.disk_id == target_disk)
        .is_some_and(|disk| disk.partitions.iter().any(|partition| partition.kind == Kind::Efi));
    if firmware == Firmware::Uefi && !boots {
        return Err(fault(
            "L36: this computer starts by UEFI, and the disk has no partition of the type EFI",
        ));
    }
    Ok(Plan { disks, target_disk, target_partition })
}

fn plan_disk(
    disk: &Element,
    disk_id: usize,
    firmware: Firmware,
    present: PresentDisk,
) -> Result<Option<DiskPlan>, Page> {
    let wipe = disk.text_at("WillWipeDisk") == Some("true");
    let mut created = disk.all("CreatePartitions/CreatePartition");
    created.sort_by_key(|item| answer_file::order(item));
    if created.is_empty() {
        return Ok(None);
    }
    if !wipe && !present.blank {
        return Err(fault(format!(
            "L42: disk {disk_id} has no unallocated space, and WillWipeDisk is not true"
        )));
    }
    let mut partitions = place(&created, firmware, present.size_bytes)?;
    let mut modified = disk.all("ModifyPartitions/ModifyPartition");
    modified.sort_by_key(|item| answer_file::order(item));
    let mut letters: Vec<&str> = Vec::new();
    for item in modified {
        modify(item, &mut partitions, firmware)?;
        if let Some(letter) = item.text_at("Letter") {
            if letters.contains(&letter) {
                return Err(fault(format!("L45: the letter {letter} is given twice")));
            }
            letters.push(letter);
        }
    }
    if partitions.iter().filter(|partition| partition.active).count() > 1 {
        return Err(fault("L46: more than one partition is Active"));
    }
    Ok(Some(DiskPlan { disk_id, partitions }))
}

fn kind(item: &Element) -> Kind {
    match item.text_at("Type") {
        Some("EFI") => Kind::Efi,
        Some("MSR") => Kind::Msr,
        Some("Extended") => Kind::Extended,
        Some("Logical") => Kind::Logical,
        _ => Kind::Primary,
    }
}

/// The sector behind the last one that a partition may have, by the kind of table that the firmware wants.
pub(crate) fn end_of_disk(firmware: Firmware, disk_bytes: u64) -> u64 {
    let disk_sectors = disk_bytes / SECTOR_BYTES;
    let limit = if firmware == Firmware::Bios { disk_sectors.min(MBR_LIMIT_SECTORS) } else { disk_sectors };
    (limit / SECTORS_PER_MIB * SECTORS_PER_MIB).saturating_sub(RESERVED_AT_END)
}

fn place(created: &[&Element], firmware: Firmware, disk_bytes: u64) -> Result<Vec<Partition>, Page> {
    let disk_end = end_of_disk(firmware, disk_bytes);
    let mut next = SECTORS_PER_MIB;
    let mut extended: Option<(u64, u64)> = None;
    let mut partitions: Vec<Partition> = Vec::new();
    for (index, item) in created.iter().enumerate() {
        let kind = kind(item);
        let order = answer_file::order(item);
        check_kind(kind, firmware, &partitions, order)?;
        let size = item.text_at("Size").and_then(|text| text.parse::<u64>().ok());
        let extend = item.text_at("Extend") == Some("true");
        let mut start = next;
        let mut end = disk_end;
        if kind == Kind::Logical {
            let (extended_next, extended_end) = extended.ok_or_else(|| {
                fault(format!("L39: partition {order} is Logical, and there is no Extended one before it"))
            })?;
            // The sector before it describes it (EBR); partitions begin on whole MiB.
            start = extended_next + SECTORS_PER_MIB;
            end = extended_end;
        }
        let sectors = match (size, extend) {
            (Some(_), true) => {
                return Err(fault(format!("L40: partition {order} has both Size and Extend=true")));
            }
            (None, false) => {
                return Err(fault(format!("L40: partition {order} has neither Size nor Extend=true")));
            }
            (None, true) if index + 1 < created.len() && kind != Kind::Extended => {
                return Err(fault(format!(
                    "L41: partition {order} takes the rest of the disk, but is not the last"
                )));
            }
            (None, true) => end.saturating_sub(start),
            (Some(mib), false) => mib.saturating_mul(SECTORS_PER_MIB),
        };
        if sectors == 0 || start.saturating_add(sectors) > end {
            let rule = if kind == Kind::Logical { "L39" } else { "L42" };
            return Err(fault(format!(
                "{rule}: partition {order} needs {} MiB, but {} MiB are left",
                sectors / SECTORS_PER_MIB,
                end.saturating_sub(start) / SECTORS_PER_MIB
            )));
        }
        match kind {
            Kind::Logical => extended = extended.map(|(_, end)| (start + sectors, end)),
            Kind::Extended => {
                extended = Some((start, start + sectors));
                next = start + sectors;
            }
            Kind::Primary | Kind::Efi | Kind::Msr => next = start + sectors,
        }
        let of_table = |logical: bool| {
            partitions.iter().filter(|partition| (partition.kind == Kind::Logical) == logical).count()
        };
        let device_number =
            if kind == Kind::Logical { of_table(true) + MBR_PRIMARIES } else { of_table(false) } + 1;
        partitions.push(Partition {
            id: u32::try_from(index).unwrap_or(0) + 1,
            device_number: u32::try_from(device_number).unwrap_or(0),
            kind,
            start_sector: start,
            sectors,
            format: None,
            label: String::new(),
            active: false,
            type_id: None,
        });
    }
    Ok(partitions)
}

fn check_kind(kind: Kind, firmware: Firmware, before: &[Partition], order: u32) -> Result<(), Page> {
    match (kind, firmware) {
        (Kind::Efi | Kind::Msr, Firmware::Bios) => {
            return Err(fault(format!(
                "L36: partition {order} is of a type that only GPT disks have, and this computer starts by BIOS"
            )));
        }
        (Kind::Extended | Kind::Logical, Firmware::Uefi) => {
            return Err(fault(format!(
                "L39: partition {order} is Extended or Logical, which GPT disks do not have"
            )));
        }
        _ => {}
    }
    let in_table = before.iter().filter(|partition| partition.kind != Kind::Logical).count();
    if firmware == Firmware::Bios && kind != Kind::Logical && in_table >= MBR_PRIMARIES {
        return Err(fault(format!("L38: partition {order} would be the fifth primary partition")));
    }
    if kind == Kind::Extended && before.iter().any(|partition| partition.kind == Kind::Extended) {
        return Err(fault(format!("L38: partition {order} would be the second Extended one")));
    }
    Ok(())
}

fn modify(item: &Element, partitions: &mut [Partition], firmware: Firmware) -> Result<(), Page> {
    let text = item.text_at("PartitionID").unwrap_or("");
    let id: u32 =
        text.parse().map_err(|_| fault(format!("L17: a ModifyPartition has the PartitionID {text:?}")))?;
    let Some(partition) = partitions.iter_mut().find(|partition| partition.id == id) else {
        return Err(fault(format!("L33: ModifyPartition names the partition {id}, which does not exist")));
    };
    let names_more =
        item.children.iter().any(|child| !matches!(child.name.as_str(), "Order" | "PartitionID"));
    if names_more && matches!(partition.kind, Kind::Msr | Kind::Extended) {
        return Err(fault(format!("L33: partition {id} is MSR or Extended and cannot be modified")));
    }
    if item.text_at("Extend") == Some("true") && firmware == Firmware::Uefi {
        return Err(fault(format!("L43: partition {id} is on a GPT disk, where Extend is not possible")));
    }
    partition.format = match item.text_at("Format") {
        Some("NTFS") => Some(Format::Ntfs),
        Some("FAT32") => Some(Format::Fat32),
        _ => partition.format,
    };
    if let Some(label) = item.text_at("Label") {
        if item.at("Format").is_none() {
            return Err(fault(format!("L44: partition {id} has a Label without a Format")));
        }
        label.clone_into(&mut partition.label);
    }
    if let Some(letter) = item.text_at("Letter")
        && !matches!(letter.as_bytes(), [b'C'..=b'W' | b'Y' | b'Z'])
    {
        return Err(fault(format!("L45: partition {id} cannot have the letter {letter:?}")));
    }
    if item.text_at("Active") == Some("true") {
        if firmware == Firmware::Uefi {
            return Err(fault(format!("L46: partition {id} is on a GPT disk, where none is Active")));
        }
        partition.active = true;
    }
    partition.type_id = item.text_at("TypeID").map(str::to_owned);
    Ok(())
}

fn target(setup: &Component<'_>, disks: &[DiskPlan], present: &[PresentDisk]) -> Result<(usize, u32), Page> {
    let available = setup.is_true("ImageInstall/OSImage/InstallToAvailablePartition");
    let to = setup.at("ImageInstall/OSImage/InstallTo");
    if available && to.is_some() {
        return Err(install_fault("L31: both InstallTo and InstallToAvailablePartition are set"));
    }
    if let Some(to) = to {
        let number = |name: &str| {
            to.text_at(name)
                .unwrap_or("")
                .parse::<u32>()
                .map_err(|_| install_fault(format!("L33: InstallTo has no {name}")))
        };
        let (disk_id, partition) = (number("DiskID")? as usize, number("PartitionID")?);
        if disk_id >= present.len() {
            return Err(install_fault(format!(
                "L34: InstallTo names disk {disk_id}; there are {} disks, from number 0",
                present.len()
            )));
        }
        let Some(disk) = disks.iter().find(|disk| disk.disk_id == disk_id) else {
            return Err(install_fault(format!(
                "L32: InstallTo names disk {disk_id}, which DiskConfiguration does not partition"
            )));
        };
        return match disk.partitions.iter().find(|one| one.id == partition) {
            Some(one) if matches!(one.kind, Kind::Primary | Kind::Logical) => Ok((disk_id, partition)),
            Some(one) => Err(install_fault(format!(
                "L33: InstallTo names partition {partition}, which is {:?}",
                one.kind
            ))),
            None => Err(install_fault(format!(
                "L33: InstallTo names partition {partition}, but disk {disk_id} has {}",
                disk.partitions.len()
            ))),
        };
    }
    if available {
        let found = disks.iter().find_map(|disk| {
            let fits = |one: &&Partition| {
                matches!(one.kind, Kind::Primary | Kind::Logical) && one.format != Some(Format::Fat32)
            };
            disk.partitions
                .iter()
                .filter(fits)
                .max_by_key(|one| one.sectors)
                .map(|one| (disk.disk_id, one.id))
        });
        return found
            .ok_or_else(|| install_fault("L49: there is no partition that Windows could be installed to"));
    }
    Err(Page::new(
        "Where do you want to install Windows?",
        "Select a partition to continue. Windows Setup waits for a selection.",
        "L30: the answer file has neither InstallTo nor InstallToAvailablePartition",
    )
    .from("IBS"))
}
