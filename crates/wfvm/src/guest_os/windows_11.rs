use super::{Edition, GuestOs, Hardware, OldCpuModels, Requirement, Sshd};
use crate::spec::DiskBus;

/// Windows 11, and Windows 10, which differs in nothing that stands here. Keys: the generic ones that Setup uses, then the KMS client keys that Microsoft
/// publishes ("Key Management Services (KMS) client activation and product keys").
pub static WINDOWS_11: GuestOs = GuestOs {
    title: "Windows 10 or 11",
    editions: &[
        Edition { id: "Core", keys: &["YTMG3-N6DKC-DKB77-7M9GH-8HVX7"] },
        Edition { id: "CoreN", keys: &["4CPRK-NM3K3-X6XXQ-RXX86-WXCHW"] },
        Edition { id: "CoreSingleLanguage", keys: &["BT79Q-G7N6G-PGBYW-4YWX6-6F4BT"] },
        Edition {
            id: "Professional",
            keys: &["VK7JG-NPHTM-C97JM-9MPGT-3V66T", "W269N-WFGWX-YVC9B-4J6C9-T83GX"],
        },
        Edition {
            id: "ProfessionalN",
            keys: &["2B87N-8KFHP-DKV6R-Y2C8J-PKCKT", "MH37W-N47XK-V7XM9-C7227-GCQG9"],
        },
        Edition {
            id: "ProfessionalEducation",
            keys: &["8PTT6-RNW4C-6V7J2-C2D3X-MHBPB", "6TP4R-GNPTD-KYYHQ-7B7DP-J447Y"],
        },
        Edition {
            id: "ProfessionalEducationN",
            keys: &["GJTYN-HDMQY-FRR76-HVGC7-QPF8P", "YVWGF-BXNMC-HTQYQ-CPQ99-66QFC"],
        },
        Edition {
            id: "ProfessionalWorkstation",
            keys: &["DXG7C-N36C4-C4HTG-X4T3X-2YV77", "NRG8B-VKK3Q-CXVCJ-9G2XF-6Q84J"],
        },
        Edition {
            id: "ProfessionalWorkstationN",
            keys: &["WYPNQ-8C467-V2W6J-TX4WX-WT2RQ", "9FNHH-K3HBT-3W4TD-6383H-6XYWF"],
        },
        Edition {
            id: "Education",
            keys: &["YNMGQ-8RYV3-4PGQ3-C8XTP-7CFBY", "NW6C2-QMPVW-D7KKK-3GKT6-VCFB2"],
        },
        Edition {
            id: "EducationN",
            keys: &["84NGF-MHBT6-FXBX8-QWJK7-DRR8H", "2WH4N-8QGBV-H22JP-CT43Q-MDWWJ"],
        },
        Edition {
            id: "Enterprise",
            keys: &["XGVPP-NMH47-7TTHJ-W3FW7-8HV2C", "NPPR9-FWDCX-D2C8J-H872K-2YT43"],
        },
        Edition {
            id: "EnterpriseN",
            keys: &["WGGHN-J84D6-QYCPR-T7PJ7-X766F", "DPH2V-TTNVB-4X9Q3-TJR4H-KHJW4"],
        },
        Edition { id: "EnterpriseS", keys: &["M7XTQ-FN8P6-TTKYV-9D4CC-J462D"] },
        Edition { id: "EnterpriseSN", keys: &["92NFX-8DJQP-P6BBQ-THF9C-7CG2H"] },
    ],
    // The server is a feature on demand that only Windows Update has, so the project's own
    // archive comes on the answer medium. `tar` reads zip files and is in the box since 1803.
    sshd: Sshd {
        payload: Some("OpenSSH-Win64.zip"),
        commands: &[
            r#"%SystemRoot%\System32\tar.exe -xf "%~dp0OpenSSH-Win64.zip" -C "%ProgramFiles%""#,
            r#"powershell.exe -NoProfile -ExecutionPolicy Bypass -File "%ProgramFiles%\OpenSSH-Win64\install-sshd.ps1""#,
            "sc.exe config sshd start= auto",
            "net.exe start sshd",
        ],
    },
    // "Windows 11 requirements": TPM 2.0, Secure Boot capable, 4 GB, 64 GB.
    requirements: &[
        Requirement { hardware: Hardware::Tpm, bypass: "BypassTPMCheck" },
        Requirement { hardware: Hardware::SecureBoot, bypass: "BypassSecureBootCheck" },
        Requirement { hardware: Hardware::MemoryMib(4096), bypass: "BypassRAMCheck" },
        Requirement { hardware: Hardware::DiskMib(64 << 10), bypass: "BypassStorageCheck" },
    ],
    // boot.wim is unpacked into a RAM disk.
    minimal_memory_mib: 2048,
    // Microsoft's minimum for the Windows partition is 20 GB.
    minimal_disk_mib: 20 << 10,
    // From 1809, which has all that is used here in the box.
    builds: 17763..=26999,
    disk_buses: &[DiskBus::Sata],
    // 24H2's kernel uses SSE 4.2 and POPCNT; Nehalem is the oldest model that has both.
    old_cpu_models: OldCpuModels {
        from_build: 26100,
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
    },
    encrypts_devices: true,
};
