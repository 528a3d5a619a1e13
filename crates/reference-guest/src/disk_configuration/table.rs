//! The bytes of partition tables: MBR with its chain of EBRs, and GPT (UEFI specification 2.10, chapter 5).

use super::plan::{DiskPlan, Format, Kind, Partition, SECTOR_BYTES};

const SECTOR: usize = 512;
const GPT_ENTRIES: usize = 128;
const GPT_ENTRY_BYTES: usize = 128;
const GPT_ENTRY_SECTORS: u64 = 32;
const FIRST_USABLE_SECTOR: u64 = 34;

// Mixed-endian as on the disk.
const EFI_SYSTEM: u128 = guid(0xC12A_7328, 0xF81F, 0x11D2, 0xBA4B_00A0_C93E_C93B);
const MICROSOFT_RESERVED: u128 = guid(0xE3C9_E316, 0x0B5C, 0x4DB8, 0x817D_F92D_F002_15AE);
const BASIC_DATA: u128 = guid(0xEBD0_A0A2, 0xB9E5, 0x4433, 0x87C0_68B6_B726_99C7);

const fn guid(a: u32, b: u16, c: u16, d: u64) -> u128 {
    (a as u128) | ((b as u128) << 32) | ((c as u128) << 48) | ((d.swap_bytes() as u128) << 64)
}

/// Bytes to write at a sector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Write {
    pub(crate) sector: u64,
    pub(crate) bytes: Vec<u8>,
}

/// An MBR disk. The boot code is the first 440 bytes of the first sector.
pub(crate) fn mbr(plan: &DiskPlan, boot_code: &[u8], signature: [u8; 4]) -> Vec<Write> {
    let mut first = vec![0_u8; SECTOR];
    put(&mut first, 0, boot_code.get(..boot_code.len().min(440)).unwrap_or(&[]));
    put(&mut first, 440, &signature);
    let mut writes = Vec::new();
    let primary = plan.partitions.iter().filter(|partition| partition.kind != Kind::Logical);
    for (slot, partition) in primary.enumerate() {
        put(&mut first, 446 + 16 * slot, &entry(partition, partition.start_sector));
    }
    put(&mut first, 510, &[0x55, 0xAA]);
    writes.push(Write { sector: 0, bytes: first });
    writes.extend(extended_chain(plan));
    writes
}

fn extended_chain(plan: &DiskPlan) -> Vec<Write> {
    let Some(container) = plan.partitions.iter().find(|partition| partition.kind == Kind::Extended) else {
        return Vec::new();
    };
    let logical: Vec<&Partition> =
        plan.partitions.iter().filter(|partition| partition.kind == Kind::Logical).collect();
    let place = |index: usize| {
        logical.get(index).map(|partition| {
            // The first description stands at the container's start, each further one 1 MiB before its partition.
            if index == 0 {
                container.start_sector
            } else {
                partition.start_sector - (1 << 20) / SECTOR_BYTES
            }
        })
    };
    logical
        .iter()
        .enumerate()
        .filter_map(|(index, partition)| {
            let here = place(index)?;
            let mut bytes = vec![0_u8; SECTOR];
            put(&mut bytes, 446, &entry(partition, partition.start_sector - here));
            if let (Some(next), Some(following)) = (place(index + 1), logical.get(index + 1)) {
                let mut link = [0_u8; 16];
                put(&mut link, 4, &[0x05]);
                put(&mut link, 8, &low32(next - container.start_sector));
                put(&mut link, 12, &low32(following.start_sector + following.sectors - next));
                put(&mut bytes, 462, &link);
            }
            put(&mut bytes, 510, &[0x55, 0xAA]);
            Some(Write { sector: here, bytes })
        })
        .collect()
}

fn entry(partition: &Partition, start: u64) -> [u8; 16] {
    let kind = match (partition.kind, partition.format, partition.type_id.as_deref()) {
        (_, _, Some("0x27")) => 0x27,
        (Kind::Extended, ..) => 0x0F,
        (_, Some(Format::Fat32), _) => 0x0C,
        _ => 0x07,
    };
    let mut bytes = [0_u8; 16];
    // Cylinder, head and sector beyond their range, as every disk of today has them.
    put(&mut bytes, 0, &[if partition.active { 0x80 } else { 0 }, 0xFE, 0xFF, 0xFF, kind, 0xFE, 0xFF, 0xFF]);
    put(&mut bytes, 8, &low32(start));
    put(&mut bytes, 12, &low32(partition.sectors));
    bytes
}

