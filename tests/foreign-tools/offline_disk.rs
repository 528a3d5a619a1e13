//! Disks that mkntfs, wimlib and qemu-img make, read without a machine.

use std::path::Path;

use wfvm::disk::{OfflineFile, read_files};

use crate::program::{Place, output};

const VOLUME_BYTES: usize = 8 << 20;
const VOLUME_START: usize = 1 << 20;
const SECTOR: usize = 512;

const SETUPACT: &str = "Windows/Panther/setupact.log";
const SETUPERR: &str = "Windows/Panther/setuperr.log";

/// An NTFS volume with Setup's logs: a long one, and one so short that it lies in its file record.
fn volume(place: &Place, first_line: &str) -> Vec<u8> {
    let file = place.path("volume.ntfs");
    let volume = fs_err::File::create(&file).unwrap_or_else(|error| panic!("{error}"));
    volume.set_len(VOLUME_BYTES as u64).unwrap_or_else(|error| panic!("{error}"));
    let name = place.text("volume.ntfs");
    output("mkntfs", &["-q", "-F", "-Q", "-s", "512", "-p", "2048", "-H", "16", "-S", "63", &name]);
    place.put("tree/Windows/Panther/setupact.log", long_log(first_line).as_bytes());
    place.put("tree/Windows/Panther/setuperr.log", b"2026-11-21 10:00:00, Error      [setup.exe] short\r\n");
    place.put("tree/Windows/Panther/empty.log", b"");
    // More names than one index record holds, so that the directory has a tree.
    for number in 0..300 {
        place.put(&format!("tree/Windows/System32/a library with a long name {number:04}.dll"), b"MZ");
    }
    output("wimlib-imagex", &["capture", &place.text("tree"), &place.text("tree.wim"), "--compress=none"]);
    output("wimlib-imagex", &["apply", &place.text("tree.wim"), "1", &name]);
    fs_err::read(file).unwrap_or_else(|error| panic!("{error}"))
}

fn long_log(first_line: &str) -> String {
    let lines =
        (0..8_000).map(|number| format!("2026-11-21 10:00:00, Info       [setup.exe] line {number}\r\n"));
    std::iter::once(format!("{first_line}\r\n")).chain(lines).collect()
}

/// A disk with a master boot record whose second entry is the volume.
fn mbr(volume: &[u8]) -> Vec<u8> {
    let mut disk = vec![0; VOLUME_START];
    let start = u32::try_from(VOLUME_START / SECTOR).unwrap_or_default().to_le_bytes();
    let sectors = u32::try_from(volume.len() / SECTOR).unwrap_or_default().to_le_bytes();
    put(&mut disk, 0x1be + 16 + 4, &[7]);
    put(&mut disk, 0x1be + 16 + 8, &start);
    put(&mut disk, 0x1be + 16 + 12, &sectors);
    put(&mut disk, 510, &[0x55, 0xaa]);
    disk.extend_from_slice(volume);
    disk
}

/// A disk with a GUID partition table whose third entry is the volume (UEFI specification §5).
fn gpt(volume: &[u8]) -> Vec<u8> {
    let mut disk = mbr(volume);
    put(&mut disk, 0x1be, &[0; 64]);
    put(&mut disk, 0x1be + 4, &[0xee]);
    put(&mut disk, 0x1be + 8, &[1, 0, 0, 0]);
    put(&mut disk, SECTOR, b"EFI PART\0\0\x01\0");
    put(&mut disk, SECTOR + 72, &2_u64.to_le_bytes());
    put(&mut disk, SECTOR + 80, &128_u32.to_le_bytes());
    put(&mut disk, SECTOR + 84, &128_u32.to_le_bytes());
    let entry = 2 * SECTOR + 2 * 128;
    put(&mut disk, entry, &[0xa2, 0xa0, 0xd0, 0xeb]); // a basic data partition
    put(&mut disk, entry + 32, &(VOLUME_START as u64 / SECTOR as u64).to_le_bytes());
    let last = (disk.len() / SECTOR) as u64 - 1;
    put(&mut disk, entry + 40, &last.to_le_bytes());
    disk
}

