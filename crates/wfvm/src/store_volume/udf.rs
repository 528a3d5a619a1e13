//! The structures of UDF 1.02, as bytes: ECMA-167, and what OSTA's "Universal Disk Format
//! Specification 1.02" makes of it.
//!
//! Blocks are counted from the partition's start, sectors from the volume's.

/// The sector of a CD, which is the block of the volume.
pub(super) const SECTOR: u64 = 2048;
/// An entry's number: the entries are neighbours.
pub(super) type IcbId = u32;

/// Where the volume is described, twice.
pub(super) const MAIN_SEQUENCE: u32 = 32;
pub(super) const RESERVE_SEQUENCE: u32 = 48;
pub(super) const SEQUENCE_SECTORS: u32 = 16;
pub(super) const INTEGRITY: u32 = 64;
/// Where a reader looks first; a second copy is in the last sector.
pub(super) const ANCHOR: u32 = 256;
/// The first sector of the partition.
pub(super) const PARTITION: u32 = 257;
/// The block of the first entry, which is the root's: behind the file set descriptor and its end.
pub(super) const FIRST_ICB: u32 = 2;

/// An extent's length has 30 bits, and all but the last are whole blocks.
const EXTENT_BYTES: u64 = (1 << 30) - SECTOR;
const ENTRY_HEADER: usize = 176;
/// What an entry has room for.
const MOST_EXTENTS: u64 = (SECTOR - ENTRY_HEADER as u64) / 8;
/// The largest file.
pub(super) const FILE_BYTES: u64 = MOST_EXTENTS * EXTENT_BYTES;

const LABEL: &str = "WFVM_STORE";
const REVISION: [u8; 2] = [0x02, 0x01];
/// 1980-01-01 00:00 UTC: the host's times are the same for all files of a store.
const TIME: [u8; 12] = [0x00, 0x10, 0xbc, 0x07, 1, 1, 0, 0, 0, 0, 0, 0];
/// Everybody may read, and enter.
const PERMISSIONS: u32 = 0b00101_00101_00101;

/// What the volume says about itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    /// Two volumes with different contents differ in it.
    pub(super) serial: u64,
    /// Blocks of the partition.
    pub(super) blocks: u32,
    pub(super) files: u32,
    pub(super) directories: u32,
    /// The sector of the second anchor.
    pub(super) last_sector: u32,
}

/// A structure of so many bytes, made by putting fields at their offsets.
struct Structure(Vec<u8>);

impl Structure {
    fn new(bytes: usize) -> Self {
        Self(vec![0; bytes])
    }

    fn put(mut self, at: usize, field: &[u8]) -> Self {
        if let Some(place) = self.0.get_mut(at..at + field.len()) {
            place.copy_from_slice(field);
        }
        self
    }

    fn u8(self, at: usize, value: u8) -> Self {
        self.put(at, &[value])
    }

    fn u16(self, at: usize, value: u16) -> Self {
        self.put(at, &value.to_le_bytes())
    }

    fn u32(self, at: usize, value: u32) -> Self {
        self.put(at, &value.to_le_bytes())
    }

    fn u64(self, at: usize, value: u64) -> Self {
        self.put(at, &value.to_le_bytes())
    }

    /// `extent_ad`, or `short_ad`.
    fn extent(self, at: usize, bytes: u32, place: u32) -> Self {
        self.u32(at, bytes).u32(at + 4, place)
    }

    /// A field of `size` bytes that ends in the length of the text.
    fn dstring(self, at: usize, size: usize, text: &str) -> Self {
        let length = u8::try_from(text.len() + 1).unwrap_or_default();
        self.u8(at, 8).put(at + 1, text.as_bytes()).u8(at + size - 1, length)
    }

    fn character_set(self, at: usize) -> Self {
        self.put(at + 1, b"OSTA Compressed Unicode")
    }

    fn identifier(self, at: usize, name: &[u8], suffix: &[u8]) -> Self {
        self.put(at + 1, name).put(at + 24, suffix)
    }

    fn implementation(self, at: usize) -> Self {
        self.identifier(at, b"*wfvm", &[])
    }

