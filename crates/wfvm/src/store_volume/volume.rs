//! The volume as a row of bytes: what is computed, and what is in a file of the host.

use std::{borrow::Cow, ops::Range};

use super::{
    PlanError,
    arrange::{Arrangement, Directory, Shown},
    tree::NodeId,
    udf::{self, Described, FIRST_ICB, Facts, IcbId, PARTITION, SECTOR},
};

/// A piece of the volume.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Bytes(Cow<'a, [u8]>),
    Zeros(usize),
    /// Bytes of a file of the host, which has so many in all.
    File {
        node: NodeId,
        offset: u64,
        length: usize,
        of: u64,
    },
}

/// A volume with everything at its place.
#[derive(Debug)]
pub(super) struct Volume {
    /// What is at one sector each, in rising order.
    structures: Vec<(u64, Vec<u8>)>,
    entries: Vec<Described>,
    nodes: Vec<Option<NodeId>>,
    /// The records of all directories, each directory from a sector's start.
    records: Vec<u8>,
    /// Sectors: of the entries, of the records, of the files' bytes.
    entry_sectors: Range<u64>,
    record_sectors: Range<u64>,
    file_sectors: Range<u64>,
    /// The files that have bytes, in the order in which these follow each other.
    files: Vec<IcbId>,
    sectors: u64,
}

impl Volume {
    /// Gives everything its place.
    pub(super) fn new(arrangement: &Arrangement) -> Result<Self, PlanError> {
        let Arrangement { shown, directories, .. } = arrangement;
        let mut next = u64::from(FIRST_ICB) + shown.len() as u64;
        let entry_blocks = u64::from(FIRST_ICB)..next;
        let mut entries = vec![Described { is_directory: false, names: 0, bytes: 0, start: 0 }; shown.len()];
        let mut nodes = vec![None; shown.len()];
        // The directories first: their numbers are known, their entries' places follow.
        for (entry, (what, names)) in entries.iter_mut().zip(shown) {
            if let Shown::Directory(number) = what {
                let bytes = directories.get(*number).map_or(0, record_bytes);
                *entry = Described { is_directory: true, names: *names, bytes, start: place(next)? };
                next += udf::blocks(bytes);
            }
        }
        let record_blocks = entry_blocks.end..next;
        let mut files = Vec::new();
        for (((entry, own), (what, names)), id) in entries.iter_mut().zip(&mut nodes).zip(shown).zip(0..) {
            if let Shown::File { node, bytes } = what {
                *own = Some(*node);
                *entry = Described { is_directory: false, names: *names, bytes: *bytes, start: place(next)? };
                next += udf::blocks(*bytes);
                if *bytes > 0 {
                    files.push(id);
                }
            }
        }
        let file_blocks = record_blocks.end..next;
        let last_sector = place(u64::from(PARTITION) + next)?;
        let records = records(directories, &entries, &record_blocks);
        let facts = Facts {
            serial: serial(&records, &entries),
            blocks: place(next)?,
            files: u32::try_from(shown.len() - directories.len()).unwrap_or(u32::MAX),
            directories: u32::try_from(directories.len()).unwrap_or(u32::MAX),
            last_sector,
        };
        let sectors = |blocks: Range<u64>| {
            let partition = u64::from(PARTITION);
            partition + blocks.start..partition + blocks.end
        };
        Ok(Self {
            structures: udf::volume_structures(facts)
                .into_iter()
                .map(|(sector, bytes)| (u64::from(sector), bytes))
                .collect(),
            entries,
            nodes,
            records,
            entry_sectors: sectors(entry_blocks),
            record_sectors: sectors(record_blocks),
            file_sectors: sectors(file_blocks),
            files,
            sectors: u64::from(last_sector) + 1,
        })
    }

    pub(super) fn bytes(&self) -> u64 {
        self.sectors * SECTOR
    }

    /// Bytes that are held in memory for it, without what the allocator adds.
    pub(super) fn metadata_bytes(&self) -> u64 {
        self.records.len() as u64 + (self.entries.len() * (size_of::<Described>() + 8)) as u64
    }

    /// Whether a part of the volume is in files of the host.
    pub(super) fn has_files(&self, part: Range<u64>) -> bool {
        part.start < self.file_sectors.end * SECTOR && part.end > self.file_sectors.start * SECTOR
    }

