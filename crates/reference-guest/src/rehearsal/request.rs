//! The command line of a rehearsal.

use std::io;
use std::path::PathBuf;

use crate::disk_configuration::plan::Firmware;

pub(super) const USAGE: &str = "usage: reference-guest rehearse --medium DIRECTORY --answers DIRECTORY --firmware uefi|bios \
     --disk-mib NUMBER --memory-mib NUMBER [--tpm] [--secure-boot] --product-keys FILE --registry FILE";

/// The machine and its media.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// What the installation medium holds.
    pub(super) medium: PathBuf,
    /// What the medium with the answer file holds.
    pub(super) answers: PathBuf,
    pub(super) firmware: Firmware,
    pub(super) disk_mib: u64,
    pub(super) memory_mib: u64,
    pub(super) tpm: bool,
    pub(super) secure_boot: bool,
    /// Lines of an edition and one of its keys.
    pub(super) product_keys: PathBuf,
    /// The image's registry in Wine's form; its time zones are read.
    pub(super) registry: PathBuf,
}

impl Request {
    pub(super) fn parse(arguments: impl IntoIterator<Item = String>) -> io::Result<Self> {
        let usage = || io::Error::new(io::ErrorKind::InvalidInput, USAGE);
        let (mut options, mut flags) = (Vec::new(), Vec::new());
        let mut arguments = arguments.into_iter();
        while let Some(name) = arguments.next() {
            match name.as_str() {
                "--tpm" | "--secure-boot" => flags.push(name),
                _ => options.push((name, arguments.next().ok_or_else(usage)?)),
            }
        }
        let mut take = |name: &str| {
            let at = options.iter().position(|(given, _)| given == name).ok_or_else(usage)?;
            Ok::<String, io::Error>(options.remove(at).1)
        };
        let request = Self {
            medium: take("--medium")?.into(),
            answers: take("--answers")?.into(),
            firmware: match take("--firmware")?.as_str() {
                "uefi" => Firmware::Uefi,
                "bios" => Firmware::Bios,
                _ => return Err(usage()),
            },
            disk_mib: take("--disk-mib")?.parse().map_err(|_| usage())?,
            memory_mib: take("--memory-mib")?.parse().map_err(|_| usage())?,
            tpm: flags.iter().any(|flag| flag == "--tpm"),
            secure_boot: flags.iter().any(|flag| flag == "--secure-boot"),
            product_keys: take("--product-keys")?.into(),
            registry: take("--registry")?.into(),
        };
        if options.is_empty() { Ok(request) } else { Err(usage()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "--medium m --answers a --firmware bios --disk-mib 20480 --tpm --memory-mib 4096 --product-keys k --registry r";

    fn parsed(line: &str) -> io::Result<Request> {
        Request::parse(line.split(' ').map(str::to_owned))
    }

    #[test]
    fn all_but_the_flags_are_needed_once() {
        let request = parsed(GOOD).unwrap();
        assert!(request.tpm && !request.secure_boot && request.firmware == Firmware::Bios);
        for (from, to) in [
            (" --registry r", ""),
            ("bios", "efi"),
            ("20480", "much"),
            ("--tpm", "--tpm 2"),
            ("--tpm", "--medium n"),
        ] {
            assert!(parsed(&GOOD.replacen(from, to, 1)).is_err(), "{to}");
        }
    }
}
