//! Whatever a guest sends, nothing comes out of an output, and nothing takes the host's memory.

use super::*;
use crate::outputs::Warning;

#[test]
fn hostile_paths_that_lead_out_of_the_output_are_refused() {
    let store = Store::new();
    for top in ["out", "."] {
        for (path, words) in [
            ("out/../../etc/x", "it leads out of the output by `..`"),
            ("../etc", "it leads out of the output by `..`"),
            ("/etc/passwd", "it is absolute"),
            ("/out/x", "it is absolute"),
            (r"\\server\x", "it is absolute"),
            (r"..\..\etc", "it leads out of the output by `..`"),
            (r"out\..\..\etc", "it leads out of the output by `..`"),
        ] {
            let error = store.refusal(&Archive::new().directory(top).file(path, b"x").bytes());
            assert_eq!(error, format!("`{path}` cannot be in an output: {words}"));
        }
    }
    for path in ["C:/x", "c:x", "Z:"] {
        let error = store.refusal(&Archive::new().directory("out").file(path, b"x").bytes());
        assert!(error.contains("letter of a drive"), "{error}");
    }
    let error = store.refusal(&Archive::new().directory("out").file("other/x", b"x").bytes());
    assert!(error.contains("it is not in `out`"), "{error}");
}

#[test]
fn hostile_names_that_windows_reserves_are_refused() {
    let store = Store::new();
    for (name, words) in [
        ("aux", "the device AUX"),
        ("NUL.txt", "the device NUL"),
        ("com1.c", "the device COM1"),
        ("dot.", "ends in '.'"),
        ("blank ", "ends in ' '"),
        ("a\\b", "reserved character '\\\\'"),
        ("a\nb", "control character '\\n'"),
        ("a\u{85}b", "control character"),
        ("a*b", "reserved character '*'"),
    ] {
        let error =
            store.refusal(&Archive::new().directory("out").file(&format!("out/x/{name}"), b"").bytes());
        assert!(error.starts_with("`out/x/") && error.contains(words), "{name}: {error}");
    }
    let mut archive = Archive::new().directory("out").file("out/aa", b"").bytes();
    archive[512 + 4] = 0xFF;
    // The sum goes up by as much.
    let sum = sum(&archive[512..1024]);
    archive[512 + 148..512 + 156].copy_from_slice(&sum);
    assert!(store.refusal(&archive).contains("no UTF-8"));
}

