//! Media in the layout of Windows media, made by `genisoimage` and `wimlib-imagex`.

use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::process::{Command, Stdio};

use crate::program::{Place, output};

/// What a test changes about the medium.
#[derive(Clone, Copy)]
pub(crate) struct Build<'a> {
    pub(crate) compress: &'a str,
    pub(crate) image_name: &'a str,
    /// Files besides those that every medium has, or instead of them.
    pub(crate) extra: &'a [(&'a str, &'a [u8])],
    /// Files that it has not.
    pub(crate) without: &'a [&'a str],
    pub(crate) split: bool,
    /// Name and edition of each image.
    pub(crate) images: &'a [(&'a str, &'a str)],
    /// Properties that all images have.
    pub(crate) properties: &'a [&'a str],
    /// The build of `boot.wim`; 0: there is none.
    pub(crate) preinstallation: u32,
    pub(crate) options: &'a [&'a str],
}

/// Windows 11 24H2, Pro and Pro N.
pub(crate) const PLAIN: Build<'static> = Build {
    compress: "--compress=none",
    image_name: "install.wim",
    extra: &[],
    without: &[],
    split: false,
    images: &[("Windows 11 Professional", "Professional"), ("Windows 11 ProfessionalN", "ProfessionalN")],
    properties: &[
        "WINDOWS/ARCH=9",
        "WINDOWS/INSTALLATIONTYPE=Client",
        "WINDOWS/PRODUCTTYPE=WinNT",
        "WINDOWS/PRODUCTSUITE=Terminal Server",
        "WINDOWS/VERSION/MAJOR=10",
        "WINDOWS/VERSION/MINOR=0",
        "WINDOWS/VERSION/BUILD=26100",
        "WINDOWS/VERSION/SPBUILD=1742",
        "WINDOWS/LANGUAGES/LANGUAGE=en-US",
        "WINDOWS/LANGUAGES/DEFAULT=en-US",
    ],
    preinstallation: 26100,
    options: &["-udf", "-allow-limited-size"],
};

pub(crate) const FILES: [(&str, &[u8]); 7] = [
    (
        "sources/lang.ini",
        b"[Available UI Languages]\r\nen-US = 3\r\nde-DE = 2\r\n\r\n[Fallback Languages]\r\nen-US = en-us\r\n",
    ),
    ("sources/ei.cfg", b"[EditionID]\r\n\r\n[Channel]\r\nRetail\r\n[VL]\r\n0\r\n"),
    ("boot/etfsboot.com", &[0x90; 4096]),
    ("efi/microsoft/boot/efisys.bin", &[1; 6144]),
    ("efi/microsoft/boot/efisys_noprompt.bin", &[2; 6144]),
    ("setup.exe", b"MZ"),
    ("sources/idwbinfo.txt", b"[BUILDINFO]\r\nBuildArch=amd64\r\nBuildType=fre\r\nBuildBranch=ge_release\r\n"),
];

/// An ISO with two images, Setup's, both boot images and the text files.
pub(crate) fn iso(place: &Place, build: &Build) -> String {
    tree(place, build);
    genisoimage(place, build.options)
}

/// What becomes the medium, in `tree`.
pub(crate) fn tree(place: &Place, build: &Build) {
    let tree = |name: &str| format!("tree/{name}");
    for (name, bytes) in FILES.iter().chain(build.extra) {
        if !build.without.contains(name) {
            place.put(&tree(name), bytes);
        }
    }
    place.put("content/Windows/notepad.exe", &noise(3 << 20));
    let wim = place.text(&tree(&format!("sources/{}", build.image_name)));
    let content = place.text("content");
    let options: Vec<&str> = build.compress.split(' ').collect();
    for (index, (name, edition)) in build.images.iter().enumerate() {
        let edition = format!("WINDOWS/EDITIONID={edition}");
        let properties: Vec<&str> = build.properties.iter().copied().chain([edition.as_str()]).collect();
        image(&wim, &content, name, index + 1, &options, &properties);
    }
    if build.split {
        let parts = wim.replace(".wim", ".swm");
        output("wimlib-imagex", &["split", &wim, &parts, "1"]);
        fs_err::remove_file(&wim).unwrap_or_else(|error| panic!("{error}"));
    }
    if build.preinstallation > 0 {
        boot_wim(place, build.preinstallation);
    }
}

