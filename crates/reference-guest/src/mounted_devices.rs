//! Which letter a volume had before, as Windows' `HKLM\SYSTEM\MountedDevices` keeps it: a partition is known by
//! its disk's signature and its beginning, a drive by where it is attached. Kept in a file, since letters
//! are wanted before there is a registry.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::block::{Disk, Kind};
use crate::boot::SYSTEM_VOLUME;
use crate::drive_letters::Drive;
use crate::image::apply::CONFIG;
use crate::panther;

const FILE: &str = "mounted-devices";
/// Of the table of partitions in the first sector.
const SIGNATURE_OFFSET: u64 = 440;

/// Letters with the volumes that they were of.
#[derive(Debug, Default, PartialEq, Eq)]
struct Letters(BTreeMap<char, String>);

impl Letters {
    fn parse(text: &str) -> Self {
        let lines = text.lines().filter_map(|line| line.split_once('='));
        Self(lines.filter_map(|(letter, volume)| Some((letter.parse().ok()?, volume.to_owned()))).collect())
    }

    fn text(&self) -> String {
        let lines: Vec<String> =
            self.0.iter().map(|(letter, volume)| format!("{letter}={volume}\n")).collect();
        lines.concat()
    }

    /// A volume has one letter, and a letter is of one volume.
    fn set(&mut self, letter: char, volume: &str) {
        self.0.retain(|_, other| other != volume);
        self.0.insert(letter, volume.to_owned());
    }

    fn of(&self, volume: &str) -> Option<char> {
        self.0.iter().find(|(_, other)| *other == volume).map(|(letter, _)| *letter)
    }
}

fn file() -> PathBuf {
    Path::new(SYSTEM_VOLUME).join(CONFIG).join(FILE)
}

fn load() -> Letters {
    fs::read_to_string(file()).map(|text| Letters::parse(&text)).unwrap_or_default()
}

/// Changes what is kept, if the change is one.
fn change(how: impl FnOnce(&mut Letters)) {
    let mut letters = load();
    let before = letters.text();
    how(&mut letters);
    let after = letters.text();
    if after != before
        && let Err(error) = fs::write(file(), after)
    {
        panther::warning("MOUNT", error);
    }
}

/// The letters that volumes of these disks had, by their devices.
pub(crate) fn letters(disks: &[Disk]) -> BTreeMap<PathBuf, char> {
    let letters = load();
    volumes(disks).filter_map(|(device, volume)| Some((device, letters.of(&volume)?))).collect()
}

/// Keeps the letters of drives.
pub(crate) fn remember(disks: &[Disk], drives: &[Drive]) {
    change(|letters| {
        for (device, volume) in volumes(disks) {
            if let Some(drive) = drives.iter().find(|drive| drive.device == device) {
                letters.set(drive.letter, &volume);
            }
        }
    });
}

/// Keeps nothing of a letter.
pub(crate) fn forget(letter: char) {
    change(|letters| drop(letters.0.remove(&letter.to_ascii_uppercase())));
}

/// Each volume's device with what it is known by; what is removable has nothing.
fn volumes(disks: &[Disk]) -> impl Iterator<Item = (PathBuf, String)> {
    disks.iter().flat_map(|disk| -> Vec<(PathBuf, String)> {
        match disk.kind {
            Kind::Optical => vec![(disk.device(), disk.place.clone())],
            Kind::Fixed => match signature(&disk.device()) {
                Ok(signature) if signature != 0 => disk
                    .partitions
                    .iter()
                    .map(|partition| {
                        let device = Path::new("/dev").join(&partition.name);
                        (device, format!("{signature:08x}@{}", partition.start_bytes))
                    })
                    .collect(),
                _ => Vec::new(),
            },
            Kind::Removable | Kind::Floppy => Vec::new(),
        }
    })
}

fn signature(disk: &Path) -> io::Result<u32> {
    let mut bytes = [0; 4];
    fs::File::open(disk)?.file().read_exact_at(&mut bytes, SIGNATURE_OFFSET)?;
    Ok(u32::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_has_one_letter_and_a_letter_one_volume() {
        let mut letters = Letters::parse("D=00000001@1048576\nnoise\n=x\nE=/devices/ata4/host3\n");
        assert_eq!(letters.of("/devices/ata4/host3"), Some('E'));
        letters.set('X', "00000001@1048576");
        letters.set('E', "other");
        assert_eq!(letters.text(), "E=other\nX=00000001@1048576\n");
        assert_eq!(letters.of("/devices/ata4/host3"), None);
        assert_eq!(Letters::parse(&letters.text()), letters);
    }
}
