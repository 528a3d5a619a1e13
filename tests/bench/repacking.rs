//! The anchors of `media`: the medium unpacked and packed again, as WFVM does it.
//!
//! WFVM makes the image for UEFI with `virt-make-fs`, which starts a virtual machine of its own.
//! Here `mkfs.fat` and `mcopy` make the same image without one, which is kinder to it.

use std::path::Path;

use crate::{
    Problem,
    workshop::{run, size_of},
};

/// An anchor: makes its medium in `directory` and says how many bytes it wrote.
pub(crate) type Anchor = fn(&Path, &Path, &[u8]) -> Result<u64, Problem>;

/// The ways of WFVM by their firmware.
pub(crate) const ANCHORS: [(&str, Anchor); 2] = [("repack-bios", bios), ("repack-uefi", uefi)];

/// What both begin with: the whole medium, its install image in parts that FAT can hold, the
/// answer file beside it.
fn unpacked(directory: &Path, iso: &Path, answer_file: &[u8]) -> Result<u64, Problem> {
    run(directory, "7z", &["x", "-y", "-bd", "-otree", &iso.to_string_lossy()])?;
    let mut written = size_of(&directory.join("tree"))?;
    let parts = ["split", "tree/sources/install.wim", "tree/sources/install.swm", "4070"];
    run(directory, "wimlib-imagex", &parts)?;
    let wim = directory.join("tree/sources/install.wim");
    written += size_of(&wim)?; // the parts together are as large
    fs_err::remove_file(wim)?;
    fs_err::write(directory.join("tree/autounattend.xml"), answer_file)?;
    Ok(written + answer_file.len() as u64)
}

fn bios(directory: &Path, iso: &Path, answer_file: &[u8]) -> Result<u64, Problem> {
    let written = unpacked(directory, iso, answer_file)?;
    #[rustfmt::skip]
    run(directory, "genisoimage", &[
        "-quiet", "-iso-level", "4", "-l", "-R", "-udf", "-D", "-allow-limited-size",
        "-b", "boot/etfsboot.com", "-no-emul-boot", "-boot-load-size", "8",
        "-o", "medium.iso", "tree",
    ])?;
    Ok(written + size_of(&directory.join("medium.iso"))?)
}

fn uefi(directory: &Path, iso: &Path, answer_file: &[u8]) -> Result<u64, Problem> {
    let written = unpacked(directory, iso, answer_file)?;
    let tree = directory.join("tree");
    let content = size_of(&tree)?;
    // A sixteenth for tables and for the unused ends of clusters; never below what FAT32 wants.
    let image = fs_err::File::create(directory.join("medium.img"))?;
    image.set_len((content + content / 16).max(64 << 20))?;
    drop(image);
    run(directory, "mkfs.fat", &["-F", "32", "medium.img"])?;
    let mut words = vec!["-i".to_owned(), "medium.img".into(), "-s".into(), "-Q".into()];
    for entry in fs_err::read_dir(&tree)? {
        words.push(entry?.path().to_string_lossy().into_owned());
    }
    words.push("::".into());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    run(directory, "mcopy", &words)?;
    Ok(written + content)
}
