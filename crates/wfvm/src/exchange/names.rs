//! Names in directories: eleven bytes of a short one, and before them the parts of a long one.

use std::collections::{HashMap, HashSet};

use super::bytes::put;

/// Bytes of an entry.
pub(super) const SLOT: usize = 32;
pub(super) const LONG_NAME: u8 = 0x0F;
/// UTF-16 units in a part of a long name, and where they lie in its entry.
pub(super) const PART: usize = 13;
pub(super) const PART_PLACES: [usize; PART] = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];
/// UTF-16 units of the longest name.
pub(super) const LONGEST: usize = 255;
/// In the number of the last part, which comes first.
pub(super) const LAST: u8 = 0x40;

/// A short name as it stands in an entry.
pub(super) type ShortName = [u8; 11];

/// A name as a directory has it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) short: ShortName,
    /// The entries of the long name, if there must be one.
    pub(super) long: Vec<[u8; SLOT]>,
}

/// Names that Windows takes for the same have this in common: each character in upper case, if
/// that is one character.
pub(crate) fn fold(name: &str) -> String {
    let upper = |character: char| {
        let mut upper = character.to_uppercase();
        match (upper.next(), upper.next()) {
            (Some(one), None) => one,
            _ => character,
        }
    };
    name.chars().map(upper).collect()
}

/// How the names of one directory are written. They differ by [`fold`].
pub(super) fn named(names: &[&str]) -> Vec<Named> {
    let exact: Vec<Option<ShortName>> = names.iter().map(|name| exact(name)).collect();
    let mut taken: HashSet<ShortName> = exact.iter().flatten().copied().collect();
    let mut numbers = HashMap::new();
    let both = names.iter().zip(exact);
    let written = both.map(|(name, exact)| {
        let short = exact.unwrap_or_else(|| alias(name, &mut taken, &mut numbers));
        let long = if exact.is_some() { Vec::new() } else { long_name(name, checksum(&short)) };
        Named { short, long }
    });
    written.collect()
}

/// A name that says all by its short form.
fn exact(name: &str) -> Option<ShortName> {
    let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
    let plain = |part: &str| part.chars().all(|c| is_short(c) && !c.is_ascii_lowercase());
    let fits = (1..=8).contains(&stem.len()) && extension.len() <= 3;
    (fits && plain(stem) && plain(extension) && !name.ends_with('.')).then(|| padded(stem, extension))
}

fn is_short(character: char) -> bool {
    character.is_ascii_alphanumeric() || "$%'-_@~`!(){}^#&".contains(character)
}

fn padded(stem: &str, extension: &str) -> ShortName {
    let mut short = [b' '; 11];
    put(&mut short, 0, stem.as_bytes());
    put(&mut short, 8, extension.as_bytes());
    short
}

/// A short name for a long one that no other of the directory has, made as Windows makes it.
fn alias(
    name: &str,
    taken: &mut HashSet<ShortName>,
    numbers: &mut HashMap<(String, String), u32>,
) -> ShortName {
    let trimmed = name.trim_start_matches(['.', ' ']);
    let (stem, extension) = trimmed.rsplit_once('.').unwrap_or((trimmed, ""));
    let cleaned = |part: &str, most: usize| -> String {
        let kept = part.chars().filter(|c| !matches!(c, ' ' | '.'));
        kept.map(|c| if is_short(c) { c.to_ascii_uppercase() } else { '_' }).take(most).collect()
    };
    let (short_stem, short_extension) = (cleaned(stem, 8), cleaned(extension, 3));
    // What differs in case alone needs no number.
    let said =
        if extension.is_empty() { short_stem.clone() } else { format!("{short_stem}.{short_extension}") };
    let whole = padded(&short_stem, &short_extension);
    if !short_stem.is_empty() && said.eq_ignore_ascii_case(name) && taken.insert(whole) {
        return whole;
    }
    let next = numbers.entry((short_stem.chars().take(6).collect(), short_extension.clone())).or_insert(0);
    loop {
        *next = next.saturating_add(1);
        let tail = format!("~{next}");
        let stem: String = short_stem.chars().take(8_usize.saturating_sub(tail.len())).collect();
        let short = padded(&format!("{stem}{tail}"), &short_extension);
        if taken.insert(short) {
            return short;
        }
    }
}

/// What binds the parts of a long name to the short one.
pub(super) fn checksum(short: &ShortName) -> u8 {
    short.iter().fold(0_u8, |sum, byte| sum.rotate_right(1).wrapping_add(*byte))
}

/// The entries of a long name, the last part first.
fn long_name(name: &str, checksum: u8) -> Vec<[u8; SLOT]> {
    let units: Vec<u16> = name.encode_utf16().collect();
    let parts: Vec<&[u16]> = units.chunks(PART).collect();
    let numbered = (1_u8..).zip(&parts).map(|(number, part)| {
        let is_last = usize::from(number) == parts.len();
        let mut slot = [0; SLOT];
        put(&mut slot, 0, &[if is_last { number | LAST } else { number }]);
        put(&mut slot, 11, &[LONG_NAME, 0, checksum]);
        // An end, if there is room for it, and then filling.
        let filled = part.iter().copied().chain([0]).chain(std::iter::repeat(0xFFFF));
        for (place, unit) in PART_PLACES.iter().zip(filled) {
            put(&mut slot, *place, &unit.to_le_bytes());
        }
        slot
    });
    let mut slots: Vec<[u8; SLOT]> = numbered.collect();
    slots.reverse();
    slots
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shorts(names: &[&str]) -> Vec<String> {
        let text = |named: Named| String::from_utf8(named.short.to_vec()).unwrap();
        named(names).into_iter().map(text).collect()
    }

    #[test]
    fn a_short_name_is_made_as_windows_makes_it() {
        let names = ["README.TXT", "env.json", ".attrs.json", "long name.tar.gz", "Ünï.c", "a.b.c", "out"];
        let expected = [
            "README  TXT",
            "ENV     JSO",
            "ATTRS~1 JSO",
            "LONGNA~1GZ ",
            "_N_~1   C  ",
            "AB~1    C  ",
            "OUT        ",
        ];
        let mut shorts = shorts(&names);
        // Of four letters one is lost, so that it needs a number.
        assert_eq!(shorts.remove(1), "ENV~1   JSO");
        let mut expected = expected.to_vec();
        expected.remove(1);
        assert_eq!(shorts, expected);
    }

    #[test]
    fn thousands_of_like_names_have_a_short_name_each() {
        let names: Vec<String> = (0..20_000).map(|number| format!("a long name, {number}.text")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let shorts = shorts(&names);
        assert_eq!(shorts.iter().collect::<HashSet<_>>().len(), names.len());
        assert_eq!(shorts.last().unwrap(), "AL~20000TEX");
    }

    #[test]
    fn a_short_name_that_is_there_already_is_left_to_its_owner() {
        assert_eq!(shorts(&["file.txt", "FILE~1.TXT", "file one.txt"])[..2], ["FILE    TXT", "FILE~1  TXT"]);
        assert_eq!(shorts(&["file one.txt", "FILEON~1.TXT"]), ["FILEON~2TXT", "FILEON~1TXT"]);
    }

    #[test]
    fn case_is_folded_by_single_characters() {
        assert_eq!(fold("Straße.é"), "STRAßE.É");
    }
}
