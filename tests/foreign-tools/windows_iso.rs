//! What our reader finds on media that other people's programs have made.

use std::cell::Cell;
use std::io::{Read, Seek, SeekFrom, Write as _};
use std::rc::Rc;

use wfvm::windows_iso::{Architecture, IsoError, Platform, WindowsIso};

use crate::program::{Place, output};
use crate::synthetic::{Build, PLAIN, genisoimage, iso, sparse, tree};

pub(crate) fn read(path: &str) -> Result<WindowsIso, IsoError> {
    WindowsIso::read(fs_err::File::open(path).unwrap_or_else(|error| panic!("{error}")))
}

#[test]
fn images_languages_and_boot_entries_of_a_bridge_image_are_found() {
    let place = Place::new();
    let iso = read(&iso(&place, &PLAIN)).unwrap();
    assert_eq!(iso.volume_label, "WINDOWS_LIKE");
    assert_eq!(iso.install_image, "sources/install.wim");
    assert_eq!(iso.languages, ["en-US", "de-DE"]);
    let ei_cfg = iso.ei_cfg.as_ref().unwrap();
    assert_eq!((ei_cfg.channel.as_deref(), ei_cfg.volume_licence), (Some("Retail"), Some(false)));
    let names: Vec<&str> = iso.images.iter().map(|image| image.name.as_str()).collect();
    assert_eq!(names, ["Windows 11 Professional", "Windows 11 ProfessionalN"]);
    let image = &iso.images[1];
    assert_eq!((image.index, image.edition_id.as_str(), image.build), (2, "ProfessionalN", Some(26100)));
    assert_eq!(image.description, "A <description> & more");
    assert_eq!(image.architecture, Architecture::Amd64);
    assert_eq!(image.languages, ["en-US"]);
    assert!(image.content_bytes >= 3 << 20);
    assert!(iso.boots(Platform::Bios) && iso.boots(Platform::Uefi));
}

/// Counts what is read.
struct Counted<R>(R, Rc<Cell<usize>>);

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.0.read(buffer)?;
        self.1.set(self.1.get() + length);
        Ok(length)
    }
}

impl<R: Seek> Seek for Counted<R> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn little_of_a_medium_is_read() {
    let place = Place::new();
    let path = iso(&place, &PLAIN);
    let count = Rc::new(Cell::new(0));
    let iso = WindowsIso::read(Counted(fs_err::File::open(path).unwrap(), Rc::clone(&count))).unwrap();
    assert!(iso.bytes > 3 << 20);
    assert!(count.get() < 256 << 10, "{} bytes were read", count.get());
}

#[test]
fn solid_and_compressed_images_are_read() {
    for (compress, image_name) in
        [("--compress=LZX", "install.wim"), ("--solid --compress=LZMS", "install.esd")]
    {
        let place = Place::new();
        let iso = read(&iso(&place, &Build { compress, image_name, ..PLAIN })).unwrap();
        assert_eq!(iso.install_image, format!("sources/{image_name}"));
        assert_eq!(iso.images.len(), 2);
    }
}

#[test]
fn a_split_image_needs_all_its_parts() {
    let place = Place::new();
    let split = iso(&place, &Build { split: true, ..PLAIN });
    let found = read(&split).unwrap();
    assert_eq!((found.install_image, found.images.len()), ("sources/install.swm", 2));
    fs_err::remove_file(place.path("tree/sources/install2.swm")).unwrap();
    let refused = read(&genisoimage(&place, &["-udf", "-allow-limited-size"])).unwrap_err().to_string();
    assert!(refused.ends_with("and `sources/install2.swm` is missing"), "{refused}");
}

#[test]
fn media_that_lack_something_are_refused_with_what_they_lack() {
    let place = Place::new();
    let whole = iso(&place, &PLAIN);
    let bytes = fs_err::read(&whole).unwrap();
    let cut = place.put("cut.iso", &bytes[..bytes.len() - (2 << 20)]);
    let refused = read(&cut).unwrap_err().to_string();
    assert!(refused.starts_with("the ISO image is truncated: an extent of a file ends at byte"), "{refused}");

    let without_udf = read(&genisoimage(&place, &["-J"])).unwrap_err();
    assert!(matches!(without_udf, IsoError::NoUdf { ref volume_label } if volume_label == "WINDOWS_LIKE"));

    fs_err::remove_file(place.path("tree/sources/install.wim")).unwrap();
    let empty = read(&genisoimage(&place, &["-udf"])).unwrap_err();
    assert!(matches!(empty, IsoError::NoInstallImage { .. }), "{empty}");
}

