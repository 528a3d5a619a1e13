//! Trees of every shape, written by the product and read by another reader.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use super::{
    Store,
    reader::{Reader, Seen, contents},
};
use crate::store_volume::{
    LeftOut, MOST_NAMES, PlanError, StoreVolume,
    tree::{Found, Kind, Tree, UNREAD},
};

fn paths(all: &BTreeMap<String, Seen>) -> Vec<&str> {
    all.keys().map(String::as_str).collect()
}

fn left_out(volume: &StoreVolume, store: &Store) -> Vec<(PathBuf, LeftOut)> {
    let first = &volume.left_out().first;
    assert_eq!(first.len(), volume.left_out().count);
    first.iter().map(|(path, why)| (path.strip_prefix(store.path("")).unwrap().into(), *why)).collect()
}

#[test]
fn store_paths_are_in_the_root_with_all_that_is_below_them() {
    let store = Store::new();
    let long: Vec<u8> =
        (0..100_000_u32).map(|number| number.to_le_bytes()[0] ^ number.to_le_bytes()[1]).collect();
    store.file("aaa-one/bin/prog.exe", &long).file("aaa-one/empty", b"").file("bbb-two.txt", b"two");
    let volume = store.plan(&["bbb-two.txt", "aaa-one", "aaa-one"]);
    let all = Reader::all(&volume);
    assert_eq!(
        paths(&all),
        ["/aaa-one", "/aaa-one/bin", "/aaa-one/bin/prog.exe", "/aaa-one/empty", "/bbb-two.txt"]
    );
    assert!(contents(&volume, &all["/aaa-one/bin/prog.exe"]) == long);
    assert_eq!(contents(&volume, &all["/aaa-one/empty"]), b"");
    assert_eq!(contents(&volume, &all["/bbb-two.txt"]), b"two");
    assert_eq!(volume.left_out().count, 0);
}

#[test]
fn the_bytes_are_the_same_whatever_the_order_of_reading() {
    let store = Store::new();
    for number in 0..300_usize {
        store.file(&format!("p/{}/{number}", number % 7), &vec![b'x'; number * 31]);
    }
    let volume = store.plan(&["p"]);
    let whole = volume.read(0, usize::try_from(volume.bytes()).unwrap()).unwrap();
    for (start, step) in [(0, 7001), (1, 2048), (2047, 513)] {
        let mut at = start;
        while at < whole.len() {
            let length = step.min(whole.len() - at);
            assert!(volume.read(at as u64, length).unwrap() == whole[at..at + length], "at {at}");
            at += step;
        }
    }
    let again = store.plan(&["p"]);
    assert!(again.read(0, whole.len()).unwrap() == whole, "two plans of one closure are the same");
}

#[test]
fn another_closure_has_another_serial() {
    let store = Store::new();
    store.file("a", b"1").file("b", b"1").file("c", b"12");
    let serial = |name: &str| store.plan(&[name]).read(32 * 2048 + 73, 16).unwrap();
    assert_ne!(serial("a"), serial("b"));
    assert_ne!(serial("b"), serial("c"));
}

#[test]
fn links_to_files_share_the_files_entry() {
    let store = Store::new();
    store.file("a/lib/real.dll", b"dll").file("b/x", b"x");
    let absolute = store.path("a/lib/real.dll");
    store
        .link("a/lib/link.dll", "real.dll")
        .link("a/bin/up.dll", "../lib/./real.dll")
        .link("a/bin/twice.dll", "up.dll")
        .link("b/other.dll", "../a/lib/link.dll")
        .link("b/absolute.dll", absolute.to_str().unwrap())
        .link("c", "a/lib/real.dll");
    let volume = store.plan(&["a", "b", "c"]);
    let all = Reader::all(&volume);
    for path in
        ["/a/lib/link.dll", "/a/bin/up.dll", "/a/bin/twice.dll", "/b/other.dll", "/b/absolute.dll", "/c"]
    {
        assert_eq!(all[path], all["/a/lib/real.dll"], "{path}");
    }
    assert_eq!(volume.left_out().count, 0);
}

#[test]
fn links_to_directories_show_the_directory_once_more() {
    let store = Store::new();
    store.file("a/lib/sub/f", b"f").link("a/lib64", "lib").link("b/a", "../a").link("b/deep", "a/lib64/sub");
    let volume = store.plan(&["a", "b"]);
    let all = Reader::all(&volume);
    for path in ["/a/lib64/sub/f", "/b/a/lib/sub/f", "/b/a/lib64/sub/f", "/b/deep/f"] {
        assert_eq!(all[path], all["/a/lib/sub/f"], "{path}");
    }
}

