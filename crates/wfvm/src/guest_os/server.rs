//! What the servers have in common.

use super::InstallationType;

pub(super) const INSTALLATION_TYPES: &[InstallationType] = &[
    InstallationType { name: "Server", edition_suffix: "", desktop: true },
    InstallationType { name: "Server Core", edition_suffix: "Core", desktop: false },
];

/// What a medium of several editions installs when none is named; with a desktop.
pub(super) const PREFERRED: &[&str] =
    &["ServerStandard", "ServerStandardEval", "ServerDatacenter", "ServerDatacenterEval", "ServerTurbine"];

/// "Hardware requirements for Windows Server": 512 MB, and 2 GB for the one with a desktop.
pub(super) const MINIMAL_MEMORY_MIB: u64 = 2048;

/// "Hardware requirements for Windows Server": 32 GB.
pub(super) const MINIMAL_DISK_MIB: u64 = 32 << 10;
