use super::{Edition, GuestOs, SetupGeneration, client, editions, server};
use crate::spec::{DiskBus, GuestOsName};

const EDITIONS: &[Edition] =
    &editions::server("N69G4-B89J2-4G8F4-WWYCC-J464C", "WMDGN-G9PQG-XVVXX-R3X43-63DFG");

/// Windows Server 2019.
pub static WINDOWS_SERVER_2019: GuestOs = GuestOs {
    names: &[GuestOsName::WindowsServer2019, GuestOsName::WindowsServer],
    title: "Windows Server 2019",
    product: "Windows Server 2019",
    build: 17763,
    builds: 17763..=17763,
    product_type: "ServerNT",
    installation_types: server::INSTALLATION_TYPES,
    editions: EDITIONS,
    preferred_editions: server::PREFERRED,
    setup: SetupGeneration::Classic,
    sshd: client::SSHD,
    // The servers' Setup wants neither a TPM nor Secure Boot.
    requirements: &[],
    minimal_memory_mib: server::MINIMAL_MEMORY_MIB,
    minimal_disk_mib: server::MINIMAL_DISK_MIB,
    disk_buses: &[DiskBus::Sata],
    old_cpu_models: client::OLD_CPU_MODELS,
    virtio_folder: Some("2k19"),
    encrypts_devices: false,
    server_features: true,
};
