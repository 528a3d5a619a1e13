//! Changes of a finished medium, with sums made good again where the change is not of them.

use crate::program::Place;

const BLOCK: usize = 2048;

/// A medium in memory.
pub(crate) struct Surgery(pub(crate) Vec<u8>);

impl Surgery {
    pub(crate) fn of(iso: &str) -> Self {
        Self(fs_err::read(iso).unwrap_or_else(|error| panic!("{error}")))
    }

    pub(crate) fn block(&mut self, number: usize) -> &mut [u8] {
        &mut self.0[number * BLOCK..(number + 1) * BLOCK]
    }

    pub(crate) fn number(&self, at: usize) -> usize {
        let bytes = self.0[at..at + 4].try_into().unwrap_or_default();
        usize::try_from(u32::from_le_bytes(bytes)).unwrap_or(usize::MAX)
    }

    /// The number of a block that begins with a tag of this kind and holds.
    pub(crate) fn find(&self, tag: u16, holds: impl Fn(&[u8]) -> bool) -> usize {
        self.0
            .chunks(BLOCK)
            .position(|block| block.len() == BLOCK && block.starts_with(&tag.to_le_bytes()) && holds(block))
            .unwrap_or_else(|| panic!("the medium has no such block with the tag {tag}"))
    }

    /// The block of the file entry of a file of this size.
    pub(crate) fn file_entry(&self, size: u64) -> usize {
        self.find(261, |block| block[56..64] == size.to_le_bytes())
    }

    pub(crate) fn boot_catalog(&self) -> usize {
        self.number(17 * BLOCK + 0x47)
    }

    /// Changes the block at a number, and its tag's sums with it.
    pub(crate) fn change(&mut self, number: usize, change: impl FnOnce(&mut [u8])) {
        let block = self.block(number);
        change(block);
        seal(block);
    }

    /// The medium as a file.
    pub(crate) fn put(&self, place: &Place) -> String {
        place.put("changed.iso", &self.0)
    }
}

/// CRC and checksum of a tag (ECMA-167 3/7.2).
fn seal(block: &mut [u8]) {
    let length = usize::from(u16::from_le_bytes([block[10], block[11]]));
    let mut crc = 0_u16;
    for byte in &block[16..16 + length] {
        for bit in (0..8).rev() {
            let carry = (crc >> 15) ^ u16::from(byte >> bit & 1);
            crc = (crc << 1) ^ (carry * 0x1021);
        }
    }
    block[8..10].copy_from_slice(&crc.to_le_bytes());
    block[4] = 0;
    block[4] = block[..16].iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
}
