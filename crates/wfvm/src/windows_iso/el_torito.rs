//! The ISO 9660 volume and the boot catalog ("El Torito Bootable CD-ROM Format
//! Specification" 1.0; UEFI adds platform 0xEF).

use std::io::{Read, Seek};

use super::IsoError;
use super::medium::{BLOCK, Fields, Medium};

/// The first volume descriptor, after the system area.
const FIRST_DESCRIPTOR: u64 = 16;
/// Descriptors before the terminator; media have three to five.
const DESCRIPTORS: u64 = 32;
const ENTRY: usize = 32;

/// Which firmware an entry is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// 0x00: a PC's BIOS.
    Bios,
    /// 0xEF: UEFI.
    Uefi,
    /// Anything else, by its number.
    Other(u8),
}

/// An entry of the boot catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BootEntry {
    /// Its firmware.
    pub platform: Platform,
    /// Whether firmware may start it.
    pub bootable: bool,
    /// The boot image's first block of 2048 bytes.
    pub lba: u32,
    /// Byte offset of that address on the medium.
    pub lba_offset: u64,
    /// How many sectors of 512 bytes firmware loads; UEFI takes 0 and 1 as "to the end".
    pub sectors: u16,
}

pub(super) struct Volume {
    pub(super) label: String,
    pub(super) boot_catalog_lba: Option<u32>,
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
    let mut label = None;
    let mut boot_catalog_lba = None;
    for lba in FIRST_DESCRIPTOR..FIRST_DESCRIPTOR + DESCRIPTORS {
        let descriptor = medium.block(WHAT, lba)?;
        if descriptor.piece(1, 5) != b"CD001" {
            if lba == FIRST_DESCRIPTOR {
                return Err(IsoError::NotAnIso { found: what_it_is(medium)? });
            }
            break;
        }
        match descriptor.byte(0) {
            0 if descriptor.piece(7, 23) == b"EL TORITO SPECIFICATION" => {
                boot_catalog_lba.get_or_insert(descriptor.u32(0x47));
            }
            1 => {
                label.get_or_insert_with(|| printable(descriptor.piece(40, 32)));
            }
            255 => break,
            _ => {}
        }
    }
    Ok(Volume { label: label.unwrap_or_default(), boot_catalog_lba })
}

/// Names frequent mistakes: an archive, a disk image, a page saved in place of the download.
fn what_it_is<R: Read + Seek>(medium: &mut Medium<R>) -> Result<String, IsoError> {
    let start = medium.read("the first block", 0, BLOCK)?;
    let known: [(&[u8], &str); 8] = [
        (b"QFI\xfb", "a qcow2 disk image"),
        (b"MSWIM\0\0\0", "a WIM file"),
        (b"PK\x03\x04", "a zip archive"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        (b"MZ", "a Windows program"),
        (b"vhdxfile", "a VHDX disk image"),
        (b"<", "a page of HTML or XML, as a failed download leaves"),
        (b"KDMV", "a VMDK disk image"),
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
    let damaged = |problem: &str| Err(IsoError::Damaged { structure: WHAT, offset, problem: problem.into() });
    if catalog.byte(0) != 1 || catalog.piece(30, 2) != [0x55, 0xAA] {
        return damaged("it does not begin with a validation entry");
    }
    let sum = catalog.piece(0, ENTRY).chunks(2).fold(0_u16, |sum, word| sum.wrapping_add(word.u16(0)));
    if sum != 0 {
        return damaged("the validation entry's checksum is wrong");
    }
    let mut entries = Vec::new();
    let mut platform = platform_of(catalog.byte(1));
    // The validation entry speaks for one entry, each section header for as many as it says.
    let mut remaining = 1;
    for (index, entry) in catalog.chunks(ENTRY).enumerate().skip(1) {
        let indicator = entry.byte(0);
        match (remaining, indicator) {
            (0, 0x90 | 0x91) => {
                platform = platform_of(entry.byte(1));
                remaining = entry.u16(2);
            }
            (0, _) => break,
            // An extension of the entry before.
            (_, 0x44) => {}
            _ => {
                remaining -= 1;
                entries.push(BootEntry {
                    platform,
                    bootable: indicator == 0x88,
                    lba: entry.u32(8),
                    lba_offset: offset + (index * ENTRY + 8) as u64,
                    sectors: entry.u16(6),
                });
            }
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