fn low32(value: u64) -> [u8; 4] {
    u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes()
}

/// A GPT disk. `random` gives the disk's GUID first, then one for each partition.
pub(crate) fn gpt(plan: &DiskPlan, disk_sectors: u64, random: impl Fn(usize) -> [u8; 16]) -> Vec<Write> {
    let mut entries = vec![0_u8; GPT_ENTRIES * GPT_ENTRY_BYTES];
    for (index, partition) in plan.partitions.iter().enumerate() {
        let (kind, name) = match partition.kind {
            Kind::Efi => (EFI_SYSTEM, "EFI system partition"),
            Kind::Msr => (MICROSOFT_RESERVED, "Microsoft reserved partition"),
            Kind::Primary | Kind::Extended | Kind::Logical => (BASIC_DATA, "Basic data partition"),
        };
        let kind = partition.type_id.as_deref().and_then(parse_guid).unwrap_or(kind);
        let at = index * GPT_ENTRY_BYTES;
        put(&mut entries, at, &kind.to_le_bytes());
        put(&mut entries, at + 16, &random(index + 1));
        put(&mut entries, at + 32, &partition.start_sector.to_le_bytes());
        put(&mut entries, at + 40, &(partition.start_sector + partition.sectors - 1).to_le_bytes());
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        put(&mut entries, at + 56, &name);
    }
    let last = disk_sectors.saturating_sub(1);
    let header = |here: u64, other: u64, table: u64| {
        let mut bytes = vec![0_u8; SECTOR];
        put(&mut bytes, 0, b"EFI PART");
        put(&mut bytes, 8, &[0, 0, 1, 0, 92, 0, 0, 0]);
        put(&mut bytes, 24, &here.to_le_bytes());
        put(&mut bytes, 32, &other.to_le_bytes());
        put(&mut bytes, 40, &FIRST_USABLE_SECTOR.to_le_bytes());
        put(&mut bytes, 48, &(last - GPT_ENTRY_SECTORS - 1).to_le_bytes());
        put(&mut bytes, 56, &random(0));
        put(&mut bytes, 72, &table.to_le_bytes());
        put(&mut bytes, 80, &[128, 0, 0, 0, 128, 0, 0, 0]);
        put(&mut bytes, 88, &crc32(&entries).to_le_bytes());
        let sum = crc32(bytes.get(..92).unwrap_or(&[]));
        put(&mut bytes, 16, &sum.to_le_bytes());
        bytes
    };
    let mut protective = vec![0_u8; SECTOR];
    put(&mut protective, 446, &[0, 0, 2, 0, 0xEE, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0]);
    put(&mut protective, 458, &low32(last));
    put(&mut protective, 510, &[0x55, 0xAA]);
    vec![
        Write { sector: 0, bytes: protective },
        Write { sector: 1, bytes: header(1, last, 2) },
        Write { sector: 2, bytes: entries.clone() },
        Write { sector: last - GPT_ENTRY_SECTORS, bytes: entries.clone() },
        Write { sector: last, bytes: header(last, 1, last - GPT_ENTRY_SECTORS) },
    ]
}

fn parse_guid(text: &str) -> Option<u128> {
    let hex: String = text.chars().filter(|c| !matches!(c, '-' | '{' | '}')).collect();
    let value = (hex.len() == 32).then(|| u128::from_str_radix(&hex, 16).ok())??;
    let bytes = value.to_be_bytes();
    let [a0, a1, a2, a3, b0, b1, c0, c1, d @ ..] = bytes;
    Some(guid(
        u32::from_be_bytes([a0, a1, a2, a3]),
        u16::from_be_bytes([b0, b1]),
        u16::from_be_bytes([c0, c1]),
        u64::from_be_bytes(d),
    ))
}

fn put(target: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = target.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & 0_u32.wrapping_sub(crc & 1)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc32_has_its_check_value() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn guids_are_mixed_endian() {
        assert_eq!(
            EFI_SYSTEM.to_le_bytes(),
            [0x28, 0x73, 0x2A, 0xC1, 0x1F, 0xF8, 0xD2, 0x11, 0xBA, 0x4B, 0, 0xA0, 0xC9, 0x3E, 0xC9, 0x3B]
        );
        assert_eq!(parse_guid("c12a7328-f81f-11d2-ba4b-00a0c93ec93b"), Some(EFI_SYSTEM));
    }
}
