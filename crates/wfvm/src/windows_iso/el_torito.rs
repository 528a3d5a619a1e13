//! The ISO 9660 volume and the boot catalog ("El Torito Bootable CD-ROM Format
//! Specification" 1.0; UEFI adds platform 0xEF).

use std::io::{Read, Seek};

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::IsoError;
use super::medium::{BLOCK, Fields, Medium};

/// The first volume descriptor, after the system area.
const FIRST_DESCRIPTOR: u64 = 16;
/// Descriptors of both file systems; media have six to eight.
const DESCRIPTORS: u64 = 32;
const ENTRY: usize = 32;

/// Which firmware an entry is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String")]
pub enum Platform {
    /// 0x00: a PC's BIOS.
    Bios,
    /// 0xEF: UEFI.
    Uefi,
    /// Anything else, by its number.
    Other(u8),
}

impl std::fmt::Display for Platform {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bios => formatter.write_str("bios"),
            Self::Uefi => formatter.write_str("uefi"),
            Self::Other(number) => write!(formatter, "platform {number:#04x}"),
        }
    }
}

impl Serialize for Platform {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An entry of the boot catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BootEntry {
    /// Its firmware.
    pub platform: Platform,
    /// Whether firmware may start it.
    pub bootable: bool,
    /// The drive that a BIOS plays with it: 0 none, 1 to 3 a floppy of 1.2, 1.44 or 2.88 MB, 4 a hard disk.
    pub emulation: u8,
    /// Where a BIOS loads it; 0 stands for 0x7C0.
    pub load_segment: u16,
    /// The boot image's first block of 2048 bytes.
    pub lba: u32,
    /// Byte offset of that address on the medium.
    pub lba_offset: u64,
    /// How many sectors of 512 bytes firmware loads; UEFI takes 0 and 1 as "to the end".
    pub sectors: u16,
}

/// What the descriptors from block 16 on say.
#[derive(Debug, Default)]
pub(super) struct Volume {
    pub(super) label: String,
    /// How long the ISO 9660 volume says it is.
    pub(super) bytes: u64,
    pub(super) boot_catalog_lba: Option<u32>,
    /// Whether the recognition sequence announces UDF by `NSR02` or `NSR03` (ECMA-167 3/9.1).
    pub(super) announces_udf: bool,
}

/// Walks the volume descriptors.
pub(super) fn volume<R: Read + Seek>(medium: &mut Medium<R>) -> Result<Volume, IsoError> {
    const WHAT: &str = "a volume descriptor";
    if medium.bytes() < (FIRST_DESCRIPTOR + 1) * BLOCK {
        return Err(IsoError::NotAnIso {
            found: format!(
                "it has only {} bytes, and a volume descriptor ends at byte 34816",
                medium.bytes()
            ),
        });
    }
    let mut volume = Volume::default();
    let mut primary = false;
    for lba in FIRST_DESCRIPTOR..FIRST_DESCRIPTOR + DESCRIPTORS {
        let descriptor = medium.block(WHAT, lba)?;
        match (descriptor.piece(1, 5), descriptor.byte(0)) {
            (b"CD001", 0) if descriptor.piece(7, 23) == b"EL TORITO SPECIFICATION" => {
                volume.boot_catalog_lba.get_or_insert(descriptor.u32(0x47));
            }
            (b"CD001", 1) if !primary => {
                primary = true;
                volume.label = printable(descriptor.piece(40, 32));
                volume.bytes = u64::from(descriptor.u32(80)) * u64::from(descriptor.u16(128));
            }
            (b"NSR02" | b"NSR03", _) => volume.announces_udf = true,
            (b"CD001", _) => {}
            (b"BEA01" | b"BOOT2", _) if lba > FIRST_DESCRIPTOR => {}
            // The end, or what is no descriptor any more.
            (found, _) if lba == FIRST_DESCRIPTOR => {
                let udf = matches!(found, b"BEA01" | b"NSR02" | b"NSR03");
                let found = if udf {
                    "a UDF volume without ISO 9660, and so without a boot catalog".into()
                } else {
                    what_it_is(medium)?
                };
                return Err(IsoError::NotAnIso { found });
            }
            _ => break,
        }
    }
    Ok(volume)
}

/// Names frequent mistakes: an archive, a disk image, a page saved in place of the download.
fn what_it_is<R: Read + Seek>(medium: &mut Medium<R>) -> Result<String, IsoError> {
    let start = medium.read("the first block", 0, BLOCK)?;
    let known: [(&[u8], &str); 9] = [
        (b"QFI\xfb", "a qcow2 disk image"),
        (b"MSWIM\0\0\0", "a WIM or ESD file; an ISO holds one in its folder `sources`"),
        (b"PK\x03\x04", "a zip archive"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        (b"MZ", "a Windows program"),
        (b"vhdxfile", "a VHDX disk image"),
        (b"<", "a page of HTML or XML, as a failed download leaves"),
        (b"KDMV", "a VMDK disk image"),
        (b"Rar!", "a RAR archive"),
    ];
    let found = known.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, what)| *what);
    Ok(found.unwrap_or("`CD001` does not stand at byte 32769").into())
}

