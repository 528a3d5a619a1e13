//! The words for where a task is. Log, error, report and documentation use the same ones.

use std::fmt;

/// Where an installation or a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Spec against medium; no machine yet.
    Preflight,
    /// Answer file and media are written.
    Media,
    /// QEMU runs; the firmware looks for something to start.
    Firmware,
    /// Windows PE: disk, image, first reboot.
    WindowsPe,
    /// First start from the disk: the specialize pass.
    Specialize,
    /// The oobeSystem pass up to the first logon.
    OobeSystem,
    /// The first logon's commands.
    FirstLogon,
    /// Start of an installed system.
    Boot,
    /// The session is being authenticated.
    Session,
    /// The guest loads what its clones shall have in their memory, and comes to rest.
    Settle,
    /// The guest is stopped, with its memory.
    Freeze,
    /// A clone shows that the template works.
    Trial,
    /// The user's script.
    Script,
    /// The guest was told to shut down.
    Shutdown,
    /// The result is put in its place.
    Output,
}

impl Phase {
    /// The word, which is also Windows' own name of the configuration pass where there is one.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Media => "media",
            Self::Firmware => "firmware",
            Self::WindowsPe => "windowsPE",
            Self::Specialize => "specialize",
            Self::OobeSystem => "oobeSystem",
            Self::FirstLogon => "firstLogon",
            Self::Boot => "boot",
            Self::Session => "session",
            Self::Settle => "settle",
            Self::Freeze => "freeze",
            Self::Trial => "trial",
            Self::Script => "script",
            Self::Shutdown => "shutdown",
            Self::Output => "output",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}
