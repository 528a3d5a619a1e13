use super::{GuestOs, client};
use crate::spec::GuestOsName;

/// Windows 10 from 1809 on, which has all that is used here in the box.
pub static WINDOWS_10_22H2: GuestOs = GuestOs {
    names: &[GuestOsName::Windows10Release22H2, GuestOsName::Windows10],
    title: "Windows 10 22H2",
    product: "Windows 10",
    build: 19045,
    builds: 17763..=19999,
    virtio_folder: Some("w10"),
    ..client::CLIENT
};
