//! A directory's record (ECMA-119 9.1), and the names in it.

use crate::windows_iso::medium::{BLOCK, Fields as _};

/// How a volume's names are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// ISO 9660's own, or those of Rock Ridge behind them.
    Plain,
    /// UCS-2, big endian.
    Joliet,
}

/// Where a file or directory lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    lba: u32,
    pub(super) bytes: u64,
    pub(super) is_folder: bool,
    pub(super) in_pieces: bool,
}

const FIXED: usize = 33;

impl Record {
    /// A record with its name; the directory itself and its parent have none.
    pub(super) fn parse(bytes: &[u8], names: Names) -> Option<(Self, Option<String>)> {
        let length = usize::from(bytes.byte(32));
        let name = bytes.piece(FIXED, length);
        if name.len() != length || length == 0 {
            return None;
        }
        let flags = bytes.byte(25);
        let record = Self {
            lba: bytes.u32(2),
            bytes: bytes.u32(10).into(),
            is_folder: flags & 2 != 0,
            in_pieces: flags & 0x80 != 0,
        };
        if matches!(name, [0 | 1]) {
            return Some((record, None));
        }
        // The name is padded to an even length with the record's fixed part.
        let system_use = bytes.get(FIXED + length + usize::from(length % 2 == 0)..).unwrap_or_default();
        let name = match names {
            Names::Joliet => {
                let units: Vec<u16> =
                    name.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
                String::from_utf16_lossy(&units)
            }
            Names::Plain => {
                rock_ridge(system_use).unwrap_or_else(|| String::from_utf8_lossy(name).into_owned())
            }
        };
        let plain = name.rsplit_once(';').map_or(name.as_str(), |(name, _)| name).trim_end_matches('.');
        Some((record, Some(plain.to_owned())))
    }

    pub(super) fn offset(self) -> u64 {
        u64::from(self.lba) * BLOCK
    }
}

/// The name in entries `NM` (IEEE P1282 4.1.4).
fn rock_ridge(mut system_use: &[u8]) -> Option<String> {
    let mut name = Vec::new();
    while let [first, second, length, _version, ..] = *system_use {
        let length = usize::from(length);
        if length < 4 {
            break;
        }
        if [first, second] == *b"NM" {
            name.extend(system_use.piece(5, length.saturating_sub(5)));
        }
        system_use = system_use.get(length..).unwrap_or_default();
    }
    (!name.is_empty()).then(|| String::from_utf8_lossy(&name).into_owned())
}
