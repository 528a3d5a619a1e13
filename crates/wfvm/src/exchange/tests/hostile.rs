//! What a guest can make of a volume ends in an error that names the file, in bounded time.

use super::*;

fn boot_sector() -> u64 {
    Geometry::boot_offset()
}

#[test]
fn a_hostile_chain_that_loops_is_refused() {
    let image = Image::usual();
    let first = image.entry("three").first;
    image.link(first + 1, first);
    assert_eq!(image.damage(), ("three".into(), Damage::Shared { cluster: first }));
    let error = image.volume().read("three", 1 << 20).unwrap_err();
    assert!(error.to_string().contains("damaged at `three`: its chain comes to cluster"), "{error}");
    let image = Image::usual();
    image.link(first + 2, first + 2);
    assert_eq!(image.damage(), ("three".into(), Damage::Long { bytes: 1536 }));
}

#[test]
fn a_hostile_directory_that_loops_is_refused() {
    let image = Image::usual();
    let many = image.entry("many").first;
    image.link(many + 1, many);
    assert_eq!(image.damage(), ("many".into(), Damage::Shared { cluster: many }));
    // The root, whose end is not marked in its cluster.
    let image = Image::new(&(0..15).map(|n| NewEntry::bytes(format!("F{n}"), "")).collect::<Vec<_>>());
    image.link(2, 2);
    assert_eq!(image.damage(), ("/".into(), Damage::Shared { cluster: 2 }));
    assert!(image.volume().read("F20", 1).is_err());
}

#[test]
fn a_hostile_directory_that_is_in_itself_or_above_itself_is_refused() {
    for (above, first) in [("out", None), ("out/sub", None), ("", Some(2))] {
        let image = Image::usual();
        let first = first.unwrap_or_else(|| image.entry(above).first);
        image.patch(image.slot("out/sub", b"UPPER   TXT") + 11, &[0x10, 0]);
        let slot = image.slot("out/sub", b"UPPER   TXT");
        image.point(slot, first).patch(slot + 28, &[0; 4]);
        assert_eq!(
            image.damage(),
            ("out/sub/UPPER.TXT".into(), Damage::Shared { cluster: first }),
            "{above}"
        );
    }
}

#[test]
fn hostile_files_that_share_clusters_are_refused() {
    let image = Image::usual();
    let three = image.entry("three").first;
    image.point(image.slot("out/sub", b"UPPER   TXT"), three + 2);
    let (path, damage) = image.damage();
    assert_eq!(damage, Damage::Shared { cluster: three + 2 });
    assert!(["three", "out/sub/UPPER.TXT"].contains(&path.as_str()), "{path}");
}

#[test]
fn a_hostile_chain_that_is_shorter_or_longer_than_its_file_is_refused() {
    let image = Image::usual();
    let first = image.entry("three").first;
    image.link(first, 0x0FFF_FFF8);
    assert_eq!(image.damage(), ("three".into(), Damage::Short { clusters: 1, bytes: 1536 }));
    let image = Image::usual();
    image.link(first + 2, first + 1000);
    assert_eq!(image.damage(), ("three".into(), Damage::Long { bytes: 1536 }));
    let image = Image::usual();
    image.patch(image.slot("", b"THREE      ") + 28, &u32::MAX.to_le_bytes());
    assert_eq!(image.damage(), ("three".into(), Damage::Short { clusters: 3, bytes: u32::MAX.into() }));
    // No bytes, and a cluster all the same.
    let image = Image::usual();
    image.patch(image.slot("", b"THREE      ") + 28, &[0; 4]);
    assert_eq!(image.damage(), ("three".into(), Damage::Long { bytes: 0 }));
}

#[test]
fn a_hostile_entry_that_begins_at_no_cluster_is_refused() {
    let most = Image::usual().volume().geometry.clusters();
    for cluster in [0, 1, most + 2, 0x0FFF_FFF7, u32::MAX] {
        for (directory, short, path) in
            [("", b"THREE      ", "three"), ("", b"OUT        ", "out"), ("out", b"SUB        ", "out/sub")]
        {
            let image = Image::usual();
            image.point(image.slot(directory, short), cluster);
            assert_eq!(image.damage(), (path.into(), Damage::NoSuchCluster { cluster }));
        }
        if cluster < 0x0FFF_FFF8 {
            let image = Image::usual();
            image.link(image.entry("three").first, cluster);
            assert_eq!(image.damage(), ("three".into(), Damage::NoSuchCluster { cluster }));
        }
    }
    // The last one is there.
    let image = Image::usual();
    image.link(image.entry("three").first + 1, most + 1).link(most + 1, u32::MAX);
    assert_eq!(everything(&image.volume(), LIMITS).unwrap().len(), 47);
}

