//! Media made by `genisoimage` and `wimlib-imagex` in the layout of Windows media.

use wfvm::windows_iso::{Architecture, CatalogPatch, IsoError, Platform, WindowsIso};

use crate::program::{Place, output};

/// What a test changes about the medium.
pub(crate) struct Build<'a> {
    pub(crate) compress: &'a str,
    pub(crate) image_name: &'a str,
    pub(crate) extra: &'a [(&'a str, &'a [u8])],
}

pub(crate) const PLAIN: Build<'static> =
    Build { compress: "--compress=none", image_name: "install.wim", extra: &[] };

/// An ISO with two images, both boot images and the language file.
pub(crate) fn iso(place: &Place, build: &Build) -> String {
    let tree = |name: &str| format!("tree/{name}");
    place.put("content/Windows/notepad.exe", &[7; 5000]);
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
    assert!(image.content_bytes >= 5000);
    assert!(iso.boots(Platform::Bios) && iso.boots(Platform::Uefi));
}