    /// The first bytes of the volume from `offset` on that are in one piece, `length` at most.
    /// Nothing is there behind the volume's end.
    pub(super) fn piece(&self, offset: u64, length: usize) -> Piece<'_> {
        let (sector, skip) = (offset / SECTOR, offset % SECTOR);
        if self.record_sectors.contains(&sector) {
            let start = usize::try_from(offset - self.record_sectors.start * SECTOR).unwrap_or(usize::MAX);
            let rest = self.records.get(start..).unwrap_or_default();
            return Piece::Bytes(Cow::Borrowed(rest.get(..length).unwrap_or(rest)));
        }
        if self.file_sectors.contains(&sector) {
            return self.piece_of_file(offset, length);
        }
        let bytes = if self.entry_sectors.contains(&sector) {
            let id = u32::try_from(sector - self.entry_sectors.start).unwrap_or(u32::MAX);
            self.entry(id).map(|described| Cow::Owned(udf::file_entry(id, *described)))
        } else {
            let found = self.structures.binary_search_by_key(&sector, |(sector, _)| *sector);
            let found = found.ok().and_then(|at| self.structures.get(at));
            found.map(|(_, bytes)| Cow::Borrowed(bytes.as_slice()))
        };
        let skip = usize::try_from(skip).unwrap_or_default();
        let rest = usize::try_from(SECTOR).unwrap_or_default() - skip;
        let bytes = bytes.unwrap_or_default();
        match bytes.get(skip..) {
            Some(own) if !own.is_empty() => {
                Piece::Bytes(Cow::Owned(own.get(..length).unwrap_or(own).to_vec()))
            }
            _ => Piece::Zeros(rest.min(length)),
        }
    }

    fn piece_of_file(&self, offset: u64, length: usize) -> Piece<'_> {
        let block = offset / SECTOR - u64::from(PARTITION);
        let start = |id: &IcbId| self.entry(*id).map_or(u64::MAX, |entry| u64::from(entry.start));
        let after = self.files.partition_point(|id| start(id) <= block);
        let own = after.checked_sub(1).and_then(|at| self.files.get(at)).copied();
        let node = own.and_then(|id| self.nodes.get(usize::try_from(id).ok()?).copied().flatten());
        let (Some(entry), Some(node)) = (own.and_then(|id| self.entry(id)), node) else {
            return Piece::Zeros(length);
        };
        let first = (u64::from(PARTITION) + u64::from(entry.start)) * SECTOR;
        let own_offset = offset - first;
        let at_most = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX).min(length);
        match entry.bytes.checked_sub(own_offset) {
            Some(left) if left > 0 => {
                Piece::File { node, offset: own_offset, length: at_most(left), of: entry.bytes }
            }
            _ => Piece::Zeros(at_most(udf::blocks(entry.bytes) * SECTOR - own_offset)),
        }
    }

    fn entry(&self, id: IcbId) -> Option<&Described> {
        self.entries.get(usize::try_from(id).ok()?)
    }
}

fn place(block: u64) -> Result<u32, PlanError> {
    u32::try_from(block).map_err(|_| PlanError::TooLarge { bytes: block * SECTOR })
}

fn record_bytes(directory: &Directory) -> u64 {
    let own: u64 = directory.entries.iter().map(|entry| udf::record_bytes(entry.name.len())).sum();
    udf::record_bytes(0) + own
}

/// The records of all directories, as they stand on the volume.
fn records(directories: &[Directory], entries: &[Described], blocks: &Range<u64>) -> Vec<u8> {
    let offset = |block: u64| usize::try_from((block - blocks.start) * SECTOR).unwrap_or_default();
    let mut records = Vec::with_capacity(offset(blocks.end));
    for directory in directories {
        let start = usize::try_from(directory.icb).ok().and_then(|at| entries.get(at));
        let start = start.map_or(blocks.start, |entry| u64::from(entry.start));
        records.resize(offset(start), 0);
        let mut add = |name: &[u8], icb, is_directory| {
            let block = blocks.start + records.len() as u64 / SECTOR;
            records.extend(udf::record(name, icb, is_directory, u32::try_from(block).unwrap_or(u32::MAX)));
        };
        add(&[], directory.parent, true);
        for entry in &directory.entries {
            add(&entry.name, entry.icb, entry.is_directory);
        }
    }
    records.resize(offset(blocks.end), 0);
    records
}

/// Windows takes two media of the same serial for one, and shows the files of the first.
fn serial(records: &[u8], entries: &[Described]) -> u64 {
    let sizes = entries.iter().flat_map(|entry| entry.bytes.to_le_bytes());
    records.iter().copied().chain(sizes).fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