#[test]
fn links_that_lead_out_to_nothing_or_back_are_left_out_and_told() {
    let store = Store::new();
    store
        .file("a/f", b"f")
        .file("b/f", b"f")
        .link("a/nothing", "missing/x")
        .link("a/through-a-file", "f/x")
        .link("a/out", "../b/f")
        .link("a/passwd", "/etc/passwd")
        .link("a/far-up", "../../../../../../../../../../etc/passwd")
        .link("a/self", "self")
        .link("a/here", ".")
        .link("a/sub/up", "..")
        .link("a/ping", "pong")
        .link("a/pong", "ping");
    rustix::fs::mkfifoat(rustix::fs::CWD, store.path("a/pipe"), rustix::fs::Mode::RUSR).unwrap();
    let volume = store.plan(&["a"]);
    assert_eq!(paths(&Reader::all(&volume)), ["/a", "/a/f", "/a/sub"]);
    let expected = [
        ("a/far-up", LeftOut::OutOfClosure),
        ("a/here", LeftOut::Cyclic),
        ("a/nothing", LeftOut::Dangling),
        ("a/out", LeftOut::OutOfClosure),
        ("a/passwd", LeftOut::OutOfClosure),
        ("a/ping", LeftOut::Cyclic),
        ("a/pipe", LeftOut::Special),
        ("a/pong", LeftOut::Cyclic),
        ("a/self", LeftOut::Cyclic),
        ("a/through-a-file", LeftOut::Dangling),
        ("a/sub/up", LeftOut::Cyclic),
    ];
    assert_eq!(left_out(&volume, &store), expected.map(|(path, why)| (PathBuf::from(path), why)));
}

#[test]
fn links_between_directories_end_where_they_began() {
    let store = Store::new();
    store.file("x/f", b"x").file("y/f", b"y").link("x/y", "../y").link("y/x", "../x");
    let volume = store.plan(&["x", "y"]);
    assert_eq!(
        paths(&Reader::all(&volume)),
        ["/x", "/x/f", "/x/y", "/x/y/f", "/y", "/y/f", "/y/x", "/y/x/f"]
    );
    assert_eq!(volume.left_out().count, 2);
}

#[test]
fn a_tree_of_links_that_doubles_at_each_step_is_refused_by_its_names() {
    let store = Store::new();
    for step in 0..40 {
        let next = format!("../{}", step + 1);
        store.link(&format!("d/{step}/one"), &next).link(&format!("d/{step}/two"), &next);
    }
    store.file("d/40/f", b"");
    let refused = store.plan_with(&["d"], 10_000).unwrap_err();
    assert!(matches!(refused, PlanError::TooManyNames { most: 10_000 }), "{refused}");
}

#[test]
fn a_hundred_thousand_files_are_where_their_names_lead() {
    let mut tree = Tree::default();
    tree.add_root(Path::new("/store/many"), UNREAD);
    let name = |number: u32| format!("{number}").into_bytes().into();
    // A hundred directories, and one of them with as many files as all the others.
    tree.fill(0, (0..100).map(|number| Found { name: name(number), kind: UNREAD }).collect());
    for directory in 1..=100 {
        let count = if directory == 7 { 50_000 } else { 506 };
        let found =
            (0..count).map(|number| Found { name: name(number), kind: Kind::File { bytes: number.into() } });
        tree.fill(directory, found.collect());
    }
    let volume = StoreVolume::of(tree, MOST_NAMES).unwrap();
    let all = Reader::all(&volume);
    assert_eq!(all.len(), 1 + 100 + 99 * 506 + 50_000);
    for (path, seen) in all {
        if let Seen::File { bytes, .. } = seen {
            assert_eq!(path.rsplit('/').next().unwrap(), bytes.to_string());
        }
    }
    assert!(volume.metadata_bytes() < 100_000 * 120, "{}", volume.metadata_bytes());
}

/// Sparse files take no room on the host.
fn sparse(store: &Store, name: &str, bytes: u64) {
    store.file(name, b"");
    let file = fs_err::OpenOptions::new().write(true).open(store.path(name)).unwrap();
    file.set_len(bytes).unwrap();
}

