//! A guest that starts from a kernel: QEMU's words. Nothing here touches a file or a process.

use std::path::Path;

use super::order::{CONTROL_PORT, EXCHANGE, OUTPUT_PORT, STORE};
use crate::machine::{Acceleration, TRANSLATED_MODEL, TRANSLATION};

/// In the evidence: what the kernel and the guest's init say.
pub(super) const CONSOLE_LOG: &str = "console.log";
/// Socket of the builder's output, in the scratch directory.
pub(super) const OUTPUT_SOCKET: &str = "output.sock";
/// Socket of the guest's words.
pub(super) const CONTROL_SOCKET: &str = "control.sock";

/// A disk, with what QEMU must not guess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Disk<'a> {
    pub(super) file: &'a Path,
    pub(super) format: &'a str,
    pub(super) writes: DiskWrites,
}

/// What becomes of what the guest writes to a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DiskWrites {
    /// It reaches the file.
    Kept,
    /// It vanishes with the guest.
    Discarded,
    /// The disk takes none.
    Refused,
}

/// Where the kernel's console is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Console<'a> {
    /// A file.
    File(&'a Path),
    /// The terminal that we were started in; `Ctrl-a x` ends the guest.
    Terminal,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Assembly<'a> {
    pub(super) acceleration: Acceleration,
    pub(super) cpus: u32,
    pub(super) memory_mib: u64,
    pub(super) kernel: &'a Path,
    pub(super) initramfs: &'a Path,
    pub(super) store_directory: &'a Path,
    pub(super) exchange: &'a Path,
    pub(super) disk: Option<Disk<'a>>,
    pub(super) console: Console<'a>,
    pub(super) scratch: &'a Path,
    /// Of the user, at the end.
    pub(super) options: &'a [String],
}

impl Assembly<'_> {
    /// QEMU's arguments, the program's name left out.
    pub(super) fn arguments(&self) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        // A panic reboots, and without a reboot QEMU ends.
        words.extend(["-nodefaults", "-no-user-config", "-no-reboot"].map(str::to_owned));
        let mut pair = |option: &str, value: String| words.extend([option.to_owned(), value]);
        let (accelerator, model) = match self.acceleration {
            Acceleration::Kvm => ("kvm", "host"),
            Acceleration::Tcg => (TRANSLATION, TRANSLATED_MODEL),
        };
        pair("-machine", "q35".into());
        pair("-accel", accelerator.into());
        pair("-cpu", model.into());
        pair("-smp", self.cpus.to_string());
        pair("-m", format!("{}M", self.memory_mib));
        pair("-display", "none".into());
        pair("-kernel", text(self.kernel));
        pair("-initrd", text(self.initramfs));
        pair("-append", self.kernel_command_line());
        pair("-chardev", self.console());
        pair("-serial", "chardev:console".into());
        pair("-device", "virtio-rng-pci".into());
        pair("-device", "virtio-serial-pci".into());
        for (id, socket, name) in
            [("output", OUTPUT_SOCKET, OUTPUT_PORT), ("control", CONTROL_SOCKET, CONTROL_PORT)]
        {
            pair("-chardev", format!("socket,id={id},path={}", value(&self.scratch.join(socket))));
            pair("-device", format!("virtserialport,chardev={id},name={name}"));
        }
        for (tag, path) in [(STORE, self.store_directory), (EXCHANGE, self.exchange)] {
            // `none`: files have the owner that the build has, since a build may not give them another one.
            pair(
                "-virtfs",
                format!("local,path={},mount_tag={tag},security_model=none,multidevs=remap", value(path)),
            );
        }
        if let Some(disk) = &self.disk {
            let writes = match disk.writes {
                DiskWrites::Kept => "",
                DiskWrites::Discarded => ",snapshot=on",
                DiskWrites::Refused => ",readonly=on",
            };
            pair(
                "-drive",
                format!(
                    "file={},format={},if=virtio,cache=unsafe,werror=report{writes}",
                    value(disk.file),
                    disk.format
                ),
            );
        }
        words.extend(self.options.iter().cloned());
        words
    }

    fn console(&self) -> String {
        match self.console {
            Console::File(file) => format!("file,id=console,path={}", value(file)),
            Console::Terminal => "stdio,id=console,mux=on,signal=off".into(),
        }
    }

    fn kernel_command_line(&self) -> String {
        let mut words = vec![
            "console=ttyS0",
            "loglevel=6",
            "panic=-1",
            // What protects from other users of the machine, or tests the kernel itself.
            "mitigations=off",
            "audit=0",
            "apparmor=0",
            "selinux=0",
            "nowatchdog",
            "cryptomgr.notests=1",
        ];
        if self.acceleration == Acceleration::Tcg {
            // On a loaded host a translated processor's counter runs unevenly, and a busy loop that looks for
            // the timer's interrupts finds none.
            words.extend(["no_timer_check", "tsc=unstable", "clocksource=hpet"]);
        }
        words.join(" ")
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// In QEMU's options a comma inside a value is written twice.
fn value(path: &Path) -> String {
    path.to_string_lossy().replace(',', ",,")
}