fn boot_wim(place: &Place, build: u32) {
    place.put("preinstallation/readme.txt", b"the part of Windows PE");
    let wim = place.text("tree/sources/boot.wim");
    let build = format!("WINDOWS/VERSION/BUILD={build}");
    for (index, name) in
        ["Microsoft Windows PE (amd64)", "Microsoft Windows Setup (amd64)"].iter().enumerate()
    {
        let mut options = vec!["--compress=none"];
        if index == 1 {
            options = vec!["--boot"];
        }
        let properties = ["WINDOWS/ARCH=9", "WINDOWS/INSTALLATIONTYPE=WindowsPE", &build];
        image(&wim, &place.text("preinstallation"), name, index + 1, &options, &properties);
    }
}

/// Puts an image into a file: the first makes it.
pub(crate) fn image(
    wim: &str,
    content: &str,
    name: &str,
    number: usize,
    options: &[&str],
    properties: &[&str],
) {
    let command = if number == 1 { "capture" } else { "append" };
    let mut words = vec![command, content, wim, name, "A <description> & more"];
    // How it is compressed is settled by the first.
    words.extend(options.iter().filter(|option| number == 1 || **option == "--boot"));
    output("wimlib-imagex", &words);
    let number = number.to_string();
    let mut words = vec!["info", wim, &number];
    for property in properties {
        words.extend(["--image-property", property]);
    }
    output("wimlib-imagex", &words);
}

/// The options by which both firmwares start it.
pub(crate) const BOTH_BOOT: [&str; 13] = [
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
    "-input-charset",
    "utf-8",
];

pub(crate) fn genisoimage(place: &Place, options: &[&str]) -> String {
    let iso = place.text("windows.iso");
    let tree = place.text("tree");
    let mut words = vec!["-quiet", "-iso-level", "3", "-V", "WINDOWS_LIKE"];
    words.extend(options);
    if !options.contains(&"-without-boot") {
        words.extend(BOTH_BOOT);
    }
    words.retain(|word| *word != "-without-boot");
    words.extend(["-o", &iso, &tree]);
    output("genisoimage", &words);
    iso
}

/// As `genisoimage`, but what is zero takes no room on the disk.
pub(crate) fn sparse(place: &Place) -> String {
    let mut child = Command::new("genisoimage")
        .args(["-quiet", "-iso-level", "3", "-V", "WINDOWS_LIKE", "-udf", "-allow-limited-size"])
        .args(BOTH_BOOT)
        .arg(place.text("tree"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("`genisoimage` is needed by this test and cannot be started: {error}")
        });
    let path = place.put("sparse.iso", b"");
    let mut file =
        fs_err::OpenOptions::new().write(true).open(&path).unwrap_or_else(|error| panic!("{error}"));
    let mut stream = child.stdout.take().unwrap_or_else(|| panic!("genisoimage has no output"));
    let mut buffer = vec![0; 1 << 20];
    let mut written = 0;
    loop {
        let length = stream.read(&mut buffer).unwrap_or_else(|error| panic!("{error}"));
        if length == 0 {
            break;
        }
        let piece = &buffer[..length];
        if piece.iter().any(|byte| *byte != 0) {
            file.seek(SeekFrom::Start(written)).unwrap_or_else(|error| panic!("{error}"));
            file.write_all(piece).unwrap_or_else(|error| panic!("{error}"));
        }
        written += length as u64;
    }
    file.set_len(written).unwrap_or_else(|error| panic!("{error}"));
    let status = child.wait().unwrap_or_else(|error| panic!("{error}"));
    assert!(status.success(), "genisoimage ended with {status}");
    path
}

/// Bytes that no compression makes smaller.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    })
    .take(length)
    .collect()
}
