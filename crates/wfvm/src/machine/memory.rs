//! Memory that outlives its machine: one file, which a template's machine writes and each of its
//! clones maps for itself.

use std::path::PathBuf;

use super::{Acceleration, Assembly, Words, comma_free};

/// Where the guest's memory is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Memory {
    /// In QEMU's process, and gone with it.
    Anonymous,
    /// In a file that is to be a template's.
    Kept(PathBuf),
    /// In a template's file, which stays as it is; the devices' state is yet to come.
    Revived {
        /// The file.
        file: PathBuf,
        /// Whether it could be written. QEMU before 8.2 maps no other privately.
        writable: bool,
    },
}

/// The drive of the store in a machine that is frozen or revived: its medium comes and goes.
pub(super) const STORE_DRIVE: &str = "store-drive";

impl Assembly<'_> {
    pub(super) fn memory(&self, words: &mut Words) {
        let machine = self.machine;
        let backend = |file: &PathBuf, how: &str| {
            format!(
                "memory-backend-file,id=memory,size={}M,mem-path={},{how}",
                machine.memory_mib,
                comma_free(file)
            )
        };
        let object = match &self.memory {
            Memory::Anonymous => None,
            Memory::Kept(file) => Some(backend(file, "share=on")),
            Memory::Revived { file, writable: true } => Some(backend(file, "share=off")),
            // Read-only is the file, not the guest's memory.
            Memory::Revived { file, writable: false } => Some(backend(file, "share=off,readonly=on,rom=off")),
        };
        // Ticks that a busy host lost come later. Windows counts those of the RTC where it has no better clock.
        let driftfix = match self.acceleration {
            Acceleration::Kvm => ",driftfix=slew",
            Acceleration::Tcg => "",
        };
        let smm = if machine.secure_boot { ",smm=on" } else { "" };
        words.pair("-m", &format!("{}M", machine.memory_mib));
        let Some(object) = object else {
            words.pair("-machine", &format!("q35,hpet=off{smm}"));
            words.pair("-rtc", &format!("base={}{driftfix}", machine.rtc_base));
            return;
        };
        words.pair("-machine", &format!("q35,hpet=off{smm},memory-backend=memory"));
        words.pair("-object", &object);
        // A clock that stands still with its machine: a fixed date goes on from there in each clone.
        words.pair("-rtc", &format!("base={},clock=vm{driftfix}", machine.rtc_base));
        // Tells the guest that it is not the only one any more, so that its random numbers are its own.
        words.pair("-device", "vmgenid,guid=auto");
        words.pair("-device", &format!("ide-cd,id={STORE_DRIVE},bus=ide.3"));
        if matches!(self.memory, Memory::Revived { .. }) {
            words.pair("-incoming", "defer");
        }
    }
}
