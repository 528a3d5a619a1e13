//! Disks, drives and their partitions as sysfs shows them, and how Windows would call them.

use std::path::{Path, PathBuf};

use fs_err as fs;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

const SECTOR_BYTES: u64 = 512;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Fixed,
    Removable,
    Optical,
    Floppy,
}

impl Kind {
    /// The digit of `GetDriveType`.
    pub(crate) fn drive_type(self) -> char {
        match self {
            Self::Removable | Self::Floppy => '2',
            Self::Fixed => '3',
            Self::Optical => '5',
        }
    }
}

/// A whole disk or drive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Disk {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) bus: Bus,
    /// Where it is attached, which stays the same from one start to the next.
    pub(crate) place: String,
    pub(crate) size_bytes: u64,
    pub(crate) partitions: Vec<Partition>,
}

/// How a disk is attached, in the order in which Windows PE gives disk numbers:
/// controllers with a driver in the box first, then USB, then virtio, whose driver is loaded later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Bus {
    InBox,
    Usb,
    Virtio,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Partition {
    pub(crate) number: u32,
    pub(crate) name: String,
    /// Where it begins on its disk.
    pub(crate) start_bytes: u64,
}

impl Disk {
    pub(crate) fn device(&self) -> PathBuf {
        Path::new("/dev").join(&self.name)
    }

    /// The device of a partition of this disk, by its number in the table.
    pub(crate) fn partition_device(&self, number: u32) -> PathBuf {
        let between = if self.name.ends_with(|last: char| last.is_ascii_digit()) { "p" } else { "" };
        Path::new("/dev").join(format!("{}{between}{number}", self.name))
    }

    /// Where a file system may lie: the partitions, or the whole medium where there are none.
    pub(crate) fn volumes(&self) -> Vec<PathBuf> {
        if self.partitions.is_empty() {
            return vec![self.device()];
        }
        self.partitions.iter().map(|partition| Path::new("/dev").join(&partition.name)).collect()
    }
}

/// All disks and drives, fixed disks in the order of Windows' numbers.
pub(crate) fn disks() -> Vec<Disk> {
    let mut disks: Vec<Disk> = entries("/sys/block").iter().filter_map(|name| disk(name)).collect();
    disks.sort_by(|a, b| (a.kind, a.bus, a.name.len(), &a.name).cmp(&(b.kind, b.bus, b.name.len(), &b.name)));
    disks
}

/// The disks that have a number in Windows: everything but floppies and CDs.
pub(crate) fn numbered() -> Vec<Disk> {
    let mut disks: Vec<Disk> =
        disks().into_iter().filter(|disk| matches!(disk.kind, Kind::Fixed | Kind::Removable)).collect();
    disks.sort_by(|a, b| (a.bus, a.name.len(), &a.name).cmp(&(b.bus, b.name.len(), &b.name)));
    disks
}

fn disk(name: &str) -> Option<Disk> {
    let base = Path::new("/sys/block").join(name);
    let removable = read(&base.join("removable")) == "1";
    let kind =
        match name {
            _ if name.starts_with("sr") => Kind::Optical,
            _ if name.starts_with("fd") => Kind::Floppy,
            _ if name.starts_with("sd") || name.starts_with("vd") || name.starts_with("nvme") => {
                if removable { Kind::Removable } else { Kind::Fixed }
            }
            _ => return None,
        };
    let real = fs::canonicalize(&base).ok()?.to_string_lossy().into_owned();
    let bus = if real.contains("/usb") {
        Bus::Usb
    } else if real.contains("/virtio") {
        Bus::Virtio
    } else {
        Bus::InBox
    };
    let mut partitions: Vec<Partition> = entries(&base)
        .into_iter()
        .filter_map(|entry| {
            let fact = |name: &str| read(&base.join(&entry).join(name)).parse::<u64>().ok();
            let number = fact("partition")?.try_into().ok()?;
            Some(Partition { number, start_bytes: fact("start")? * SECTOR_BYTES, name: entry })
        })
        .collect();
    partitions.sort_by_key(|partition| partition.number);
    let sectors: u64 = read(&base.join("size")).parse().unwrap_or(0);
    // `…/ata4/host3/target3:0:0/3:0:0:0/block/sr0`: the name at the end is by the order of coming.
    let place = real.rsplit_once("/block/").map_or(real.as_str(), |(place, _)| place).to_owned();
    Some(Disk { name: name.to_owned(), kind, bus, place, size_bytes: sectors * SECTOR_BYTES, partitions })
}

/// The names in a directory, sorted; none if it does not exist.
pub(crate) fn entries(directory: impl Into<PathBuf>) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .map(|entries| {
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
        })
        .unwrap_or_default();
    names.sort();
    names
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).map(|text| text.trim().to_owned()).unwrap_or_default()
}

/// A mounted volume that is unmounted when it is dropped.
#[derive(Debug)]
pub(crate) struct Mounted {
    pub(crate) path: PathBuf,
}

impl Mounted {
    /// Leaves the volume mounted.
    pub(crate) fn keep(self) -> PathBuf {
        let path = self.path.clone();
        std::mem::forget(self);
        path
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // A lazy unmount cannot fail for a reader that is still there.
        let _ = unmount(&self.path, UnmountFlags::DETACH);
    }
}

/// Mounts a volume for programs: disks and sticks for writing where they allow it.
pub(crate) fn mount_volume(device: &Path, kind: Kind, at: &Path) -> std::io::Result<Mounted> {
    fs::create_dir_all(at)?;
    if matches!(kind, Kind::Fixed | Kind::Removable) {
        for file_system in ["vfat", "ntfs3"] {
            if mount(device, at, file_system, MountFlags::NOATIME, None).is_ok() {
                return Ok(Mounted { path: at.to_owned() });
            }
        }
    }
    mount_medium(device, kind, at)
}

/// Mounts a medium read-only by the file systems that Windows would try on it.
pub(crate) fn mount_medium(device: &Path, kind: Kind, at: &Path) -> std::io::Result<Mounted> {
    fs::create_dir_all(at)?;
    let (file_systems, flags): (&[&str], _) = match kind {
        Kind::Optical => (&["udf", "iso9660"], MountFlags::RDONLY),
        Kind::Floppy | Kind::Removable | Kind::Fixed => (&["vfat", "ntfs3"], MountFlags::RDONLY),
    };
    let mut failure = std::io::Error::from(std::io::ErrorKind::NotFound);
    for file_system in file_systems {
        // The first access to a drive after a change of medium fails with "medium changed": ask twice.
        for _ in 0..2 {
            match mount(device, at, *file_system, flags, None) {
                Ok(()) => return Ok(Mounted { path: at.to_owned() }),
                Err(error) => failure = error.into(),
            }
        }
    }
    Err(failure)
}
