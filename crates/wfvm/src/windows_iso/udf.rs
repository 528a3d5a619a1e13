//! A reader of UDF 1.02 to 2.01 as it stands on optical media: one partition, blocks of 2048 bytes.

use std::collections::HashMap;
use std::io::{Read, Seek};
use std::rc::Rc;

use super::IsoError;
use super::medium::{BLOCK, Fields, Medium};
use super::udf_descriptor::{
    AllocationKind, Recorded, allocation, dstring, expect, identifier, located, name, tag,
};

/// Descriptors of a volume descriptor sequence; media have six.
const VOLUME_DESCRIPTORS: u64 = 64;
/// Extents of a file; 8 GB need eight.
const EXTENTS: usize = 4096;
/// A file identifier without its name.
const IDENTIFIER_BYTES: usize = 38;
/// Bytes of a directory; `sources`, the largest, has some tens of kilobytes.
const DIRECTORY_BYTES: u64 = 4 << 20;
/// Bytes of a small file that is read as text.
const TEXT_BYTES: u64 = 64 << 10;
/// The only strategy by which file entries are found that media which are written once need (4/14.6.2).
const STRATEGY: u16 = 4;

/// A mounted volume.
pub(super) struct Udf<'m, R> {
    medium: &'m mut Medium<R>,
    /// The byte at which the partition begins.
    partition: u64,
    /// The logical volume's identifier, which is what Windows shows as the label.
    label: String,
    /// 0x0102 is UDF 1.02.
    revision: u16,
    root: u32,
    /// Directories that were read, by the block of their file entry: a medium is asked for
    /// a dozen files of one.
    directories: HashMap<u32, Rc<Names>>,
}

/// What a directory names, without regard to case: the blocks of the file entries.
type Names = HashMap<String, u32>;

/// A file or directory.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Where the file entry lies on the medium.
    offset: u64,
    kind: Kind,
    bytes: u64,
    contents: Contents,
}

/// What a file entry is of (4/14.6.6); links and devices are of no use here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Directory,
    File,
    Other,
}

#[derive(Debug, Clone)]
enum Contents {
    /// Inside the file entry.
    Inline(Vec<u8>),
    Extents(Vec<Extent>),
}

#[derive(Debug, Clone, Copy)]
struct Extent {
    /// Absent: zeros.
    offset: Option<u64>,
    length: u64,
}

impl Entry {
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The block at which the file begins, if it lies in one piece.
    pub(super) fn only_lba(&self) -> Option<u32> {
        let Contents::Extents(extents) = &self.contents else { return None };
        let first = extents.first()?.offset?;
        let mut end = first;
        for extent in extents {
            if extent.offset? != end {
                return None;
            }
            end += extent.length;
        }
        u32::try_from(first / BLOCK).ok()
    }
}

impl<'m, R: Read + Seek> Udf<'m, R> {
    /// The volume of the medium; `None` if it has no UDF at all.
    pub(super) fn mount(medium: &'m mut Medium<R>) -> Result<Option<Self>, IsoError> {
        let Some([main, reserve]) = anchor(medium)? else { return Ok(None) };
        // The second sequence is a copy for the case that the first cannot be read.
        let volume = volume(medium, main).or_else(|error| volume(medium, reserve).map_err(|_| error))?;
        let mut udf = Self {
            medium,
            partition: volume.partition,
            label: volume.label,
            revision: volume.revision,
            root: 0,
            directories: HashMap::new(),
        };
        let (offset, file_set) = udf.partition_block("the file set descriptor", volume.file_set)?;
        expect("the file set descriptor", offset, &file_set, &[tag::FILE_SET])?;
        located("the file set descriptor", offset, &file_set, volume.file_set)?;
        udf.root = allocation(file_set.piece(400, 16)).block;
        Ok(Some(udf))
    }

    pub(super) fn label(&self) -> &str {
        &self.label
    }

    pub(super) fn revision(&self) -> u16 {
        self.revision
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.medium.bytes_read()
    }

    pub(super) fn medium_bytes(&self) -> u64 {
        self.medium.bytes()
    }

    /// The file at a path with `/` between names; case does not matter.
    pub(super) fn file(&mut self, path: &str) -> Result<Option<Entry>, IsoError> {
        Ok(self.find(path)?.filter(|entry| entry.kind == Kind::File))
    }

    /// Whether there is a directory at a path.
    pub(super) fn has_directory(&mut self, path: &str) -> Result<bool, IsoError> {
        Ok(self.find(path)?.is_some_and(|entry| entry.kind == Kind::Directory))
    }

