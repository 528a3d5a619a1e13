//! New volumes, and what stands in the way of one.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{blame::Blame, exchange::Room};

fn refusal(bytes: u64, label: &str, entries: &[NewEntry]) -> (String, Blame) {
    let directory = tempfile::tempdir().unwrap();
    let error = create(&directory.path().join("x"), bytes, label, entries).unwrap_err();
    assert_eq!(fs_err::read_dir(directory.path()).unwrap().count(), 0, "something is left");
    (error.to_string(), error.blame())
}

#[test]
fn what_is_written_is_read() {
    let image = Image::usual();
    let mut found = everything(&image.volume(), LIMITS).unwrap();
    found.retain(|(path, _)| !path.starts_with("many/"));
    found.sort();
    let file = |path: &str, byte: u8, count: usize| (path.to_owned(), Some(vec![byte; count]));
    let directory = |path: &str| (path.to_owned(), None);
    assert_eq!(
        found,
        [
            directory("many"),
            directory("out"),
            file("out/a long name of twenty-nine.txt", 1, CLUSTER + 1),
            directory("out/sub"),
            file("out/sub/UPPER.TXT", 2, CLUSTER),
            file("out/sub/empty", 0, 0),
            file("three", 3, CLUSTER * 3),
        ]
    );
    assert_eq!(image.volume().list("many").unwrap().unwrap().len(), 40);
}

#[test]
fn the_same_entries_make_the_same_bytes_and_others_another_serial() {
    let (one, two) = (Image::usual(), Image::usual());
    assert!(one.bytes(0, 4 << 20) == two.bytes(0, 4 << 20));
    let other = Image::new(&[NewEntry::bytes("a", "b")]);
    let serial = |image: &Image| image.bytes(MIB + 67, 4);
    assert_ne!(serial(&one), serial(&other));
    // By these Windows knows the disk.
    for image in [&one, &other] {
        assert_eq!(image.bytes(0x1B8, 4), b"WFVM");
        assert_eq!(image.bytes(0x1BE, 12), [0, 0xFE, 0xFF, 0xFF, 0x0C, 0xFE, 0xFF, 0xFF, 0, 8, 0, 0]);
    }
}

#[test]
fn a_file_in_pieces_is_read_in_the_order_of_its_chain() {
    let image = Image::new(&[NewEntry::bytes("A", [[1; CLUSTER], [2; CLUSTER], [3; CLUSTER]].concat())]);
    let first = image.entry("A").first;
    image.link(first, first + 2).link(first + 2, first + 1).link(first + 1, u32::MAX);
    let expected = [[1; CLUSTER], [3; CLUSTER], [2; CLUSTER]].concat();
    assert_eq!(image.volume().read("A", 10_000).unwrap().unwrap(), expected);
}

#[test]
fn case_does_not_matter_where_a_path_is_asked_for() {
    let volume = Image::usual().volume();
    assert_eq!(volume.read("OUT/Sub/upper.txt", 512).unwrap().unwrap(), [2; 512]);
    assert_eq!(volume.read("out/other", 512).unwrap(), None);
    assert_eq!(volume.read("three/x", 512).unwrap(), None);
    assert_eq!(volume.read("", 512).unwrap(), None);
    let error = volume.read("out/sub/UPPER.TXT", 511).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`out/sub/UPPER.TXT` in the exchange area has 512 bytes, and 511 at most are expected"
    );
    assert_eq!(error.blame(), Blame::Guest);
    assert_eq!(volume.read("out", 1).unwrap_err().to_string(), "`out` in the exchange area is no file");
    assert_eq!(volume.list("three").unwrap_err().to_string(), "`three` in the exchange area is no directory");
}

#[test]
fn a_size_or_label_that_is_none_is_refused() {
    for bytes in [0, 63 * MIB, 64 * MIB + 1, 2048 << 30, u64::MAX] {
        let (error, blame) = refusal(bytes, "X", &[]);
        assert!(error.contains("from 64 MiB to 1048576 MiB"), "{error}");
        assert_eq!(blame, Blame::Input);
    }
    for label in ["", "lower", "TWELVE_CHARS", "A B", "Ä"] {
        assert!(refusal(BYTES, label, &[]).0.contains("label"), "{label}");
    }
    let image = tempfile::tempdir().unwrap();
    create(&image.path().join("x"), 1024 << 30, "ELEVEN_CHAR", &[]).unwrap();
}

#[test]
fn an_entry_that_cannot_be_is_refused() {
    let file = |path: &str| NewEntry::bytes(path, "");
    for (entries, words) in [
        (
            vec![file("a/aux.txt/b")],
            "`a/aux.txt/b` cannot be in the exchange area: \"aux.txt\" is that of the device",
        ),
        (vec![file("a//b")], "\"\" is empty"),
        (vec![file("/a")], "is empty"),
        (vec![file("a/../b")], "\"..\" ends in '.'"),
        (vec![file(&"x".repeat(256))], "has 256 characters"),
        (vec![file("a"), file("A")], "`A` cannot be in the exchange area: something else has this path"),
        (vec![file("a/b"), file("A/c")], "differs in case alone"),
        (vec![file("a"), file("a/b")], "something else has this path"),
        (vec![NewEntry::directory("a"), file("a")], "something else has this path"),
    ] {
        let (error, blame) = refusal(BYTES, "X", &entries);
        assert!(error.contains(words), "{error}");
        assert_eq!(blame, Blame::Input);
    }
    Image::new(&[NewEntry::directory("a"), NewEntry::directory("a"), file("a/b"), file(&"x".repeat(255))]);
}

