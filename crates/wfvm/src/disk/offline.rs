//! Reads single files from the NTFS volumes of a disk image, of a machine that is
//! off: no mount, no privilege, no second machine. This is how Setup's logs outlive
//! the guest that wrote them.

use std::{
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use imago::{FormatAccess, FormatDriverBuilder as _, PermissiveImplicitOpenGate, file::File, qcow2::Qcow2};
use ntfs::{Ntfs, NtfsFile, NtfsReadSeek as _, indexes::NtfsFileNameIndex};
use serde::{Deserialize, Serialize};

/// Why a disk image could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{image}: {problem}")]
pub struct OfflineError {
    /// The image.
    pub image: String,
    /// What was wrong with it.
    pub problem: String,
}

/// A file that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfflineFile {
    /// Its path, as asked for.
    pub path: String,
    /// Its contents, cut to the limit from the end.
    pub contents: Vec<u8>,
}

/// Partitions looked at: more than Windows makes, fewer than hostile input may claim.
const PARTITIONS: usize = 128;
const SECTOR: u64 = 512;

/// Reads the files `paths` (`\`-free, such as `Windows/Panther/setupact.log`) from
/// whatever NTFS volumes the image has. Missing ones are left out; of each at most the last
/// `limit` bytes come back.
///
/// # Panics
/// The readers of qcow2 and NTFS may panic on damaged images: [`super::read_files_apart`] does not.
///
/// # Errors
/// [`OfflineError`] if the image itself cannot be read.
pub fn read_files(image: &Path, paths: &[&str], limit: u64) -> Result<Vec<OfflineFile>, OfflineError> {
    let failed =
        |error: io::Error| OfflineError { image: image.display().to_string(), problem: error.to_string() };
    let format =
        Qcow2::<File>::builder_path(image).open(PermissiveImplicitOpenGate::default()).map_err(failed)?;
    let mut disk = Disk {
        access: FormatAccess::new(format),
        start: 0,
        position: 0,
        cache: Vec::new(),
        cached: u64::MAX,
    };
    let mut found = Vec::new();
    for start in volumes(&mut disk).map_err(failed)? {
        disk.start = start;
        disk.position = 0;
        disk.cached = u64::MAX;
        // A volume that a killed Setup left half-made is no reason to give up the others.
        let Ok(mut ntfs) = Ntfs::new(&mut disk) else { continue };
        if ntfs.read_upcase_table(&mut disk).is_err() {
            continue;
        }
        for &path in paths {
            if let Ok(Some(contents)) = read_file(&ntfs, &mut disk, path, limit) {
                found.push(OfflineFile { path: path.to_owned(), contents });
            }
        }
    }
    Ok(found)
}

fn read_file(ntfs: &Ntfs, disk: &mut Disk, path: &str, limit: u64) -> ntfs::Result<Option<Vec<u8>>> {
    let mut file: NtfsFile<'_> = ntfs.root_directory(disk)?;
    for name in path.split('/') {
        let index = file.directory_index(disk)?;
        let mut finder = index.finder();
        let Some(entry) = NtfsFileNameIndex::find(&mut finder, ntfs, disk, name) else { return Ok(None) };
        file = entry?.to_file(ntfs, disk)?;
    }
    let Some(data) = file.data(disk, "") else { return Ok(None) };
    let data = data?;
    let attribute = data.to_attribute()?;
    let mut value = attribute.value(disk)?;
    let from = value.len().saturating_sub(limit);
    value.seek(disk, SeekFrom::Start(from))?;
    let mut contents = vec![0; usize::try_from(value.len() - from).unwrap_or_default()];
    value.read_exact(disk, &mut contents)?;
    Ok(Some(contents))
}

/// Where the disk's NTFS volumes start, in bytes, by their boot sectors' OEM name.
fn volumes(disk: &mut Disk) -> io::Result<Vec<u64>> {
    let mut starts = Vec::new();
    let first = disk.bytes(0, SECTOR)?;
    let mut protective = false;
    for entry in 0..4 {
        // MBR: sixteen-byte entries from 0x1be; type at 4, start at 8.
        let at = 0x1be + 16 * entry;
        let (Some(kind), Some(start)) = (first.get(at + 4), little_endian(&first, at + 8, 4)) else { break };
        protective |= *kind == 0xee;
        starts.push(start * SECTOR);
    }
    if protective {
        // GPT (UEFI specification §5.3): header in the second sector; entry table's block at 72,
        // number of entries at 80, size of one at 84; an entry's first block is at 32.
        starts.clear();
        let header = disk.bytes(SECTOR, SECTOR)?;
        let table = little_endian(&header, 72, 8).unwrap_or_default().saturating_mul(SECTOR);
        let count = usize::try_from(little_endian(&header, 80, 4).unwrap_or_default()).unwrap_or_default();
        let size = little_endian(&header, 84, 4).unwrap_or_default().clamp(128, 4096);
        for entry in 0..count.min(PARTITIONS) {
            let bytes = disk.bytes(table.saturating_add(size * entry as u64), 128)?;
            starts.push(little_endian(&bytes, 32, 8).unwrap_or_default().saturating_mul(SECTOR));
        }
    }
    let mut ntfs = Vec::new();
    let size = disk.access.size();
    for start in starts.into_iter().filter(|start| (1..size).contains(start)) {
        if disk.bytes(start, SECTOR)?.get(3..7) == Some(b"NTFS") {
            ntfs.push(start);
        }
    }
    Ok(ntfs)
}

fn little_endian(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(length)?)?;
    Some(bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}

/// A volume of a disk image as a stream that can be read and sought.
struct Disk {
    access: FormatAccess<File>,
    start: u64,
    position: u64,
    cache: Vec<u8>,
    cached: u64,
}

/// What is read at once: NTFS asks in small pieces.
const BLOCK: u64 = 64 << 10;

impl Disk {
    fn bytes(&mut self, at: u64, count: u64) -> io::Result<Vec<u8>> {
        self.start = 0;
        self.position = at;
        self.cached = u64::MAX;
        let mut bytes = vec![0; usize::try_from(count).unwrap_or_default()];
        self.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

impl Read for Disk {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let at = self.start.saturating_add(self.position);
        let size = self.access.size();
        if at >= size {
            return Ok(0);
        }
        let block = at / BLOCK;
        if block != self.cached {
            let length = BLOCK.min(size - block * BLOCK);
            self.cache = vec![0; usize::try_from(length).unwrap_or_default()];
            self.access.read(&mut self.cache[..], block * BLOCK)?;
            self.cached = block;
        }
        let from = usize::try_from(at % BLOCK).unwrap_or_default();
        let rest = self.cache.get(from..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        for (target, byte) in buffer.iter_mut().zip(rest) {
            *target = *byte;
        }
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Disk {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => (self.access.size() - self.start).checked_add_signed(by),
        };
        self.position = position.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}
