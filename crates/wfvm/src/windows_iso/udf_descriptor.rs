//! Descriptors of UDF (ECMA-167, third edition, parts 3 and 4): tags, extents, names.

use super::IsoError;
use super::medium::Fields;

/// Tag identifiers.
pub(super) mod tag {
    pub(in super::super) const ANCHOR: u16 = 2;
    pub(in super::super) const VOLUME_POINTER: u16 = 3;
    pub(in super::super) const PARTITION: u16 = 5;
    pub(in super::super) const LOGICAL_VOLUME: u16 = 6;
    pub(in super::super) const TERMINATOR: u16 = 8;
    pub(in super::super) const FILE_SET: u16 = 256;
    pub(in super::super) const FILE_IDENTIFIER: u16 = 257;
    pub(in super::super) const ALLOCATION_EXTENT: u16 = 258;
    pub(in super::super) const FILE_ENTRY: u16 = 261;
    pub(in super::super) const EXTENDED_FILE_ENTRY: u16 = 266;
}

const TAG_BYTES: usize = 16;

/// The identifier of the tag at the start of `bytes`, whose sums are right (3/7.2).
pub(super) fn identifier(structure: &'static str, offset: u64, bytes: &[u8]) -> Result<u16, IsoError> {
    let damaged = |problem: String| IsoError::Damaged { structure, offset, problem };
    let tag = bytes.piece(0, TAG_BYTES);
    let sum = tag
        .iter()
        .enumerate()
        .filter(|(at, _)| *at != 4)
        .fold(0_u8, |sum, (_, byte)| sum.wrapping_add(*byte));
    if tag.len() < TAG_BYTES || sum != tag.byte(4) {
        return Err(damaged("its tag's checksum is wrong".into()));
    }
    let length = usize::from(tag.u16(10));
    let covered = bytes.piece(TAG_BYTES, length);
    if covered.len() != length {
        return Err(damaged(format!("its tag covers {length} bytes, and only {} are there", covered.len())));
    }
    // No bytes covered: no sum was computed.
    if length > 0 && crc(covered) != tag.u16(8) {
        return Err(damaged("its CRC is wrong".into()));
    }
    Ok(tag.u16(0))
}

/// A descriptor of this kind and no other.
pub(super) fn expect(
    structure: &'static str,
    offset: u64,
    bytes: &[u8],
    wanted: &[u16],
) -> Result<u16, IsoError> {
    let found = identifier(structure, offset, bytes)?;
    if wanted.contains(&found) {
        return Ok(found);
    }
    Err(IsoError::Damaged {
        structure,
        offset,
        problem: format!("its tag is {found}, which should be {wanted:?}"),
    })
}

/// A descriptor of a partition says at which of its blocks it lies (4/7.2.8), as Linux demands, too.
pub(super) fn located(
    structure: &'static str,
    offset: u64,
    bytes: &[u8],
    block: u32,
) -> Result<(), IsoError> {
    let said = bytes.u32(12);
    if said == block {
        return Ok(());
    }
    Err(IsoError::Damaged {
        structure,
        offset,
        problem: format!(
            "its tag says that it lies in block {said} of the partition, and it lies in {block}"
        ),
    })
}

/// CRC-16 with the polynomial 0x1021 that starts at 0 (3/7.2.6).
fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc: u16, byte| {
        (0..8).fold(
            crc ^ u16::from(*byte) << 8,
            |crc, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 }
            },
        )
    })
}

/// A name as OSTA compresses it (UDF 2.1.1): a byte 8 or 16, then bytes or big-endian words.
pub(super) fn name(bytes: &[u8]) -> Option<String> {
    let (kind, characters) = bytes.split_first()?;
    match kind {
        8 => Some(characters.iter().map(|byte| char::from(*byte)).collect()),
        16 => {
            let units =
                characters.chunks(2).map(|pair| u16::from(pair.byte(0)) << 8 | u16::from(pair.byte(1)));
            Some(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
        }
        _ => None,
    }
}

/// A name in a field of fixed length, whose last byte is its length (1/7.2.12).
pub(super) fn dstring(field: &[u8]) -> String {
    let length = field.last().map_or(0, |length| usize::from(*length));
    let name = name(field.piece(0, length.min(field.len().saturating_sub(1)))).unwrap_or_default();
    name.chars().filter(|character| !character.is_control()).collect()
}

/// An allocation descriptor (4/14.14).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allocation {
    pub(super) kind: Recorded,
    pub(super) length: u32,
    /// Counted from the partition's start.
    pub(super) block: u32,
    /// Always 0 where there is one partition map.
    pub(super) partition: u16,
}

/// What the two highest bits of an extent's length say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recorded {
    Data,
    /// Allocated or not: it reads as zero.
    Zero,
    /// More allocation descriptors.
    Continuation,
}

/// The kinds of allocation descriptors, by the file entry's flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AllocationKind {
    Short,
    Long,
}

impl AllocationKind {
    fn bytes(self) -> usize {
        match self {
            Self::Short => 8,
            Self::Long => 16,
        }
    }

    /// The descriptors in `bytes`, up to the first of length 0.
    pub(super) fn parse(self, bytes: &[u8]) -> Vec<Allocation> {
        bytes
            .chunks_exact(self.bytes())
            .map(allocation)
            .take_while(|allocation| allocation.length > 0)
            .collect()
    }
}

/// A short or long allocation descriptor: the long one also has a partition.
pub(super) fn allocation(bytes: &[u8]) -> Allocation {
    let length = bytes.u32(0);
    let kind = match length >> 30 {
        0 => Recorded::Data,
        3 => Recorded::Continuation,
        _ => Recorded::Zero,
    };
    Allocation { kind, length: length & 0x3FFF_FFFF, block: bytes.u32(4), partition: bytes.u16(8) }
}
