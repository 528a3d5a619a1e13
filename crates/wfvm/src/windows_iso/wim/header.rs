//! The 208 bytes at the beginning of each part.

use std::io::{Read, Seek};

use schemars::JsonSchema;
use serde::Serialize;

use super::super::IsoError;
use super::super::medium::Fields;
use super::super::udf::{Entry, Udf};

const HEADER_BYTES: u64 = 208;
/// Parts that a set can have; a medium of 8 GB in pieces for FAT has two or three.
const PARTS: u16 = 200;
const SPANNED: u32 = 0x8;
const COMPRESSED: u32 = 0x2;

/// A file of images: a WIM, an ESD, or all parts of a split one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImageFile {
    /// The size of the file, or of all parts together.
    pub bytes: u64,
    /// 1, unless it is split.
    pub parts: u16,
    /// What all parts have in common, as 32 hexadecimal digits.
    pub guid: String,
    /// How its contents are compressed.
    pub compression: Compression,
    /// Whether files are packed together, as in an ESD (version 0xE00).
    pub solid: bool,
    /// How much is compressed at once.
    pub chunk_bytes: u32,
    /// The image that starts from it, 0 if none.
    pub boot_index: u32,
    /// Whether it carries checksums of its own bytes.
    pub has_integrity_table: bool,
    /// How many images the header counts.
    pub images: u32,
    /// Size, flags and offset of the XML.
    #[serde(skip)]
    pub(in super::super) xml: (u64, u8, u64),
}

/// How the contents of a WIM are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// Fast.
    Xpress,
    /// Usual in `install.wim`.
    Lzx,
    /// Usual in ESD files.
    Lzms,
    /// A bit that no document names.
    Unknown,
}

/// Whether a file may be one of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Parts {
    One,
    Several,
}

/// The header of the file at `path`, and those of all its parts: `install.swm`, `install2.swm`, …
pub(in super::super) fn file<R: Read + Seek>(
    udf: &mut Udf<R>,
    path: &'static str,
    entry: &Entry,
    may_be: Parts,
) -> Result<ImageFile, IsoError> {
    let damaged = |problem: String| IsoError::Damaged { structure: path, offset: 0, problem };
    let header = Header::read(udf, path, path, entry)?;
    let Header { part, parts, .. } = header;
    if part != 1 || parts == 0 || parts > PARTS {
        return Err(damaged(format!("it is part {part} of {parts}")));
    }
    if parts > 1 && may_be == Parts::One {
        return Err(damaged(format!("it is part 1 of {parts}, and only `install.swm` can be split")));
    }
    if (parts > 1) != (header.flags & SPANNED != 0) {
        return Err(damaged(format!("it has {parts} parts, and its flags are {:#x}", header.flags)));
    }
    let mut bytes = entry.bytes();
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let mut missing = Vec::new();
    for number in 2..=parts {
        let next = format!("{stem}{number}.swm");
        let Some(entry) = udf.file(&next)? else {
            missing.push(format!("`{next}`"));
            continue;
        };
        let other = Header::read(udf, path, &next, &entry)?;
        if (other.part, other.parts) != (number, parts) {
            return Err(damaged(format!(
                "`{next}` is part {} of {}, which should be {number} of {parts}",
                other.part, other.parts
            )));
        }
        if other.guid != header.guid {
            return Err(damaged(format!(
                "`{next}` belongs to another set: its GUID is {}, and that of the first part {}",
                other.guid, header.guid
            )));
        }
        bytes = bytes.saturating_add(entry.bytes());
    }
    if !missing.is_empty() {
        let verb = if missing.len() == 1 { "is" } else { "are" };
        return Err(damaged(format!("it has {parts} parts, and {} {verb} missing", missing.join(", "))));
    }
    Ok(ImageFile {
        bytes,
        parts,
        guid: header.guid,
        compression: compression(header.flags),
        solid: header.version == SOLID,
        chunk_bytes: header.chunk_bytes,
        boot_index: header.boot_index,
        has_integrity_table: header.has_integrity_table,
        images: header.images,
        xml: header.xml,
    })
}

const SOLID: u32 = 0x0000_0E00;
const PLAIN: u32 = 0x0001_0D00;

struct Header {
    version: u32,
    flags: u32,
    chunk_bytes: u32,
    guid: String,
    part: u16,
    parts: u16,
    images: u32,
    xml: (u64, u8, u64),
    boot_index: u32,
    has_integrity_table: bool,
}

impl Header {
    /// `name` is that of the part, for messages; errors lie in the set's first file.
    fn read<R: Read + Seek>(
        udf: &mut Udf<R>,
        path: &'static str,
        name: &str,
        entry: &Entry,
    ) -> Result<Self, IsoError> {
        let it = if name == path { "it".to_owned() } else { format!("`{name}`") };
        let damaged = |problem: String| IsoError::Damaged { structure: path, offset: 0, problem };
        if entry.bytes() < HEADER_BYTES {
            return Err(damaged(format!("{it} has only {} bytes", entry.bytes())));
        }
        let header = udf.read(path, entry, 0, HEADER_BYTES)?;
        match header.piece(0, 8) {
            b"MSWIM\0\0\0" => {}
            b"WLPWM\0\0\0" => {
                return Err(IsoError::Unsupported {
                    what: format!("`{name}` in the pipable form, which is wimlib's own"),
                });
            }
            _ => return Err(damaged(format!("{it} does not begin with `MSWIM`"))),
        }
        let header_bytes = header.u32(8);
        if u64::from(header_bytes) != HEADER_BYTES {
            return Err(damaged(format!("the header of {name} says that it has {header_bytes} bytes")));
        }
        let version = header.u32(12);
        if !matches!(version, PLAIN | SOLID) {
            return Err(IsoError::Unsupported { what: format!("an install image of version {version:#x}") });
        }
        let guid = header.piece(24, 16).iter().fold(String::new(), |guid, byte| format!("{guid}{byte:02x}"));
        // A resource: 7 bytes of size, one of flags, offset, original size.
        Ok(Self {
            version,
            flags: header.u32(16),
            chunk_bytes: header.u32(20),
            guid,
            part: header.u16(40),
            parts: header.u16(42),
            images: header.u32(44),
            xml: (header.number(0x48, 7), header.byte(0x4F), header.u64(0x50)),
            boot_index: header.u32(0x78),
            has_integrity_table: header.number(0x7C, 7) > 0,
        })
    }
}

fn compression(flags: u32) -> Compression {
    if flags & COMPRESSED == 0 {
        return Compression::None;
    }
    match flags >> 17 & 7 {
        1 => Compression::Xpress,
        2 => Compression::Lzx,
        4 => Compression::Lzms,
        _ => Compression::Unknown,
    }
}
