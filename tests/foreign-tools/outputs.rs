//! Outputs out of archives that GNU tar and 7-Zip made, and out of what mtools wrote.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::PathBuf;
use std::process::Command;

use fs_err::os::unix::fs::FileExt as _;
use wfvm::exchange::{self, NewEntry, Volume};
use wfvm::outputs::{Placed, Rules, from_exchange, from_tar};

use crate::program::{Place, ended, output};

/// What an output may have: long names, links, a hole, nothing.
fn tree() -> std::io::Result<Place> {
    let place = Place::new();
    let long = format!("out/{}/Ünïcödé 名前.txt", "a long directory/".repeat(12));
    place.put(&long, b"deep");
    place.put("out/bin/tool.exe", &vec![0x5A; 100_001]);
    place.put("out/empty", b"");
    place.put("out/script", b"#!/bin/sh\n");
    fs_err::create_dir(place.path("out/nothing"))?;
    symlink("../bin/tool.exe", place.path("out/nothing/link"))?;
    symlink("l".repeat(150), place.path("out/dangling"))?;
    fs_err::hard_link(place.path("out/bin/tool.exe"), place.path("out/bin/again.exe"))?;
    let sparse = fs_err::File::create(place.path("out/sparse"))?;
    sparse.set_len(30 << 20)?;
    for offset in 0..40 {
        // More pieces than a header has room for.
        sparse.write_all_at(b"piece", offset * 700_000)?;
    }
    Ok(place)
}

fn archive(place: &Place, arguments: &[&str]) -> Vec<u8> {
    let directory = place.text("");
    let made = ended(Command::new("tar").args(["--create", "--directory", &directory]).args(arguments));
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    made.stdout
}

fn place_in(store: &Place, archive: &[u8]) -> Placed {
    from_tar(archive, "out", &store.path("out"), &Rules::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn assert_same(store: &Place, place: &Place) {
    output("diff", &["--recursive", "--no-dereference", &store.text("out"), &place.text("out")]);
    for name in ["bin/tool.exe", "bin/again.exe", "script"] {
        let mode = fs_err::metadata(store.path("out").join(name)).map(|metadata| metadata.mode() & 0o777);
        assert_eq!(mode.ok(), Some(0o755), "{name}");
    }
}

#[test]
fn archives_of_gnu_tar_become_the_same_tree() {
    let place = tree().unwrap();
    for format in ["gnu", "oldgnu", "posix"] {
        for top in [&["out"][..], &["--directory=out", "."]] {
            let store = Place::new();
            place_in(&store, &archive(&place, &[&["--format", format][..], top].concat()));
            assert_same(&store, &place);
        }
    }
}

#[test]
fn old_formats_that_have_no_long_names_become_the_same_tree() {
    let place = Place::new();
    place.put("out/bin/tool.exe", &[1; 1000]);
    place.put("out/bin/again.exe", &[1; 1000]);
    place.put("out/script", b"#!");
    place.put(&format!("out/{}file", "name/".repeat(29)), b"");
    for format in ["ustar", "v7"] {
        let store = Place::new();
        let wanted = if format == "v7" { &["out/bin", "out/script"][..] } else { &["out"] };
        place_in(&store, &archive(&place, &[&["--format", format][..], wanted].concat()));
        if format == "ustar" {
            assert_same(&store, &place);
        }
    }
}

#[test]
fn sparse_files_of_gnu_tar_stay_sparse() {
    let place = tree().unwrap();
    for format in [&["--format=gnu"][..], &["--format=posix", "--sparse-version=1.0"]] {
        let store = Place::new();
        let archive = archive(&place, &[format, &["--sparse", "out"]].concat());
        assert!(archive.len() < 1 << 20, "{} bytes", archive.len());
        place_in(&store, &archive);
        assert_same(&store, &place);
        let sparse = fs_err::metadata(store.path("out/sparse")).unwrap();
        assert!(sparse.blocks() * 512 < 4 << 20, "{} blocks", sparse.blocks());
    }
    let store = Place::new();
    let archive = archive(&place, &["--format=posix", "--sparse-version=0.1", "--sparse", "out"]);
    let error = from_tar(archive.as_slice(), "out", &store.path("out"), &Rules::default()).unwrap_err();
    assert!(error.to_string().contains("written in another way than GNU's 1.0"), "{error}");
}

#[test]
fn an_archive_of_seven_zip_becomes_the_same_tree() {
    let place = Place::new();
    place.put("out/bin/tool.exe", &[1; 1000]);
    place.put("out/bin/again.exe", &[2; 1000]);
    place.put("out/script", b"#!");
    place.put("out/Ünïcödé – 名前.txt", b"text");
    let made = Command::new("7z")
        .args(["a", "-ttar", "archive.tar", "out"])
        .current_dir(place.path(""))
        .env("LC_ALL", "C.UTF-8")
        .output();
    assert!(made.unwrap_or_else(|error| panic!("`7z` is needed by this test: {error}")).status.success());
    let store = Place::new();
    place_in(&store, &fs_err::read(place.path("archive.tar")).unwrap());
    assert_same(&store, &place);
}

#[test]
fn what_mtools_wrote_becomes_outputs() {
    let place = Place::new();
    let image = place.path("x.img");
    exchange::create(&image, 64 << 20, "X", &[NewEntry::directory("out")]).unwrap();
    place.put("out/bin/tool.exe", &vec![0x5A; 100_001]);
    place.put("out/bin/again.exe", b"MZ");
    place.put("out/script", b"#!/bin/sh\n");
    place.put("out/Größe/Ünïcödé – 名前.txt", b"text");
    place.put("dev", b"a file");
    let drive = format!("{}@@1M", image.display());
    output("mcopy", &["-s", "-i", &drive, &place.text("out"), &place.text("dev"), "::/out/"]);
    let store = Place::new();
    let outputs: BTreeMap<String, PathBuf> =
        ["out", "dev"].map(|name| (name.to_owned(), store.path(name))).into_iter().collect();
    let placed = from_exchange(&Volume::open(&image).unwrap(), "out", &outputs, &Rules::default()).unwrap();
    assert_eq!(placed.warnings, []);
    assert_same(&store, &place);
    assert_eq!(fs_err::read(store.path("dev")).unwrap(), b"a file");
}
