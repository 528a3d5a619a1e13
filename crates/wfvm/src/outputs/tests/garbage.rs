//! Any bytes changed, any end cut off: there is an output or an error, and nothing else.

use proptest::prelude::*;

use super::*;

fn archive() -> Vec<u8> {
    let pax = b"30 path=out/a name of pax.txt\n22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n29 GNU.sparse.realsize=99999\n";
    let map = {
        let mut map = b"1\n4096\n3\n".to_vec();
        map.resize(512, 0);
        map.extend(b"abc");
        map
    };
    Archive::new()
        .directory("out/")
        .file("out/d/tool.exe", &[7; 700])
        .symlink("out/d/link", "../d/tool.exe")
        .hard_link("out/again", "out/d/tool.exe")
        .add(EntryType::XHeader, "x", "", pax)
        .file("out/short", &map)
        .add(EntryType::GNULongName, "x", "", b"out/a name of GNU\0")
        .file("x", b"1")
        .bytes()
}

#[test]
fn the_archive_of_these_tests_is_whole() {
    let store = Store::new();
    let placed = store.tar(&archive(), &Rules::default()).unwrap();
    assert_eq!(placed.outputs["out"].entries, 7);
    let sparse = fs_err::read(store.path("out/a name of pax.txt")).unwrap();
    assert_eq!((sparse.len(), &sparse[4096..4099]), (99_999, &b"abc"[..]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn changed_archives_never_make_it_panic_or_leave_something_behind(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        whole_sums in any::<bool>(),
        length in prop::option::of(any::<prop::sample::Index>())
    ) {
        let mut bytes = archive();
        for (place, byte) in changes {
            *place.get_mut(&mut bytes) = byte;
        }
        if whole_sums {
            // Behind a right sum the other fields are read as well.
            for block in bytes.chunks_mut(512) {
                if block[257..262] == *b"ustar" {
                    let sum = sum(block);
                    block[148..156].copy_from_slice(&sum);
                }
            }
        }
        if let Some(length) = length {
            bytes.truncate(length.index(bytes.len()));
        }
        let store = Store::new();
        let rules = limited(OutputLimits { bytes: 1 << 20, entries: 100, depth: 10 });
        let result = store.tar(&bytes, &rules);
        let expected: &[&str] = if result.is_ok() { &["out"] } else { &[] };
        prop_assert_eq!(store.names(), expected);
        if let Err(error) = result {
            prop_assert_eq!(error.blame(), crate::blame::Blame::Guest, "{}", error);
        }
    }

    #[test]
    fn changed_exchange_areas_never_leave_something_behind(
        changes in prop::collection::vec((0..1500_u64, any::<u8>()), 1..6)
    ) {
        use fs_err::os::unix::fs::FileExt as _;
        let store = Store::new();
        let image = tempfile::tempdir().unwrap();
        let image = image.path().join("x.img");
        let entries = [NewEntry::bytes("out/out/a long name.txt", [1; 600]), NewEntry::bytes("out/out/B", "b")];
        exchange::create(&image, 64 << 20, "X", &entries).unwrap();
        let file = fs_err::OpenOptions::new().write(true).open(&image).unwrap();
        for (place, byte) in changes {
            // The first clusters lie at 2 MiB: directories.
            file.write_all_at(&[byte], (2 << 20) + place).unwrap();
        }
        let outputs = BTreeMap::from([("out".to_owned(), store.path("out"))]);
        let volume = Volume::open(&image).unwrap();
        let result = from_exchange(&volume, "out", &outputs, &Rules::default());
        let expected: &[&str] = if result.is_ok() { &["out"] } else { &[] };
        prop_assert_eq!(store.names(), expected);
        if let Err(error) = result {
            prop_assert_eq!(error.blame(), crate::blame::Blame::Guest, "{}", error);
        }
    }
}
