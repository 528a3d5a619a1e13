use std::io::Cursor;

use super::*;

/// A record: its block, its length, its flags, its name.
fn record(lba: u32, bytes: u32, flags: u8, name: &[u8]) -> Vec<u8> {
    let mut record = vec![0; 33];
    record[2..6].copy_from_slice(&lba.to_le_bytes());
    record[10..14].copy_from_slice(&bytes.to_le_bytes());
    record[25] = flags;
    record[32] = u8::try_from(name.len()).unwrap();
    record.extend(name);
    record.resize(record.len().next_multiple_of(2), 0);
    record[0] = u8::try_from(record.len()).unwrap();
    record
}

/// A volume whose root, in block 20, has these records.
fn volume(records: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = vec![0; 24 * 2048];
    let mut descriptor = vec![1];
    descriptor.extend(b"CD001\x01");
    descriptor.resize(ROOT_RECORD, 0);
    descriptor.extend(record(20, 2048, 2, &[0]));
    bytes[16 * 2048..][..descriptor.len()].copy_from_slice(&descriptor);
    bytes[17 * 2048..][..7].copy_from_slice(b"\xFFCD001\x01");
    let directory: Vec<u8> = [record(20, 2048, 2, &[0]), record(20, 2048, 2, &[1])].concat();
    let directory: Vec<u8> = [directory, records.concat()].concat();
    bytes[20 * 2048..][..directory.len()].copy_from_slice(&directory);
    bytes[21 * 2048..][..5].copy_from_slice(b"hello");
    bytes
}

fn root(bytes: Vec<u8>) -> Result<Vec<Entry>, String> {
    let mut medium = DriverMedium::open(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    medium.folder("").map_err(|error| error.to_string()).map(Option::unwrap_or_default)
}

#[test]
fn a_file_is_found_without_its_version() {
    let bytes = volume(&[record(21, 5, 0, b"VIOSTOR.INF;1"), record(20, 2048, 2, b"SELF")]);
    let mut medium = DriverMedium::open(Cursor::new(bytes)).unwrap();
    let entries = medium.folder("self/Self").unwrap().unwrap();
    assert_eq!(entries[0].name, "VIOSTOR.INF");
    assert_eq!(medium.read(&entries[0]).unwrap(), b"hello");
    assert_eq!(medium.folder("viostor.inf").unwrap(), None);
}

#[test]
fn what_is_wrong_with_a_medium_is_told() {
    let told = |bytes: Vec<u8>| root(bytes).unwrap_err();
    assert!(told(vec![0; 1 << 20]).contains("not an ISO image"));
    let mut short = record(21, 5, 0, b"NAME");
    short[32] = 40;
    assert!(told(volume(&[short])).contains("too short for its name"));
    assert!(told(volume(&[record(21, 5, 0x80, b"NAME")])).contains("several pieces"));
    let outside = volume(&[record(9999, 5, 0, b"NAME")]);
    let mut medium = DriverMedium::open(Cursor::new(outside)).unwrap();
    let entry = medium.folder("").unwrap().unwrap().remove(0);
    assert!(medium.read(&entry).unwrap_err().to_string().contains("truncated"));
}

#[test]
fn no_byte_of_a_medium_leads_to_a_panic_or_without_end() {
    let good = volume(&[record(21, 5, 0, b"VIOSTOR.INF;1"), record(20, 2048, 2, b"SELF")]);
    for at in (16 * 2048..16 * 2048 + 200).chain(20 * 2048..20 * 2048 + 200) {
        for value in [0, 1, 0x7F, 0xFF] {
            let mut bytes = good.clone();
            bytes[at] = value;
            if let Ok(entries) = root(bytes.clone()) {
                let mut medium = DriverMedium::open(Cursor::new(bytes)).unwrap();
                for entry in entries {
                    drop(medium.read(&entry));
                }
            }
        }
    }
}
