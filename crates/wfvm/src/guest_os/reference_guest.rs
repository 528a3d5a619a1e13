use super::{Edition, GuestOs, InstallationType, OldCpuModels, SetupGeneration, Sshd};
use crate::spec::{DiskBus, GuestOsName};

/// The licence-free guest of this repository. Its keys are made up; it knows them.
pub static REFERENCE_GUEST: GuestOs = GuestOs {
    names: &[GuestOsName::ReferenceGuest],
    title: "reference guest",
    product: "Reference Guest",
    build: 19043,
    builds: 19043..=19043,
    product_type: "WinNT",
    installation_types: &[InstallationType { name: "Client", edition_suffix: "", desktop: true }],
    editions: &[
        Edition {
            id: "ReferenceStandard",
            image: "Standard",
            retail_key: Some("RGSTD-22222-33333-44444-55555"),
            volume_key: None,
        },
        Edition {
            id: "ReferenceDatacenter",
            image: "Datacenter",
            retail_key: Some("RGDAT-22222-33333-44444-55555"),
            volume_key: None,
        },
    ],
    preferred_editions: &["ReferenceStandard"],
    setup: SetupGeneration::Classic,
    // Installed and not started, as Windows Server 2025 has it.
    sshd: Sshd { payload: None, commands: &["sc.exe config sshd start= auto", "net.exe start sshd"] },
    requirements: &[],
    minimal_memory_mib: 512,
    minimal_disk_mib: 1024,
    disk_buses: &[DiskBus::Sata, DiskBus::Virtio],
    old_cpu_models: OldCpuModels { from_build: u32::MAX, wanted: &[], models: &[] },
    virtio_folder: None,
    encrypts_devices: false,
    server_features: false,
};
