//! `DiskConfiguration`: the plan, then the bytes: partition tables and file systems.

pub(crate) mod plan;
mod table;

use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;

use crate::block::Disk;
use crate::page::Page;
use crate::{child, ioctl, panther, wait};
use plan::{DiskPlan, Firmware, Format, Kind, Partition, Plan, PresentDisk, SECTOR_BYTES};

const BIOS_FILES: &str = "/usr/lib/reference-guest/bios";
const MKNTFS: &str = "/usr/sbin/mkntfs";

/// The partitions that the installation needs, ready to be mounted.
#[derive(Debug)]
pub(crate) struct Volumes {
    pub(crate) windows: PathBuf,
    /// The ESP, or the active partition of a BIOS disk. May be the Windows volume itself.
    pub(crate) system: PathBuf,
    pub(crate) system_format: Format,
    /// For the firmware's boot entry: number, first sector, sectors, GUID of the ESP.
    pub(crate) esp: Option<Esp>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Esp {
    pub(crate) number: u32,
    pub(crate) start_sector: u64,
    pub(crate) sectors: u64,
    pub(crate) guid: [u8; 16],
}

/// What Setup sees of a disk: its size, and whether it has a partition table.
pub(crate) fn present(disk: &Disk) -> PresentDisk {
    let mut sector = [0_u8; 512];
    let read = fs::File::open(disk.device()).and_then(|mut file| file.read_exact(&mut sector));
    let blank = disk.partitions.is_empty() && (read.is_err() || sector.get(510..) != Some(&[0x55, 0xAA]));
    PresentDisk { size_bytes: disk.size_bytes, blank }
}

fn failed(doing: &str, error: &io::Error) -> Page {
    plan::fault(format!("{doing}: {error}"))
}

/// Writes partition tables and file systems.
pub(crate) fn apply(plan: &Plan, firmware: Firmware, disks: &[Disk]) -> Result<Volumes, Page> {
    let mut volumes = None;
    for disk_plan in &plan.disks {
        let Some(disk) = disks.get(disk_plan.disk_id) else { continue };
        let mut disk_plan = disk_plan.clone();
        if firmware == Firmware::Bios {
            activate(&mut disk_plan);
        }
        let is_target = disk_plan.disk_id == plan.target_disk;
        for partition in &mut disk_plan.partitions {
            // Setup formats what it installs to even where the answer file does not say so.
            if is_target && partition.id == plan.target_partition && partition.format != Some(Format::Ntfs) {
                partition.format = Some(Format::Ntfs);
            }
            if partition.kind == Kind::Efi {
                partition.format = Some(Format::Fat32);
            }
        }
        let guids = write(disk, &disk_plan, firmware)?;
        if is_target {
            volumes = Some(find_volumes(disk, &disk_plan, plan.target_partition, &guids)?);
        }
    }
    volumes.ok_or_else(|| plan::fault("L49: there is no partition that Windows could be installed to"))
}

/// What this machine starts by.
pub(crate) fn firmware() -> Firmware {
    if Path::new("/sys/firmware/efi").exists() { Firmware::Uefi } else { Firmware::Bios }
}

/// Writes one disk's table and file systems; the GUIDs of the disk and its partitions.
pub(crate) fn write(disk: &Disk, plan: &DiskPlan, firmware: Firmware) -> Result<Vec<[u8; 16]>, Page> {
    let guids = random_guids(plan.partitions.len() + 1).map_err(|error| failed("random numbers", &error))?;
    write_table(disk, plan, firmware, &guids).map_err(|error| failed("the partition table", &error))?;
    for partition in &plan.partitions {
        format(disk, partition)
            .map_err(|error| failed(&format!("formatting partition {}", partition.id), &error))?;
    }
    Ok(guids)
}

/// A BIOS disk starts from its active partition; without one in the answer file it is the first that has a file system.
fn activate(plan: &mut DiskPlan) {
    if plan.partitions.iter().any(|partition| partition.active) {
        return;
    }
    let formatted = plan
        .partitions
        .iter()
        .position(|partition| partition.kind == Kind::Primary && partition.format.is_some());
    if let Some(partition) = plan.partitions.get_mut(formatted.unwrap_or(0)) {
        partition.active = true;
    }
}

/// What an installation to the partition `target` needs.
pub(crate) fn find_volumes(
    disk: &Disk,
    plan: &DiskPlan,
    target: u32,
    guids: &[[u8; 16]],
) -> Result<Volumes, Page> {
    let missing = || plan::fault("the disk has no system partition");
    let windows = plan.partitions.iter().find(|partition| partition.id == target).ok_or_else(missing)?;
    let system = plan
        .partitions
        .iter()
        .find(|partition| partition.kind == Kind::Efi || partition.active)
        .ok_or_else(missing)?;
    let esp = (system.kind == Kind::Efi).then(|| Esp {
        number: system.device_number,
        start_sector: system.start_sector,
        sectors: system.sectors,
        guid: guids.get(system.device_number as usize).copied().unwrap_or_default(),
    });
    Ok(Volumes {
        windows: disk.partition_device(windows.device_number),
        system: disk.partition_device(system.device_number),
        system_format: if system.kind == Kind::Efi {
            Format::Fat32
        } else {
            system.format.unwrap_or(Format::Ntfs)
        },
        esp,
    })
}

fn random_guids(count: usize) -> io::Result<Vec<[u8; 16]>> {
    let mut source = fs::File::open("/dev/urandom")?;
    (0..count)
        .map(|_| {
            let mut guid = [0_u8; 16];
            source.read_exact(&mut guid)?;
            // Version 4, variant 1 (RFC 9562), in the mixed-endian form of the disk.
            if let Some(byte) = guid.get_mut(7) {
                *byte = (*byte & 0x0F) | 0x40;
            }
            if let Some(byte) = guid.get_mut(8) {
                *byte = (*byte & 0x3F) | 0x80;
            }
            Ok(guid)
        })
        .collect()
}

fn write_table(disk: &Disk, plan: &DiskPlan, firmware: Firmware, guids: &[[u8; 16]]) -> io::Result<()> {
    let guid = |index: usize| guids.get(index).copied().unwrap_or_default();
    let mut writes = match firmware {
        Firmware::Uefi => table::gpt(plan, disk.size_bytes / SECTOR_BYTES, guid),
        Firmware::Bios => {
            let boot_code = fs::read(Path::new(BIOS_FILES).join("boot.img"))?;
            let [a, b, c, d, ..] = guid(0);
            table::mbr(plan, &boot_code, [a, b, c, d])
        }
    };
    if firmware == Firmware::Bios {
        // The boot loader's second part lies between the table and the first partition, at 1 MiB.
        writes.push(table::Write { sector: 1, bytes: fs::read(Path::new(BIOS_FILES).join("core.img"))? });
    }
    let mut device = fs::OpenOptions::new().read(true).write(true).open(disk.device())?;
    for write in &writes {
        device.seek(SeekFrom::Start(write.sector * SECTOR_BYTES))?;
        device.write_all(&write.bytes)?;
    }
    device.sync_all()?;
    ioctl::reread_partitions(device.file())?;
    let wanted: Vec<PathBuf> =
        plan.partitions.iter().map(|partition| disk.partition_device(partition.device_number)).collect();
    wait::until(Duration::from_secs(10), || wanted.iter().all(|device| device.exists()).then_some(()))
        .ok_or_else(|| io::Error::other("the kernel does not show the partitions"))?;
    panther::info(
        "IBSLIB",
        format!("disk {} ({}) has {} partitions", plan.disk_id, disk.name, plan.partitions.len()),
    );
    Ok(())
}

fn format(disk: &Disk, partition: &Partition) -> io::Result<()> {
    let device = disk.partition_device(partition.device_number);
    match partition.format {
        None => Ok(()),
        Some(Format::Fat32) => {
            let volume = fs::OpenOptions::new().read(true).write(true).open(&device)?;
            let mut label = [b' '; 11];
            for (place, byte) in label.iter_mut().zip(partition.label.to_ascii_uppercase().bytes()) {
                *place = byte;
            }
            let options =
                fatfs::FormatVolumeOptions::new().fat_type(fatfs::FatType::Fat32).volume_label(label);
            fatfs::format_volume(&volume, options)
        }
        Some(Format::Ntfs) => {
            let mut arguments = vec!["-Q".to_owned(), "-F".to_owned(), "-q".to_owned()];
            if !partition.label.is_empty() {
                arguments.extend(["-L".to_owned(), partition.label.clone()]);
            }
            arguments.push(device.display().to_string());
            let output = child::run(Path::new(MKNTFS), &arguments)?;
            if output.status.success() {
                return Ok(());
            }
            Err(io::Error::other(format!("mkntfs: {}", String::from_utf8_lossy(&output.stderr).trim())))
        }
    }
}

#[cfg(test)]
mod tests;
