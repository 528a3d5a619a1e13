//! The initramfs of Linux guests, read by 7-Zip, and modules that xz compressed.

use std::path::Path;

use wfvm::linux_guest::initramfs::{Initramfs, InitramfsError};

use crate::program::{Place, output};

/// A tree as depmod(8) leaves it, with contents that are no modules.
fn kernel(place: &Place) {
    let version = |name: &str| format!("lib/modules/6.12.0/{name}");
    place.put(&version("kernel/fs/fs.ko"), b"the file system");
    place.put(&version("kernel/lib/sum.ko"), b"the sum");
    output("xz", &[&place.text(&version("kernel/lib/sum.ko"))]);
    place.put(&version("modules.dep"), b"kernel/fs/fs.ko: kernel/lib/sum.ko.xz\nkernel/lib/sum.ko.xz:\n");
    place.put(&version("modules.builtin"), b"kernel/drivers/bus.ko\n");
    place.put("init", b"the first program");
}

fn write(place: &Place, wanted: &[&str], out: &Path) -> Result<(), InitramfsError> {
    let wanted: Vec<String> = wanted.iter().map(|&name| name.to_owned()).collect();
    let initramfs = Initramfs {
        init: &place.path("init"),
        modules: &place.path(""),
        wanted: &wanted,
        xz: Path::new("xz"),
        zstd: Path::new("zstd"),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap_or_else(|error| panic!("{error}")).block_on(initramfs.write(out))
}

#[test]
fn seven_zip_finds_the_program_and_the_modules_in_their_order() {
    let place = Place::new();
    kernel(&place);
    let out = place.path("initramfs");
    write(&place, &["bus", "fs", "absent?"], &out).unwrap_or_else(|error| panic!("{error}"));

    // cpio and its checksums are one format of 7-Zip's; its listing has a line for each property.
    let listing = output("7z", &["l", "-slt", "-tcpio", &place.text("initramfs")]);
    let property = |name: &str| -> Vec<String> {
        let begin = format!("{name} = ");
        listing.lines().filter_map(|line| line.strip_prefix(&begin)).map(str::to_owned).collect()
    };
    let names = property("Path");
    let wanted = [
        "dev",
        "proc",
        "sys",
        "xchg",
        "new-root",
        "modules",
        "dev/console",
        "init",
        "modules/000-sum",
        "modules/001-fs",
    ];
    // The archive itself comes first.
    assert_eq!(names.get(1..), Some(wanted.map(str::to_owned).as_slice()), "{listing}");
    let modes = property("Mode");
    assert_eq!(
        modes.get(6..8),
        Some(["crw-------", "-rwxr-xr-x"].map(str::to_owned).as_slice()),
        "{listing}"
    );
    let content = |name: &str| output("7z", &["e", "-so", "-bd", "-tcpio", &place.text("initramfs"), name]);
    assert!(content("modules/000-sum").starts_with("the sum"));
    assert!(content("init").starts_with("the first program"));
}

#[test]
fn a_module_that_no_kernel_has_is_named_and_nothing_is_written() {
    let place = Place::new();
    kernel(&place);
    let out = place.path("initramfs");
    let error =
        write(&place, &["fs", "absent"], &out).map_or_else(|error| error.to_string(), |()| String::new());
    assert!(error.contains("no module `absent`"), "{error}");
    assert!(!out.exists());
}