    /// Both write protections, since nothing is ever written.
    fn domain(self, at: usize) -> Self {
        self.identifier(at, b"*OSTA UDF Compliant", &[REVISION[0], REVISION[1], 3])
    }

    /// The tag, ECMA-167 3/7.2: it is over all that the structure has.
    fn tagged(self, tag: u16, location: u32) -> Vec<u8> {
        let covered = self.0.get(16..).unwrap_or_default();
        let (sum, length) = (crc(covered), u16::try_from(covered.len()).unwrap_or_default());
        let own = self.u16(0, tag).u16(2, 2).u16(6, 1).u16(8, sum).u16(10, length).u32(12, location);
        let checksum = own.0.iter().take(16).fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        own.u8(4, checksum).0
    }
}

const CRC: [u16; 256] = {
    let (mut table, mut byte) = ([0; 256], 0);
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let mut remainder = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            remainder = if remainder & 0x8000 == 0 { remainder << 1 } else { (remainder << 1) ^ 0x1021 };
            bit += 1;
        }
        #[expect(clippy::indexing_slicing, reason = "below 256, and computed by the compiler")]
        {
            table[byte] = remainder;
        }
        byte += 1;
    }
    table
};

/// The CRC of ECMA-167 1/7.2.6.
fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |sum, byte| {
        let index = usize::from((sum >> 8) ^ u16::from(*byte));
        (sum << 8) ^ CRC.get(index).copied().unwrap_or_default()
    })
}

/// What stands before the partition, and behind it, by sectors.
pub(super) fn volume_structures(facts: Facts) -> Vec<(u32, Vec<u8>)> {
    let recognition = |name: &[u8]| Structure::new(7).put(1, name).u8(6, 1).0;
    let anchor = |at: u32| {
        let bytes = SEQUENCE_SECTORS * 2048;
        let anchor = Structure::new(512).extent(16, bytes, MAIN_SEQUENCE).extent(24, bytes, RESERVE_SEQUENCE);
        (at, anchor.tagged(2, at))
    };
    let mut all = vec![(16, recognition(b"BEA01")), (17, recognition(b"NSR02")), (18, recognition(b"TEA01"))];
    for start in [MAIN_SEQUENCE, RESERVE_SEQUENCE] {
        all.extend(sequence(facts, start));
    }
    all.push((INTEGRITY, integrity(facts)));
    all.push((INTEGRITY + 1, Structure::new(512).tagged(8, INTEGRITY + 1)));
    all.push(anchor(ANCHOR));
    all.push((PARTITION, file_set()));
    all.push((PARTITION + 1, Structure::new(512).tagged(8, 1)));
    all.push(anchor(facts.last_sector));
    all
}

/// The volume descriptor sequence, ECMA-167 3/8.4.2.
fn sequence(facts: Facts, start: u32) -> Vec<(u32, Vec<u8>)> {
    let serial = format!("{:016x}{LABEL}", facts.serial);
    let primary = Structure::new(512)
        .dstring(24, 32, LABEL)
        .u16(56, 1)
        .u16(58, 1)
        .u16(60, 2)
        .u16(62, 2)
        .u32(64, 1)
        .u32(68, 1)
        .dstring(72, 128, &serial)
        .character_set(200)
        .character_set(264)
        .put(376, &TIME)
        .implementation(388);
    let implementation_use = Structure::new(512)
        .u32(16, 1)
        .identifier(20, b"*UDF LV Info", &REVISION)
        .character_set(52)
        .dstring(116, 128, LABEL)
        .implementation(352);
    let partition = Structure::new(512)
        .u32(16, 2)
        .u16(20, 1)
        .identifier(24, b"+NSR02", &[])
        .u32(184, 1) // read-only
        .extent(188, PARTITION, facts.blocks)
        .implementation(196);
    let logical = Structure::new(446)
        .u32(16, 3)
        .character_set(20)
        .dstring(84, 128, LABEL)
        .u32(212, 2048)
        .domain(216)
        .extent(248, 4096, 0)
        .u32(264, 6)
        .u32(268, 1)
        .implementation(272)
        .extent(432, 4096, INTEGRITY)
        .put(440, &[1, 6, 1, 0, 0, 0]);
    let unallocated = Structure::new(24).u32(16, 4);
    let end = Structure::new(512);
    let all =
        [(1, primary), (4, implementation_use), (5, partition), (6, logical), (7, unallocated), (8, end)];
    let placed = (start..).zip(all);
    placed.map(|(sector, (tag, structure))| (sector, structure.tagged(tag, sector))).collect()
}

