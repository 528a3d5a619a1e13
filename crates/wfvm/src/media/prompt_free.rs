//! An overlay over the installation medium whose boot catalog names the boot image
//! that asks for no key. The medium itself is neither copied nor changed.
//!
//! The overlay is a qcow2 file of version 3 (QEMU's `docs/interop/qcow2.txt`): six
//! clusters, of which the last carries the four changed bytes and their surroundings.

use std::ops::Range;

use crate::windows_iso::CatalogPatch;

const CLUSTER_BITS: u32 = 16;
const CLUSTER: u64 = 1 << CLUSTER_BITS;
/// One second-level table of 8-byte entries fills a cluster.
const REACH_OF_L2: u64 = CLUSTER / 8 * CLUSTER;

const REFCOUNT_TABLE: u64 = CLUSTER;
const REFCOUNT_BLOCK: u64 = 2 * CLUSTER;
const L1_TABLE: u64 = 3 * CLUSTER;
const L2_TABLE: u64 = 4 * CLUSTER;
const DATA: u64 = 5 * CLUSTER;
const CLUSTERS: u64 = 6;
/// Reference count 1: the cluster may be written in place.
const COPIED: u64 = 1 << 63;

const HEADER_BYTES: u32 = 104;
const BACKING_FORMAT: u32 = 0xE279_2ACA;
/// `docs/interop/qcow2.txt` allows 1023 bytes for the name of the backing file.
const NAME_BYTES: usize = 1023;

/// Four bytes of the medium that are to read as something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptFree {
    medium_bytes: u64,
    offset: u64,
    value: [u8; 4],
}

/// The overlay cannot be written.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PatchOutside {
    /// The catalog entry lies beyond the medium.
    #[error("the boot catalog entry at byte {offset} lies outside the medium of {medium_bytes} bytes")]
    Offset {
        /// Where the entry's field would be.
        offset: u64,
        /// How long the medium is.
        medium_bytes: u64,
    },
    /// The medium's path does not fit into the header.
    #[error("the medium's path has {length} bytes; a qcow2 header holds 1023")]
    Path {
        /// The path's length.
        length: usize,
    },
    /// The caller gave other bytes than asked for.
    #[error("{given} bytes of the medium were given where {wanted} were asked for")]
    Cluster {
        /// How many came.
        given: usize,
        /// How many [`PromptFree::original`] spans.
        wanted: u64,
    },
}

impl PromptFree {
    /// The change of a medium of `medium_bytes`.
    ///
    /// # Errors
    /// [`PatchOutside::Offset`].
    pub fn new(medium_bytes: u64, patch: &CatalogPatch) -> Result<Self, PatchOutside> {
        let CatalogPatch { offset, lba } = *patch;
        let end = offset.checked_add(4).filter(|end| *end <= medium_bytes);
        if end.is_none() || offset / CLUSTER != (offset + 3) / CLUSTER {
            return Err(PatchOutside::Offset { offset, medium_bytes });
        }
        Ok(Self { medium_bytes, offset, value: lba.to_le_bytes() })
    }

    /// The bytes of the medium that [`Self::overlay`] needs: the cluster around the change.
    #[must_use]
    pub fn original(&self) -> Range<u64> {
        let start = self.offset / CLUSTER * CLUSTER;
        start..self.medium_bytes.min(start + CLUSTER)
    }

    /// The overlay over the raw medium at `path`, whose bytes in [`Self::original`] are given.
    ///
    /// # Errors
    /// [`PatchOutside::Path`] or [`PatchOutside::Cluster`].
    pub fn overlay(&self, path: &str, original: &[u8]) -> Result<Vec<u8>, PatchOutside> {
        let span = self.original();
        let wanted = span.end - span.start;
        if original.len() as u64 != wanted {
            return Err(PatchOutside::Cluster { given: original.len(), wanted });
        }
        if path.len() > NAME_BYTES {
            return Err(PatchOutside::Path { length: path.len() });
        }
        // Whole sectors: what lies beyond the medium's end reads as zero.
        let virtual_bytes = self.medium_bytes.next_multiple_of(512);
        let mut image = vec![0; usize_of(CLUSTERS * CLUSTER)];
        put(&mut image, 0, &header(path, virtual_bytes));
        put(&mut image, REFCOUNT_TABLE, &REFCOUNT_BLOCK.to_be_bytes());
        for cluster in 0..CLUSTERS {
            put(&mut image, REFCOUNT_BLOCK + 2 * cluster, &1_u16.to_be_bytes());
        }
        let l1_index = self.offset / REACH_OF_L2;
        put(&mut image, L1_TABLE + 8 * l1_index, &(L2_TABLE | COPIED).to_be_bytes());
        let l2_index = self.offset / CLUSTER % (CLUSTER / 8);
        put(&mut image, L2_TABLE + 8 * l2_index, &(DATA | COPIED).to_be_bytes());
        put(&mut image, DATA, original);
        put(&mut image, DATA + self.offset % CLUSTER, &self.value);
        Ok(image)
    }
}

fn header(path: &str, virtual_bytes: u64) -> Vec<u8> {
    let l1_entries = u32::try_from(virtual_bytes.div_ceil(REACH_OF_L2)).unwrap_or(u32::MAX);
    // After the header: the backing format, the end mark, the name.
    let name_offset = u64::from(HEADER_BYTES) + 16 + 8;
    let mut header = Vec::new();
    header.extend_from_slice(b"QFI\xfb");
    header.extend_from_slice(&3_u32.to_be_bytes());
    header.extend_from_slice(&name_offset.to_be_bytes());
    header.extend_from_slice(&u32::try_from(path.len()).unwrap_or(u32::MAX).to_be_bytes());
    header.extend_from_slice(&CLUSTER_BITS.to_be_bytes());
    header.extend_from_slice(&virtual_bytes.to_be_bytes());
    header.extend_from_slice(&0_u32.to_be_bytes()); // no encryption
    header.extend_from_slice(&l1_entries.to_be_bytes());
    header.extend_from_slice(&L1_TABLE.to_be_bytes());
    header.extend_from_slice(&REFCOUNT_TABLE.to_be_bytes());
    header.extend_from_slice(&1_u32.to_be_bytes()); // clusters of the refcount table
    header.extend_from_slice(&[0; 12]); // no snapshots
    header.extend_from_slice(&[0; 24]); // no features
    header.extend_from_slice(&4_u32.to_be_bytes()); // refcounts of 1 << 4 bits
    header.extend_from_slice(&HEADER_BYTES.to_be_bytes());
    header.extend_from_slice(&BACKING_FORMAT.to_be_bytes());
    header.extend_from_slice(&3_u32.to_be_bytes());
    header.extend_from_slice(b"raw\0\0\0\0\0");
    header.extend_from_slice(&[0; 8]);
    header.extend_from_slice(path.as_bytes());
    header
}

fn put(image: &mut [u8], offset: u64, bytes: &[u8]) {
    for (target, byte) in image.iter_mut().skip(usize_of(offset)).zip(bytes) {
        *target = *byte;
    }
}

fn usize_of(offset: u64) -> usize {
    // Offsets within this file are below 400 KiB.
    usize::try_from(offset).unwrap_or(usize::MAX)
}