#[test]
fn what_has_no_room_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let large = place.path().join("large");
    let sparse = |bytes| fs_err::File::create(&large).unwrap().set_len(bytes).unwrap();
    sparse(4 << 30);
    let (error, _) = refusal(8 << 30, "X", &[NewEntry::file("large", &large)]);
    assert_eq!(
        error,
        "`large` has 4294967296 bytes, and the largest file of the exchange area has 4294967295"
    );
    sparse(BYTES);
    let (error, blame) = refusal(BYTES, "X", &[NewEntry::file("large", &large)]);
    // The root takes a cluster.
    assert_eq!(error, "the files for the exchange area take 67109376 bytes, and it has room for 65011712");
    assert_eq!(blame, Blame::Input);
    sparse(65_011_712 - 512);
    create(&place.path().join("full"), BYTES, "X", &[NewEntry::file("large", &large)]).unwrap();
    let (_, blame) = refusal(BYTES, "X", &[NewEntry::file("a", place.path().join("none"))]);
    assert_eq!(blame, Blame::Host);
    let names: Vec<_> = (0..40_000).map(|number| NewEntry::bytes(format!("d/{number}x"), "")).collect();
    assert!(refusal(BYTES, "X", &names).0.starts_with("`d` has more entries"));
}

#[test]
fn the_room_that_is_left_is_told() {
    let room = |entries: &[NewEntry]| Image::new(entries).volume().room().unwrap();
    // The root takes a cluster.
    assert_eq!(room(&[]), Room { bytes: 65_011_712, free: 65_011_712 - 512 });
    assert_eq!(room(&[NewEntry::bytes("a", [1; 513])]).free, 65_011_712 - 3 * 512);
}

#[test]
fn a_copied_file_is_in_the_volume_and_the_file_is_sparse() {
    use std::os::unix::fs::MetadataExt as _;
    let place = tempfile::tempdir().unwrap();
    let contents: Vec<u8> = (0..3_000_001_u32).map(|number| number.to_le_bytes()[0]).collect();
    fs_err::write(place.path().join("host"), &contents).unwrap();
    let image = place.path().join("x");
    let entries = [NewEntry::file("a/b", place.path().join("host"))];
    create(&image, super::super::DEFAULT_BYTES, super::super::DEFAULT_LABEL, &entries).unwrap();
    let metadata = fs_err::metadata(&image).unwrap();
    assert_eq!(metadata.len(), 32 << 30);
    assert!(metadata.blocks() * 512 < 4 << 20, "{}", metadata.blocks());
    assert!(Volume::open(&image).unwrap().read("a/b", 1 << 30).unwrap().unwrap() == contents);
}

/// Names that Windows takes, short and long ones.
fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[A-Z]{1,8}(\\.[A-Z]{1,3})?", "[a-z ]{1,30}[a-z]", "[a-zäöü日本🦀.]{0,40}[xyz]", "x{240,255}"]
        .prop_filter("a device's", |name| crate::session::file_name::refusal(name).is_none())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn any_tree_is_read_as_it_was_written(
        files in prop::collection::vec((prop::collection::vec(name(), 1..4), 0..2000_usize), 0..40)
    ) {
        // One spelling of each path, and none below a file.
        let mut wanted: BTreeMap<String, (String, Vec<u8>)> = BTreeMap::new();
        for (names, length) in files {
            let path = names.join("/");
            let key = super::super::fold(&path);
            let is_new = wanted.iter().all(|(other, (spelt, _))| {
                let shared = |separator: usize| {
                    key.get(..separator) == other.get(..separator) && path.get(..separator) != spelt.get(..separator)
                };
                let misspelt = path.match_indices('/').any(|(at, _)| shared(at));
                *other != key
                    && !misspelt
                    && !other.starts_with(&format!("{key}/"))
                    && !key.starts_with(&format!("{other}/"))
            });
            if is_new {
                wanted.insert(key, (path, vec![0x5A; length]));
            }
        }
        let entries: Vec<_> =
            wanted.values().map(|(path, bytes)| NewEntry::bytes(path.clone(), bytes.clone())).collect();
        let image = Image::new(&entries);
        let mut found = everything(&image.volume(), LIMITS).unwrap();
        found.retain(|(_, bytes)| bytes.is_some());
        let mut expected: Vec<_> = wanted.into_values().map(|(path, bytes)| (path, Some(bytes))).collect();
        found.sort();
        expected.sort();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn a_file_that_changes_meanwhile_is_refused() {
    // It says that it has no bytes.
    let (error, _) = refusal(BYTES, "X", &[NewEntry::file("a", "/proc/self/status")]);
    assert_eq!(error, "`/proc/self/status` changed while it was copied into the exchange area");
}