#[test]
fn a_hostile_boot_sector_is_refused() {
    for (at, bytes, words) in [
        (510, &[0, 0][..], "there is no FAT32"),
        (82, b"NTFS ", "there is no FAT32"),
        (11, &[0, 4], "1024 as its bytes per sector"),
        (13, &[0], "0 as its sectors per cluster"),
        (13, &[3], "3 as its sectors per cluster"),
        (13, &[128], "number of clusters"),
        (14, &[0, 0], "0 as its reserved sectors"),
        (16, &[0], "0 as its number of tables"),
        (16, &[3], "3 as its number of tables"),
        (17, &[1, 0], "1 as its entries of a fixed root"),
        (32, &[0; 4], "0 as its sectors"),
        (32, &[0xFF; 4], "4294967295 as its sectors"),
        (36, &[0; 4], "0 as its sectors per table"),
        (36, &[0xFF; 4], "0 as its number of clusters"),
        (36, &[1, 0, 0, 0], "1 as its sectors per table"),
        (40, &[0x81, 0], "129 as its flags"),
        (42, &[1, 0], "1 as its version"),
        (44, &[0; 4], "0 as its cluster of the root"),
        (44, &[0xFF; 4], "4294967295 as its cluster of the root"),
    ] {
        let image = Image::usual();
        image.patch(boot_sector() + at, bytes);
        let error = Volume::open(&image.path()).unwrap_err();
        assert!(error.to_string().contains(words), "{at}: {error}");
        assert!(error.to_string().starts_with("the exchange area is damaged at `/`: "), "{error}");
    }
    for (at, bytes) in [(0x1C2, &[0x07][..]), (0x1C6, &[1]), (0x1CA, &[0xFF; 4]), (510, &[0])] {
        let image = Image::usual();
        image.patch(at, bytes);
        let error = Volume::open(&image.path()).unwrap_err().to_string();
        assert!(error.contains("partition is not where it was made"), "{at}: {error}");
    }
}

#[test]
fn a_hostile_size_of_the_file_is_refused() {
    for bytes in [0, 1, SECTOR, MIB, MIB + SECTOR, 2 * MIB, BYTES - 1] {
        let image = Image::usual();
        fs_err::OpenOptions::new().write(true).open(image.path()).unwrap().set_len(bytes).unwrap();
        let error = Volume::open(&image.path()).unwrap_err().to_string();
        assert!(error.contains("partition is not where it was made"), "{bytes}: {error}");
    }
}

/// Damages the parts of a long name of three parts, which stand before its short one.
fn long_name(change: impl Fn(&Image, u64)) -> Damage {
    let image = Image::usual();
    let short = image.slot("out", b"ALONGN~1TXT");
    change(&image, short - 3 * SLOT as u64);
    let (path, damage) = image.damage();
    assert!(path.starts_with("out/"), "{path}");
    damage
}

