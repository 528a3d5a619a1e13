//! Drive letters in Windows' order: A: the floppy, C: the system, then the
//! other volumes, CDs before USB sticks. Wine takes each from a link in `dosdevices`.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use fs_err as fs;

use rustix::mount::{UnmountFlags, unmount};

use crate::block::{self, Disk, Kind};
use crate::device_events::{Event, Listener};
use crate::{mounted_devices, panther};

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

/// Volumes with letters, and those whose letter was taken away, which get none by themselves.
static DRIVES: Mutex<Vec<Drive>> = Mutex::new(Vec::new());
static WITHOUT_LETTER: Mutex<Vec<Drive>> = Mutex::new(Vec::new());

/// Gives letters to everything that has none yet, but the system disk and volumes that shall have none. A
/// volume gets the letter that is remembered of it if that is free, and the next one otherwise.
pub(crate) fn assign(
    disks: &[Disk],
    system_disk: Option<&str>,
    known: &[Drive],
    without: &[Drive],
    remembered: &BTreeMap<PathBuf, char>,
) -> Vec<Drive> {
    let taken = |letter: char| known.iter().any(|drive| drive.letter == letter);
    let lettered = |device: &Path| known.iter().chain(without).any(|drive| drive.device == device);
    let own = |device: &Path| remembered.get(device).copied().filter(|letter| !taken(*letter));
    let mut letters =
        ('D'..='Y').filter(|letter| !taken(*letter) && !remembered.values().any(|other| other == letter));
    let mut drives = Vec::new();
    let of_kind = |kind: Kind| disks.iter().filter(move |disk| disk.kind == kind);
    for disk in of_kind(Kind::Floppy).take(1).filter(|disk| !lettered(&disk.device())) {
        drives.push(drive('A', disk.device(), Kind::Floppy));
    }
    for kind in [Kind::Fixed, Kind::Optical, Kind::Removable] {
        for disk in of_kind(kind).filter(|disk| system_disk != Some(disk.name.as_str())) {
            // Windows PE shows the first partition of a stick only.
            let count = if kind == Kind::Fixed { usize::MAX } else { 1 };
            // A blank disk is no volume.
            let blank = kind == Kind::Fixed && disk.partitions.is_empty();
            let volumes = disk.volumes().into_iter().take(if blank { 0 } else { count });
            for device in volumes.filter(|device| !lettered(device)) {
                if let Some(letter) = own(&device).or_else(|| letters.next()) {
                    drives.push(drive(letter, device, kind));
                }
            }
        }
    }
    drives
}

fn drive(letter: char, device: PathBuf, kind: Kind) -> Drive {
    // By the device, since a letter may go to another volume.
    let mount = Path::new("/media").join(device.file_name().unwrap_or_default());
    Drive { letter, device, kind, mount }
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
        link_letter(drive)?;
    }
    known().extend(drives);
    Ok(())
}

fn link_letter(drive: &Drive) -> io::Result<()> {
    let letter = drive.letter.to_ascii_lowercase();
    link(&format!("{letter}:"), &drive.mount)?;
    link(&format!("{letter}::"), &drive.device)
}

fn unlink_letter(letter: char) {
    let letter = letter.to_ascii_lowercase();
    for name in [format!("{letter}:"), format!("{letter}::")] {
        drop(fs::remove_file(Path::new(LINKS).join(name)));
    }
}

/// Takes a volume's letter away; the volume, if it had one. It gets no other until it is given one.
pub(crate) fn take_letter(letter: char) -> Option<Drive> {
    let mut drives = known();
    let index = drives.iter().position(|drive| drive.letter.eq_ignore_ascii_case(&letter))?;
    let drive = drives.remove(index);
    unlink_letter(letter);
    without_letter().push(drive.clone());
    mounted_devices::forget(letter);
    Some(drive)
}

/// Gives a free letter to a volume that has none.
pub(crate) fn give_letter(drive: &Drive, letter: char) -> io::Result<Drive> {
    let drive = Drive { letter: letter.to_ascii_uppercase(), ..drive.clone() };
    // What was taken offline with its letter is mounted again.
    if !mounted(&drive.mount) {
        mount(&drive);
    }
    link_letter(&drive)?;
    without_letter().retain(|other| other.device != drive.device);
    known().push(drive.clone());
    mounted_devices::remember(&block::disks(), std::slice::from_ref(&drive));
    Ok(drive)
}

/// Volumes that have no letter.
pub(crate) fn unlettered() -> Vec<Drive> {
    without_letter().clone()
}

/// Takes a volume offline: what was written is on its device, and nobody has it open.
pub(crate) fn take_offline(drive: &Drive) -> io::Result<()> {
    Ok(unmount(&drive.mount, UnmountFlags::empty())?)
}

fn mounted(directory: &Path) -> bool {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    mounts.lines().any(|line| line.split(' ').nth(1).is_some_and(|at| Path::new(at) == directory))
}

fn known() -> MutexGuard<'static, Vec<Drive>> {
    DRIVES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn without_letter() -> MutexGuard<'static, Vec<Drive>> {
    WITHOUT_LETTER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All drives that have letters.
pub(crate) fn published() -> Vec<Drive> {
    known().clone()
}

fn mount(drive: &Drive) {
    if let Ok(mounted) = block::mount_volume(&drive.device, drive.kind, &drive.mount) {
        mounted.keep();
        panther::info("MOUNT", format!("{}: is {}", drive.letter, drive.device.display()));
    }
}

