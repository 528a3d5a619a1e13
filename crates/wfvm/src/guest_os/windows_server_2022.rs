use super::{Edition, GuestOs, editions, server};
use crate::spec::GuestOsName;

const EDITIONS: &[Edition] = &{
    let [standard, datacenter, standard_eval, datacenter_eval] =
        editions::server("VDYBN-27WPP-V4HQT-9VMD4-VMK7H", "WX4NM-KYWYW-QJJR4-XV3QB-6VM33");
    [standard, datacenter, standard_eval, datacenter_eval, editions::azure("NTBV8-9K7Q8-V27C6-M2BTV-KHMXV")]
};

/// Windows Server 2022.
pub static WINDOWS_SERVER_2022: GuestOs = GuestOs {
    names: &[GuestOsName::WindowsServer2022, GuestOsName::WindowsServer],
    title: "Windows Server 2022",
    product: "Windows Server 2022",
    build: 20348,
    builds: 20348..=20348,
    editions: EDITIONS,
    virtio_folder: Some("2k22"),
    ..server::SERVER
};
