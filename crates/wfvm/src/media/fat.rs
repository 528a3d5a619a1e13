//! FAT: the floppy and the removable stick. Files lie in the root only, since
//! `fatfs` 0.3 gives sub-directories long names for `.` and `..`, which Windows need not accept.

use std::io::{Cursor, Write};

use fatfs::{Date, DateTime, FatType, FileSystem, FormatVolumeOptions, FsOptions, Time, TimeProvider};

use super::{MediaError, MediumFile, serial_number};

const SECTOR: usize = 512;
const FLOPPY_BYTES: usize = 1_474_560;
const MIB: usize = 1 << 20;
/// Where the stick's partition begins: aligned as Windows aligns its own.
const PARTITION_SECTOR: u32 = 2048;
/// What one stick may carry: it is made in memory.
const STICK_ROOM: u64 = 1 << 30;

/// A floppy of 1.44 MB, formatted as DOS does it.
pub(super) fn floppy(files: &[MediumFile]) -> Result<Vec<u8>, MediaError> {
    // 2880 sectors without boot sector, two tables of 9 and a root of 14, in clusters of one sector.
    let room = (2847 * SECTOR) as u64;
    let needed: u64 = files.iter().map(|file| file.contents.len().next_multiple_of(SECTOR) as u64).sum();
    if needed > room {
        return Err(MediaError::Room { medium: "a floppy", needed, room });
    }
    let options = FormatVolumeOptions::new()
        .fat_type(FatType::Fat12)
        .bytes_per_cluster(512)
        .max_root_dir_entries(224)
        .media(0xF0)
        .sectors_per_track(18)
        .heads(2)
        .drive_num(0);
    volume(FLOPPY_BYTES, options, files)
}

/// A stick: one partition with FAT16, which unlike FAT32 may be small and is good up to 2 GiB.
pub(super) fn stick(files: &[MediumFile]) -> Result<Vec<u8>, MediaError> {
    let needed: u64 = files.iter().map(|file| file.contents.len() as u64).sum();
    let Some(size) = usize::try_from(needed).ok().filter(|_| needed <= STICK_ROOM) else {
        return Err(MediaError::Room { medium: "a USB stick", needed, room: STICK_ROOM });
    };
    // An eighth more for tables and unused ends of clusters; enough clusters for FAT16 in any case.
    let volume_bytes = (size + size / 8 + 2 * MIB).next_multiple_of(MIB).max(16 * MIB);
    let options =
        FormatVolumeOptions::new().fat_type(FatType::Fat16).sectors_per_track(63).heads(255).drive_num(0x80);
    let mut volume = volume(volume_bytes, options, files)?;
    // `BPB_HiddSec`: the sectors before the volume.
    write_at(&mut volume, 0x1C, &PARTITION_SECTOR.to_le_bytes());
    let mut image = master_boot_record(serial_number(files), volume_bytes / SECTOR);
    image.append(&mut volume);
    Ok(image)
}

fn volume(bytes: usize, options: FormatVolumeOptions, files: &[MediumFile]) -> Result<Vec<u8>, MediaError> {
    let failed = |source| MediaError::FileSystem { file_system: "FAT", source };
    let mut image = Cursor::new(vec![0; bytes]);
    fatfs::format_volume(&mut image, options.volume_id(serial_number(files))).map_err(failed)?;
    let file_system =
        FileSystem::new(&mut image, FsOptions::new().time_provider(&NoClock)).map_err(failed)?;
    for file in files {
        let mut entry = file_system.root_dir().create_file(file.name).map_err(failed)?;
        entry.write_all(file.contents).map_err(failed)?;
        entry.flush().map_err(failed)?;
    }
    file_system.unmount().map_err(failed)?;
    Ok(image.into_inner())
}

/// The sectors up to the partition: one entry, type 0x0E (FAT16, by logical block).
fn master_boot_record(signature: u32, partition_sectors: usize) -> Vec<u8> {
    let mut record = vec![0; PARTITION_SECTOR as usize * SECTOR];
    write_at(&mut record, 0x1B8, &signature.to_le_bytes());
    // Cylinder, head and sector that say "beyond what they can address".
    write_at(&mut record, 0x1BE, &[0x00, 0xFE, 0xFF, 0xFF, 0x0E, 0xFE, 0xFF, 0xFF]);
    write_at(&mut record, 0x1C6, &PARTITION_SECTOR.to_le_bytes());
    let sectors = u32::try_from(partition_sectors).unwrap_or(u32::MAX);
    write_at(&mut record, 0x1CA, &sectors.to_le_bytes());
    write_at(&mut record, 0x1FE, &[0x55, 0xAA]);
    record
}

fn write_at(image: &mut [u8], offset: usize, bytes: &[u8]) {
    for (target, byte) in image.iter_mut().skip(offset).zip(bytes) {
        *target = *byte;
    }
}

/// 1980-01-01, the first day that FAT knows.
#[derive(Debug)]
struct NoClock;

impl TimeProvider for NoClock {
    fn get_current_date(&self) -> Date {
        Date { year: 1980, month: 1, day: 1 }
    }

    fn get_current_date_time(&self) -> DateTime {
        DateTime { date: self.get_current_date(), time: Time { hour: 0, min: 0, sec: 0, millis: 0 } }
    }
}