/// Where a drive's files are, if the letter is in use.
pub(crate) fn root(letter: char) -> Option<PathBuf> {
    if letter.eq_ignore_ascii_case(&'c') {
        return Some(PathBuf::from(crate::boot::SYSTEM_VOLUME));
    }
    known().iter().find(|drive| drive.letter.eq_ignore_ascii_case(&letter)).map(|drive| drive.mount.clone())
}

/// A volume that is gone has no letter any more.
fn forget(device: &Path) {
    let is_it = |drive: &Drive| drive.device == device;
    for gone in published().into_iter().chain(unlettered()).filter(is_it) {
        let _ = unmount(&gone.mount, UnmountFlags::DETACH);
    }
    without_letter().retain(|drive| !is_it(drive));
    for gone in published().into_iter().filter(is_it) {
        unlink_letter(gone.letter);
        known().retain(|drive| *drive != gone);
        panther::info("MOUNT", format!("{}: is gone", gone.letter));
    }
}

/// Gives letters to all volumes of an installed system that have none, and remembers them.
pub(crate) fn complete(system_disk: &str) -> io::Result<Vec<Drive>> {
    let disks = block::disks();
    let remembered = mounted_devices::letters(&disks);
    let new = assign(&disks, Some(system_disk), &published(), &unlettered(), &remembered);
    publish(new.clone())?;
    mounted_devices::remember(&disks, &new);
    Ok(new)
}

/// Gives letters to disks that have come.
fn rescan(system_disk: &str) {
    match complete(system_disk) {
        Ok(new) => ask_for_media(&new),
        Err(error) => panther::warning("MOUNT", error),
    }
}

/// No drive says by itself that its medium is another: the kernel shall ask each CD drive, as often as Windows does.
fn ask_for_media(drives: &[Drive]) {
    const MILLISECONDS: &str = "1000";
    for drive in drives.iter().filter(|drive| drive.kind == Kind::Optical) {
        let name = drive.device.file_name().unwrap_or_default().to_string_lossy();
        if let Err(error) = fs::write(format!("/sys/block/{name}/events_poll_msecs"), MILLISECONDS) {
            panther::warning("MOUNT", error);
        }
    }
}

/// Lets go of what was in a drive and mounts what is in it now.
fn change_medium(device: &Path) {
    for drive in published().into_iter().filter(|drive| drive.device == device) {
        panther::info("MOUNT", format!("{}: has another medium, or none", drive.letter));
        let _ = unmount(&drive.mount, UnmountFlags::DETACH);
        mount(&drive);
    }
}

/// Follows what is plugged in and put in: a disk gets the next letter and loses it when it goes, a medium
/// that comes is mounted, one that goes is let go.
pub(crate) fn watch(system_disk: String) -> io::Result<()> {
    // What comes from now on is told, and what was there before is looked for.
    let events = Listener::new()?;
    rescan(&system_disk);
    ask_for_media(&published());
    thread::spawn(move || {
        loop {
            match events.next() {
                Ok(Event::Came) => {}
                Ok(Event::Gone(device)) => forget(&device),
                Ok(Event::MediumChanged(device)) => change_medium(&device),
                Err(error) => return panther::warning("MOUNT", format!("drives are not followed: {error}")),
            }
            rescan(&system_disk);
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{Bus, Partition};

    fn disk(name: &str, kind: Kind, partitions: u32) -> Disk {
        let partitions = (1..=partitions)
            .map(|number| Partition { number, name: format!("{name}{number}"), start_bytes: 0 })
            .collect();
        Disk { name: name.to_owned(), kind, bus: Bus::InBox, place: String::new(), size_bytes: 1, partitions }
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
        let letters: Vec<(char, String)> = assign(&disks, Some("sda"), &[], &[], &BTreeMap::new())
            .into_iter()
            .map(|drive| (drive.letter, drive.device.file_name().unwrap().to_string_lossy().into_owned()))
            .collect();
        let expected = [('A', "fd0"), ('D', "sdc1"), ('E', "sdc2"), ('F', "sr0"), ('G', "sdb1")];
        assert_eq!(letters, expected.map(|(letter, device)| (letter, device.to_owned())));
    }

    #[test]
    fn a_disk_that_comes_later_gets_the_next_letter() {
        let mut disks = vec![disk("sr0", Kind::Optical, 0)];
        let first = assign(&disks, None, &[], &[], &BTreeMap::new());
        disks.insert(0, disk("sdb", Kind::Fixed, 1));
        let second = assign(&disks, None, &first, &[], &BTreeMap::new());
        assert_eq!(second.iter().map(|drive| drive.letter).collect::<String>(), "E");
        assert!(
            assign(&disks, None, &[first.clone(), second.clone()].concat(), &[], &BTreeMap::new()).is_empty()
        );
        assert!(
            assign(&disks, None, &first, &second, &BTreeMap::new()).is_empty(),
            "a letter that was taken away does not return"
        );
    }
    #[test]
    fn a_volume_that_comes_again_has_its_letter_if_that_is_free() {
        let disks = [disk("sdb", Kind::Fixed, 2), disk("sr0", Kind::Optical, 0)];
        let remembered = BTreeMap::from([("/dev/sdb2".into(), 'X'), ("/dev/sr0".into(), 'D')]);
        let letters = |known: &[Drive]| -> String {
            assign(&disks, None, known, &[], &remembered).iter().map(|drive| drive.letter).collect()
        };
        assert_eq!(letters(&[]), "EXD");
        let taken = [drive('X', "/dev/sdc1".into(), Kind::Fixed)];
        assert_eq!(letters(&taken), "EFD");
    }
}
