//! Outputs as archives.

use super::*;

#[test]
fn an_archive_has_the_outputs_name_or_a_dot_at_its_top() {
    for (top, below) in [("out/", "out/"), ("./", "./"), ("./out", "./out/")] {
        let store = Store::new();
        let archive = Archive::new().directory(top).file(&format!("{below}a/b.txt"), b"b").bytes();
        let placed = store.tar(&archive, &Rules::default()).unwrap();
        assert_eq!(fs_err::read(store.path("out/a/b.txt")).unwrap(), b"b", "{top}");
        assert_eq!(placed.outputs["out"].entries, 3);
        assert_eq!(store.names(), ["out"]);
    }
}

#[test]
fn a_file_may_be_an_output() {
    let store = Store::new();
    store.tar(&Archive::new().file("out", b"#!/bin/sh").bytes(), &Rules::default()).unwrap();
    assert_eq!(fs_err::read(store.path("out")).unwrap(), b"#!/bin/sh");
    assert_eq!(mode(&store.path("out")), 0o755);
    let archive = Archive::new().file("out", b"MZ").bytes();
    from_tar(archive.as_slice(), "out", &store.path("tool.exe"), &Rules::default()).unwrap();
    assert_eq!(mode(&store.path("tool.exe")), 0o755);
}

#[test]
fn links_that_stay_inside_are_kept() {
    let store = Store::new();
    let archive = Archive::new()
        .file("out/lib/a.so.1", b"library")
        .symlink("out/lib/a.so", "a.so.1")
        .symlink("out/bin/up", "..\\lib\\a.so")
        .symlink("out/dangling", "not/there/../yet")
        .symlink("out/all", "lib/../.")
        .hard_link("out/bin/tool.exe", "out/lib/a.so.1");
    let placed = store.tar(&archive.bytes(), &Rules::default()).unwrap();
    assert_eq!(fs_err::read(store.path("out/bin/up")).unwrap(), b"library");
    assert_eq!(fs_err::read(store.path("out/all/lib/a.so")).unwrap(), b"library");
    assert_eq!(fs_err::read_link(store.path("out/bin/up")).unwrap(), Path::new("../lib/a.so"));
    assert_eq!(mode(&store.path("out/bin/tool.exe")), 0o755);
    assert_eq!(placed.outputs["out"].bytes, 14);
}

#[test]
fn an_archive_without_the_output_names_what_it_has() {
    let store = Store::new();
    for (archive, words) in [
        (Archive::new().file("other/a", b"a"), "instead there is:\n  other/"),
        (Archive::new().file("other", b"abc"), "instead there is:\n  other (3 bytes)"),
        (Archive::new(), "nothing is where it should be"),
    ] {
        let error = store.refusal(&archive.bytes());
        assert!(error.starts_with("the guest made no output `out`; ") && error.ends_with(words), "{error}");
    }
}

#[test]
fn an_archive_that_breaks_off_is_no_output() {
    let store = Store::new();
    let archive = Archive::new().directory("out").file("out/a", &[1; 2000]).bytes();
    for length in [0, 100, 512, 1000, 1024, 2000, 3000] {
        let error = store.refusal(&archive[..length]);
        assert!(error.contains("broke off"), "{length}: {error}");
    }
    let mut damaged = archive.clone();
    damaged[520] ^= 1;
    assert!(store.refusal(&damaged).contains("another sum"));
    let twice = [archive.clone(), archive].concat();
    assert!(store.refusal(&twice).contains("something follows its end"));
}

/// Made by bsdtar 3.6.2, which Windows has as `tar.exe`: `bsdtar -b 1 -cf bsdtar.bin out`, of a
/// tree with a file of 3 MiB that has three bytes at 1,000,000, a link and a hard link.
const BSDTAR: &[u8] = include_bytes!("bsdtar.bin");

#[test]
fn what_bsdtar_writes_becomes_the_same_tree() {
    use std::os::unix::fs::MetadataExt as _;
    let store = Store::new();
    let placed = store.tar(BSDTAR, &Rules::default()).unwrap();
    assert_eq!(placed.outputs["out"].entries, 8);
    assert_eq!(fs_err::read(store.path("out/Ünï – 名前.txt")).unwrap(), b"text");
    assert_eq!(fs_err::read(store.path("out/bin/again.exe")).unwrap(), b"MZ");
    assert_eq!(fs_err::read(store.path("out/bin/link")).unwrap(), b"MZ");
    assert_eq!(mode(&store.path("out/bin/script")), 0o755);
    let sparse = fs_err::read(store.path("out/sparse")).unwrap();
    assert_eq!((sparse.len(), &sparse[1_000_000..1_000_003]), (3 << 20, &b"abc"[..]));
    assert!(sparse.iter().filter(|byte| **byte != 0).count() == 3);
    assert!(fs_err::metadata(store.path("out/sparse")).unwrap().blocks() * 512 <= 128 << 10);
}
