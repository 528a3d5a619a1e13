use super::{GuestOs, SetupGeneration, client};
use crate::spec::GuestOsName;

/// Windows 11 24H2: the new Setup, and device encryption unless it is told otherwise.
pub static WINDOWS_11_24H2: GuestOs = GuestOs {
    names: &[GuestOsName::Windows11Release24H2, GuestOsName::Windows11],
    title: "Windows 11 24H2",
    product: "Windows 11",
    build: 26100,
    builds: 26100..=26199,
    setup: SetupGeneration::ConX,
    requirements: client::WINDOWS_11_REQUIREMENTS,
    virtio_folder: Some("w11"),
    encrypts_devices: true,
    ..client::CLIENT
};
