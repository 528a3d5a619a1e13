//! A typed machine becomes QEMU's words. Nothing here touches a file or a process.

pub mod clock;
mod memory;
mod network;
mod plugged;
mod variable_store;

use std::path::{Path, PathBuf};

pub use memory::Memory;
pub(crate) use network::SSH;
pub use network::hosts_lines;
pub use plugged::Plugged;
pub use variable_store::has_platform_key;

use serde::{Deserialize, Serialize};

use crate::spec::{AnswerMedium, DiskBus, Firmware, Machine, Network, NetworkCard, Tools};

/// How the guest's instructions are run, once that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Acceleration {
    /// By the processor.
    Kvm,
    /// By translation.
    Tcg,
}

/// The disk that holds the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemDisk {
    /// A qcow2 file.
    pub file: PathBuf,
    /// Whether writes go to it or are thrown away.
    pub writes: Writes,
    /// A directory with what else the machine begins with, [`UEFI_VARIABLES`], [`TPM_STATE`] and [`LAST_TIME`]. It is only
    /// read; what is not there is new.
    pub state: Option<PathBuf>,
}

/// Where an image is made.
#[derive(Debug, Clone, Copy)]
pub struct Made<'a> {
    /// The disk, a qcow2 file.
    pub disk: &'a Path,
    /// What belongs to the machine besides it, a directory as [`SystemDisk::state`]; absent: it is not kept.
    pub state: Option<&'a Path>,
}

/// What becomes of writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writes {
    /// They reach the file.
    Kept,
    /// They vanish with the machine.
    Discarded,
}

/// An installation medium in the first CD drive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallationMedium {
    /// The ISO or an overlay over it.
    pub file: PathBuf,
    /// `raw` or `qcow2`.
    pub format: &'static str,
}

/// Where the guest's screen is shown. It can be photographed in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Display {
    /// Nowhere.
    None,
    /// In a window; QEMU must have GTK.
    Window,
    /// By VNC, on the first free loopback port from 5900.
    Vnc,
}

impl Display {
    fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            // The tablet's pointer is the guest's own, which draws it late or not at all while it is busy.
            Self::Window => "gtk,show-cursor=on",
            Self::Vnc => "vnc=127.0.0.1:0,to=9999",
        }
    }
}

/// Everything that a machine is put together from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assembly<'a> {
    /// What was asked for.
    pub machine: &'a Machine,
    /// Programs and firmware.
    pub tools: &'a Tools,
    /// How instructions are run.
    pub acceleration: Acceleration,
    /// Where the guest's memory is.
    pub memory: Memory,
    /// The system disk.
    pub disk: SystemDisk,
    /// The medium to install from.
    pub installation_medium: Option<InstallationMedium>,
    /// The medium with the answer file.
    pub answer_medium: Option<(AnswerMedium, PathBuf)>,
    /// Drives that a revived machine gets later.
    pub plugged: Plugged,
    /// What the guest can reach.
    pub network: &'a Network,
    /// The program that carries one connection out of the guest, called with address and port.
    pub forwarder: Option<PathBuf>,
    /// Where the screen is shown.
    pub display: Display,
    /// The directory of sockets and scratch files; relative, since a socket's path is limited to 107 bytes.
    pub directory: &'a Path,
}

/// QEMU's translation for several processors, with room for what it has translated.
pub(crate) const TRANSLATION: &str = "tcg,thread=multi,tb-size=512";
/// Everything that can be translated but MWAIT, which would be a busy loop: OVMF parks the processors
/// in it that the guest has not started, and an idle guest would take a whole one of the host's.
pub(crate) const TRANSLATED_MODEL: &str = "max,monitor=off";

/// Names of the drives, as `query-blockstats` tells them.
pub const SYSTEM_DRIVE: &str = "system";
/// The CD drive of the installation medium.
pub const INSTALLATION_DRIVE: &str = "installation";
/// The drive of the answer medium.
pub const ANSWER_DRIVE: &str = "answer";

