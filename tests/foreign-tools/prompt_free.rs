//! The overlay over the installation medium in the eyes of qemu-img.

use wfvm::media::PromptFree;
use wfvm::windows_iso::CatalogPatch;

use crate::program::{Place, output};
use crate::synthetic::{PLAIN, iso};
use crate::windows_iso::read;

/// The overlay of a medium, written beside it.
fn overlay(place: &Place, medium: &str, patch: &CatalogPatch) -> String {
    let bytes = fs_err::read(medium).unwrap_or_else(|error| panic!("{error}"));
    let change = PromptFree::new(bytes.len() as u64, patch).unwrap_or_else(|error| panic!("{error}"));
    let span = change.original();
    let index = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
    let original = bytes.get(index(span.start)..index(span.end)).unwrap_or_default();
    let image = change.overlay(medium, original).unwrap_or_else(|error| panic!("{error}"));
    place.put("overlay.qcow2", &image)
}

#[test]
fn the_overlay_changes_four_bytes_and_nothing_else() {
    let place = Place::new();
    let medium = iso(&place, &PLAIN);
    let found = read(&medium).unwrap();
    let patch = found.no_prompt.unwrap();
    let overlay = overlay(&place, &medium, &patch);
    output("qemu-img", &["check", "-f", "qcow2", &overlay]);
    let information = output("qemu-img", &["info", "--output=json", &overlay]);
    let information: serde_json::Value = serde_json::from_str(&information).unwrap();
    assert_eq!(information["backing-filename"], medium);
    assert_eq!(information["backing-filename-format"], "raw");
    assert_eq!(information["virtual-size"], found.bytes);
    let flat = place.text("flat");
    output("qemu-img", &["convert", "-f", "qcow2", "-O", "raw", &overlay, &flat]);
    let mut expected = fs_err::read(&medium).unwrap();
    let start = usize::try_from(patch.offset).unwrap();
    expected.splice(start..start + 4, patch.lba.to_le_bytes());
    assert!(fs_err::read(&flat).unwrap() == expected);
}

#[test]
fn the_changed_catalog_names_the_image_without_a_prompt() {
    let place = Place::new();
    let medium = iso(&place, &PLAIN);
    let patch = read(&medium).unwrap().no_prompt.unwrap();
    let flat = place.text("flat");
    output("qemu-img", &["convert", "-O", "raw", &overlay(&place, &medium, &patch), &flat]);
    let entry = *read(&flat).unwrap().boot_entries.last().unwrap();
    assert_eq!((entry.lba, entry.lba_offset), (patch.lba, patch.offset));
    let bytes = fs_err::read(&flat).unwrap();
    let start = usize::try_from(entry.lba).unwrap() * 2048;
    assert_eq!(bytes[start..start + 6144], [2; 6144]);
}

#[test]
fn a_large_medium_and_a_late_catalog_make_a_sound_overlay() {
    let place = Place::new();
    let medium = place.put("large.iso", b"");
    // 7 GiB and a sector less than a whole cluster, sparse.
    let bytes: u64 = (7 << 30) - 512;
    fs_err::OpenOptions::new().write(true).open(&medium).unwrap().set_len(bytes).unwrap();
    for offset in [0x8868, bytes - 4, (3 << 30) + 65536] {
        let change = PromptFree::new(bytes, &CatalogPatch { offset, lba: 77 }).unwrap();
        let span = change.original();
        let original = vec![0; usize::try_from(span.end - span.start).unwrap()];
        let overlay = place.put("overlay.qcow2", &change.overlay(&medium, &original).unwrap());
        output("qemu-img", &["check", "-f", "qcow2", &overlay]);
        let map = output("qemu-img", &["map", "--output=json", &overlay]);
        let map: serde_json::Value = serde_json::from_str(&map).unwrap();
        let own: Vec<&serde_json::Value> =
            map.as_array().unwrap().iter().filter(|part| part["depth"] == 0).collect();
        assert_eq!(own.len(), 1, "{map}");
        assert_eq!(own[0]["start"], offset / 65536 * 65536, "{map}");
    }
}