#[test]
fn a_file_over_four_gigabytes_has_several_extents() {
    let store = Store::new();
    let bytes = (5 << 30) + 77;
    sparse(&store, "p/large", bytes);
    let tail = std::os::unix::fs::FileExt::write_all_at;
    let file = fs_err::OpenOptions::new().write(true).open(store.path("p/large")).unwrap();
    tail(file.file(), b"tail", bytes - 4).unwrap();
    tail(file.file(), b"edge", (1 << 30) - 2050).unwrap();
    store.file("p/small", b"small");
    let volume = store.plan(&["p"]);
    let all = Reader::all(&volume);
    let Seen::File { bytes: size, extents, .. } = &all["/p/large"] else { panic!("{all:?}") };
    assert_eq!((*size, extents.len()), (bytes, 6));
    let (sector, length) = extents[5];
    let end = volume.read(sector * 2048 + u64::from(length) - 4, 4).unwrap();
    assert_eq!(end, b"tail");
    // Over the border of two extents, which are neighbours.
    assert_eq!(volume.read(extents[0].0 * 2048 + (1 << 30) - 2050, 4).unwrap(), b"edge");
    assert_eq!(extents[0].0 * 2048 + (1 << 30) - 2048, extents[1].0 * 2048);
    assert_eq!(contents(&volume, &all["/p/small"]), b"small");
}

#[test]
fn what_has_no_room_is_refused_by_its_size() {
    let store = Store::new();
    sparse(&store, "p/huge", 252 << 30);
    let refused = store.plan_with(&["p"], 10).unwrap_err();
    assert!(
        matches!(refused, PlanError::FileTooLarge { .. }) && refused.to_string().contains("p/huge"),
        "{refused}"
    );
    let store = Store::new();
    for number in 0..40 {
        sparse(&store, &format!("p/{number}"), 230 << 30);
    }
    let refused = store.plan_with(&["p"], 100).unwrap_err();
    assert!(matches!(refused, PlanError::TooLarge { .. }), "{refused}");
}

#[test]
fn paths_that_are_none_of_a_store_are_refused() {
    for path in ["relative", "/", "/a/../b", ""] {
        let refused = StoreVolume::plan(&[path.into()]).unwrap_err();
        assert!(matches!(refused, PlanError::NotAbsolute { .. }), "{path}: {refused}");
    }
    let refused = StoreVolume::plan(&["/there/is/nothing".into()]).unwrap_err();
    assert!(refused.to_string().contains("/there/is/nothing"), "{refused}");
}

#[test]
fn a_file_that_changed_is_an_error_of_its_reads_alone() {
    let store = Store::new();
    store.file("p/a", &[b'a'; 5000]).file("p/b", &[b'b'; 5000]).file("p/c", &[b'c'; 5000]);
    let volume = store.plan(&["p"]);
    let all = Reader::all(&volume);
    let at = |path: &str| {
        let Seen::File { extents, .. } = &all[path] else { panic!("{path}") };
        extents[0].0 * 2048
    };
    assert_eq!(volume.read(at("/p/c"), 10).unwrap(), b"cccccccccc");
    fs_err::remove_file(store.path("p/a")).unwrap();
    fs_err::write(store.path("p/b"), b"short").unwrap();
    // It is open already, and shrinks under its reader.
    fs_err::write(store.path("p/c"), b"short").unwrap();
    assert_eq!(volume.read(at("/p/a"), 10).unwrap_err().kind(), io::ErrorKind::NotFound);
    assert!(volume.read(at("/p/b"), 10).is_err());
    assert!(volume.read(at("/p/c"), 10).is_err());
    fs_err::write(store.path("p/b"), [b'l'; 6000]).unwrap();
    assert!(volume.read(at("/p/b"), 10).is_err(), "a longer one is another one");
    // A link that came into its place leads nowhere.
    fs_err::remove_file(store.path("p/b")).unwrap();
    store.file("q", &[b'q'; 5000]).link("p/b", "../q");
    assert!(volume.read(at("/p/b"), 10).is_err());
}

#[test]
fn more_files_than_may_be_open_are_read() {
    let store = Store::new();
    for number in 0..1500 {
        store.file(&format!("p/{number}"), format!("{number}").as_bytes());
    }
    let volume = store.plan(&["p"]);
    for (path, seen) in Reader::all(&volume).iter().filter(|(_, seen)| **seen != Seen::Directory) {
        assert_eq!(contents(&volume, seen), path.trim_start_matches("/p/").as_bytes());
    }
    let descriptors = fs_err::read_dir("/proc/self/fd").unwrap();
    let of_store = descriptors
        .filter_map(|entry| fs_err::read_link(entry.unwrap().path()).ok())
        .filter(|path| path.starts_with(store.path("p")));
    assert!(of_store.count() <= 256);
}