/// Socket of the machine protocol, in the machine's directory.
pub const QMP_SOCKET: &str = "qmp.sock";
/// Socket of COM1.
pub const COM1_SOCKET: &str = "com1.sock";
/// Socket of the firmware's debug port.
pub const FIRMWARE_SOCKET: &str = "firmware.sock";
/// Control socket of the TPM emulator.
pub const TPM_SOCKET: &str = "tpm.sock";
/// This machine's UEFI variables.
pub const UEFI_VARIABLES: &str = "uefi-variables.fd";
/// What the guest's clock showed last, as QEMU's `-rtc base=` takes it.
pub const LAST_TIME: &str = "last-time";
/// The directory of the TPM's state.
pub const TPM_STATE: &str = "tpm";

/// The number that Setup gives to the system disk.
///
/// A disk whose driver is in the box is found before any USB stick; a virtio
/// disk after it, because its driver is loaded later.
#[must_use]
pub fn system_disk_id(bus: DiskBus, medium: AnswerMedium) -> u32 {
    match (bus, medium) {
        (DiskBus::Virtio, AnswerMedium::Usb) => 1,
        (DiskBus::Virtio | DiskBus::Sata, _) => 0,
    }
}

impl Assembly<'_> {
    /// QEMU's arguments, the program's name left out.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        let mut words = Words::default();
        self.board(&mut words);
        self.memory(&mut words);
        self.firmware(&mut words);
        self.channels(&mut words);
        self.drives(&mut words);
        self.network(&mut words);
        if !matches!(self.memory, Memory::Revived { .. }) {
            words.0.extend(self.plugged.words());
        }
        words.0.extend(self.machine.extra_qemu_flags.iter().cloned());
        words.0
    }

    fn file(&self, name: &str) -> String {
        comma_free(&self.directory.join(name))
    }

    fn board(&self, words: &mut Words) {
        let machine = self.machine;
        // No configuration and no device that is not named here: the machine is the same everywhere.
        words.flags(&["-nodefaults", "-no-user-config", "-S"]);
        let (accelerator, model) = match self.acceleration {
            Acceleration::Kvm => ("kvm", "host"),
            Acceleration::Tcg => (TRANSLATION, TRANSLATED_MODEL),
        };
        words.pair("-accel", accelerator);
        words.pair("-cpu", machine.cpu_model.as_deref().unwrap_or(model));
        words.pair("-smp", &format!("{0},sockets=1,cores={0}", machine.cores));
        words.pair("-global", "kvm-pit.lost_tick_policy=discard");
        words.pair("-device", "VGA,edid=on,xres=1024,yres=768");
        words.pair("-display", self.display.word());
        words.pair("-device", "qemu-xhci,id=usb");
        words.pair("-device", "usb-tablet,bus=usb.0");
        words.pair("-device", "usb-kbd,bus=usb.0");
    }

    fn firmware(&self, words: &mut Words) {
        if self.machine.firmware == Firmware::Uefi {
            let code = self.tools.ovmf_code.as_deref().unwrap_or(Path::new(""));
            let unit = |unit, rest: &str| format!("if=pflash,unit={unit},format=raw,{rest}");
            words.pair("-drive", &unit(0, &format!("readonly=on,file={}", comma_free(code))));
            words.pair("-drive", &unit(1, &format!("file={}", self.file(UEFI_VARIABLES))));
            if self.machine.secure_boot {
                // Only the firmware in System Management Mode writes the variables, else any kernel could change the keys.
                words.pair("-global", "driver=cfi.pflash01,property=secure,value=on");
                // EDK 2 in 64 bits stops at once where there are both SMM and sleep to memory
                // (OvmfPkg/PlatformPei, S3Verification).
                words.pair("-global", "ICH9-LPC.disable_s3=1");
            }
        }
        if self.machine.tpm {
            words.pair("-chardev", &format!("socket,id=tpm,path={}", self.file(TPM_SOCKET)));
            words.pair("-tpmdev", "emulator,id=tpm0,chardev=tpm");
            words.pair("-device", "tpm-crb,tpmdev=tpm0");
        }
    }

    fn channels(&self, words: &mut Words) {
        let socket = |id: &str, name: &str| format!("socket,id={id},path={}", self.file(name));
        words.pair("-chardev", &socket("qmp", QMP_SOCKET));
        words.pair("-mon", "chardev=qmp,mode=control");
        words.pair("-chardev", &socket("com1", COM1_SOCKET));
        words.pair("-serial", "chardev:com1");
        // SeaBIOS tells what it starts on port 0x402; OVMF on COM1.
        words.pair("-chardev", &socket("firmware", FIRMWARE_SOCKET));
        words.pair("-device", "isa-debugcon,iobase=0x402,chardev=firmware");
    }

    fn drives(&self, words: &mut Words) {
        let snapshot = match self.disk.writes {
            Writes::Kept => "",
            Writes::Discarded => ",snapshot=on",
        };
        // The disk is a derivation's scratch until QEMU ended well, so nothing is gained by flushing it.
        words.pair("-drive", &format!(
            "if=none,id={SYSTEM_DRIVE},format=qcow2,cache=unsafe,discard=unmap,detect-zeroes=unmap,file={}{snapshot}",
            comma_free(&self.disk.file)
        ));
        words.pair(
            "-device",
            &match self.machine.disk_bus {
                DiskBus::Sata => format!("ide-hd,bus=ide.0,drive={SYSTEM_DRIVE},bootindex=1"),
                DiskBus::Virtio => format!("virtio-blk-pci,drive={SYSTEM_DRIVE},bootindex=1"),
            },
        );
        if let Some(medium) = &self.installation_medium {
            words.pair(
                "-drive",
                &format!(
                    "if=none,id={INSTALLATION_DRIVE},media=cdrom,readonly=on,format={},file={}",
                    medium.format,
                    comma_free(&medium.file)
                ),
            );
            // After the disk: the first start finds the disk blank, every later one finds the system.
            words.pair("-device", &format!("ide-cd,bus=ide.1,drive={INSTALLATION_DRIVE},bootindex=2"));
        }
        if let Some((kind, file)) = &self.answer_medium {
            let drive = |media| {
                format!("if=none,id={ANSWER_DRIVE},format=raw,readonly=on,{media}file={}", comma_free(file))
            };
            match kind {
                AnswerMedium::Iso => {
                    words.pair("-drive", &drive("media=cdrom,"));
                    words.pair("-device", &format!("ide-cd,bus=ide.2,drive={ANSWER_DRIVE}"));
                }
                AnswerMedium::Floppy => {
                    words.pair("-drive", &drive(""));
                    words.pair("-device", "isa-fdc,id=fdc");
                    words.pair("-device", &format!("floppy,bus=fdc.0,drive={ANSWER_DRIVE}"));
                }
                AnswerMedium::Usb => {
                    words.pair("-drive", &drive(""));
                    // Without the removable flag Setup sees a fixed disk, which it does not search.
                    words
                        .pair("-device", &format!("usb-storage,bus=usb.0,drive={ANSWER_DRIVE},removable=on"));
                }
            }
        }
    }

    fn network(&self, words: &mut Words) {
        let user_network = network::user_network(self.network, self.forwarder.as_deref());
        words.pair("-netdev", &format!("{user_network},id=network"));
        words.pair(
            "-device",
            match self.machine.network_card {
                // Without its boot ROM, which no guest needs and Debian packs separately.
                NetworkCard::E1000e => "e1000e,netdev=network,romfile=",
                NetworkCard::Virtio => "virtio-net-pci,netdev=network,romfile=",
            },
        );
    }
}

#[derive(Default)]
struct Words(Vec<String>);

impl Words {
    fn flags(&mut self, flags: &[&str]) {
        self.0.extend(flags.iter().map(|&flag| flag.to_owned()));
    }

    fn pair(&mut self, option: &str, value: &str) {
        self.0.push(option.to_owned());
        self.0.push(value.to_owned());
    }
}

/// In QEMU's options a comma inside a value is written twice.
fn comma_free(path: &Path) -> String {
    path.to_string_lossy().replace(',', ",,")
}

#[cfg(test)]
mod tests;
