//! Drive letters in Windows' order: A: the floppy, C: the system, then the
//! other volumes, CDs before USB sticks. Wine takes each from a link in `dosdevices`.

use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use fs_err as fs;

use crate::block::{self, Disk, Kind};
use crate::{panther, wait};

const LINKS: &str = "/run/dosdevices";
const SERIAL_PORT: &str = "/dev/ttyS0";

/// A letter and the medium behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Drive {
    pub(crate) letter: char,
    pub(crate) device: PathBuf,
    pub(crate) kind: Kind,
    /// Where the medium is mounted while there is one.
    pub(crate) mount: PathBuf,
}

static DRIVES: Mutex<Vec<Drive>> = Mutex::new(Vec::new());

/// Gives letters to everything but the system disk.
pub(crate) fn assign(disks: &[Disk], system_disk: Option<&str>) -> Vec<Drive> {
    let mut letters = 'D'..='Y';
    let mut drives = Vec::new();
    let of_kind = |kind: Kind| disks.iter().filter(move |disk| disk.kind == kind);
    for disk in of_kind(Kind::Floppy).take(1) {
        drives.push(drive('A', disk.device(), Kind::Floppy));
    }
    for kind in [Kind::Fixed, Kind::Optical, Kind::Removable] {
        for disk in of_kind(kind).filter(|disk| system_disk != Some(disk.name.as_str())) {
            // Windows PE shows the first partition of a stick only.
            let count = if kind == Kind::Fixed { usize::MAX } else { 1 };
            // A blank disk is no volume.
            let blank = kind == Kind::Fixed && disk.partitions.is_empty();
            for device in disk.volumes().into_iter().take(if blank { 0 } else { count }) {
                if let Some(letter) = letters.next() {
                    drives.push(drive(letter, device, kind));
                }
            }
        }
    }
    drives
}

fn drive(letter: char, device: PathBuf, kind: Kind) -> Drive {
    Drive { letter, device, kind, mount: Path::new("/media").join(letter.to_ascii_lowercase().to_string()) }
}

/// Gives Wine a place for its letters, with C: and the serial port in it.
pub(crate) fn prepare(system: &Path, prefix: &Path) -> io::Result<()> {
    fs::create_dir_all(LINKS)?;
    link("c:", system)?;
    link("com1", Path::new(SERIAL_PORT))?;
    // NTFS has no names with colons, so the links live in memory.
    let place = prefix.join("dosdevices");
    fs::create_dir_all(&place)?;
    rustix::mount::mount_bind(LINKS, &place)?;
    Ok(())
}

fn link(name: &str, target: &Path) -> io::Result<()> {
    let link = Path::new(LINKS).join(name);
    match fs::remove_file(&link) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    symlink(target, link)
}

/// Mounts what is in the drives and makes their letters known, also to a Wine that runs already.
pub(crate) fn publish(drives: Vec<Drive>) -> io::Result<()> {
    for drive in &drives {
        fs::create_dir_all(&drive.mount)?;
        mount(drive);
        let letter = drive.letter.to_ascii_lowercase();
        link(&format!("{letter}:"), &drive.mount)?;
        link(&format!("{letter}::"), &drive.device)?;
    }
    *DRIVES.lock().unwrap_or_else(PoisonError::into_inner) = drives;
    Ok(())
}

fn mount(drive: &Drive) {
    if let Ok(mounted) = block::mount_medium(&drive.device, drive.kind, &drive.mount) {
        mounted.keep();
        panther::info("MOUNT", format!("{}: is {}", drive.letter, drive.device.display()));
    }
}

/// Where a drive's files are, if the letter is in use.
pub(crate) fn root(letter: char) -> Option<PathBuf> {
    if letter.eq_ignore_ascii_case(&'c') {
        return Some(PathBuf::from(crate::boot::SYSTEM_VOLUME));
    }
    let drives = DRIVES.lock().unwrap_or_else(PoisonError::into_inner);
    drives.iter().find(|drive| drive.letter.eq_ignore_ascii_case(&letter)).map(|drive| drive.mount.clone())
}

/// Follows changes of media in CD drives: a medium that comes is mounted, one that goes is let go.
pub(crate) fn watch() {
    const POLL: Duration = Duration::from_millis(500);
    thread::spawn(|| {
        let optical: Vec<Drive> = {
            let drives = DRIVES.lock().unwrap_or_else(PoisonError::into_inner);
            drives.iter().filter(|drive| drive.kind == Kind::Optical).cloned().collect()
        };
        let mut known: Vec<Option<u64>> = optical.iter().map(medium_size).collect();
        while !optical.is_empty() {
            wait::pause(POLL);
            for (drive, known) in optical.iter().zip(known.iter_mut()) {
                let now = medium_size(drive);
                if now != *known {
                    let _ = rustix::mount::unmount(&drive.mount, rustix::mount::UnmountFlags::DETACH);
                    if now.is_some() {
                        mount(drive);
                    }
                    *known = now;
                }
            }
        }
    });
}

/// The size of the medium in a drive; opening the device is what makes the kernel look.
fn medium_size(drive: &Drive) -> Option<u64> {
    fs::File::open(&drive.device).ok()?;
    let name = drive.device.file_name()?.to_string_lossy().into_owned();
    fs::read_to_string(format!("/sys/block/{name}/size")).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{Bus, Partition};

    fn disk(name: &str, kind: Kind, partitions: u32) -> Disk {
        let partitions = (1..=partitions).map(|number| Partition { number, name: format!("{name}{number}") }).collect();
        Disk { name: name.to_owned(), kind, bus: Bus::InBox, size_bytes: 1, partitions }
    }

    #[test]
    fn letters_follow_windows_order() {
        let disks = [
            disk("sda", Kind::Fixed, 3),
            disk("sdb", Kind::Removable, 2),
            disk("sdc", Kind::Fixed, 2),
            disk("sdd", Kind::Fixed, 0),
            disk("sr0", Kind::Optical, 0),
            disk("fd0", Kind::Floppy, 0),
        ];
        let letters: Vec<(char, String)> = assign(&disks, Some("sda"))
            .into_iter()
            .map(|drive| (drive.letter, drive.device.file_name().unwrap().to_string_lossy().into_owned()))
            .collect();
        let expected = [('A', "fd0"), ('D', "sdc1"), ('E', "sdc2"), ('F', "sr0"), ('G', "sdb1")];
        assert_eq!(letters, expected.map(|(letter, device)| (letter, device.to_owned())));
    }
}
