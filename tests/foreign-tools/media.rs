//! Answer media in the eyes of isoinfo, 7-Zip, fsck.fat and mtools.

use wfvm::media::{Medium, MediumFile, answer_medium};
use wfvm::spec::AnswerMedium;

use crate::program::{Place, output};

const XML: &[u8] = b"<?xml version=\"1.0\"?><unattend/>\n";

fn files() -> Vec<MediumFile<'static>> {
    vec![
        MediumFile { name: "Autounattend.xml", contents: XML },
        MediumFile { name: "wfvm-answer.tag", contents: b"" },
        MediumFile { name: "first-logon.cmd", contents: b"@echo off\r\n" },
        MediumFile { name: "A rather Long name (1).payload.bin", contents: &[0x5A; 70_001] },
    ]
}

/// Writes a medium as the product does: segments into an empty file of the right size.
fn write(place: &Place, medium: &Medium) -> String {
    let mut image = vec![0; usize::try_from(medium.bytes).unwrap_or_default()];
    for segment in &medium.segments {
        let start = usize::try_from(segment.offset).unwrap_or_default();
        image.splice(start..start + segment.data.len(), segment.data.iter().copied());
    }
    place.put("medium.img", &image)
}

fn medium(kind: AnswerMedium) -> (Place, String, Medium) {
    let place = Place::new();
    let medium = answer_medium(kind, &files()).unwrap_or_else(|error| panic!("{error}"));
    let path = write(&place, &medium);
    (place, path, medium)
}

/// Each file, as `take` copies it out, has its bytes.
fn assert_contents(place: &Place, take: impl Fn(&str, &str)) {
    for file in files() {
        let target = place.text("taken");
        let _ = fs_err::remove_file(&target);
        take(file.name, &target);
        let found = fs_err::read(&target).unwrap_or_else(|error| panic!("{error}"));
        assert!(found == file.contents, "{}", file.name);
    }
}

#[test]
fn isoinfo_finds_the_long_names_in_joliet() {
    let (_place, path, medium) = medium(AnswerMedium::Iso);
    let listing = output("isoinfo", &["-J", "-f", "-i", &path]);
    for file in files() {
        assert!(listing.lines().any(|line| line == format!("/{}", file.name)), "{listing}");
    }
    let header = output("isoinfo", &["-d", "-i", &path]);
    assert!(header.contains("Volume id: WFVM_ANSWER"), "{header}");
    assert!(medium.written_bytes() < 3 << 20);
}

#[test]
fn seven_zip_takes_every_file_from_the_cd() {
    let (place, path, _) = medium(AnswerMedium::Iso);
    assert_contents(&place, |name, target| {
        output("7z", &["e", "-y", &format!("-o{}", place.text("out")), &path, name]);
        fs_err::rename(place.path("out").join(name), target).unwrap_or_else(|error| panic!("{error}"));
    });
}

#[test]
fn the_floppy_is_clean_and_of_the_dos_layout() {
    let (place, path, medium) = medium(AnswerMedium::Floppy);
    assert_eq!(medium.bytes, 1_474_560);
    output("fsck.fat", &["-n", "-v", &path]);
    let info = output("minfo", &["-i", &path, "::"]);
    for line in [
        "sectors per track: 18",
        "heads: 2",
        "cluster size: 1 sectors",
        "max available root directory slots: 224",
        "small size: 2880 sectors",
        "media descriptor byte: 0xf0",
        "sectors per fat: 9",
    ] {
        assert!(info.contains(line), "`{line}` is not in\n{info}");
    }
    assert_contents(&place, |name, target| {
        output("mcopy", &["-i", &path, &format!("::{name}"), target]);
    });
}

#[test]
fn the_stick_has_one_clean_partition() {
    let (place, path, medium) = medium(AnswerMedium::Usb);
    assert!(medium.written_bytes() < 3 << 20, "{} bytes are written", medium.written_bytes());
    let image = fs_err::read(&path).unwrap_or_else(|error| panic!("{error}"));
    let volume = place.put("volume.img", &image[1 << 20..]);
    output("fsck.fat", &["-n", "-v", &volume]);
    let drive = format!("{path}@@1M");
    let info = output("minfo", &["-i", &drive, "::"]);
    assert!(info.contains("disk type=\"FAT16   \"") && info.contains("hidden sectors: 2048"), "{info}");
    assert_contents(&place, |name, target| {
        output("mcopy", &["-i", &drive, &format!("::{name}"), target]);
    });
    let table = output("7z", &["l", "-slt", "-tmbr", &path]);
    assert!(table.contains("Size = 16777216\nFile System = FAT16-LBA\nOffset = 1048576\n"), "{table}");
}

#[test]
fn a_full_floppy_is_clean_and_one_byte_more_is_refused() {
    let place = Place::new();
    let most = vec![1; 2847 * 512];
    let medium = answer_medium(AnswerMedium::Floppy, &[MediumFile { name: "f", contents: &most }]).unwrap();
    output("fsck.fat", &["-n", &write(&place, &medium)]);
    let more = vec![1; 2847 * 512 + 1];
    let refused = answer_medium(AnswerMedium::Floppy, &[MediumFile { name: "f", contents: &more }]);
    assert_eq!(
        refused.unwrap_err().to_string(),
        "the files of the answer medium have 1458176 bytes, and a floppy has room for 1457664"
    );
}
