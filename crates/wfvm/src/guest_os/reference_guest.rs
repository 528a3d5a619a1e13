use super::{Edition, GuestOs, OldCpuModels, Sshd};
use crate::spec::DiskBus;

/// The licence-free guest of this repository. Its keys are made up; it knows them.
pub static REFERENCE_GUEST: GuestOs = GuestOs {
    title: "reference guest",
    editions: &[
        Edition { id: "ReferenceStandard", keys: &["RGSTD-22222-33333-44444-55555"] },
        Edition { id: "ReferenceDatacenter", keys: &["RGDAT-22222-33333-44444-55555"] },
    ],
    // Installed and not started, as Windows Server 2025 has it.
    sshd: Sshd { payload: None, commands: &["sc.exe config sshd start= auto", "net.exe start sshd"] },
    requirements: &[],
    minimal_memory_mib: 512,
    minimal_disk_mib: 1024,
    builds: 19043..=19043,
    disk_buses: &[DiskBus::Sata, DiskBus::Virtio],
    old_cpu_models: OldCpuModels { from_build: u32::MAX, models: &[] },
    encrypts_devices: false,
};