#[test]
fn a_hostile_long_name_is_refused() {
    let third = |n: u64| n * SLOT as u64;
    let problem = |problem| Damage::LongName { problem };
    for (at, bytes, wrong) in [
        // Another order, a part twice, none where there should be one.
        (third(1), &[3][..], "has parts in the wrong order, or of another name"),
        (third(1), &[0x42], "has parts in the wrong order, or of another name"),
        (0, &[2], "begins in the middle"),
        (0, &[0x40], "has a part that is none"),
        (0, &[0x7F], "has a part that is none"),
        (third(2), &[0xE5], "belongs to no file"),
        (third(2), &[0], "belongs to no file"),
        // Sums.
        (third(1) + 13, &[0], "has parts in the wrong order, or of another name"),
        (third(3), b"B", "belongs to another short name"),
        // What parts have no use for.
        (third(1) + 12, &[1], "has a part that is none"),
        (third(1) + 26, &[1], "has a part that is none"),
        // Text: a lone surrogate, an end in the middle, more after the end.
        (third(2) + 1, &[0x00, 0xD8], "is no UTF-16"),
        (third(2) + 1, &[0, 0], "goes on after its end"),
        (third(1) + 1, &[0, 0], "goes on after its end"),
        (third(0) + 30, &[b'x', 0], "goes on after its end"),
    ] {
        assert_eq!(
            long_name(|image, start| {
                image.patch(start + at, bytes);
            }),
            problem(wrong),
            "{at}"
        );
    }
    let others = |image: &Image, start| {
        for (part, number) in [(0, 0x44), (1, 3), (2, 2)] {
            image.patch(start + third(part), &[number]);
        }
    };
    assert_eq!(long_name(others), problem("lacks its first parts"));
    for text in [&b"/\0"[..], b"\\\0"] {
        let damage = long_name(|image, start| {
            image.patch(start + third(2) + 1, text);
        });
        assert!(matches!(damage, Damage::Name { .. }), "{damage:?}");
    }
    // A label may not have one, nor may what ends with its cluster.
    assert_eq!(
        long_name(|image, start| {
            image.patch(start + third(3) + 11, &[0x08]);
        }),
        problem("belongs to no file")
    );
}

#[test]
fn a_hostile_short_name_is_refused_and_windows_lower_case_is_read() {
    for (at, byte) in [(0, 0x80), (3, 0xFF), (0, b' '), (2, b'/'), (2, b'.'), (9, 0x01)] {
        let image = Image::usual();
        image.patch(image.slot("out/sub", b"UPPER   TXT") + at, &[byte]);
        let (path, damage) = image.damage();
        assert!(path.starts_with("out/sub/"), "{path}");
        assert!(matches!(damage, Damage::ShortName { .. }), "{byte}: {damage:?}");
    }
    for (case, name) in [(0x08, "upper.TXT"), (0x10, "UPPER.txt"), (0x18, "upper.txt")] {
        let image = Image::usual();
        image.patch(image.slot("out/sub", b"UPPER   TXT") + 12, &[case]);
        assert_eq!(image.entry("out/sub/UPPER.TXT").name(), name);
    }
}

#[test]
fn a_hostile_directory_with_a_size_is_refused() {
    let image = Image::usual();
    image.patch(image.slot("", b"OUT        ") + 28, &[1]);
    assert_eq!(image.damage(), ("out".into(), Damage::DirectorySize { bytes: 1 }));
}

#[test]
fn a_hostile_depth_or_number_of_entries_is_refused() {
    let deep = Image::new(&[NewEntry::directory(vec!["d"; 21].join("/"))]);
    assert_eq!(deep.damage(), (vec!["d"; 21].join("/"), Damage::TooDeep { most: 20 }));
    let image = Image::usual();
    let few = Limits { entries: 46, depth: 20 };
    let error = everything(&image.volume(), few).unwrap_err().to_string();
    assert!(error.ends_with("there are more than 46 files and directories"), "{error}");
    assert_eq!(everything(&image.volume(), Limits { entries: 47, depth: 3 }).unwrap().len(), 47);
}

#[test]
fn a_hostile_directory_of_all_clusters_is_refused() {
    let image = Image::usual();
    let geometry = image.volume().geometry;
    // One chain through everything behind what is in use, each full of deleted entries.
    let start = 1000;
    let chain: Vec<u8> =
        (start + 1..geometry.clusters() + 2).chain([u32::MAX]).flat_map(u32::to_le_bytes).collect();
    image.patch(geometry.table(0) + u64::from(start) * 4, &chain);
    let clusters = usize::try_from(geometry.clusters() - start).unwrap();
    image.patch(geometry.offset(start), &vec![0xE5; clusters * CLUSTER]);
    image.point(image.slot("", b"OUT        "), start);
    assert_eq!(image.damage(), ("out".into(), Damage::DirectoryTooLarge { most: 65_536 }));
}

#[test]
fn a_volume_that_was_not_dismounted_says_so() {
    let image = Image::usual();
    assert!(image.volume().was_dismounted());
    image.link(1, 0x07FF_FFFF);
    assert!(!image.volume().was_dismounted());
    let image = Image::usual();
    image.patch(boot_sector() + 65, &[1]);
    assert!(!image.volume().was_dismounted());
}
