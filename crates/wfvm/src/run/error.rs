use std::fmt;

use crate::{
    accelerator::NoKvm, blame::Blame, evidence::Evidence, phase::Phase, qemu::QemuError, qmp::QmpError,
    session::SessionError, tool::ToolError, wait::WaitError,
};

/// A run that failed: where, why, and what is left to look at.
#[derive(Debug)]
pub struct RunFailure {
    /// The run's name.
    pub name: String,
    /// The phase in which it happened.
    pub phase: Phase,
    /// Why.
    pub error: RunError,
    /// What was collected, if a machine had run.
    pub evidence: Option<Evidence>,
}

impl fmt::Display for RunFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}\n  phase     {} of {}", self.error, self.phase, self.name)?;
        match &self.evidence {
            Some(evidence) => write!(formatter, "\n{evidence}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for RunFailure {}

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The image is not there.
    #[error("image: {0}")]
    Image(std::io::Error),
    /// KVM was asked for.
    #[error(transparent)]
    Accelerator(#[from] NoKvm),
    /// A program could not be started.
    #[error(transparent)]
    Tool(#[from] ToolError),
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
}

impl RunError {
    /// Whose move it is.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::Image(_) => Blame::Input,
            Self::Accelerator(_) | Self::Tool(_) | Self::File(_) | Self::Qmp(_) => Blame::Host,
            Self::Machine(error) => error.blame(),
            Self::Wait(error) => error.cause.blame(),
            Self::Session(error) => error.blame(),
        }
    }
}
