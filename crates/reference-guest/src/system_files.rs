//! Files of Windows' own on the system volume, found without regard to case, and their texts in the
//! encodings that Windows writes.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::boot::SYSTEM_VOLUME;
use crate::windows_path;

/// A file below the root of C:, as it is spelt on the disk.
pub(crate) fn place(path: &str) -> PathBuf {
    windows_path::resolve(Path::new(SYSTEM_VOLUME), path)
}

/// A text in UTF-16 with a byte order mark, or in UTF-8.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    Ok(decode(&fs::read(path)?))
}

pub(crate) fn decode(bytes: &[u8]) -> String {
    let units = |bytes: &[u8], read: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| read(*pair)).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xFF, 0xFE, rest @ ..] => units(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => units(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// UTF-16, little endian, with a byte order mark.
pub(crate) fn write_utf16(path: &Path, text: &str) -> io::Result<()> {
    let bytes: Vec<u8> = [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    fs::write(path, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_in_each_of_its_encodings() {
        let file = tempfile::NamedTempFile::new().unwrap();
        write_utf16(file.path(), "ä\r\n").unwrap();
        assert_eq!(fs::read(file.path()).unwrap(), [0xFF, 0xFE, 0xE4, 0, 13, 0, 10, 0]);
        assert_eq!(read_text(file.path()).unwrap(), "ä\r\n");
        assert_eq!(decode(b"\xEF\xBB\xBFa"), "a");
        assert_eq!(decode(&[0xFE, 0xFF, 0, 0x61]), "a");
    }
}
