//! A small medium of Windows' layout: enough to be read, nothing that could be installed.

use std::{path::PathBuf, process::Command};

use crate::stage::{Stage, program};

/// A UDF bridge with an install image, and both boot images.
pub(crate) fn iso(stage: &Stage) -> PathBuf {
    let iso = stage.path("windows.iso");
    if iso.exists() {
        return iso;
    }
    let tree = stage.path("tree");
    for (name, bytes) in [
        ("sources/install.wim", &wim()[..]),
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
    iso
}

/// A WIM of a header and its XML alone (Microsoft's "Windows Imaging File Format (WIM)", 2007).
fn wim() -> Vec<u8> {
    let xml = "\u{feff}<WIM><IMAGE INDEX=\"1\"><NAME>Fake</NAME></IMAGE></WIM>";
    let xml: Vec<u8> = xml.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let size = u64::try_from(xml.len()).unwrap().to_le_bytes();
    let mut header = vec![0; 208];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"MSWIM\0\0\0");
    put(8, &208_u32.to_le_bytes());
    put(12, &0x0001_0D00_u32.to_le_bytes());
    put(40, &[1, 0, 1, 0, 1, 0, 0, 0]); // part 1 of 1, one image
    put(0x48, &size[..7]);
    put(0x4f, &[2]); // metadata, uncompressed
    put(0x50, &208_u64.to_le_bytes());
    put(0x58, &size);
    header.extend(xml);
    header
}
