//! What the servers have in common.

use super::{GuestOs, InstallationType, client};

/// Each release says by which names and builds it is known, its keys, and in what it differs. The servers'
/// Setup wants neither a TPM nor Secure Boot.
pub(super) const SERVER: GuestOs = GuestOs {
    product_type: "ServerNT",
    installation_types: INSTALLATION_TYPES,
    preferred_editions: PREFERRED,
    minimal_memory_mib: MINIMAL_MEMORY_MIB,
    minimal_disk_mib: MINIMAL_DISK_MIB,
    server_features: true,
    ..client::CLIENT
};

const INSTALLATION_TYPES: &[InstallationType] = &[
    InstallationType { name: "Server", edition_suffix: "", desktop: true },
    InstallationType { name: "Server Core", edition_suffix: "Core", desktop: false },
];

/// What a medium of several editions installs when none is named; with a desktop.
const PREFERRED: &[&str] =
    &["ServerStandard", "ServerStandardEval", "ServerDatacenter", "ServerDatacenterEval", "ServerTurbine"];

/// "Hardware requirements for Windows Server": 512 MB, and 2 GB for the one with a desktop.
const MINIMAL_MEMORY_MIB: u64 = 2048;

/// "Hardware requirements for Windows Server": 32 GB.
const MINIMAL_DISK_MIB: u64 = 32 << 10;
