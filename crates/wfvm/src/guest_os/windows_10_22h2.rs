use super::{GuestOs, SetupGeneration, client, editions};
use crate::spec::{DiskBus, GuestOsName};

/// Windows 10 from 1809 on, which has all that is used here in the box.
pub static WINDOWS_10_22H2: GuestOs = GuestOs {
    names: &[GuestOsName::Windows10Release22H2, GuestOsName::Windows10],
    title: "Windows 10 22H2",
    product: "Windows 10",
    build: 19045,
    builds: 17763..=19999,
    product_type: "WinNT",
    installation_types: client::INSTALLATION_TYPES,
    editions: editions::CLIENT,
    preferred_editions: client::PREFERRED,
    setup: SetupGeneration::Classic,
    sshd: client::SSHD,
    requirements: &[],
    minimal_memory_mib: client::MINIMAL_MEMORY_MIB,
    minimal_disk_mib: client::MINIMAL_DISK_MIB,
    disk_buses: &[DiskBus::Sata],
    old_cpu_models: client::OLD_CPU_MODELS,
    virtio_folder: Some("w10"),
    encrypts_devices: false,
    server_features: false,
};
