use super::{Edition, GuestOs, editions, server};
use crate::spec::GuestOsName;

const EDITIONS: &[Edition] =
    &editions::server("N69G4-B89J2-4G8F4-WWYCC-J464C", "WMDGN-G9PQG-XVVXX-R3X43-63DFG");

/// Windows Server 2019.
pub static WINDOWS_SERVER_2019: GuestOs = GuestOs {
    names: &[GuestOsName::WindowsServer2019, GuestOsName::WindowsServer],
    title: "Windows Server 2019",
    product: "Windows Server 2019",
    build: 17763,
    builds: 17763..=17763,
    editions: EDITIONS,
    virtio_folder: Some("2k19"),
    ..server::SERVER
};