fn put(disk: &mut [u8], at: usize, bytes: &[u8]) {
    disk[at..at + bytes.len()].copy_from_slice(bytes);
}

/// The disk as an image of qemu-img.
fn qcow2(place: &Place, disk: &[u8], options: &[&str]) -> String {
    let raw = place.put("disk.raw", disk);
    let image = place.text("disk.qcow2");
    let mut arguments = vec!["convert", "-f", "raw", "-O", "qcow2"];
    arguments.extend(options);
    arguments.extend([raw.as_str(), image.as_str()]);
    output("qemu-img", &arguments);
    image
}

fn read(image: &str, paths: &[&str], limit: u64) -> Vec<OfflineFile> {
    read_files(Path::new(image), paths, limit).unwrap_or_else(|error| panic!("{error}"))
}

fn assert_whole(image: &str, first_line: &str) {
    let found = read(image, &[SETUPACT, SETUPERR, "Windows/Panther/empty.log"], 1 << 30);
    let paths: Vec<&str> = found.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, [SETUPACT, SETUPERR, "Windows/Panther/empty.log"]);
    assert!(found[0].contents == long_log(first_line).as_bytes());
    assert_eq!(found[1].contents, b"2026-11-21 10:00:00, Error      [setup.exe] short\r\n");
    assert_eq!(found[2].contents, b"");
}

#[test]
fn files_are_read_behind_both_kinds_of_partition_tables() {
    let place = Place::new();
    let volume = volume(&place, "first");
    for disk in [mbr(&volume), gpt(&volume)] {
        assert_whole(&qcow2(&place, &disk, &[]), "first");
    }
}

#[test]
fn files_are_read_from_compressed_clusters() {
    let place = Place::new();
    let disk = gpt(&volume(&place, "first"));
    let image = qcow2(&place, &disk, &["-c"]);
    assert!(fs_err::metadata(&image).unwrap().len() < 4 << 20, "qemu-img compressed nothing");
    assert_whole(&image, "first");
}

#[test]
fn an_overlay_shows_its_own_clusters_and_those_of_its_backing_file() {
    let place = Place::new();
    let base = qcow2(&place, &gpt(&volume(&place, "first")), &["-c"]);
    let base_name = place.text("base.qcow2");
    fs_err::rename(&base, &base_name).unwrap();
    // As long as the first, so that nothing but a few clusters changes.
    let changed = gpt(&volume(&Place::new(), "other"));
    let overlay = qcow2(&place, &changed, &["-B", &base_name, "-F", "qcow2"]);
    assert_whole(&overlay, "other");
    assert_whole(&base_name, "first");
    fs_err::remove_file(&base_name).unwrap();
    let error = read_files(Path::new(&overlay), &[SETUPACT], 10).unwrap_err();
    assert!(error.to_string().contains("disk.qcow2"), "{error}");
}

#[test]
fn names_are_found_whatever_their_case_and_missing_ones_are_left_out() {
    let place = Place::new();
    let image = qcow2(&place, &mbr(&volume(&place, "first")), &[]);
    let asked = [
        "WINDOWS/panther/SetupErr.LOG",
        "Windows/Panther/nothing.log",
        "No/such/directory.log",
        "Windows/Panther",
        "Windows/Panther/setuperr.log/below",
        "",
        "windows/system32/A LIBRARY with a long name 0299.dll",
    ];
    let found = read(&image, &asked, 1 << 20);
    let paths: Vec<&str> = found.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, [asked[0], asked[6]]);
}

#[test]
fn of_a_long_file_the_end_is_kept() {
    let place = Place::new();
    let image = qcow2(&place, &mbr(&volume(&place, "first")), &[]);
    let found = read(&image, &[SETUPACT], 1000);
    let whole = long_log("first");
    assert_eq!(String::from_utf8_lossy(&found[0].contents), whole[whole.len() - 1000..]);
}

