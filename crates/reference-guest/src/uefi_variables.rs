//! The firmware's global variables (UEFI specification 2.10, section 3.3), by the kernel's file system for them.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use rustix::io::Errno;
use rustix::mount::{MountFlags, mount};

use crate::boot_option::BootOption;

const PLACE: &str = "/sys/firmware/efi/efivars";
const GLOBAL: &str = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
/// Non-volatile, for boot services and at run time.
const ATTRIBUTES: u32 = 7;

fn file(name: &str) -> io::Result<PathBuf> {
    match mount("efivarfs", PLACE, "efivarfs", MountFlags::empty(), None) {
        // It is there already.
        Ok(()) | Err(Errno::BUSY) => Ok(Path::new(PLACE).join(format!("{name}-{GLOBAL}"))),
        Err(error) => Err(error.into()),
    }
}

/// Whether the machine's firmware has variables.
pub(crate) fn exist() -> bool {
    Path::new(PLACE).exists()
}

/// Whether the firmware starts only what is signed; none where it cannot tell
/// (UEFI specification 2.10, sections 3.3 and 32.3.1).
pub(crate) fn secure_boot() -> io::Result<Option<bool>> {
    if !exist() {
        return Ok(None);
    }
    Ok(read("SecureBoot")?.map(|value| value == [1]))
}

/// What a variable holds; none if it is not set.
pub(crate) fn read(name: &str) -> io::Result<Option<Vec<u8>>> {
    match fs::read(file(name)?) {
        Ok(bytes) => Ok(bytes.get(4..).map(<[u8]>::to_vec)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The boot options in their order, each with its variable's name.
pub(crate) fn boot_options() -> io::Result<Vec<(String, BootOption)>> {
    let order = read("BootOrder")?.unwrap_or_default();
    let mut options = Vec::new();
    for number in order.chunks_exact(2) {
        let number = number.iter().rev().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        let name = format!("Boot{number:04X}");
        options.extend(read(&name)?.and_then(|bytes| BootOption::parse(&bytes)).map(|option| (name, option)));
    }
    Ok(options)
}

pub(crate) fn write(name: &str, value: &[u8]) -> io::Result<()> {
    fs::write(file(name)?, [&ATTRIBUTES.to_le_bytes(), value].concat())
}
