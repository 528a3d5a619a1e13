use std::fmt;

use crate::{
    blame::Blame, boot::BootError, evidence::Evidence, phase::Phase, script::ScriptError, wait::WaitError,
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
    /// No guest.
    #[error(transparent)]
    Guest(#[from] BootError),
    /// The script could not be run.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// What was waited for cannot come.
    #[error(transparent)]
    Wait(#[from] WaitError),
}

impl RunError {
    /// Whose move it is.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::Image(_) => Blame::Input,
            Self::Guest(error) => error.blame(),
            Self::Script(_) => Blame::Host,
            Self::Wait(error) => error.cause.blame(),
        }
    }
}
