//! Names of the host as Windows can have them: unique without regard to case, without what
//! Windows reserves, and as short as UDF wants them.

use std::collections::{HashMap, HashSet};

use crate::session::file_name;

/// Units that a UDF name has room for, if all of them are Latin-1 and if not: one byte holds
/// the length, one says which it is.
const LATIN_UNITS: usize = 254;
const WIDE_UNITS: usize = 127;

/// A longer extension is no extension.
const LONGEST_EXTENSION: usize = 16;

/// Cygwin and MSYS2 move what Windows cannot have to this page of the private use area, and
/// show their programs the character that it was.
const PRIVATE_PAGE: u32 = 0xf000;

/// The names of a directory's entries, in their order.
pub(super) fn names<'a>(hosts: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
    let mut taken = HashSet::new();
    let first = hosts.into_iter().map(|host| {
        let name = name(host);
        let free = taken.insert(fold(&name));
        (name, free)
    });
    let first: Vec<(String, bool)> = first.collect();
    // How many have been called like this.
    let mut numbers: HashMap<String, u32> = HashMap::new();
    let unique = first.into_iter().map(|(name, free)| {
        if free {
            return name;
        }
        let number = numbers.entry(fold(&name)).or_insert(1);
        loop {
            *number = number.saturating_add(1);
            let other = marked(&name, &format!("~{number}"));
            if taken.insert(fold(&other)) {
                return other;
            }
        }
    });
    unique.collect()
}

/// A name of the host, without regard to its neighbours.
fn name(host: &[u8]) -> String {
    let mut name = String::with_capacity(host.len());
    for chunk in host.utf8_chunks() {
        name.extend(chunk.valid().chars().map(|c| if is_reserved(c) { private(u32::from(c)) } else { c }));
        name.extend(chunk.invalid().iter().map(|byte| private(u32::from(*byte))));
    }
    let kept = name.trim_end_matches([' ', '.']).len();
    let tail: String = name.split_off(kept).chars().map(|c| private(u32::from(c))).collect();
    name.push_str(&tail);
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    if file_name::is_device(&stem) {
        name = marked(&name, "~1");
    }
    if units(&name) > room(&name) {
        name = marked(&name, &format!("~{:08x}", hash(host)));
    }
    name
}

fn is_reserved(character: char) -> bool {
    matches!(character, '\u{1}'..='\u{1f}' | '<' | '>' | ':' | '"' | '\\' | '|' | '?' | '*')
}

fn private(character: u32) -> char {
    char::from_u32(PRIVATE_PAGE | (character & 0xff)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Names that Windows takes for the same have this in common.
fn fold(name: &str) -> String {
    name.to_uppercase()
}

/// The name with a mark at its stem's end, so that it keeps its extensions, and the stem as long
/// as there is room.
fn marked(name: &str, mark: &str) -> String {
    let short = units(name) + units(mark) <= room(name);
    let at = if short { name.find('.') } else { name.rfind('.') };
    let at = at.filter(|at| *at > 0 && (short || units(&name[*at..]) <= LONGEST_EXTENSION));
    let (stem, extension) = name.split_at(at.unwrap_or(name.len()));
    let mut left = room(name).saturating_sub(units(mark) + units(extension));
    let fits = |character: &char| {
        let fits = character.len_utf16() <= left;
        left = left.saturating_sub(character.len_utf16());
        fits
    };
    let stem: String = if short { stem.into() } else { stem.chars().take_while(fits).collect() };
    format!("{stem}{mark}{extension}")
}

fn units(name: &str) -> usize {
    name.chars().map(char::len_utf16).sum()
}

fn is_latin(name: &str) -> bool {
    name.chars().all(|character| u32::from(character) <= 0xff)
}

fn room(name: &str) -> usize {
    if is_latin(name) { LATIN_UNITS } else { WIDE_UNITS }
}

/// FNV-1a, folded to 32 bits.
fn hash(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// A name as UDF writes it: OSTA's compressed Unicode, UDF 1.02 §2.1.1.
pub(super) fn compressed(name: &str) -> Vec<u8> {
    if is_latin(name) {
        std::iter::once(8).chain(name.chars().map(|c| u8::try_from(c).unwrap_or(b'?'))).collect()
    } else {
        std::iter::once(16).chain(name.encode_utf16().flat_map(u16::to_be_bytes)).collect()
    }
}
