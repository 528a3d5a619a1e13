//! The exchange area in the eyes of fsck.fat, mtools and 7-Zip, and what mtools wrote into it.

use wfvm::exchange::{self, Kind, Limits, NewEntry, Volume};

use crate::program::{Place, ended, output};

const LIMITS: Limits = Limits { entries: 100_000, depth: 100 };

/// Files and directories of every kind of name.
fn entries(place: &Place) -> Vec<NewEntry> {
    let host = place.put("host-file", &vec![0x5A; 3_000_001]);
    let mut entries = vec![
        NewEntry::directory("out"),
        NewEntry::bytes("env.json", "{}\n"),
        NewEntry::bytes("EMPTY", ""),
        NewEntry::bytes("attr/Ünïcödé – 名前 🦀.txt", "crab"),
        NewEntry::bytes("attr/.attrs.json", "[]"),
        NewEntry::bytes("attr/thirteen.char", [1; 512]),
        NewEntry::bytes("deep/er/and/deeper/still/file.tar.gz", [2; 513]),
        NewEntry::file("big file, copied.bin", host),
        NewEntry::bytes(format!("{}.x", "n".repeat(253)), "longest"),
    ];
    // More than a cluster of entries.
    entries.extend((0..400).map(|n| NewEntry::bytes(format!("many/a long name, number {n}"), n.to_string())));
    entries
}

fn create(place: &Place, bytes: u64) -> String {
    let path = place.path("x.img");
    exchange::create(&path, bytes, "WFVM_XCHG", &entries(place)).unwrap_or_else(|error| panic!("{error}"));
    path.display().to_string()
}

/// The partition alone, for programs that know no partitions; sparse.
fn volume(place: &Place, image: &str) -> String {
    let volume = place.text("volume.img");
    // All that is in use lies at the beginning; the rest is a hole.
    output("dd", &["bs=1M", "skip=1", "count=64", &format!("if={image}"), &format!("of={volume}")]);
    let bytes = fs_err::metadata(image).unwrap_or_else(|error| panic!("{error}")).len() - (1 << 20);
    output("truncate", &[&format!("--size={bytes}"), &volume]);
    volume
}

/// Every file as `(path, size)`, in order.
fn walked(path: &str) -> Vec<(String, u64)> {
    let volume = Volume::open(path.as_ref()).unwrap_or_else(|error| panic!("{error}"));
    let walk = volume.walk("", LIMITS).unwrap_or_else(|error| panic!("{error}"));
    let mut files = Vec::new();
    for entry in walk.into_iter().flatten() {
        let entry = entry.unwrap_or_else(|error| panic!("{error}"));
        if let Kind::File { bytes } = entry.kind() {
            files.push((entry.path(), bytes));
        }
    }
    files.sort();
    files
}

#[test]
fn a_new_exchange_area_is_clean_at_every_size_of_clusters() {
    for mib in [64, 300, 9 << 10, 20 << 10, 40 << 10] {
        let place = Place::new();
        let image = create(&place, mib << 20);
        let text = output("fsck.fat", &["-n", "-v", &volume(&place, &image)]);
        assert!(text.contains("417 files"), "{mib} MiB: {text}");
        for word in ["Free cluster summary", "differ", "Warning", "wrong"] {
            assert!(!text.contains(word), "{mib} MiB: {text}");
        }
    }
}

#[test]
fn mtools_finds_the_files_of_a_new_exchange_area() {
    let place = Place::new();
    let image = create(&place, 256 << 20);
    let drive = format!("{image}@@1M");
    let label = output("mlabel", &["-i", &drive, "-s", "::"]);
    assert!(label.contains("WFVM_XCHG"), "{label}");
    let listing = output("mdir", &["-/", "-b", "-i", &drive, "::"]);
    for (path, _) in walked(&image) {
        // It has no characters of two UTF-16 units.
        let line = format!("::/{}", path.replace('🦀', "__"));
        assert!(listing.lines().any(|own| own == line), "{path} is not in {listing}");
    }
    let taken = place.text("taken");
    output("mcopy", &["-i", &drive, "::/big file, copied.bin", &taken]);
    assert!(fs_err::read(taken).unwrap() == vec![0x5A; 3_000_001]);
}

#[test]
fn seven_zip_takes_the_tree_of_a_new_exchange_area() {
    let place = Place::new();
    let image = create(&place, 64 << 20);
    let table = output("7z", &["l", "-slt", "-tmbr", &image]);
    assert!(table.contains("File System = FAT32-LBA\nOffset = 1048576\n"), "{table}");
    let out = place.text("taken");
    output("7z", &["x", "-y", "-tfat", &format!("-o{out}"), &volume(&place, &image)]);
    for (path, bytes) in walked(&image) {
        let taken = fs_err::metadata(place.path("taken").join(&path)).unwrap();
        assert_eq!(taken.len(), bytes, "{path}");
    }
    assert!(fs_err::read(place.path("taken/big file, copied.bin")).unwrap() == vec![0x5A; 3_000_001]);
}

#[test]
fn what_mtools_wrote_is_read() {
    let place = Place::new();
    let image = create(&place, 64 << 20);
    let drive = format!("{image}@@1M");
    let text = place.put("Größe und Länge.txt", b"written by mtools");
    let contents: Vec<u8> = (0..2_000_003_u32).flat_map(|n| n.to_le_bytes().into_iter().take(1)).collect();
    let large = place.put("large.bin", &contents);
    output("mmd", &["-i", &drive, "::/out/sub dir"]);
    output("mcopy", &["-i", &drive, &text, &large, "::/out/sub dir/"]);
    // Deleted entries stay behind.
    output("mdeltree", &["-i", &drive, "::/many"]);
    output("mcopy", &["-i", &drive, &large, "::/out/later.bin"]);
    let volume = Volume::open(image.as_ref()).unwrap();
    assert_eq!(volume.read("OUT/Sub Dir/größe und länge.TXT", 100).unwrap().unwrap(), b"written by mtools");
    for path in ["out/sub dir/large.bin", "out/later.bin"] {
        assert!(volume.read(path, 1 << 30).unwrap().unwrap() == contents, "{path}");
    }
    assert_eq!(volume.find("many").unwrap(), None);
    output("fsck.fat", &["-n", &self::volume(&place, &image)]);
}

#[test]
fn what_mkfs_made_is_no_exchange_area_without_its_partition() {
    let place = Place::new();
    let image = place.text("bare.img");
    let made = ended(std::process::Command::new("mkfs.fat").args(["-F", "32", "-C", &image, "65536"]));
    assert!(made.status.success(), "{made:?}");
    let error = Volume::open(image.as_ref()).unwrap_err().to_string();
    assert!(error.contains("partition is not where it was made"), "{error}");
}
