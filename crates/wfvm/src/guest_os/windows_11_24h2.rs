use super::{GuestOs, SetupGeneration, client, editions};
use crate::spec::{DiskBus, GuestOsName};

/// Windows 11 24H2: the new Setup, and device encryption unless it is told otherwise.
pub static WINDOWS_11_24H2: GuestOs = GuestOs {
    names: &[GuestOsName::Windows11Release24H2, GuestOsName::Windows11],
    title: "Windows 11 24H2",
    product: "Windows 11",
    build: 26100,
    builds: 26100..=26199,
    product_type: "WinNT",
    installation_types: client::INSTALLATION_TYPES,
    editions: editions::CLIENT,
    preferred_editions: client::PREFERRED,
    setup: SetupGeneration::ConX,
    sshd: client::SSHD,
    requirements: client::WINDOWS_11_REQUIREMENTS,
    minimal_memory_mib: client::MINIMAL_MEMORY_MIB,
    minimal_disk_mib: client::MINIMAL_DISK_MIB,
    disk_buses: &[DiskBus::Sata],
    old_cpu_models: client::OLD_CPU_MODELS,
    virtio_folder: Some("w11"),
    encrypts_devices: true,
    server_features: false,
};