fn printable(bytes: &[u8]) -> String {
    let text: String = bytes
        .iter()
        .map(|byte| char::from(*byte))
        .map(|c| if c.is_ascii_graphic() { c } else { ' ' })
        .collect();
    text.trim().into()
}

/// The entries of the catalog, each with the place of its address.
pub(super) fn boot_entries<R: Read + Seek>(
    medium: &mut Medium<R>,
    lba: u32,
) -> Result<Vec<BootEntry>, IsoError> {
    const WHAT: &str = "the boot catalog";
    let offset = u64::from(lba) * BLOCK;
    let catalog = medium.block(WHAT, lba.into())?;
    let damaged = |problem: &str| IsoError::Damaged { structure: WHAT, offset, problem: problem.into() };
    if catalog.byte(0) != 1 || catalog.piece(30, 2) != [0x55, 0xAA] {
        return Err(damaged("it does not begin with a validation entry"));
    }
    let sum = catalog.piece(0, ENTRY).chunks(2).fold(0_u16, |sum, word| sum.wrapping_add(word.u16(0)));
    if sum != 0 {
        return Err(damaged("the validation entry's checksum is wrong"));
    }
    let mut entries = Vec::new();
    let mut platform = platform_of(catalog.byte(1));
    // The validation entry speaks for one entry, each section header for as many as it says.
    let mut remaining = 1;
    let mut last_section = false;
    for (index, entry) in catalog.chunks(ENTRY).enumerate().skip(1) {
        let indicator = entry.byte(0);
        match (remaining, indicator) {
            // An extension of the entry before.
            (_, 0x44) => {}
            (0, 0x90 | 0x91) if !last_section => {
                platform = platform_of(entry.byte(1));
                remaining = entry.u16(2);
                last_section = indicator == 0x91;
            }
            (0, _) => break,
            _ => {
                remaining -= 1;
                entries.push(BootEntry {
                    platform,
                    bootable: indicator == 0x88,
                    emulation: entry.byte(1) & 0x0F,
                    load_segment: entry.u16(2),
                    lba: entry.u32(8),
                    lba_offset: offset + (index * ENTRY + 8) as u64,
                    sectors: entry.u16(6),
                });
            }
        }
    }
    if remaining > 0 {
        return Err(damaged(&format!("{remaining} more entries are announced than fit into it")));
    }
    // A boot image that lies beyond the end cannot start.
    for entry in entries.iter().filter(|entry| entry.bootable) {
        let length = u64::from(entry.sectors.max(1)) * 512;
        let expected_bytes = u64::from(entry.lba) * BLOCK + length;
        if expected_bytes > medium.bytes() {
            return Err(IsoError::Truncated {
                what: "a boot image",
                expected_bytes,
                actual_bytes: medium.bytes(),
            });
        }
    }
    Ok(entries)
}

fn platform_of(number: u8) -> Platform {
    match number {
        0x00 => Platform::Bios,
        0xEF => Platform::Uefi,
        other => Platform::Other(other),
    }
}