    fn find(&mut self, path: &str) -> Result<Option<Entry>, IsoError> {
        let mut block = self.root;
        for wanted in path.split('/') {
            let Some(names) = self.names(block)? else { return Ok(None) };
            let Some(next) = names.get(&wanted.to_lowercase()) else { return Ok(None) };
            block = *next;
        }
        self.entry(block).map(Some)
    }

    /// `length` bytes of a file from `offset`.
    pub(super) fn read(
        &mut self,
        what: &'static str,
        entry: &Entry,
        offset: u64,
        length: u64,
    ) -> Result<Vec<u8>, IsoError> {
        let end = offset.saturating_add(length);
        if end > entry.bytes {
            return Err(IsoError::Damaged {
                structure: what,
                offset,
                problem: format!("it ends at byte {end} of a file of {} bytes", entry.bytes),
            });
        }
        let extents = match &entry.contents {
            Contents::Inline(bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                return Ok(bytes.piece(start, length).to_vec());
            }
            Contents::Extents(extents) => extents,
        };
        let mut bytes = Vec::new();
        let mut start = 0;
        for extent in extents {
            let from = offset.max(start);
            let to = end.min(start + extent.length);
            if from < to {
                match extent.offset {
                    Some(place) => {
                        bytes.append(&mut self.medium.read(what, place + from - start, to - from)?);
                    }
                    None => bytes.resize(bytes.len() + usize::try_from(to - from).unwrap_or(0), 0),
                }
            }
            start += extent.length;
        }
        Ok(bytes)
    }

