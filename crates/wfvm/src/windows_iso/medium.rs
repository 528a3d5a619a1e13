//! Bytes of the medium, never beyond its end, never more than asked for.

use std::io::{Read, Seek, SeekFrom};

use super::IsoError;

/// The block of ISO 9660, El Torito and of UDF on optical media.
pub(crate) const BLOCK: u64 = 2048;
/// No structure that is read as a whole is longer.
const LONGEST_READ: u64 = 8 << 20;
/// Reading a medium takes some hundred kilobytes; structures that lie about each other end here.
const BUDGET_BYTES: u64 = 16 << 20;
/// A medium takes some hundred reads.
const BUDGET_READS: u64 = 20_000;

pub(crate) struct Medium<R> {
    reader: R,
    bytes: u64,
    bytes_read: u64,
    reads: u64,
}

impl<R: Read + Seek> Medium<R> {
    pub(crate) fn new(mut reader: R) -> Result<Self, IsoError> {
        let bytes =
            reader.seek(SeekFrom::End(0)).map_err(|source| IsoError::Read { offset: 0, bytes: 0, source })?;
        Ok(Self { reader, bytes, bytes_read: 0, reads: 0 })
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Exactly `length` bytes of `what`.
    pub(crate) fn read(&mut self, what: &'static str, offset: u64, length: u64) -> Result<Vec<u8>, IsoError> {
        let end = offset.saturating_add(length);
        if end > self.bytes {
            return Err(IsoError::Truncated { what, expected_bytes: end, actual_bytes: self.bytes });
        }
        if length > LONGEST_READ {
            return Err(IsoError::Damaged {
                structure: what,
                offset,
                problem: format!("{length} bytes are more than it can have"),
            });
        }
        self.bytes_read += length;
        self.reads += 1;
        if self.bytes_read > BUDGET_BYTES {
            return Err(IsoError::Endless { limit: format!("{} MiB", BUDGET_BYTES >> 20) });
        }
        if self.reads > BUDGET_READS {
            return Err(IsoError::Endless { limit: format!("{BUDGET_READS} structures") });
        }
        let failed = |source| IsoError::Read { offset, bytes: length, source };
        self.reader.seek(SeekFrom::Start(offset)).map_err(failed)?;
        let mut buffer = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        self.reader.read_exact(&mut buffer).map_err(failed)?;
        Ok(buffer)
    }

    pub(crate) fn block(&mut self, what: &'static str, lba: u64) -> Result<Vec<u8>, IsoError> {
        self.read(what, lba.saturating_mul(BLOCK), BLOCK)
    }
}

/// Little-endian numbers and pieces of a buffer; beyond its end everything is zero or empty.
pub(crate) trait Fields {
    fn piece(&self, offset: usize, length: usize) -> &[u8];

    fn byte(&self, offset: usize) -> u8 {
        self.piece(offset, 1).first().copied().unwrap_or(0)
    }

    fn number(&self, offset: usize, length: usize) -> u64 {
        self.piece(offset, length).iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn u16(&self, offset: usize) -> u16 {
        u16::try_from(self.number(offset, 2)).unwrap_or(u16::MAX)
    }

    fn u32(&self, offset: usize) -> u32 {
        u32::try_from(self.number(offset, 4)).unwrap_or(u32::MAX)
    }

    fn u64(&self, offset: usize) -> u64 {
        self.number(offset, 8)
    }
}

impl Fields for [u8] {
    fn piece(&self, offset: usize, length: usize) -> &[u8] {
        let start = offset.min(self.len());
        let end = offset.saturating_add(length).min(self.len());
        self.get(start..end).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// How many pieces of this length are read, and what ends it.
    fn until_it_ends(length: u64) -> (u64, String) {
        let mut medium = Medium::new(Cursor::new(vec![0; 1 << 20])).unwrap();
        let mut pieces = 0;
        loop {
            match medium.read("a piece", 0, length) {
                Ok(_) => pieces += 1,
                Err(error) => return (pieces, error.to_string()),
            }
        }
    }

    #[test]
    fn neither_bytes_nor_reads_are_without_end() {
        let damaged = "the ISO image is damaged:";
        let more = "were read, and its structures lead to more";
        assert_eq!(until_it_ends(1 << 20), (16, format!("{damaged} 16 MiB {more}")));
        assert_eq!(until_it_ends(1), (BUDGET_READS, format!("{damaged} 20000 structures {more}")));
        assert_eq!(
            until_it_ends((1 << 20) + 1).1,
            "the ISO image is truncated: a piece ends at byte 1048577, the file at byte 1048576"
        );
    }
}
