//! The store as a volume, in the eyes of qemu-img and 7-Zip.

use std::{
    collections::BTreeMap,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    thread::JoinHandle,
};

use wfvm::store_volume::{StoreVolume, Until};

use crate::program::{Place, output};

/// A server on a thread of its own, which ends when its reader is gone.
fn serve(socket: &Path, store_paths: &[PathBuf]) -> JoinHandle<std::io::Result<()>> {
    let volume = StoreVolume::plan(store_paths).unwrap_or_else(|error| panic!("{error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.unwrap_or_else(|error| panic!("{error}"));
    let export = {
        let _inside = runtime.enter();
        volume.bind(socket).unwrap_or_else(|error| panic!("{error}"))
    };
    std::thread::spawn(move || runtime.block_on(export.serve(Until::Unused)))
}

/// The whole medium as a file, by QEMU's own client.
fn image(place: &Place, store_paths: &[PathBuf]) -> String {
    let (socket, image) = (place.path("socket"), place.text("volume.iso"));
    let server = serve(&socket, store_paths);
    let url = format!("nbd+unix:///?socket={}", socket.display());
    output("qemu-img", &["convert", "-f", "raw", "-O", "raw", &url, &image]);
    server.join().unwrap_or_else(|_| panic!("the server panicked")).unwrap_or_else(|error| panic!("{error}"));
    image
}

/// Every file below a directory, by its path from there.
fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut pending, mut files) = (vec![directory.to_path_buf()], BTreeMap::new());
    while let Some(path) = pending.pop() {
        if fs_err::metadata(&path).is_ok_and(|metadata| metadata.is_dir()) {
            let entries = fs_err::read_dir(&path).unwrap_or_else(|error| panic!("{error}"));
            pending.extend(entries.filter_map(Result::ok).map(|entry| entry.path()));
        } else {
            let contents = fs_err::read(&path).unwrap_or_else(|error| panic!("{error}"));
            files.insert(path.strip_prefix(directory).unwrap_or(&path).to_path_buf(), contents);
        }
    }
    files
}

fn extracted(place: &Place, image: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    output("7z", &["x", "-y", "-tudf", &format!("-o{}", place.text("out")), image]);
    files(&place.path("out"))
}

#[test]
fn seven_zip_takes_the_same_tree_from_the_volume() {
    let place = Place::new();
    for number in 0..800_usize {
        let contents: Vec<u8> = number.to_le_bytes().iter().copied().cycle().take(number * 97).collect();
        place.put(&format!("store/aaa-many/{}/file {number}.dat", number % 9), &contents);
    }
    place.put("store/bbb-names/日本語/ж🐈.txt", b"cat");
    place.put(&format!("store/bbb-names/{}", "x".repeat(254)), b"long");
    place.put(&format!("store/bbb-names/{}", "ж".repeat(127)), b"wide");
    place.put("store/bbb-names/empty", b"");
    place.put("store/ccc-large", &vec![0x5a; 40 << 20]);
    symlink("../aaa-many", place.path("store/bbb-names/link")).unwrap_or_else(|error| panic!("{error}"));
    let paths = ["aaa-many", "bbb-names", "ccc-large"].map(|name| place.path("store").join(name));
    let image = image(&place, &paths);
    // Through the links, as the host sees it.
    let expected = files(&place.path("store"));
    let found = extracted(&place, &image);
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    assert!(found == expected);
    let listing = output("7z", &["l", "-slt", "-tudf", &image]);
    for line in ["Version = 1.02", "Cluster Size = 2048", "VolumeId: WFVM_STORE"] {
        assert!(listing.contains(line), "`{line}` is not in\n{}", &listing[..listing.len().min(2000)]);
    }
    assert!(!listing.contains("WARNING") && !listing.contains("ERROR"));
}

#[test]
fn seven_zip_finds_the_names_of_the_rules() {
    let place = Place::new();
    for name in ["aux.h", "Foo::Bar.3pm", "case.h", "CASE.h", "dot."] {
        place.put(&format!("store/p/{name}"), name.as_bytes());
    }
    let image = image(&place, &[place.path("store/p")]);
    let expected = [
        ("p/CASE.h", "CASE.h"),
        ("p/Foo\u{f03a}\u{f03a}Bar.3pm", "Foo::Bar.3pm"),
        ("p/aux~1.h", "aux.h"),
        ("p/case~2.h", "case.h"),
        ("p/dot\u{f02e}", "dot."),
    ];
    let expected = expected.map(|(path, contents)| (PathBuf::from(path), contents.as_bytes().to_vec()));
    assert_eq!(extracted(&place, &image), BTreeMap::from(expected));
}

#[test]
fn seven_zip_reads_a_file_over_four_gigabytes_to_its_end() {
    let place = Place::new();
    let bytes = (4_u64 << 30) + 77;
    place.put("store/p/large.bin", b"head");
    let file = fs_err::OpenOptions::new().write(true).open(place.path("store/p/large.bin"));
    let file = file.unwrap_or_else(|error| panic!("{error}"));
    file.set_len(bytes).unwrap_or_else(|error| panic!("{error}"));
    std::os::unix::fs::FileExt::write_all_at(file.file(), b"tail", bytes - 4)
        .unwrap_or_else(|error| panic!("{error}"));
    let image = image(&place, &[place.path("store/p")]);
    let listing = output("7z", &["l", "-slt", "-tudf", &image]);
    assert!(listing.contains(&format!("Size = {bytes}")), "{listing}");
    let compare = "7z e -so -tudf \"$0\" p/large.bin | cmp - \"$1\"";
    output("bash", &["-euo", "pipefail", "-c", compare, &image, &place.text("store/p/large.bin")]);
}
