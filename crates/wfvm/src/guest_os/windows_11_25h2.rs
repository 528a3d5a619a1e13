use super::{GuestOs, SetupGeneration, client};
use crate::spec::GuestOsName;

/// Windows 11 25H2, which is 24H2 with an enablement package.
pub static WINDOWS_11_25H2: GuestOs = GuestOs {
    names: &[GuestOsName::Windows11Release25H2, GuestOsName::Windows11],
    title: "Windows 11 25H2",
    product: "Windows 11",
    build: 26200,
    builds: 26200..=26999,
    setup: SetupGeneration::ConX,
    requirements: client::WINDOWS_11_REQUIREMENTS,
    virtio_folder: Some("w11"),
    encrypts_devices: true,
    ..client::CLIENT
};
