//! The data in which guests differ: one `const` per file.
//!
//! No other module asks which guest it has; it reads these fields.

mod reference_guest;
mod windows_11;

pub use reference_guest::REFERENCE_GUEST;
pub use windows_11::WINDOWS_11;

use crate::spec::{DiskBus, GuestOsName};

/// What the product must know of a guest before it has seen it.
#[derive(Debug)]
pub struct GuestOs {
    /// For messages.
    pub title: &'static str,
    /// Editions with their published keys.
    pub editions: &'static [Edition],
    /// How its SSH server is set going.
    pub sshd: Sshd,
    /// What Setup checks, and how each check is told to let the machine pass.
    pub requirements: &'static [Requirement],
    /// Below this, Setup does not start or finish: no bypass helps.
    pub minimal_memory_mib: u64,
    /// Below this, the image and its first boot have no room.
    pub minimal_disk_mib: u64,
    /// Oldest and newest build of this name.
    pub builds: std::ops::RangeInclusive<u32>,
    /// Disk controllers that Setup has a driver for.
    pub disk_buses: &'static [DiskBus],
    /// QEMU's CPU models without what builds from a certain one on run on.
    pub old_cpu_models: OldCpuModels,
    /// Whether it encrypts its disk unless told not to (Windows 11 since 24H2).
    pub encrypts_devices: bool,
}

/// CPU models that newer builds do not start on, and that no bypass helps.
#[derive(Debug, Clone, Copy)]
pub struct OldCpuModels {
    /// The first build that needs more.
    pub from_build: u32,
    /// The models, by QEMU's names without a version.
    pub models: &'static [&'static str],
}

/// An edition and the keys that choose it in Setup. They do not activate it.
#[derive(Debug, Clone, Copy)]
pub struct Edition {
    /// `EDITIONID` of the image.
    pub id: &'static str,
    /// Published keys: the generic Setup key first, that for volume media last.
    pub keys: &'static [&'static str],
}

/// How the SSH server is set going at the first logon.
#[derive(Debug, Clone, Copy)]
pub struct Sshd {
    /// A file that has to be on the answer medium.
    pub payload: Option<&'static str>,
    /// Lines for `cmd.exe`, run from a file in the answer medium's root. Each must end with 0.
    pub commands: &'static [&'static str],
}

/// Something that Setup checks.
#[derive(Debug, Clone, Copy)]
pub struct Requirement {
    /// What is wanted.
    pub hardware: Hardware,
    /// The value below `HKLM\SYSTEM\Setup\LabConfig` that skips the check.
    pub bypass: &'static str,
}

/// A piece of hardware that Setup wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hardware {
    /// A TPM 2.0.
    Tpm,
    /// Firmware with Secure Boot, which the product's machines do not have.
    SecureBoot,
    /// At least this much memory.
    MemoryMib(u64),
    /// At least this large a disk.
    DiskMib(u64),
}

impl GuestOs {
    /// The edition that a published key chooses.
    #[must_use]
    pub fn edition_of_key(&self, key: &str) -> Option<&'static Edition> {
        self.editions.iter().find(|edition| edition.keys.iter().any(|known| known.eq_ignore_ascii_case(key)))
    }

    /// The generic Setup key of an edition.
    #[must_use]
    pub fn generic_key(&self, edition_id: &str) -> Option<&'static str> {
        self.edition(edition_id)?.keys.first().copied()
    }

    /// The key of an edition on volume media.
    #[must_use]
    pub fn volume_key(&self, edition_id: &str) -> Option<&'static str> {
        self.edition(edition_id)?.keys.last().copied()
    }

    fn edition(&self, id: &str) -> Option<&'static Edition> {
        self.editions.iter().find(|edition| edition.id == id)
    }
}

/// The data of a guest.
#[must_use]
pub fn data(name: GuestOsName) -> &'static GuestOs {
    match name {
        GuestOsName::Windows11 => &WINDOWS_11,
        GuestOsName::ReferenceGuest => &REFERENCE_GUEST,
    }
}

#[cfg(test)]
mod tests;
