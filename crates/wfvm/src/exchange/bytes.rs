//! Little-endian numbers in blocks of known size.

/// Two bytes of a block; beyond its end there are zeros.
pub(super) fn u16_at(block: &[u8], at: usize) -> u16 {
    array_at(block, at).map_or(0, u16::from_le_bytes)
}

/// Four bytes of a block; beyond its end there are zeros.
pub(super) fn u32_at(block: &[u8], at: usize) -> u32 {
    array_at(block, at).map_or(0, u32::from_le_bytes)
}

/// One byte of a block; beyond its end there are zeros.
pub(super) fn u8_at(block: &[u8], at: usize) -> u8 {
    block.get(at).copied().unwrap_or(0)
}

/// Puts bytes into a block; what is beyond its end is dropped.
pub(super) fn put(block: &mut [u8], at: usize, bytes: &[u8]) {
    for (target, byte) in block.iter_mut().skip(at).zip(bytes) {
        *target = *byte;
    }
}

fn array_at<const N: usize>(block: &[u8], at: usize) -> Option<[u8; N]> {
    block.get(at..at.checked_add(N)?)?.try_into().ok()
}
