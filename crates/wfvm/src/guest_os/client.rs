//! What the clients have in common.

use super::{
    GuestOs, Hardware, InstallationType, OldCpuModels, Requirement, SetupGeneration, Sshd, editions,
};
use crate::spec::DiskBus;

/// Each release says by which names and builds it is known, and in what it differs.
pub(super) const CLIENT: GuestOs = GuestOs {
    names: &[],
    title: "",
    product: "",
    build: 0,
    builds: 0..=0,
    product_type: "WinNT",
    installation_types: INSTALLATION_TYPES,
    editions: editions::CLIENT,
    preferred_editions: PREFERRED,
    setup: SetupGeneration::Classic,
    sshd: SSHD,
    requirements: &[],
    minimal_memory_mib: MINIMAL_MEMORY_MIB,
    minimal_disk_mib: MINIMAL_DISK_MIB,
    disk_buses: &[DiskBus::Sata],
    old_cpu_models: OLD_CPU_MODELS,
    virtio_folder: None,
    encrypts_devices: false,
    server_features: false,
};

const INSTALLATION_TYPES: &[InstallationType] =
    &[InstallationType { name: "Client", edition_suffix: "", desktop: true }];

/// What a medium of several editions installs when none is named.
const PREFERRED: &[&str] =
    &["Professional", "Enterprise", "EnterpriseEval", "EnterpriseS", "EnterpriseSEval", "Education", "Core"];

/// The server is a feature on demand that only Windows Update has, so the project's own
/// archive comes on the answer medium. `tar` reads zip files and is in the box since 1803.
const SSHD: Sshd = Sshd {
    payload: Some("OpenSSH-Win64.zip"),
    commands: &[
        r#"%SystemRoot%\System32\tar.exe -xf "%~dp0OpenSSH-Win64.zip" -C "%ProgramFiles%""#,
        r#"powershell.exe -NoProfile -ExecutionPolicy Bypass -File "%ProgramFiles%\OpenSSH-Win64\install-sshd.ps1""#,
        "sc.exe config sshd start= auto",
        "net.exe start sshd",
    ],
};

/// "Windows 11 requirements": TPM 2.0, Secure Boot capable, 4 GB, 64 GB.
pub(super) const WINDOWS_11_REQUIREMENTS: &[Requirement] = &[
    Requirement { hardware: Hardware::Tpm, bypass: "BypassTPMCheck" },
    Requirement { hardware: Hardware::SecureBoot, bypass: "BypassSecureBootCheck" },
    Requirement { hardware: Hardware::MemoryMib(4096), bypass: "BypassRAMCheck" },
    Requirement { hardware: Hardware::DiskMib(64 << 10), bypass: "BypassStorageCheck" },
];

/// `boot.wim` is unpacked into a RAM disk.
const MINIMAL_MEMORY_MIB: u64 = 2048;

/// Microsoft's minimum for the Windows partition is 20 GB.
const MINIMAL_DISK_MIB: u64 = 20 << 10;

/// 24H2's kernel uses SSE 4.2 and POPCNT; Nehalem is the oldest model that has both.
const OLD_CPU_MODELS: OldCpuModels = OldCpuModels {
    from_build: 26100,
    wanted: &["sse4.2", "popcnt"],
    models: &[
        "486",
        "pentium",
        "pentium2",
        "pentium3",
        "athlon",
        "n270",
        "coreduo",
        "core2duo",
        "kvm32",
        "kvm64",
        "qemu32",
        "qemu64",
        "Conroe",
        "Penryn",
        "Opteron_G1",
        "Opteron_G2",
        "Opteron_G3",
        "phenom",
    ],
};