    /// A small file as text: UTF-16 with a byte order mark, or bytes of which ASCII matters.
    pub(super) fn text(&mut self, entry: &Entry) -> Result<String, IsoError> {
        let bytes = self.read("a configuration file", entry, 0, entry.bytes.min(TEXT_BYTES))?;
        if bytes.starts_with(&[0xFF, 0xFE]) {
            let units: Vec<u16> = bytes.chunks(2).skip(1).map(|pair| pair.u16(0)).collect();
            return Ok(String::from_utf16_lossy(&units));
        }
        Ok(String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').into())
    }

    fn partition_block(&mut self, what: &'static str, block: u32) -> Result<(u64, Vec<u8>), IsoError> {
        let offset = self.offset(what, block, BLOCK)?;
        Ok((offset, self.medium.read(what, offset, BLOCK)?))
    }

    /// Where a piece of the partition lies on the medium. The partition's own length is not
    /// asked: what counts is whether the bytes are there.
    fn offset(&self, what: &'static str, block: u32, length: u64) -> Result<u64, IsoError> {
        let offset = self.partition + u64::from(block) * BLOCK;
        let expected_bytes = offset + length;
        if expected_bytes > self.medium.bytes() {
            return Err(IsoError::Truncated { what, expected_bytes, actual_bytes: self.medium.bytes() });
        }
        Ok(offset)
    }

    /// The file entry at a block (4/14.9, 4/14.17).
    fn entry(&mut self, block: u32) -> Result<Entry, IsoError> {
        const WHAT: &str = "a file entry";
        let (offset, bytes) = self.partition_block(WHAT, block)?;
        let kind = expect(WHAT, offset, &bytes, &[tag::FILE_ENTRY, tag::EXTENDED_FILE_ENTRY])?;
        located(WHAT, offset, &bytes, block)?;
        let strategy = bytes.u16(20);
        if strategy != STRATEGY {
            return Err(IsoError::Unsupported { what: format!("UDF file entries of strategy {strategy}") });
        }
        let header = if kind == tag::FILE_ENTRY { 176 } else { 216 };
        let attributes = bytes.u32(header - 8) as usize;
        let length = bytes.u32(header - 4) as usize;
        let start = header.saturating_add(attributes);
        let descriptors = bytes.piece(start, length);
        let damaged = |problem: &str| IsoError::Damaged { structure: WHAT, offset, problem: problem.into() };
        if descriptors.len() != length {
            return Err(damaged("its allocation descriptors reach beyond the block"));
        }
        let size = bytes.u64(56);
        let contents = match bytes.u16(34) & 7 {
            0 => Contents::Extents(self.extents(AllocationKind::Short, descriptors, offset, size)?),
            1 => Contents::Extents(self.extents(AllocationKind::Long, descriptors, offset, size)?),
            3 if size <= length as u64 => Contents::Inline(descriptors.to_vec()),
            3 => return Err(damaged("it is longer than the data inside it")),
            _ => return Err(IsoError::Unsupported { what: "extended allocation descriptors".into() }),
        };
        let kind = match bytes.byte(27) {
            4 => Kind::Directory,
            5 => Kind::File,
            _ => Kind::Other,
        };
        Ok(Entry { offset, kind, bytes: size, contents })
    }

    /// The extents of a file of `size` bytes: one is shorter than 1 GiB, so images have many.
    fn extents(
        &mut self,
        kind: AllocationKind,
        descriptors: &[u8],
        file_entry: u64,
        size: u64,
    ) -> Result<Vec<Extent>, IsoError> {
        const WHAT: &str = "an extent of a file";
        let mut extents: Vec<Extent> = Vec::new();
        let mut total = 0_u64;
        let mut pending = kind.parse(descriptors);
        pending.reverse();
        let mut descriptors_seen = 0;
        while let Some(next) = pending.pop() {
            descriptors_seen += 1;
            let length = u64::from(next.length);
            if next.partition != 0 && kind == AllocationKind::Long {
                return Err(IsoError::Unsupported { what: "files in a second partition".into() });
            }
            // Also ends a chain that leads back to itself.
            if descriptors_seen > EXTENTS {
                return Err(IsoError::Damaged {
                    structure: "a file entry",
                    offset: file_entry,
                    problem: format!("it has more than {EXTENTS} extents"),
                });
            }
            match next.kind {
                Recorded::Data => {
                    let offset = self.offset(WHAT, next.block, length)?;
                    extents.push(Extent { offset: Some(offset), length });
                    total += length;
                }
                Recorded::Zero => {
                    extents.push(Extent { offset: None, length });
                    total += length;
                }
                Recorded::Continuation => {
                    let (offset, block) = self.partition_block("an allocation extent", next.block)?;
                    expect("an allocation extent", offset, &block, &[tag::ALLOCATION_EXTENT])?;
                    let length = block.u32(20) as usize;
                    let more = block.piece(24, length);
                    if more.len() != length {
                        return Err(IsoError::Damaged {
                            structure: "an allocation extent",
                            offset,
                            problem: format!("{length} bytes of descriptors do not fit into its block"),
                        });
                    }
                    pending = kind.parse(more);
                    pending.reverse();
                }
            }
        }
        if total < size {
            return Err(IsoError::Damaged {
                structure: "a file entry",
                offset: file_entry,
                problem: format!("a file of {size} bytes has extents for {total}"),
            });
        }
        Ok(extents)
    }

    /// What the directory at a block names (4/14.4); `None` if it is none. Of two names that
    /// differ in case alone the first counts.
    fn names(&mut self, block: u32) -> Result<Option<Rc<Names>>, IsoError> {
        const WHAT: &str = "a directory";
        const DELETED_OR_PARENT: u8 = 4 | 8;
        if let Some(names) = self.directories.get(&block) {
            return Ok(Some(Rc::clone(names)));
        }
        let directory = self.entry(block)?;
        if directory.kind != Kind::Directory {
            return Ok(None);
        }
        let offset = directory.offset;
        let damaged = |problem: String| IsoError::Damaged { structure: WHAT, offset, problem };
        if directory.bytes > DIRECTORY_BYTES {
            return Err(damaged(format!("it has {} bytes", directory.bytes)));
        }
        let data = self.read(WHAT, &directory, 0, directory.bytes)?;
        let mut names = Names::new();
        let mut at = 0;
        while at + IDENTIFIER_BYTES <= data.len() {
            let record = data.piece(at, usize::MAX - at);
            expect("a file identifier", offset, record, &[tag::FILE_IDENTIFIER])?;
            let name_length = usize::from(record.byte(19));
            let name_start = IDENTIFIER_BYTES + usize::from(record.u16(36));
            let encoded = record.piece(name_start, name_length);
            if encoded.len() != name_length {
                return Err(damaged("its last name reaches beyond its end".into()));
            }
            if record.byte(18) & DELETED_OR_PARENT == 0
                && let Some(name) = name(encoded)
            {
                names.entry(name.to_lowercase()).or_insert(allocation(record.piece(20, 16)).block);
            }
            at += (name_start + name_length).next_multiple_of(4);
        }
        let names = Rc::new(names);
        self.directories.insert(block, Rc::clone(&names));
        Ok(Some(names))
    }
}

/// The two volume descriptor sequences, as byte ranges; `None` if there is no anchor.
fn anchor<R: Read + Seek>(medium: &mut Medium<R>) -> Result<Option<[(u64, u64); 2]>, IsoError> {
    const WHAT: &str = "the anchor volume descriptor";
    let blocks = medium.bytes() / BLOCK;
    // 256 on finished media; the others are where the end, or a fresh session, would put it.
    for lba in [Some(256), blocks.checked_sub(1), blocks.checked_sub(257), Some(512)].into_iter().flatten() {
        if lba >= blocks {
            continue;
        }
        let block = medium.block(WHAT, lba)?;
        if identifier(WHAT, lba * BLOCK, &block).is_ok_and(|found| found == tag::ANCHOR) {
            let sequence = |at: usize| (u64::from(block.u32(at + 4)) * BLOCK, u64::from(block.u32(at)));
            return Ok(Some([sequence(16), sequence(24)]));
        }
    }
    Ok(None)
}

struct Volume {
    partition: u64,
    file_set: u32,
    label: String,
    revision: u16,
}

/// Walks a volume descriptor sequence. Of several descriptors of one kind the latest counts (3/8.4.3).
fn volume<R: Read + Seek>(medium: &mut Medium<R>, sequence: (u64, u64)) -> Result<Volume, IsoError> {
    const WHAT: &str = "the volume descriptor sequence";
    let (mut offset, mut length) = sequence;
    let mut partitions: Vec<(u32, Vec<u8>)> = Vec::new();
    let mut logical: Option<(u32, Vec<u8>)> = None;
    let mut seen = 0;
    while length >= BLOCK && seen < VOLUME_DESCRIPTORS {
        let block = medium.read(WHAT, offset, BLOCK)?;
        let number = block.u32(16);
        match identifier(WHAT, offset, &block)? {
            tag::VOLUME_POINTER => {
                length = u64::from(block.u32(20)) + BLOCK;
                offset = (u64::from(block.u32(24)) * BLOCK).wrapping_sub(BLOCK);
            }
            tag::PARTITION => partitions.push((number, block)),
            tag::LOGICAL_VOLUME if logical.as_ref().is_none_or(|(earlier, _)| number >= *earlier) => {
                logical = Some((number, block));
            }
            tag::TERMINATOR => break,
            _ => {}
        }
        offset = offset.wrapping_add(BLOCK);
        length -= BLOCK;
        seen += 1;
    }
    let damaged = |problem: &str| IsoError::Damaged { structure: WHAT, offset, problem: problem.into() };
    let Some((_, logical)) = logical else { return Err(damaged("it has no logical volume")) };
    let block_bytes = u64::from(logical.u32(212));
    if block_bytes != BLOCK {
        return Err(IsoError::Unsupported { what: format!("UDF blocks of {block_bytes} bytes") });
    }
    one_plain_partition(&logical)?;
    let wanted = logical.u16(444);
    let partition = partitions
        .iter()
        .filter(|(_, partition)| partition.u16(22) == wanted)
        .max_by_key(|(number, _)| *number)
        .map(|(_, block)| u64::from(block.u32(188)) * BLOCK);
    let Some(partition) = partition else { return Err(damaged("it has no partition")) };
    Ok(Volume {
        partition,
        file_set: allocation(logical.piece(248, 16)).block,
        label: dstring(logical.piece(84, 128)),
        // The suffix of the domain's identifier (UDF 2.1.5.3).
        revision: logical.u16(240),
    })
}

/// One map of type 1 (3/10.7.2); virtual, sparable and metadata partitions have maps of type 2,
/// which carry their names (UDF 2.2.8 to 2.2.10).
fn one_plain_partition(logical: &[u8]) -> Result<(), IsoError> {
    let unsupported = |what: String| Err(IsoError::Unsupported { what });
    let maps = logical.u32(268);
    if maps != 1 {
        return unsupported(format!("UDF with {maps} partition maps"));
    }
    match (logical.byte(440), logical.byte(441)) {
        (1, 6) => Ok(()),
        (2, 64) => {
            let name: String = logical.piece(445, 23).iter().map(|byte| char::from(*byte)).collect();
            let name = name.trim_end_matches('\0').trim_start_matches("*UDF ");
            unsupported(format!("a UDF partition of the kind `{}`", name.escape_debug()))
        }
        (kind, length) => unsupported(format!("a UDF partition map of type {kind} and {length} bytes")),
    }
}