#[test]
fn hostile_names_that_differ_in_case_alone_are_refused() {
    let store = Store::new();
    for (first, second, words) in [
        ("out/Readme", "out/README", "`out/README` and `out/Readme` differ in case alone"),
        ("out/ä/x", "out/Ä/y", "`out/Ä` and `out/ä` differ in case alone"),
        ("out/a", "out/a", "`out/a` is there twice"),
        ("out/a", "out/a/b", "`out/a` is there twice, or is below what is no directory"),
    ] {
        let error = store.refusal(&Archive::new().file(first, b"1").file(second, b"2").bytes());
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn hostile_alternate_streams_are_left_out_with_a_warning() {
    let store = Store::new();
    let archive = Archive::new()
        .file("out:stream", b"x")
        .file("out/a.txt", b"text")
        .file("out/a.txt:Zone.Identifier", &[7; 5000])
        .file("out/b.txt", b"more");
    let placed = store.tar(&archive.bytes(), &Rules::default()).unwrap();
    let warning = |path: &str| Warning::AlternateStream { path: path.into() };
    assert_eq!(placed.warnings, [warning("out:stream"), warning("out/a.txt:Zone.Identifier")]);
    assert_eq!(fs_err::read(store.path("out/b.txt")).unwrap(), b"more");
    assert_eq!(placed.outputs["out"].entries, 3);
    let error = Store::new().refusal(&Archive::new().file("out/a:b/c", b"").bytes());
    assert!(error.contains("reserved character ':'"), "{error}");
}

#[test]
fn hostile_links_that_lead_out_of_the_output_are_refused() {
    let store = Store::new();
    for target in ["..", "../x", "a/../../x", "/etc/passwd", "\\etc", "C:\\x", "//?/C:/x", "/nix/store/x-y/z"]
    {
        let error = store.refusal(&Archive::new().directory("out").symlink("out/link", target).bytes());
        assert!(error.contains("leads out of the output"), "{target}: {error}");
        assert!(error.starts_with("`out/link` is a link to `"), "{error}");
    }
    // Each step stays inside if links are not followed.
    let archive =
        Archive::new().symlink("out/a/b/root", "../..").symlink("out/a/b/out", "root/../etc").bytes();
    assert!(store.refusal(&archive).contains("`out/a/b/out` is a link to `root/../etc`, which leads out"));
    let circle = Archive::new().symlink("out/a", "b").symlink("out/b", "a").bytes();
    assert!(store.refusal(&circle).contains("round in a circle"));
    assert!(store.refusal(&Archive::new().symlink("out", "x").bytes()).contains("an output cannot be"));
    for target in ["/etc/passwd", "../x", "out/not-there", "other/x", "out"] {
        let error = store.refusal(&Archive::new().directory("out").hard_link("out/link", target).bytes());
        assert!(error.contains("`out/link` is a link to"), "{error}");
    }
}

#[test]
fn hostile_files_below_a_link_are_refused_and_written_nowhere() {
    let store = Store::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().display().to_string();
    for target in [target.as_str(), "d"] {
        let archive =
            Archive::new().directory("out/d").symlink("out/a", target).file("out/a/x", b"escaped").bytes();
        let error = store.refusal(&archive);
        assert!(
            error.contains("`out/a` is a link to") || error.contains("below what is no directory"),
            "{error}"
        );
    }
    // A hard link to a link would be one more way.
    let archive = Archive::new().symlink("out/a", "b").hard_link("out/h", "out/a").bytes();
    assert!(store.refusal(&archive).contains("is no file that came before it"));
    assert_eq!(fs_err::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn hostile_devices_and_pipes_are_refused() {
    let store = Store::new();
    for (kind, words) in [
        (EntryType::Char, "`out/x` is a device"),
        (EntryType::Block, "a device"),
        (EntryType::Fifo, "a named pipe"),
        (EntryType::new(b'Q'), "a kind that is not known"),
    ] {
        let error = store.refusal(&Archive::new().directory("out").add(kind, "out/x", "", b"").bytes());
        assert!(error.contains(words), "{error}");
    }
}

const TEN_GB: u64 = 10_000_000_000;

/// A header of GNU's old sparse kind: of 10 GB one byte is stored.
fn ten_gigabytes() -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.set_path("out").unwrap();
    header.set_entry_type(EntryType::GNUSparse);
    header.set_size(1);
    // Beyond octal digits, GNU writes a number in bytes.
    let number = |field: &mut [u8; 12], number: u64| {
        *field = [0; 12];
        field[0] = 0x80;
        field[4..].copy_from_slice(&number.to_be_bytes());
    };
    let gnu = header.as_gnu_mut().unwrap();
    number(&mut gnu.realsize, TEN_GB);
    number(&mut gnu.sparse[0].offset, TEN_GB - 2);
    number(&mut gnu.sparse[0].numbytes, 1);
    header.set_cksum();
    let mut archive = header.as_bytes().to_vec();
    archive.extend([b'x']);
    archive.resize(512 * 4, 0);
    archive
}

#[test]
fn a_hostile_sparse_file_of_ten_gigabytes_is_tamed() {
    use std::os::unix::fs::MetadataExt as _;
    let store = Store::new();
    let small = OutputLimits { bytes: 1 << 30, ..OutputLimits::default() };
    let error = store.tar(&ten_gigabytes(), &limited(small)).unwrap_err().to_string();
    assert_eq!(error, "output `out` has more than 1073741824 bytes: the first one over is `out`");
    assert_eq!(store.names(), Vec::<String>::new());
    // Within the limit it is a hole on the host as well.
    store.tar(&ten_gigabytes(), &Rules::default()).unwrap();
    let metadata = fs_err::metadata(store.path("out")).unwrap();
    assert_eq!(metadata.len(), TEN_GB);
    assert!(metadata.blocks() * 512 <= 1 << 20, "{}", metadata.blocks());
}

#[test]
fn a_hostile_header_of_many_bytes_is_refused() {
    let store = Store::new();
    for kind in [EntryType::XHeader, EntryType::GNULongName, EntryType::GNULongLink, EntryType::XGlobalHeader]
    {
        let error = store.refusal(&Archive::new().add(kind, "x", "", &vec![b'a'; (1 << 20) + 1]).bytes());
        assert!(error.contains("a header has 1048577 bytes"), "{error}");
    }
    let many = (0..20).fold(Archive::new(), |archive, _| archive.add(EntryType::GNULongName, "x", "", b"a"));
    assert!(store.refusal(&many.bytes()).contains("more than 8 headers"));
}

#[test]
fn hostile_bytes_of_what_has_none_count_as_well() {
    let store = Store::new();
    let rules = limited(OutputLimits { bytes: 1000, ..OutputLimits::default() });
    for archive in [
        Archive::new().add(EntryType::Directory, "out/", "", &[1; 1001]),
        Archive::new().directory("out").file("out/a:b", &[1; 1001]),
        Archive::new().file("out/a", &[1; 600]).hard_link("out/b", "out/a"),
    ] {
        let error = store.tar(&archive.bytes(), &rules).unwrap_err().to_string();
        assert!(error.contains("more than 1000 bytes"), "{error}");
        assert_eq!(store.names(), Vec::<String>::new());
    }
}

#[test]
fn hostile_names_on_the_disk_are_refused() {
    let store = Store::new();
    let names = ["before", "ABC", "na.me", "LONG"];
    let entries = names.map(|name| NewEntry::bytes(format!("out/out/{name}"), "x"));
    // Five characters of a long name lie together.
    let text = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let name = |name: &str| (text("na.me"), text(name));
    let short = |name: &str| (b"ABC        ".to_vec(), format!("{name:11}").into_bytes());
    for ((from, to), words) in [
        (short("AUX"), "`out/AUX` cannot be in an output: \"AUX\" is that of the device"),
        (short("LONG"), "`out/LONG` is there twice"),
        (short("A C."), "damaged at `out/out/A C.`: its short name has the byte 0x2E"),
        (name("na:me"), "`out/na:me` cannot be in an output: \"na:me\" has the reserved character ':'"),
        (name("name."), "ends in '.'"),
        (name("na\u{7}me"), "control character '\\u{7}'"),
        (name("\0\u{ffff}\u{ffff}\u{ffff}\u{ffff}"), "its long name goes on after its end"),
        (
            (text("na.me"), [&text("na")[..], &[0x00, 0xD8], &text("me")].concat()),
            "its long name is no UTF-16",
        ),
        (name("../me"), "its name is \"../me\""),
        (name("..\\me"), "its name is \"..\\\\me\""),
    ] {
        let error = store.refused_disk(&entries, &[(&from, &to)]);
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_hostile_disk_with_loops_is_refused_and_leaves_nothing() {
    let store = Store::new();
    let entries = [
        NewEntry::bytes("out/out/A", "x"),
        NewEntry::directory("out/out/DIR"),
        NewEntry::bytes("out/out/LAST", [1; 5000]),
    ];
    // The first clusters are those of the root, `out`, `out/out` and `out/out/DIR`.
    let slot = |name: &str, attributes: u8, cluster: u8, bytes: u16| {
        let mut slot = format!("{name:11}").into_bytes();
        slot.extend([attributes, 0, 0, 0, 0, 0x21, 0, 0x21, 0, 0, 0, 0, 0, 0x21, 0, cluster, 0]);
        slot.extend(bytes.to_le_bytes());
        slot
    };
    for (name, attributes, cluster, bytes) in [
        ("DIR", 0x10, 4, 0),
        ("DIR", 0x10, 3, 0),
        ("DIR", 0x10, 2, 0),
        ("LAST", 0x20, 5, 512),
        ("LAST", 0x20, 4, 512),
    ] {
        let old = format!("{name:11}").into_bytes();
        let error = store.refused_disk(&entries, &[(&old, &slot(name, attributes, cluster, bytes))]);
        // Of two that share a cluster, the one is named that is looked at later.
        let words = format!("its chain comes to cluster {cluster},");
        assert!(error.contains("damaged at `out/out/") && error.contains(&words), "{error}");
    }
}

#[test]
fn two_outputs_that_differ_in_case_alone_are_refused() {
    let store = Store::new();
    let entries = [NewEntry::bytes("out/out", "x")];
    let error = store.exchange(&entries, &["OUT", "out"], &Rules::default()).unwrap_err();
    assert!(error.to_string().contains("the outputs `out` and `OUT` differ in case alone"), "{error}");
    assert_eq!(error.blame(), crate::blame::Blame::Input);
}
