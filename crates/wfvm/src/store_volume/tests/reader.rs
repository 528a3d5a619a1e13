//! Reads a volume as a stranger would: from the anchor on, and every tag is checked.

use std::collections::BTreeMap;

use super::StoreVolume;

const SECTOR: u64 = 2048;

/// What is at a path of the volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    Directory,
    /// Size, the block of the entry, and where the bytes are: sector and length.
    File {
        bytes: u64,
        entry: u32,
        extents: Vec<(u64, u32)>,
    },
}

pub(super) struct Reader<'a> {
    volume: &'a StoreVolume,
    partition: u64,
    /// How often each entry is named, and what it says about that.
    names: BTreeMap<u32, (u16, u16)>,
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap())
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// CRC-16 bit by bit, so that it is not the table of what it checks.
fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ (u16::from(*byte) << 8), |sum: u16, _| {
            (sum << 1) ^ if sum & 0x8000 == 0 { 0 } else { 0x1021 }
        })
    })
}

/// A tag's kind, which must be whole and at its place.
fn tag(bytes: &[u8], location: u32) -> u16 {
    let sum = bytes[..16].iter().enumerate().filter(|(at, _)| *at != 4);
    assert_eq!(bytes[4], sum.fold(0, |sum: u8, (_, byte)| sum.wrapping_add(*byte)));
    let length = usize::from(u16_at(bytes, 10));
    assert_eq!(u16_at(bytes, 8), crc(&bytes[16..16 + length]));
    assert_eq!(u32_at(bytes, 12), location);
    u16_at(bytes, 0)
}

impl<'a> Reader<'a> {
    /// Everything on the volume by its path.
    pub(super) fn all(volume: &'a StoreVolume) -> BTreeMap<String, Seen> {
        assert_eq!(volume.bytes() % SECTOR, 0);
        let sector = |at: u64| volume.read(at * SECTOR, 2048).unwrap();
        let last = volume.bytes() / SECTOR - 1;
        assert_eq!(&sector(17)[1..6], b"NSR02");
        assert_eq!(tag(&sector(last), u32::try_from(last).unwrap()), 2, "the last sector is an anchor");
        let anchor = sector(256);
        assert_eq!(tag(&anchor, 256), 2);
        let kinds = |start: u32| -> Vec<(u16, Vec<u8>)> {
            (start..start + 6).map(|at| (at, sector(at.into()))).map(|(at, s)| (tag(&s, at), s)).collect()
        };
        let sequence = kinds(u32_at(&anchor, 20));
        assert_eq!(sequence.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [1, 4, 5, 6, 7, 8]);
        assert_eq!(kinds(u32_at(&anchor, 28)).len(), 6);
        let (_, partition) = &sequence[2];
        let start = u64::from(u32_at(partition, 188));
        assert_eq!(start + u64::from(u32_at(partition, 192)), last, "the partition ends before the anchor");
        let file_set = sector(start + u64::from(u32_at(&sequence[3].1, 252)));
        assert_eq!(tag(&file_set, 0), 256);
        let mut reader = Self { volume, partition: start, names: BTreeMap::new() };
        let root = u32_at(&file_set, 404);
        let mut all = BTreeMap::new();
        reader.directory(root, root, "", &mut all);
        for (entry, (named, says)) in &reader.names {
            assert_eq!(named, says, "entry {entry} is named so often, and says so");
        }
        all
    }

    fn entry(&mut self, block: u32) -> (Vec<u8>, Vec<(u64, u32)>) {
        let bytes = self.volume.read((self.partition + u64::from(block)) * SECTOR, 2048).unwrap();
        assert_eq!(tag(&bytes, block), 261);
        let named = self.names.entry(block).or_insert((0, u16_at(&bytes, 48)));
        named.0 += 1;
        let end = 176 + usize::try_from(u32_at(&bytes, 172)).unwrap();
        let extents: Vec<(u64, u32)> = bytes[176..end]
            .chunks(8)
            .map(|extent| (self.partition + u64::from(u32_at(extent, 4)), u32_at(extent, 0)))
            .collect();
        let size: u64 = extents.iter().map(|(_, bytes)| u64::from(*bytes)).sum();
        assert_eq!(size, u64_at(&bytes, 56), "the extents are the whole file");
        let (_, whole) = extents.split_last().unwrap_or((&(0, 0), &[]));
        assert!(whole.iter().all(|(_, bytes)| bytes % 2048 == 0 && *bytes < 1 << 30), "{extents:?}");
        (bytes, extents)
    }

    fn directory(&mut self, block: u32, parent: u32, path: &str, all: &mut BTreeMap<String, Seen>) {
        let (entry, extents) = self.entry(block);
        assert_eq!(entry[27], 4);
        let data: Vec<u8> = extents
            .iter()
            .flat_map(|(sector, bytes)| {
                self.volume.read(sector * SECTOR, usize::try_from(*bytes).unwrap()).unwrap()
            })
            .collect();
        let first = extents[0].0 - self.partition;
        let mut at = 0;
        while at < data.len() {
            let record = &data[at..];
            let location = first + at as u64 / SECTOR;
            assert_eq!(tag(record, u32::try_from(location).unwrap()), 257);
            let (characteristics, length) = (record[18], usize::from(record[19]));
            let leads_to = u32_at(record, 24);
            if characteristics & 8 != 0 {
                assert_eq!((at, leads_to), (0, parent));
                if leads_to == block {
                    continue_at(&mut at, length);
                    continue;
                }
                self.names.get_mut(&leads_to).unwrap().0 += 1;
            } else {
                let path = format!("{path}/{}", name(&record[38..38 + length]));
                let seen = if characteristics & 2 != 0 {
                    self.directory(leads_to, block, &path, all);
                    Seen::Directory
                } else {
                    let (entry, extents) = self.entry(leads_to);
                    assert_eq!(entry[27], 5);
                    Seen::File { bytes: u64_at(&entry, 56), entry: leads_to, extents }
                };
                assert_eq!(all.insert(path.clone(), seen), None, "{path} is there twice");
            }
            continue_at(&mut at, length);
        }
    }
}

fn continue_at(at: &mut usize, name: usize) {
    *at += (38 + name).next_multiple_of(4);
}

fn name(bytes: &[u8]) -> String {
    match bytes[0] {
        8 => bytes[1..].iter().map(|byte| char::from(*byte)).collect(),
        16 => {
            let units: Vec<u16> =
                bytes[1..].chunks(2).map(|unit| u16::from_be_bytes(unit.try_into().unwrap())).collect();
            String::from_utf16(&units).unwrap()
        }
        other => panic!("compression {other}"),
    }
}

/// The contents of a file of the volume.
pub(super) fn contents(volume: &StoreVolume, seen: &Seen) -> Vec<u8> {
    let Seen::File { extents, .. } = seen else { panic!("{seen:?}") };
    let read = |(sector, bytes): &(u64, u32)| {
        volume.read(sector * SECTOR, usize::try_from(*bytes).unwrap()).unwrap()
    };
    extents.iter().flat_map(read).collect()
}
