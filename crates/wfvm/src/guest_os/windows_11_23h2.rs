use super::{GuestOs, SetupGeneration, client, editions};
use crate::spec::{DiskBus, GuestOsName};

/// Windows 11 up to 23H2. The images of its first media are called `Windows 10 Pro` and shown as
/// `Windows 11 Pro`, so that an image is found by either.
pub static WINDOWS_11_23H2: GuestOs = GuestOs {
    names: &[GuestOsName::Windows11Release23H2, GuestOsName::Windows11],
    title: "Windows 11 23H2",
    product: "Windows 11",
    build: 22631,
    builds: 22000..=25999,
    product_type: "WinNT",
    installation_types: client::INSTALLATION_TYPES,
    editions: editions::CLIENT,
    preferred_editions: client::PREFERRED,
    setup: SetupGeneration::Classic,
    sshd: client::SSHD,
    requirements: client::WINDOWS_11_REQUIREMENTS,
    minimal_memory_mib: client::MINIMAL_MEMORY_MIB,
    minimal_disk_mib: client::MINIMAL_DISK_MIB,
    disk_buses: &[DiskBus::Sata],
    old_cpu_models: client::OLD_CPU_MODELS,
    virtio_folder: Some("w11"),
    encrypts_devices: false,
    server_features: false,
};
