//! What the Setup of a Windows 11 client wants of the machine (Microsoft: "Windows 11 requirements"), and the values
//! below `HKLM\SYSTEM\Setup\LabConfig` by which it passes over a want, as the field knows them.

use crate::image::wim::ImageDescription;
use crate::page::Page;

// "Windows 11 release information": the first release, 21H2.
const FIRST_BUILD: u32 = 22000;
const MEMORY_MIB: u64 = 4096;
const DISK_MIB: u64 = 64 << 10;

/// What Setup sees of the machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) tpm: bool,
    pub(super) secure_boot: bool,
    pub(super) memory_mib: u64,
    pub(super) disk_mib: u64,
}

/// Stops at the page of a machine that is not good enough for the image.
pub(super) fn check(image: &ImageDescription, seen: Seen, bypasses: &[String]) -> Result<(), Page> {
    if image.installation_type != "Client" || image.build.is_none_or(|build| build < FIRST_BUILD) {
        return Ok(());
    }
    let missing: Vec<&str> = [
        ("a TPM 2.0", "BypassTPMCheck", seen.tpm),
        ("Secure Boot", "BypassSecureBootCheck", seen.secure_boot),
        ("4 GB of memory", "BypassRAMCheck", seen.memory_mib >= MEMORY_MIB),
        ("a disk of 64 GB", "BypassStorageCheck", seen.disk_mib >= DISK_MIB),
    ]
    .into_iter()
    .filter(|(_, bypass, there)| !there && !bypasses.iter().any(|given| given.eq_ignore_ascii_case(bypass)))
    .map(|(what, ..)| what)
    .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Page::new(
        "Windows 11 Setup",
        "This PC can't run Windows 11. This PC doesn't meet the minimum system requirements to install this version of Windows.",
        format!("the machine lacks {}", missing.join(", ")),
    )
    .from("COMPAT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_windows_11_wants_much_and_each_want_has_its_bypass() {
        let image = |build, kind: &str| ImageDescription {
            index: 1,
            name: String::new(),
            description: String::new(),
            edition: "Professional".into(),
            installation_type: kind.into(),
            build: Some(build),
            languages: Vec::new(),
        };
        let poor = Seen { tpm: false, secure_boot: false, memory_mib: 2048, disk_mib: 32 << 10 };
        let names = ["BypassTPMCheck", "BypassSecureBootCheck", "BypassRAMCheck", "BypassStorageCheck"];
        let given = |count: usize| names[..count].iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert!(check(&image(19045, "Client"), poor, &[]).is_ok());
        assert!(check(&image(26100, "Server"), poor, &[]).is_ok());
        let page = check(&image(26100, "Client"), poor, &given(3)).unwrap_err();
        assert_eq!(page.cause, "the machine lacks a disk of 64 GB");
        assert!(check(&image(26100, "Client"), poor, &given(4)).is_ok());
    }
}