#[test]
fn an_answer_file_of_somebody_else_and_a_missing_boot_image_are_noticed() {
    let place = Place::new();
    let extra: [(&str, &[u8]); 1] = [("AutoUnattend.xml", b"<unattend/>")];
    let prepared = iso(&place, &Build { extra: &extra, ..PLAIN });
    assert_eq!(read(&prepared).unwrap().foreign_answer_file, Some("autounattend.xml"));
    fs_err::remove_file(place.path("tree/efi/microsoft/boot/efisys_noprompt.bin")).unwrap();
    let found = read(&genisoimage(&place, &["-udf"])).unwrap();
    assert!(found.no_prompt.is_none() && found.boots(Platform::Uefi));
}

/// As 7z, wimlib and isoinfo see the same medium.
mod as_others_see_it {
    use super::*;

    /// The value behind `name = ` or `name: ` in the lines that follow a mark.
    fn value<'t>(text: &'t str, mark: &str, name: &str) -> &'t str {
        let rest = text.split_once(mark).unwrap_or_else(|| panic!("no {mark:?} in:\n{text}")).1;
        let line = rest.lines().find(|line| line.trim_start().starts_with(name));
        let line = line.unwrap_or_else(|| panic!("no {name:?} behind {mark:?} in:\n{text}"));
        line.trim_start().trim_start_matches(name).trim_start_matches([' ', '=', ':']).trim()
    }

    fn media() -> Vec<(Place, String)> {
        let latin = ["sources/Übersicht.txt", "sources/\u{65e5}\u{672c}\u{8a9e}.txt", "SUPPORT/ReadMe.TXT"];
        let names = latin.map(|name| (name, &b"x"[..]));
        let form = |build: Build| {
            let place = Place::new();
            let path = iso(&place, &build);
            (place, path)
        };
        vec![
            form(Build { extra: &names, ..PLAIN }),
            form(Build { compress: "--compress=LZX", ..PLAIN }),
            form(Build { compress: "--solid --compress=LZMS", image_name: "install.esd", ..PLAIN }),
            form(Build { split: true, ..PLAIN }),
        ]
    }

    #[test]
    fn sizes_of_the_files_are_those_of_7z() {
        for (_place, path) in media() {
            let listing = output("7z", &["l", "-slt", "-tudf", &path]);
            let found = read(&path).unwrap();
            let size =
                |name: &str| -> u64 { value(&listing, &format!("Path = {name}\n"), "Size").parse().unwrap() };
            let stem = found.install_image.trim_end_matches(".swm");
            let all: u64 = (1..=found.install_file.parts)
                .map(|part| match (part, found.install_image.ends_with("swm")) {
                    (1, _) => size(found.install_image),
                    (part, _) => size(&format!("{stem}{part}.swm")),
                })
                .sum();
            assert_eq!(found.install_file.bytes, all);
            assert_eq!(found.boot_wim.unwrap().file.bytes, size("sources/boot.wim"));
        }
    }

    #[test]
    fn images_are_those_of_wimlib() {
        for (place, path) in media() {
            let found = read(&path).unwrap();
            let file = place.text(&format!("tree/{}", found.install_image));
            let header = output("wimlib-imagex", &["info", "--header", &file]);
            let told = &found.install_file;
            assert_eq!(value(&header, "", "Part Number"), "1");
            assert_eq!(value(&header, "", "Total Parts"), told.parts.to_string());
            assert_eq!(value(&header, "", "GUID").trim_start_matches("0x"), told.guid);
            assert_eq!(value(&header, "", "Image Count"), told.images.to_string());
            assert_eq!(value(&header, "", "Chunk Size"), told.chunk_bytes.to_string());
            let xml = place.text("own.xml");
            output("wimlib-imagex", &["info", &file, "--extract-xml", &xml]);
            let bytes = fs_err::read(&xml).unwrap();
            let units: Vec<u16> =
                bytes.chunks_exact(2).skip(1).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            let utf_8 = place.put("utf-8.xml", String::from_utf16(&units).unwrap().as_bytes());
            for image in &found.images {
                let says = |path: &str| {
                    let expression = format!("string(/WIM/IMAGE[@INDEX={}]/{path})", image.index);
                    output("xmllint", &["--xpath", &expression, &utf_8]).trim().to_owned()
                };
                let version = &image.version;
                let number =
                    |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
                for (path, ours) in [
                    ("NAME", image.name.clone()),
                    ("DESCRIPTION", image.description.clone()),
                    ("DIRCOUNT", image.directories.to_string()),
                    ("FILECOUNT", image.files.to_string()),
                    ("TOTALBYTES", image.total_bytes.to_string()),
                    ("HARDLINKBYTES", image.hard_link_bytes.to_string()),
                    ("WINDOWS/EDITIONID", image.edition_id.clone()),
                    ("WINDOWS/INSTALLATIONTYPE", image.installation_type.clone()),
                    ("WINDOWS/PRODUCTTYPE", image.product_type.clone()),
                    ("WINDOWS/PRODUCTSUITE", image.product_suite.clone()),
                    ("WINDOWS/VERSION/MAJOR", number(version.major)),
                    ("WINDOWS/VERSION/MINOR", number(version.minor)),
                    ("WINDOWS/VERSION/BUILD", number(image.build)),
                    ("WINDOWS/VERSION/SPBUILD", number(version.service_pack_build)),
                    ("WINDOWS/LANGUAGES/DEFAULT", image.default_language.clone().unwrap_or_default()),
                ] {
                    assert_eq!(says(path), ours, "{path}");
                }
                let half = |name: &str| {
                    let text = says(&format!("CREATIONTIME/{name}"));
                    u64::from_str_radix(text.trim_start_matches("0x"), 16).unwrap()
                };
                let seconds = ((half("HIGHPART") << 32) + half("LOWPART")) / 10_000_000 - 11_644_473_600;
                assert_eq!(image.created_unix_seconds, i64::try_from(seconds).ok());
            }
        }
    }

    #[test]
    fn the_volume_and_its_boot_images_are_those_of_isoinfo() {
        for (_place, path) in media() {
            let found = read(&path).unwrap();
            let said = output("isoinfo", &["-d", "-i", &path]);
            assert_eq!(value(&said, "", "Volume id"), found.volume_label);
            let blocks: u64 = value(&said, "", "Volume size is").parse().unwrap();
            assert_eq!(blocks * 2048, found.volume_bytes);
            let hexadecimal = |text: &str| u32::from_str_radix(text, 16).unwrap();
            // isoinfo shows the default entry alone.
            let bios = found.boot_entries[0];
            let entry = "Eltorito defaultboot header:";
            assert_eq!(hexadecimal(value(&said, entry, "Bootoff").split(' ').next().unwrap()), bios.lba);
            assert_eq!(hexadecimal(value(&said, entry, "Nsect")), u32::from(bios.sectors));
            assert_eq!(
                hexadecimal(value(&said, entry, "Boot media").split(' ').next().unwrap()),
                u32::from(bios.emulation)
            );
        }
    }
}

