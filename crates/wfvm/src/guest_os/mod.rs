//! The data in which guests differ: one file per release.
//!
//! Which release an image is, is found from its build and installation type. No other
//! module asks which guest it has; it reads these fields.

mod client;
mod editions;
mod reference_guest;
mod server;
mod windows_10_22h2;
mod windows_11_23h2;
mod windows_11_24h2;
mod windows_11_25h2;
mod windows_server_2019;
mod windows_server_2022;
mod windows_server_2025;

pub use editions::{Edition, is_evaluation};
pub use reference_guest::REFERENCE_GUEST;
pub use windows_10_22h2::WINDOWS_10_22H2;
pub use windows_11_23h2::WINDOWS_11_23H2;
pub use windows_11_24h2::WINDOWS_11_24H2;
pub use windows_11_25h2::WINDOWS_11_25H2;
pub use windows_server_2019::WINDOWS_SERVER_2019;
pub use windows_server_2022::WINDOWS_SERVER_2022;
pub use windows_server_2025::WINDOWS_SERVER_2025;

use std::fmt;

use crate::spec::{DiskBus, GuestOsName, Install};

/// Every release that there are data for. Windows comes before what takes its place.
pub const RELEASES: [&GuestOs; 8] = [
    &WINDOWS_10_22H2,
    &WINDOWS_11_23H2,
    &WINDOWS_11_24H2,
    &WINDOWS_11_25H2,
    &WINDOWS_SERVER_2019,
    &WINDOWS_SERVER_2022,
    &WINDOWS_SERVER_2025,
    &REFERENCE_GUEST,
];

/// What the product must know of a release before it has seen it.
#[derive(Debug)]
pub struct GuestOs {
    /// The names that a spec may call it by: its own first, then its family's.
    pub names: &'static [GuestOsName],
    /// For messages.
    pub title: &'static str,
    /// How the names of its images begin on media in English.
    pub product: &'static str,
    /// The build that this release is known by.
    pub build: u32,
    /// Oldest and newest build that these data hold for: releases before it that differ in nothing
    /// that stands here, and what Microsoft may add by servicing.
    pub builds: std::ops::RangeInclusive<u32>,
    /// `PRODUCTTYPE` of its images: `WinNT` or `ServerNT`.
    pub product_type: &'static str,
    /// What `INSTALLATIONTYPE` its images have; that with a desktop first.
    pub installation_types: &'static [InstallationType],
    /// Editions with their published keys.
    pub editions: &'static [Edition],
    /// Which edition is installed when none is named, by what the medium has.
    pub preferred_editions: &'static [&'static str],
    /// Which program Setup's media start.
    pub setup: SetupGeneration,
    /// How its SSH server is set going.
    pub sshd: Sshd,
    /// What Setup checks, and how each check is told to let the machine pass.
    pub requirements: &'static [Requirement],
    /// Below this, Setup does not start or finish: no bypass helps.
    pub minimal_memory_mib: u64,
    /// Below this, the image and its first boot have no room.
    pub minimal_disk_mib: u64,
    /// Disk controllers that Setup has a driver for.
    pub disk_buses: &'static [DiskBus],
    /// QEMU's CPU models without what builds from a certain one on run on.
    pub old_cpu_models: OldCpuModels,
    /// The folder of virtio-win's medium that has its drivers; absent: it has them itself.
    pub virtio_folder: Option<&'static str>,
    /// Whether it encrypts its disk unless told not to (Windows 11 since 24H2).
    pub encrypts_devices: bool,
    /// Whether it has the Server Manager and Internet Explorer's Enhanced Security Configuration.
    pub server_features: bool,
}

/// `INSTALLATIONTYPE` of an image. A server's images of one edition differ by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstallationType {
    /// As the image has it: `Client`, `Server`, `Server Core`.
    pub name: &'static str,
    /// What is put behind an edition's id to name this one of its images.
    pub edition_suffix: &'static str,
    /// Whether there is a desktop.
    pub desktop: bool,
}

/// Which Setup a release's medium starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetupGeneration {
    /// `setup.exe` as it was since Windows Vista.
    Classic,
    /// That of 24H2 and later ("ConX"): it asks for a language that its medium does not have.
    ConX,
}

