//! A directory to work in, other programs, and a medium to work on.

use std::{
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use crate::Problem;

/// Enough that copying it shows, little enough for any machine's disk.
const WIM_MIB: usize = 384;

/// Runs a program in `directory` to its end, which must be good.
pub(crate) fn run(directory: &Path, program: &str, words: &[&str]) -> Result<(), Problem> {
    let output = Command::new(program)
        .args(words)
        .current_dir(directory)
        .env("LC_ALL", "C.UTF-8")
        .output()
        .map_err(|error| format!("`{program}` is needed and cannot be started: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(format!("{program} {} ended with {}: {said}", words.join(" "), output.status).into())
}

/// A medium in Windows' layout, whose install image is as incompressible as Windows' own.
pub(crate) fn medium(directory: &Path) -> Result<PathBuf, Problem> {
    for (name, contents) in [
        ("tree/sources/lang.ini", &b"[Available UI Languages]\r\nen-US = 3\r\n"[..]),
        ("tree/boot/etfsboot.com", &[0x90; 4096]),
        ("tree/efi/microsoft/boot/efisys.bin", &[1; 6144]),
        ("tree/efi/microsoft/boot/efisys_noprompt.bin", &[2; 6144]),
        ("tree/setup.exe", b"MZ"),
    ] {
        put(&directory.join(name), contents)?;
    }
    noise(&directory.join("content/noise"), WIM_MIB)?;
    let wim = ["capture", "content", "tree/sources/install.wim", "Windows 11 Pro N", "--compress=none"];
    run(directory, "wimlib-imagex", &wim)?;
    let properties = ["WINDOWS/ARCH=9", "WINDOWS/EDITIONID=ProfessionalN", "WINDOWS/VERSION/BUILD=26100"];
    for property in properties {
        let words = ["info", "tree/sources/install.wim", "1", "--image-property", property];
        run(directory, "wimlib-imagex", &words)?;
    }
    #[rustfmt::skip]
    run(directory, "genisoimage", &[
        "-quiet", "-udf", "-iso-level", "3", "-allow-limited-size", "-V", "BENCH",
        "-b", "boot/etfsboot.com", "-no-emul-boot", "-boot-load-size", "8",
        "-eltorito-alt-boot", "-e", "efi/microsoft/boot/efisys.bin", "-no-emul-boot", "-boot-load-size", "1",
        "-o", "windows.iso", "tree",
    ])?;
    for scrap in ["tree", "content"] {
        fs_err::remove_dir_all(directory.join(scrap))?;
    }
    Ok(directory.join("windows.iso"))
}

fn put(file: &Path, contents: &[u8]) -> Result<(), Problem> {
    if let Some(parent) = file.parent() {
        fs_err::create_dir_all(parent)?;
    }
    Ok(fs_err::write(file, contents)?)
}

/// A file that no compression makes smaller (Marsaglia's xorshift64, "Xorshift RNGs").
fn noise(file: &Path, mib: usize) -> Result<(), Problem> {
    put(file, b"")?;
    let mut target = BufWriter::with_capacity(1 << 20, fs_err::File::create(file)?);
    let mut state: u64 = 0x2545_F491_4F6C_DD1D;
    for _ in 0..mib << 17 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        target.write_all(&state.to_le_bytes())?;
    }
    Ok(target.flush()?)
}

/// The sum of the sizes of all files below a directory, or of one file.
pub(crate) fn size_of(path: &Path) -> Result<u64, Problem> {
    let metadata = fs_err::symlink_metadata(path)?;
    if !metadata.is_dir() {
        return Ok(metadata.len());
    }
    let mut sum = 0;
    for entry in fs_err::read_dir(path)? {
        sum += size_of(&entry?.path())?;
    }
    Ok(sum)
}
