use std::fmt;

use crate::{
    blame::Blame, boot::GuestError, evidence::Evidence, phase::Phase, script::ScriptError,
    template::TemplateError,
};

/// A run that failed: where, why, and what is left to look at.
#[derive(Debug)]
pub struct RunFailure {
    /// The run's name.
    pub name: String,
    /// Which of several machines it was, from 1.
    pub machine: Option<usize>,
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
        if let Some(machine) = self.machine {
            write!(formatter, ", machine {machine}")?;
        }
        if let Some(evidence) = &self.evidence {
            write!(formatter, "\n{evidence}")?;
        }
        let hint = match &self.error {
            RunError::Guest(error) => error.hint(),
            RunError::Image(error) => error.hint(),
            RunError::Script(_) => None,
        };
        hint.map_or(Ok(()), |hint| write!(formatter, "\n\nhint: {hint}"))
    }
}

impl std::error::Error for RunFailure {}

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The image is not there, or is a template that is none.
    #[error("image: {0}")]
    Image(TemplateError),
    /// The machine failed, or the guest in it.
    #[error(transparent)]
    Guest(GuestError),
    /// The script could not be run.
    #[error(transparent)]
    Script(#[from] ScriptError),
}

impl RunError {
    /// Whose move it is.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::Image(error) => error.blame(),
            Self::Guest(error) => error.blame(),
            Self::Script(_) => Blame::Host,
        }
    }
}

impl<E> From<E> for RunError
where
    GuestError: From<E>,
{
    fn from(error: E) -> Self {
        Self::Guest(error.into())
    }
}
