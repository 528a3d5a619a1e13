use super::{GuestOs, client};
use crate::spec::GuestOsName;

/// Windows 11 up to 23H2. The images of its first media are called `Windows 10 Pro` and shown as
/// `Windows 11 Pro`, so that an image is found by either.
pub static WINDOWS_11_23H2: GuestOs = GuestOs {
    names: &[GuestOsName::Windows11Release23H2, GuestOsName::Windows11],
    title: "Windows 11 23H2",
    product: "Windows 11",
    build: 22631,
    builds: 22000..=25999,
    requirements: client::WINDOWS_11_REQUIREMENTS,
    virtio_folder: Some("w11"),
    ..client::CLIENT
};
