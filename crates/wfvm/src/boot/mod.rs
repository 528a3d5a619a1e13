//! From an installed image to a guest that takes commands, and back to a machine that is off.

#[cfg(feature = "script")]
mod clock;
#[cfg(feature = "script")]
mod guest;
#[cfg(feature = "script")]
mod hosts;

#[cfg(feature = "script")]
pub use guest::{Boot, Guest, Start};

#[cfg(feature = "script")]
use crate::template::TemplateError;
use crate::{
    accelerator::NoKvm,
    blame::Blame,
    progress::Progress,
    qemu::{Qemu, QemuError},
    qmp::QmpError,
    session::SessionError,
    wait::{self, Cause, Deadline, WaitError},
};

/// What ends the guest, without the half minute of grace that `shutdown` gives by default.
pub const SHUTDOWN_COMMAND: &str = "shutdown /s /t 0 /f";

/// Why there is no guest that takes commands, or no clean end of it.
#[derive(Debug, thiserror::Error)]
pub enum GuestError {
    /// KVM was asked for.
    #[error(transparent)]
    Accelerator(#[from] NoKvm),
    /// The template is damaged.
    #[cfg(feature = "script")]
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A file of the host failed.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// No machine.
    #[error(transparent)]
    Machine(#[from] QemuError),
    /// The machine protocol failed.
    #[error(transparent)]
    Qmp(#[from] QmpError),
    /// What was waited for cannot come.
    #[error(transparent)]
    Wait(#[from] WaitError),
    /// The logon failed.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// QEMU ended, but not because the guest did.
    #[error("QEMU ended ({how}) although the guest had not shut down, so the disk may be incomplete")]
    Killed {
        /// How.
        how: String,
    },
}

impl GuestError {
    /// Whose move it is.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::Accelerator(_) | Self::File(_) | Self::Qmp(_) | Self::Killed { .. } => Blame::Host,
            Self::Machine(error) => error.blame(),
            #[cfg(feature = "script")]
            Self::Template(error) => error.blame(),
            Self::Wait(error) => error.cause.blame(),
            Self::Session(error) => error.blame(),
        }
    }

    /// What may help.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Accelerator(_) => Some(
                "`accelerator = \"tcg\"` translates instead, some twenty times slower; \
                 for KVM in a virtual machine, nested virtualisation must work",
            ),
            Self::Wait(WaitError { cause: Cause::Deadline(_), .. }) => {
                Some("a loaded or slow host may need a longer deadline in `timeouts`")
            }
            #[cfg(feature = "script")]
            Self::Template(error) => error.hint(),
            Self::Wait(_)
            | Self::File(_)
            | Self::Machine(_)
            | Self::Qmp(_)
            | Self::Session(_)
            | Self::Killed { .. } => None,
        }
    }
}

/// Where a person finds the screen of a machine that shows it by VNC.
///
/// # Errors
/// [`QmpError`].
pub async fn tell_screen(machine: &Qemu, progress: &Progress) -> Result<(), QmpError> {
    let address = machine.vnc_address().await?.unwrap_or_else(|| "no address".into());
    progress.line(&format!("  the screen is shown by VNC at {address}"));
    Ok(())
}

/// Ends the guest by `order`, or by the power button if that is refused or lost, and waits for
/// QEMU's end.
///
/// # Errors
/// [`GuestError`].
pub async fn power_off(
    machine: &Qemu,
    order: impl Future<Output = Result<u32, SessionError>>,
    deadline: Deadline,
) -> Result<(), GuestError> {
    let signs = machine.signs();
    let order = async {
        // The guest may be gone before it answers; a refusal leaves the power button.
        match order.await {
            Ok(0) | Err(SessionError::NoExitCode { .. } | SessionError::Restarted) => Ok(()),
            Ok(_) | Err(_) => machine.power_button().await,
        }
    };
    let ended = async {
        let (ordered, ()) = tokio::join!(order, machine.ended());
        ordered
    };
    match wait::race("the end of the guest", ended, &signs, deadline).await {
        // QEMU's end is what was waited for.
        Ok(_) | Err(WaitError { cause: Cause::QemuExited(_), .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