/// The image is zeros but for its ends, and has three extents.
#[test]
fn an_image_of_several_extents_is_read_from_a_large_medium() {
    let place = Place::new();
    tree(&place, &PLAIN);
    // The XML goes to the far end, as it lies on Microsoft's media.
    let path = place.path("tree/sources/install.wim");
    let mut wim = fs_err::read(&path).unwrap();
    let number = |at: usize| u64::from_le_bytes(wim[at..at + 8].try_into().unwrap());
    let start = usize::try_from(number(0x50)).unwrap();
    let xml = wim[start..start + usize::try_from(number(0x48) & 0x00FF_FFFF_FFFF_FFFF).unwrap()].to_vec();
    let far: u64 = (2 << 30) + (1 << 27);
    wim[0x50..0x58].copy_from_slice(&far.to_le_bytes());
    fs_err::write(&path, &wim).unwrap();
    let mut file = fs_err::OpenOptions::new().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(far)).unwrap();
    file.write_all(&xml).unwrap();
    let iso = sparse(&place);
    let count = Rc::new(Cell::new(0));
    let found = WindowsIso::read(Counted(fs_err::File::open(&iso).unwrap(), Rc::clone(&count))).unwrap();
    assert_eq!(found.install_file.bytes, far + xml.len() as u64);
    assert_eq!(found.images.len(), 2);
    assert_eq!(found.bytes_read, count.get() as u64);
    assert!(count.get() < 256 << 10, "{} bytes were read", count.get());
    let listing = output("7z", &["l", "-slt", "-tudf", &iso]);
    assert!(listing.contains(&format!("Size = {}\n", found.install_file.bytes)), "{listing}");
}
