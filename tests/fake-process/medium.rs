//! A small medium of Windows' layout: enough to be read, nothing that could be installed.

use std::{path::PathBuf, process::Command};

use crate::stage::{Stage, program};

/// A UDF bridge with an install image, and both boot images.
pub(crate) fn iso(stage: &Stage) -> PathBuf {
    made(stage, "windows.iso", "<WIM><IMAGE INDEX=\"1\"><NAME>Fake</NAME></IMAGE></WIM>")
}

/// One that says that it is Windows 11 24H2 in German.
pub(crate) fn german(stage: &Stage) -> PathBuf {
    let image = |number: u32, name: &str, edition: &str| {
        format!(
            "<IMAGE INDEX=\"{number}\"><NAME>{name}</NAME><TOTALBYTES>20000000000</TOTALBYTES><WINDOWS><ARCH>9</ARCH>\
             <EDITIONID>{edition}</EDITIONID><INSTALLATIONTYPE>Client</INSTALLATIONTYPE>\
             <LANGUAGES><LANGUAGE>de-DE</LANGUAGE><DEFAULT>de-DE</DEFAULT></LANGUAGES>\
             <VERSION><MAJOR>10</MAJOR><MINOR>0</MINOR><BUILD>26100</BUILD><SPBUILD>1742</SPBUILD></VERSION>\
             </WINDOWS></IMAGE>"
        )
    };
    let images = [image(1, "Windows 11 Home", "Core"), image(2, "Windows 11 Pro", "Professional")].concat();
    let tree = stage.path("tree/sources");
    fs_err::create_dir_all(&tree).unwrap();
    fs_err::write(tree.join("lang.ini"), b"[Available UI Languages]\r\nde-DE = 3\r\n").unwrap();
    made(stage, "german.iso", &format!("<WIM>{images}</WIM>"))
}

fn made(stage: &Stage, name: &str, xml: &str) -> PathBuf {
    let iso = stage.path(name);
    if iso.exists() {
        return iso;
    }
    let tree = stage.path("tree");
    for (name, bytes) in [
        ("sources/install.wim", &wim(xml)[..]),
        ("boot/etfsboot.com", &[0x90; 4096]),
        ("efi/microsoft/boot/efisys.bin", &[1; 6144]),
        ("efi/microsoft/boot/efisys_noprompt.bin", &[2; 6144]),
    ] {
        let file = tree.join(name);
        fs_err::create_dir_all(file.parent().unwrap()).unwrap();
        fs_err::write(file, bytes).unwrap();
    }
    let made = Command::new(program("genisoimage"))
        .args(["-quiet", "-iso-level", "3", "-V", "FAKE", "-udf", "-allow-limited-size"])
        .args(["-b", "boot/etfsboot.com", "-no-emul-boot", "-boot-load-size", "8", "-eltorito-alt-boot"])
        .args(["-e", "efi/microsoft/boot/efisys.bin", "-no-emul-boot", "-boot-load-size", "1", "-o"])
        .args([&iso, &tree])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    fs_err::remove_dir_all(tree).unwrap();
    iso
}

/// A WIM of a header and its XML alone (Microsoft's "Windows Imaging File Format (WIM)", 2007).
fn wim(xml: &str) -> Vec<u8> {
    let images = u8::try_from(xml.matches("<IMAGE ").count()).unwrap();
    let xml: Vec<u8> = format!("\u{feff}{xml}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let size = u64::try_from(xml.len()).unwrap().to_le_bytes();
    let mut header = vec![0; 208];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"MSWIM\0\0\0");
    put(8, &208_u32.to_le_bytes());
    put(12, &0x0001_0D00_u32.to_le_bytes());
    put(40, &[1, 0, 1, 0, images, 0, 0, 0]); // part 1 of 1
    put(0x48, &size[..7]);
    put(0x4f, &[2]); // metadata, uncompressed
    put(0x50, &208_u64.to_le_bytes());
    put(0x58, &size);
    header.extend(xml);
    header
}
