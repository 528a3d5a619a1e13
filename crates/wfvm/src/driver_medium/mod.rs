//! A medium with drivers, as virtio-win comes: an ISO 9660 volume, of which a few folders are read.
//!
//! Its names are those of Joliet or of Rock Ridge, where it has them (virtio-win.spec: `mkisofs -r -iso-level 4`). Like
//! any other medium it is not believed: what it may take to read is bounded.

mod record;

use std::io::{Read, Seek};

use crate::windows_iso::IsoError;
use crate::windows_iso::medium::{BLOCK, Fields as _, Medium};
use record::{Names, Record};

const FIRST_DESCRIPTOR: u64 = 16;
const DESCRIPTORS: u64 = 32;
const ROOT_RECORD: usize = 156;

/// The volume, with its directories still to be read.
pub struct DriverMedium<R> {
    medium: Medium<R>,
    names: Names,
    root: Record,
}

/// What a folder has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// As the medium has it.
    pub name: String,
    /// Whether it is a folder.
    pub is_folder: bool,
    record: Record,
}

impl<R: Read + Seek> DriverMedium<R> {
    /// Finds the volume with the best names.
    ///
    /// # Errors
    /// [`IsoError`] if the file is no ISO 9660 volume, or cannot be read.
    pub fn open(reader: R) -> Result<Self, IsoError> {
        const WHAT: &str = "a volume descriptor";
        let mut medium = Medium::new(reader)?;
        let mut found: Option<(Names, Record)> = None;
        for lba in FIRST_DESCRIPTOR..FIRST_DESCRIPTOR + DESCRIPTORS {
            if medium.bytes() < (lba + 1) * BLOCK {
                break;
            }
            let descriptor = medium.block(WHAT, lba)?;
            if descriptor.piece(1, 5) != b"CD001" || descriptor.byte(0) == 255 {
                break;
            }
            let names = match (descriptor.byte(0), descriptor.piece(88, 3)) {
                (2, b"%/@" | b"%/C" | b"%/E") => Names::Joliet,
                (1, _) => Names::Plain,
                _ => continue,
            };
            let better = found.as_ref().is_none_or(|(known, _)| *known == Names::Plain);
            if let (true, Some((record, _))) =
                (better, Record::parse(descriptor.piece(ROOT_RECORD, 34), names))
            {
                found = Some((names, record));
            }
        }
        let (names, root) = found.ok_or_else(|| IsoError::NotAnIso {
            found: "there is no volume descriptor of ISO 9660 at byte 32768".into(),
        })?;
        Ok(Self { medium, names, root })
    }

    /// What a folder has, by a path such as `viostor/w11/amd64`, in any case; none, if there is no such folder.
    ///
    /// # Errors
    /// [`IsoError`] if the medium is damaged or cannot be read.
    pub fn folder(&mut self, path: &str) -> Result<Option<Vec<Entry>>, IsoError> {
        let mut entries = self.entries(self.root)?;
        for part in path.split('/').filter(|part| !part.is_empty()) {
            let found = entries.iter().find(|entry| entry.is_folder && entry.name.eq_ignore_ascii_case(part));
            let Some(record) = found.map(|entry| entry.record) else { return Ok(None) };
            entries = self.entries(record)?;
        }
        Ok(Some(entries))
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// [`IsoError`] if it lies outside of the medium, is larger than any driver, or cannot be read.
    pub fn read(&mut self, file: &Entry) -> Result<Vec<u8>, IsoError> {
        self.medium.read("a file", file.record.offset(), file.record.bytes)
    }

    fn entries(&mut self, directory: Record) -> Result<Vec<Entry>, IsoError> {
        let bytes = self.medium.read("a directory", directory.offset(), directory.bytes)?;
        let mut entries = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let length = usize::from(bytes.byte(at));
            if length == 0 {
                // A record does not cross a block: the rest of this one is empty.
                at = (at + 1).next_multiple_of(usize::try_from(BLOCK).unwrap_or(usize::MAX));
                continue;
            }
            let damaged = |problem: &str| IsoError::Damaged {
                structure: "a directory",
                offset: directory.offset() + at as u64,
                problem: problem.into(),
            };
            let (record, name) = Record::parse(bytes.piece(at, length), self.names)
                .ok_or_else(|| damaged("one of its records is too short for its name"))?;
            if record.in_pieces {
                return Err(damaged("one of its files lies in several pieces, as only files above 4 GiB do"));
            }
            if let Some(name) = name {
                entries.push(Entry { name, is_folder: record.is_folder, record });
            }
            at += length;
        }
        Ok(entries)
    }
}

#[cfg(test)]
mod tests;
