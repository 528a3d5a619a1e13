//! A directory to work in, other programs, and a medium to work on.

use std::{
    io::{BufWriter, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
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

/// A medium of 6 GiB, of which only what is not zero takes room on the disk. The XML of its
/// install image lies at the far end, as on Microsoft's media.
pub(crate) fn large_medium(directory: &Path) -> Result<PathBuf, Problem> {
    const BYTES: u64 = 6 << 30;
    put(&directory.join("content/readme.txt"), b"a small image")?;
    for (name, contents) in [
        ("large/sources/lang.ini", &b"[Available UI Languages]\r\nen-US = 3\r\n"[..]),
        ("large/boot/etfsboot.com", &[0x90; 4096]),
        ("large/efi/microsoft/boot/efisys.bin", &[1; 6144]),
        ("large/efi/microsoft/boot/efisys_noprompt.bin", &[2; 6144]),
    ] {
        put(&directory.join(name), contents)?;
    }
    for number in 1..=11 {
        let command = if number == 1 { "capture" } else { "append" };
        let name = format!("Windows 11 Edition {number}");
        run(directory, "wimlib-imagex", &[command, "content", "large/sources/install.wim", &name])?;
    }
    run(directory, "wimlib-imagex", &["export", "large/sources/install.wim", "1", "large/sources/boot.wim"])?;
    let path = directory.join("large/sources/install.wim");
    let mut wim = fs_err::OpenOptions::new().read(true).write(true).open(path)?;
    let mut header = [0; 16];
    wim.seek(SeekFrom::Start(0x48))?;
    wim.read_exact(&mut header)?;
    let [size, offset] = [0, 8].map(|at| {
        header.iter().skip(at).take(8).rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
    });
    // The highest byte of the size is the resource's flags.
    let mut xml = vec![0; usize::try_from(size & 0x00FF_FFFF_FFFF_FFFF)?];
    wim.seek(SeekFrom::Start(offset))?;
    wim.read_exact(&mut xml)?;
    wim.seek(SeekFrom::Start(0x50))?;
    wim.write_all(&(BYTES - xml.len() as u64).to_le_bytes())?;
    wim.seek(SeekFrom::Start(BYTES - xml.len() as u64))?;
    wim.write_all(&xml)?;
    drop(wim);
    sparse(directory, "large", "large.iso")?;
    for scrap in ["large", "content"] {
        fs_err::remove_dir_all(directory.join(scrap))?;
    }
    Ok(directory.join("large.iso"))
}

/// Makes a medium of a tree and leaves out what is zero.
fn sparse(directory: &Path, tree: &str, name: &str) -> Result<(), Problem> {
    #[rustfmt::skip]
    let mut child = Command::new("genisoimage")
        .args([
            "-quiet", "-udf", "-iso-level", "3", "-allow-limited-size", "-V", "BENCH",
            "-b", "boot/etfsboot.com", "-no-emul-boot", "-boot-load-size", "8",
            "-eltorito-alt-boot", "-e", "efi/microsoft/boot/efisys.bin", "-no-emul-boot", "-boot-load-size", "1",
            tree,
        ])
        .current_dir(directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("`genisoimage` is needed and cannot be started: {error}"))?;
    let mut stream = child.stdout.take().ok_or("genisoimage has no output")?;
    let mut file = fs_err::File::create(directory.join(name))?;
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        let length = stream.read(&mut buffer)?;
        let Some(piece) = buffer.get(..length).filter(|piece| !piece.is_empty()) else { break };
        if piece.iter().any(|byte| *byte != 0) {
            file.seek(SeekFrom::Start(bytes))?;
            file.write_all(piece)?;
        }
        bytes += length as u64;
    }
    file.set_len(bytes)?;
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(format!("genisoimage ended with {status}").into()) }
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
