use super::{Edition, GuestOs, SetupGeneration, Sshd, editions, server};
use crate::spec::GuestOsName;

const EDITIONS: &[Edition] = &{
    let [standard, datacenter, standard_eval, datacenter_eval] =
        editions::server("TVRH6-WHNXV-R9WG3-9XRFY-MY832", "D764K-2NDRG-47T6Q-P8T8W-YP6DF");
    [standard, datacenter, standard_eval, datacenter_eval, editions::azure("XGN3F-F394H-FD2MY-PP6FD-8MCRC")]
};

/// Windows Server 2025, which has the SSH server in the box, installed and not started
/// ("Get started with OpenSSH Server for Windows").
pub static WINDOWS_SERVER_2025: GuestOs = GuestOs {
    names: &[GuestOsName::WindowsServer2025, GuestOsName::WindowsServer],
    title: "Windows Server 2025",
    product: "Windows Server 2025",
    build: 26100,
    builds: 26100..=26100,
    editions: EDITIONS,
    setup: SetupGeneration::ConX,
    sshd: Sshd { payload: None, commands: &["sc.exe config sshd start= auto", "net.exe start sshd"] },
    virtio_folder: Some("2k25"),
    ..server::SERVER
};
