//! Media made by `genisoimage` and `wimlib-imagex` in the layout of Windows media.

use std::cell::Cell;
use std::io::{Read, Seek, SeekFrom};
use std::rc::Rc;

use wfvm::windows_iso::{Architecture, IsoError, Platform, WindowsIso};

use crate::program::{Place, output};

/// What a test changes about the medium.
pub(crate) struct Build<'a> {
    pub(crate) compress: &'a str,
    pub(crate) image_name: &'a str,
    pub(crate) extra: &'a [(&'a str, &'a [u8])],
    pub(crate) split: bool,
}

pub(crate) const PLAIN: Build<'static> =
    Build { compress: "--compress=none", image_name: "install.wim", extra: &[], split: false };

/// An ISO with two images, both boot images and the language file.
pub(crate) fn iso(place: &Place, build: &Build) -> String {
    let tree = |name: &str| format!("tree/{name}");
    place.put("content/Windows/notepad.exe", &noise(3 << 20));
    for (name, bytes) in [
        ("sources/lang.ini", &b"[Available UI Languages]\r\nen-US = 3\r\nde-DE = 2\r\n\r\n[Fallback Languages]\r\nen-US = en-us\r\n"[..]),
        ("sources/ei.cfg", b"[EditionID]\r\n\r\n[Channel]\r\nRetail\r\n[VL]\r\n0\r\n"),
        ("boot/etfsboot.com", &[0x90; 4096]),
        ("efi/microsoft/boot/efisys.bin", &[1; 6144]),
        ("efi/microsoft/boot/efisys_noprompt.bin", &[2; 6144]),
        ("setup.exe", b"MZ"),
    ] {
        place.put(&tree(name), bytes);
    }
    for (name, bytes) in build.extra {
        place.put(&tree(name), bytes);
    }
    let wim = place.text(&tree(&format!("sources/{}", build.image_name)));
    let content = place.text("content");
    for (index, edition) in ["Professional", "ProfessionalN"].iter().enumerate() {
        let command = if index == 0 { "capture" } else { "append" };
        let name = format!("Windows 11 {edition}");
        let mut arguments = vec![command, &content, &wim, &name, "A <description> & more"];
        if index == 0 {
            arguments.extend(build.compress.split(' '));
        }
        output("wimlib-imagex", &arguments);
        let number = (index + 1).to_string();
        let edition_id = format!("WINDOWS/EDITIONID={edition}");
        let mut properties = vec!["info", &wim, &number];
        for property in [
            edition_id.as_str(),
            "WINDOWS/ARCH=9",
            "WINDOWS/INSTALLATIONTYPE=Client",
            "WINDOWS/VERSION/MAJOR=10",
            "WINDOWS/VERSION/MINOR=0",
            "WINDOWS/VERSION/BUILD=26100",
            "WINDOWS/LANGUAGES/LANGUAGE=en-US",
            "WINDOWS/LANGUAGES/DEFAULT=en-US",
        ] {
            properties.extend(["--image-property", property]);
        }
        output("wimlib-imagex", &properties);
    }
    if build.split {
        let parts = wim.replace(".wim", ".swm");
        output("wimlib-imagex", &["split", &wim, &parts, "1"]);
        fs_err::remove_file(&wim).unwrap_or_else(|error| panic!("{error}"));
    }
    genisoimage(place, &["-udf", "-allow-limited-size"])
}

fn genisoimage(place: &Place, options: &[&str]) -> String {
    let iso = place.text("windows.iso");
    let tree = place.text("tree");
    let mut arguments = vec!["-quiet", "-iso-level", "3", "-V", "WINDOWS_LIKE"];
    arguments.extend(options);
    arguments.extend([
        "-b",
        "boot/etfsboot.com",
        "-no-emul-boot",
        "-boot-load-size",
        "8",
        "-eltorito-alt-boot",
        "-e",
        "efi/microsoft/boot/efisys.bin",
        "-no-emul-boot",
        "-boot-load-size",
        "1",
        "-o",
        &iso,
        &tree,
    ]);
    output("genisoimage", &arguments);
    iso
}

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

/// Bytes that no compression makes smaller.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    })
    .take(length)
    .collect()
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
