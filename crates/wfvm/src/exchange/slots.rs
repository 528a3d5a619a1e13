//! Entries of a directory, of 32 bytes each, become names and what they stand for.

use super::{
    bytes::{u8_at, u16_at, u32_at},
    damage::Damage,
    names::{LAST, LONG_NAME, LONGEST, PART, PART_PLACES, ShortName, checksum},
    plan::{DIRECTORY, VOLUME_LABEL},
};

const FREE: u8 = 0xE5;
/// Stands for 0xE5 at the beginning of a short name.
const ESCAPED: u8 = 0x05;
/// Windows writes a name that is all in lower case as a short one with these.
const LOWER_STEM: u8 = 0x08;
const LOWER_EXTENSION: u8 = 0x10;

/// An entry as the directory has it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) name: String,
    pub(super) is_directory: bool,
    pub(super) first: u32,
    pub(super) bytes: u32,
}

/// What 32 bytes of a directory are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Nothing,
    End,
    Found(Found),
}

/// Something wrong with an entry, and what is known of its name.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) name: String,
    pub(super) damage: Damage,
}

/// Reads the entries of one directory in their order.
#[derive(Debug, Default)]
pub(super) struct Slots(Option<LongName>);

/// A long name of which the last parts are known.
#[derive(Debug)]
struct LongName {
    /// The number of the part that came last.
    number: u8,
    checksum: u8,
    units: Vec<u16>,
}

impl LongName {
    fn wrong(&self, problem: &'static str) -> Wrong {
        let shown: Vec<u16> = self.units.iter().copied().take_while(|unit| *unit != 0).collect();
        Wrong { name: String::from_utf16_lossy(&shown), damage: Damage::LongName { problem } }
    }

    /// The name, if it is the one of an entry with this short name.
    fn name(&self, short: &ShortName) -> Result<String, Wrong> {
        if self.number != 1 {
            return Err(self.wrong("lacks its first parts"));
        }
        if self.checksum != checksum(short) {
            return Err(self.wrong("belongs to another short name"));
        }
        let end = self.units.iter().position(|unit| *unit == 0).unwrap_or(self.units.len());
        let (units, filling) = self.units.split_at_checked(end).unwrap_or((&self.units, &[]));
        if filling.len() >= PART || filling.iter().skip(1).any(|unit| *unit != 0xFFFF) {
            return Err(self.wrong("goes on after its end"));
        }
        if units.is_empty() || units.len() > LONGEST {
            return Err(self.wrong("is empty, or longer than 255 characters"));
        }
        String::from_utf16(units).map_err(|_| self.wrong("is no UTF-16"))
    }
}

impl Slots {
    /// The next 32 bytes.
    pub(super) fn next(&mut self, slot: &[u8]) -> Result<Slot, Wrong> {
        let (first, attributes) = (u8_at(slot, 0), u8_at(slot, 11));
        if first == 0 || first == FREE {
            self.end()?;
            return Ok(if first == 0 { Slot::End } else { Slot::Nothing });
        }
        if attributes & 0x3F == LONG_NAME {
            return self.part(slot).map(|()| Slot::Nothing);
        }
        let short: ShortName = slot.get(..11).and_then(|bytes| bytes.try_into().ok()).unwrap_or([b' '; 11]);
        let long = self.0.take();
        if attributes & VOLUME_LABEL != 0 || short.trim_ascii_end() == b"." || short.trim_ascii_end() == b".."
        {
            return match long {
                Some(long) => Err(long.wrong("belongs to no file")),
                None => Ok(Slot::Nothing),
            };
        }
        let name = match long {
            Some(long) => long.name(&short)?,
            None => short_name(&short, u8_at(slot, 12))?,
        };
        if name.contains(['/', '\\', '\0']) || name == "." || name == ".." {
            return Err(Wrong { name: "?".into(), damage: Damage::Name { name } });
        }
        let is_directory = attributes & DIRECTORY != 0;
        let bytes = u32_at(slot, 28);
        if is_directory && bytes != 0 {
            return Err(Wrong { name, damage: Damage::DirectorySize { bytes } });
        }
        let first = u32::from(u16_at(slot, 20)) << 16 | u32::from(u16_at(slot, 26));
        Ok(Slot::Found(Found { name, is_directory, first, bytes }))
    }

    /// The directory ends here.
    pub(super) fn end(&mut self) -> Result<(), Wrong> {
        match self.0.take() {
            Some(long) => Err(long.wrong("belongs to no file")),
            None => Ok(()),
        }
    }

    fn part(&mut self, slot: &[u8]) -> Result<(), Wrong> {
        let (number, sum) = (u8_at(slot, 0), u8_at(slot, 13));
        let units: Vec<u16> = PART_PLACES.iter().map(|place| u16_at(slot, *place)).collect();
        let long = match self.0.take() {
            None => LongName { number: number & !LAST, checksum: sum, units },
            Some(before) => {
                let follows = number & LAST == 0 && number.checked_add(1) == Some(before.number);
                if !follows || sum != before.checksum {
                    return Err(before.wrong("has parts in the wrong order, or of another name"));
                }
                LongName { number, checksum: sum, units: [units, before.units].concat() }
            }
        };
        let is_first = long.units.len() == PART;
        if is_first && number & LAST == 0 {
            return Err(long.wrong("begins in the middle"));
        }
        if !(1..=20).contains(&long.number) || u8_at(slot, 12) != 0 || u16_at(slot, 26) != 0 {
            return Err(long.wrong("has a part that is none"));
        }
        self.0 = Some(long);
        Ok(())
    }
}

/// The name of an entry without a long one.
fn short_name(short: &ShortName, case: u8) -> Result<String, Wrong> {
    let wrong = |byte: u8| Wrong {
        name: String::from_utf8_lossy(short).trim_end().to_owned(),
        damage: Damage::ShortName { byte },
    };
    if short.first() == Some(&ESCAPED) {
        return Err(wrong(0xE5));
    }
    // Windows and others give a long name to what is not ASCII, and else it would depend on
    // their code page what it means.
    let is_wrong = |byte: &u8| !(0x20..0x7F).contains(byte) || b"\"*+,./:;<=>?[\\]|".contains(byte);
    if let Some(byte) = short.iter().copied().find(is_wrong) {
        return Err(wrong(byte));
    }
    if short.first() == Some(&b' ') {
        return Err(wrong(b' '));
    }
    let (stem, extension) = short.split_at(8);
    let part = |bytes: &[u8], lower: u8| {
        let text = String::from_utf8_lossy(bytes.trim_ascii_end()).into_owned();
        if case & lower == 0 { text } else { text.to_ascii_lowercase() }
    };
    let (stem, extension) = (part(stem, LOWER_STEM), part(extension, LOWER_EXTENSION));
    Ok(if extension.is_empty() { stem } else { format!("{stem}.{extension}") })
}
