//! Outputs in an exchange area.

use super::*;
use crate::outputs::Warning;

#[test]
fn each_output_is_a_file_or_a_directory() {
    let store = Store::new();
    let entries = [
        NewEntry::bytes("out/OUT/bin/tool.exe", "MZ"),
        NewEntry::bytes("out/OUT/share/Ü", "text"),
        NewEntry::directory("out/OUT/empty"),
        NewEntry::bytes("out/dev", "#!/bin/sh\n"),
    ];
    let placed = store.exchange(&entries, &["out", "dev"], &Rules::default()).unwrap();
    assert_eq!(placed.warnings, []);
    assert_eq!(fs_err::read(store.path("out/share/Ü")).unwrap(), b"text");
    assert!(store.path("out/empty").is_dir());
    for (path, bits) in [
        ("out", 0o755),
        ("out/empty", 0o755),
        ("out/bin/tool.exe", 0o755),
        ("out/share/Ü", 0o644),
        ("dev", 0o755),
    ] {
        assert_eq!(mode(&store.path(path)), bits, "{path}");
    }
    assert_eq!(store.names(), ["dev", "out"]);
    let out = &placed.outputs["out"];
    assert_eq!((out.is_directory, out.entries, out.bytes), (true, 6, 6));
    assert!(!placed.outputs["dev"].is_directory);
}

#[test]
fn a_missing_output_is_named_with_what_is_there_instead() {
    let store = Store::new();
    let mut entries = vec![NewEntry::bytes("out/ouput", "12345"), NewEntry::directory("out/zzz")];
    entries.extend((0..30).map(|number| NewEntry::bytes(format!("out/file-{number:02}"), "")));
    let error = store.exchange(&entries, &["out"], &Rules::default()).unwrap_err().to_string();
    assert!(
        error.starts_with("the guest made no output `out`; instead there is:\n  ouput (5 bytes)\n  zzz/\n  file-00 (0 bytes)\n"),
        "{error}"
    );
    assert!(error.ends_with("\n  file-17 (0 bytes)\n  and 12 more"), "{error}");
    assert_eq!(store.names(), Vec::<String>::new());
}

#[test]
fn without_the_directory_of_outputs_none_is_there() {
    let error = Store::new().exchange(&[], &["out"], &Rules::default()).unwrap_err().to_string();
    assert!(error.contains("left no directory `out`"), "{error}");
    let error = Store::new()
        .exchange(&[NewEntry::directory("out")], &["out"], &Rules::default())
        .unwrap_err()
        .to_string();
    assert_eq!(error, "the guest made no output `out`; nothing is where it should be");
}

#[test]
fn what_is_no_output_is_left_out_with_a_warning() {
    let store = Store::new();
    let entries = [NewEntry::bytes("out/out", ""), NewEntry::bytes("out/log/a.txt", "")];
    let placed = store.exchange(&entries, &["out"], &Rules::default()).unwrap();
    assert_eq!(placed.warnings, [Warning::NoOutput { path: "out/log".into() }]);
    assert_eq!(store.names(), ["out"]);
}

#[test]
fn too_much_is_refused_before_it_is_written() {
    let entries = [NewEntry::bytes("out/out/a", [1; 100]), NewEntry::bytes("out/out/b/c", [1; 100])];
    let usual = OutputLimits::default();
    for (limits, words) in [
        (
            OutputLimits { bytes: 199, ..usual },
            "output `out` has more than 199 bytes: the first one over is `out/b/c`",
        ),
        (OutputLimits { entries: 3, ..usual }, "more than 3 files, directories and links"),
        (OutputLimits { depth: 1, ..usual }, "more than 1 names in a path"),
    ] {
        let store = Store::new();
        let error = store.exchange(&entries, &["out"], &limited(limits)).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert_eq!(store.names(), Vec::<String>::new());
    }
    let exact = OutputLimits { bytes: 200, entries: 4, depth: 2 };
    Store::new().exchange(&entries, &["out"], &limited(exact)).unwrap();
}

#[test]
fn all_outputs_are_placed_or_none() {
    let store = Store::new();
    let entries =
        [NewEntry::bytes("out/a", ""), NewEntry::bytes("out/b/aux~/x", ""), NewEntry::bytes("out/c", "")];
    // The last one has no place to go to.
    let outputs = BTreeMap::from([("a".to_owned(), store.path("a")), ("b".to_owned(), store.path("none/b"))]);
    let image = tempfile::tempdir().unwrap();
    let image = image.path().join("x.img");
    exchange::create(&image, 64 << 20, "X", &entries).unwrap();
    let volume = Volume::open(&image).unwrap();
    let error = from_exchange(&volume, "out", &outputs, &Rules::default()).unwrap_err();
    assert_eq!(error.blame(), crate::blame::Blame::Host);
    assert_eq!(store.names(), Vec::<String>::new());
    fs_err::write(store.path("a"), "there").unwrap();
    let outputs = BTreeMap::from([("a".to_owned(), store.path("a"))]);
    let error = from_exchange(&volume, "out", &outputs, &Rules::default()).unwrap_err().to_string();
    assert!(error.ends_with("is there already"), "{error}");
}

#[test]
fn a_file_of_zeros_takes_no_room() {
    use std::os::unix::fs::MetadataExt as _;
    let store = Store::new();
    let mut bytes = vec![0; 8 << 20];
    bytes[5_000_000] = 1;
    store.exchange(&[NewEntry::bytes("out/out", bytes.clone())], &["out"], &Rules::default()).unwrap();
    assert!(fs_err::read(store.path("out")).unwrap() == bytes);
    assert!(fs_err::metadata(store.path("out")).unwrap().blocks() * 512 <= 128 << 10);
}

#[test]
fn an_output_that_is_placed_is_taken_back_if_another_one_cannot_be() {
    use crate::outputs::growth::{Growth, put_in_place};
    let store = Store::new();
    let rules = Rules::default();
    let grown = ["a", "b"].map(|output| {
        let mut growth = Growth::new(output, &store.path(output), &rules).unwrap();
        growth.directory("d").unwrap();
        growth.finish().unwrap()
    });
    // Somebody else takes it away.
    fs_err::remove_dir_all(store.path("b.unfinished")).unwrap();
    let error = put_in_place(grown.into(), &mut Placed::default()).unwrap_err();
    assert_eq!(error.blame(), crate::blame::Blame::Host);
    assert_eq!(store.names(), Vec::<String>::new());
}