/// CPU models that newer builds do not start on, and that no bypass helps.
#[derive(Debug, Clone, Copy)]
pub struct OldCpuModels {
    /// The first build that needs more.
    pub from_build: u32,
    /// What it needs, by QEMU's names.
    pub wanted: &'static [&'static str],
    /// The models that lack some of it, by QEMU's names without a version.
    pub models: &'static [&'static str],
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
    /// Firmware with Secure Boot.
    SecureBoot,
    /// At least this much memory.
    MemoryMib(u64),
    /// At least this large a disk.
    DiskMib(u64),
}

/// As a sentence names it: `a TPM 2.0`, `4096 MiB of memory`.
impl fmt::Display for Hardware {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tpm => formatter.write_str("a TPM 2.0"),
            Self::SecureBoot => formatter.write_str("Secure Boot"),
            Self::MemoryMib(mib) => write!(formatter, "{mib} MiB of memory"),
            Self::DiskMib(mib) => write!(formatter, "a disk of {mib} MiB"),
        }
    }
}

impl GuestOs {
    /// What Setup wants and the machine of this installation does not have.
    pub fn lacking<'a>(&'a self, spec: &'a Install) -> impl Iterator<Item = &'a Requirement> {
        self.requirements.iter().filter(|requirement| match requirement.hardware {
            Hardware::Tpm => !spec.machine.tpm,
            Hardware::SecureBoot => !spec.machine.secure_boot,
            Hardware::MemoryMib(wanted) => spec.machine.memory_mib < wanted,
            Hardware::DiskMib(wanted) => spec.disk_mib < wanted,
        })
    }

    /// The edition that a published key chooses.
    #[must_use]
    pub fn edition_of_key(&self, key: &str) -> Option<&'static Edition> {
        self.editions.iter().find(|edition| edition.keys().any(|known| known.eq_ignore_ascii_case(key)))
    }

    /// The key with which Setup installs an edition from retail media.
    #[must_use]
    pub fn generic_key(&self, edition_id: &str) -> Option<&'static str> {
        self.edition(edition_id)?.keys().next()
    }

    /// The key of an edition on volume media.
    #[must_use]
    pub fn volume_key(&self, edition_id: &str) -> Option<&'static str> {
        let edition = self.edition(edition_id)?;
        edition.volume_key.or(edition.retail_key)
    }

    /// The data of an edition.
    #[must_use]
    pub fn edition(&self, id: &str) -> Option<&'static Edition> {
        self.editions.iter().find(|edition| edition.id.eq_ignore_ascii_case(id))
    }

    /// Its own name, as a spec has it.
    #[must_use]
    pub fn name(&self) -> GuestOsName {
        self.names.first().copied().unwrap_or(GuestOsName::ReferenceGuest)
    }

    /// Whether an image of this build and type is of this release.
    #[must_use]
    pub fn has(&self, build: u32, installation_type: &str) -> bool {
        self.builds.contains(&build) && self.installation_type(installation_type).is_some()
    }

    /// The data of an `INSTALLATIONTYPE`.
    #[must_use]
    pub fn installation_type(&self, name: &str) -> Option<&'static InstallationType> {
        self.installation_types.iter().find(|known| known.name.eq_ignore_ascii_case(name))
    }

    /// What an image is called by edition: `ServerStandardCore` is the edition `ServerStandard`
    /// without a desktop.
    #[must_use]
    pub fn edition_name(&self, edition_id: &str, installation_type: &str) -> String {
        let suffix = self.installation_type(installation_type).map_or("", |known| known.edition_suffix);
        format!("{edition_id}{suffix}")
    }
}

/// The release that an image is of, by its build, its `INSTALLATIONTYPE` and its `EDITIONID`.
#[must_use]
pub fn of_image(build: u32, installation_type: &str, edition_id: &str) -> Option<&'static GuestOs> {
    let candidates = || RELEASES.into_iter().filter(|os| os.has(build, installation_type));
    // An edition that is nobody's in the tables may be one of Microsoft's less common ones.
    candidates().find(|os| os.edition(edition_id).is_some()).or_else(|| candidates().next())
}

/// The releases that a name stands for, the newest last.
pub fn named(name: GuestOsName) -> impl Iterator<Item = &'static GuestOs> {
    RELEASES.into_iter().filter(move |os| os.names.contains(&name))
}

#[cfg(test)]
mod tests;