fn integrity(facts: Facts) -> Vec<u8> {
    let next_id = 16 + u64::from(facts.files) + u64::from(facts.directories);
    Structure::new(134)
        .put(16, &TIME)
        .u32(28, 1) // closed
        .u64(40, next_id)
        .u32(72, 1)
        .u32(76, 46)
        .u32(84, facts.blocks)
        .implementation(88)
        .u32(120, facts.files)
        .u32(124, facts.directories)
        .put(128, &REVISION)
        .put(130, &REVISION)
        .put(132, &REVISION)
        .tagged(9, INTEGRITY)
}

fn file_set() -> Vec<u8> {
    Structure::new(512)
        .put(16, &TIME)
        .u16(28, 3)
        .u16(30, 3)
        .u32(32, 1)
        .u32(36, 1)
        .character_set(48)
        .dstring(112, 128, LABEL)
        .character_set(240)
        .dstring(304, 32, LABEL)
        .extent(400, 2048, FIRST_ICB)
        .domain(416)
        .tagged(256, 0)
}

/// What an entry says of its directory or file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Described {
    pub(super) is_directory: bool,
    pub(super) names: u32,
    pub(super) bytes: u64,
    /// The block where its bytes begin, all of them in a row.
    pub(super) start: u32,
}

/// The blocks that so many bytes take.
pub(super) fn blocks(bytes: u64) -> u64 {
    bytes.div_ceil(SECTOR)
}

/// A file entry, ECMA-167 4/14.9.
pub(super) fn file_entry(id: IcbId, described: Described) -> Vec<u8> {
    let extents = described.bytes.div_ceil(EXTENT_BYTES).min(MOST_EXTENTS);
    let descriptors = u32::try_from(extents * 8).unwrap_or_default();
    // The root's is 0; the first 16 are reserved.
    let unique = if id == 0 { 0 } else { 15 + u64::from(id) };
    let mut entry = Structure::new(ENTRY_HEADER + usize::try_from(descriptors).unwrap_or_default())
        .u16(20, 4)
        .u16(24, 1)
        .u8(27, if described.is_directory { 4 } else { 5 })
        .u32(44, PERMISSIONS)
        .u16(48, u16::try_from(described.names).unwrap_or(u16::MAX))
        .u64(56, described.bytes)
        .u64(64, blocks(described.bytes))
        .put(72, &TIME)
        .put(84, &TIME)
        .put(96, &TIME)
        .u32(108, 1)
        .implementation(128)
        .u64(160, unique)
        .u32(172, descriptors);
    let (mut at, mut left, mut block) = (ENTRY_HEADER, described.bytes, described.start);
    for _ in 0..extents {
        let bytes = u32::try_from(left.min(EXTENT_BYTES)).unwrap_or_default();
        entry = entry.extent(at, bytes, block);
        at += 8;
        left -= u64::from(bytes);
        block = block.saturating_add(bytes.div_ceil(2048));
    }
    entry.tagged(261, FIRST_ICB.saturating_add(id))
}

const PARENT: u8 = 8;
const DIRECTORY: u8 = 2;

/// How long a record of a directory is, by its name's bytes.
pub(super) fn record_bytes(name: usize) -> u64 {
    (38 + name as u64).next_multiple_of(4)
}

/// A record of a directory, ECMA-167 4/14.4; without a name it is that of the parent.
pub(super) fn record(name: &[u8], icb: IcbId, is_directory: bool, block: u32) -> Vec<u8> {
    let characteristics = if name.is_empty() {
        PARENT | DIRECTORY
    } else if is_directory {
        DIRECTORY
    } else {
        0
    };
    Structure::new(usize::try_from(record_bytes(name.len())).unwrap_or_default())
        .u16(16, 1)
        .u8(18, characteristics)
        .u8(19, u8::try_from(name.len()).unwrap_or_default())
        .extent(20, 2048, FIRST_ICB.saturating_add(icb))
        .put(38, name)
        .tagged(257, block)
}