#[test]
fn disks_without_a_volume_hold_no_file() {
    let place = Place::new();
    let mut unformatted = mbr(&vec![0; VOLUME_BYTES]);
    assert_eq!(read(&qcow2(&place, &unformatted, &[]), &[SETUPACT], 10), []);
    put(&mut unformatted, 0x1be, &[0xff; 64]);
    assert_eq!(read(&qcow2(&place, &unformatted, &[]), &[SETUPACT], 10), []);
    assert_eq!(read(&qcow2(&place, &vec![0; 65536], &[]), &[SETUPACT], 10), []);
    assert_eq!(read(&qcow2(&place, &[0; SECTOR], &[]), &[SETUPACT], 10), []);
}

#[test]
fn what_is_no_image_is_an_error_with_its_path() {
    let place = Place::new();
    let raw = place.put("disk.raw", &vec![7; 1 << 20]);
    for path in [raw, place.put("empty.qcow2", b""), place.text("none.qcow2")] {
        let error = read_files(Path::new(&path), &[SETUPACT], 10).unwrap_err();
        assert!(error.to_string().contains(&path), "{error}");
    }
}

/// A generator whose numbers are the same each time (Marsaglia, "Xorshift RNGs", 2003).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap_or_default()
    }
}

/// The readers may panic, which is why the product calls them in a process of their own.
fn read_to_any_end(image: &str) {
    let read = || read_files(Path::new(image), &[SETUPACT, SETUPERR], 1 << 20);
    let _ = std::panic::catch_unwind(read);
}

/// Reads the image with some of its bytes changed, many times, never the same. Each reading has to end.
fn damage(image: &str, meaningful: &[usize], length: usize) {
    let whole = fs_err::read(image).unwrap_or_else(|error| panic!("{error}"));
    let mut numbers = Numbers(88_172_645_463_325_252);
    let file = fs_err::OpenOptions::new().write(true).open(image).unwrap_or_else(|error| panic!("{error}"));
    let write = |at: usize, byte: u8| {
        let written = std::os::unix::fs::FileExt::write_all_at(file.file(), &[byte], at as u64);
        written.unwrap_or_else(|error| panic!("{error}"));
    };
    for _ in 0..400 {
        let changed: Vec<usize> = (0..=numbers.below(12))
            .map(|_| meaningful[numbers.below(meaningful.len())] + numbers.below(length))
            .filter(|at| *at < whole.len())
            .collect();
        for &at in &changed {
            let extreme = [0, 0xff, 0x7f, 0x80][numbers.below(4)];
            write(at, if numbers.below(2) == 0 { extreme } else { whole[at].wrapping_add(1) });
        }
        read_to_any_end(image);
        for &at in &changed {
            write(at, whole[at]);
        }
    }
}

#[test]
fn reading_a_damaged_image_ends() {
    let place = Place::new();
    let image = qcow2(&place, &gpt(&volume(&place, "first")), &[]);
    // The header, and the tables that lie in the first clusters.
    let tables: Vec<usize> =
        (0..64).map(|number| number * 8).chain((1..5).map(|number| number << 16)).collect();
    damage(&image, &tables, 16);
}

#[test]
fn reading_a_truncated_image_ends() {
    let place = Place::new();
    let image = qcow2(&place, &gpt(&volume(&place, "first")), &[]);
    let mut length = fs_err::metadata(&image).unwrap().len();
    while length > 0 {
        length = length * 4 / 5;
        fs_err::OpenOptions::new().write(true).open(&image).unwrap().set_len(length).unwrap();
        read_to_any_end(&image);
    }
}

#[test]
fn reading_a_damaged_volume_ends() {
    let place = Place::new();
    let image = qcow2(&place, &gpt(&volume(&place, "first")), &[]);
    // What has a meaning: partition tables, boot sector, file records, index records.
    let bytes = fs_err::read(&image).unwrap();
    let begins = [&b"EFI PART"[..], &[0xa2, 0xa0, 0xd0, 0xeb], b"\xebR\x90NTFS", b"FILE", b"INDX"];
    let meaningful: Vec<usize> = bytes
        .chunks(128)
        .enumerate()
        .filter(|(_, piece)| begins.iter().any(|begin| piece.starts_with(begin)))
        .map(|(number, _)| number * 128)
        .collect();
    assert!(meaningful.len() > 300, "only {} records were found", meaningful.len());
    // The records that the way to the logs begins with come first.
    damage(&image, &meaningful, 1024);
    damage(&image, &meaningful[..32], 512);
}
