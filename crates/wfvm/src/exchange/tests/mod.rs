//! Volumes that were made, and volumes that were made bad.

mod garbage;
mod hostile;
mod made;

use std::path::PathBuf;

use fs_err::os::unix::fs::FileExt as _;

use super::{
    Damage, Entry, ExchangeError, Kind, Limits, NewEntry, Volume, create,
    geometry::{Geometry, SECTOR},
    names::SLOT,
};

const MIB: u64 = 1 << 20;
/// The least, where a cluster is a sector.
const BYTES: u64 = 64 * MIB;
const CLUSTER: usize = 512;
const LIMITS: Limits = Limits { entries: 10_000, depth: 20 };

/// A volume in a file, of which a test may change any byte.
struct Image {
    directory: tempfile::TempDir,
}

impl Image {
    fn new(entries: &[NewEntry]) -> Self {
        let image = Self { directory: tempfile::tempdir().unwrap() };
        create(&image.path(), BYTES, "WFVM_XCHG", entries).unwrap();
        image
    }

    /// Directories and files of more than a cluster.
    fn usual() -> Self {
        let mut entries = vec![
            NewEntry::bytes("three", [3; CLUSTER * 3]),
            NewEntry::bytes("out/a long name of twenty-nine.txt", [1; CLUSTER + 1]),
            NewEntry::bytes("out/sub/empty", ""),
            NewEntry::bytes("out/sub/UPPER.TXT", [2; CLUSTER]),
        ];
        entries.extend((0..40).map(|number| NewEntry::bytes(format!("many/{number}"), "x")));
        Self::new(&entries)
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("x.img")
    }

    fn volume(&self) -> Volume {
        Volume::open(&self.path()).unwrap()
    }

    fn patch(&self, offset: u64, bytes: &[u8]) -> &Self {
        let file = fs_err::OpenOptions::new().write(true).open(self.path()).unwrap();
        file.write_all_at(bytes, offset).unwrap();
        self
    }

    fn bytes(&self, offset: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        fs_err::File::open(self.path()).unwrap().read_exact_at(&mut bytes, offset).unwrap();
        bytes
    }

    fn entry(&self, path: &str) -> Entry {
        self.volume().find(path).unwrap().unwrap()
    }

    /// Says in the table what follows a cluster.
    fn link(&self, cluster: u32, next: u32) -> &Self {
        let offset = self.volume().geometry.table(0) + u64::from(cluster) * 4;
        self.patch(offset, &next.to_le_bytes())
    }

    /// Where in its directory the entry of a short name stands.
    fn slot(&self, directory: &str, short: &[u8; 11]) -> u64 {
        let first = if directory.is_empty() { 2 } else { self.entry(directory).first };
        let start = self.volume().geometry.offset(first);
        let bytes = self.bytes(start, CLUSTER * 3);
        let at = bytes.chunks(SLOT).position(|slot| slot.starts_with(short)).unwrap();
        start + (at * SLOT) as u64
    }

    /// Gives an entry another first cluster.
    fn point(&self, slot: u64, cluster: u32) -> &Self {
        let cluster = cluster.to_le_bytes();
        self.patch(slot + 20, &cluster[2..]).patch(slot + 26, &cluster[..2])
    }

    /// What a walk over everything, which reads all files, says is wrong.
    fn damage(&self) -> (String, Damage) {
        let error = everything(&self.volume(), LIMITS).map(|found| found.len()).unwrap_err();
        let ExchangeError::Damaged { path, damage } = error else { panic!("{error}") };
        (path, damage)
    }
}

/// A path, and the bytes of a file.
type Found = (String, Option<Vec<u8>>);

/// All files and their bytes, all directories.
fn everything(volume: &Volume, limits: Limits) -> Result<Vec<Found>, ExchangeError> {
    let mut found = Vec::new();
    for entry in volume.walk("", limits)?.into_iter().flatten() {
        let entry = entry?;
        let mut contents = volume.contents(&entry);
        let mut bytes = Vec::new();
        while let Some(piece) = contents.piece()? {
            bytes.extend_from_slice(piece);
        }
        found.push((entry.path(), matches!(entry.kind(), Kind::File { .. }).then_some(bytes)));
    }
    Ok(found)
}
