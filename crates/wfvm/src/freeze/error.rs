use std::{fmt, io};

use crate::{
    blame::Blame, boot::GuestError, drives::DrivesError, evidence::Evidence, exchange::ExchangeError,
    phase::Phase, qemu::QemuError, qmp::QmpError, store_volume::PlanError, template::TemplateError,
    tool::ToolError, wait::WaitError,
};

/// A template that could not be made: where, why, and what is left to look at.
#[derive(Debug)]
pub struct FreezeFailure {
    /// The template's name.
    pub name: String,
    /// The phase in which it happened.
    pub phase: Phase,
    /// Why.
    pub error: FreezeError,
    /// What was collected, if a machine had run.
    pub evidence: Option<Evidence>,
}

impl fmt::Display for FreezeFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}\n  phase     {} of {}", self.error, self.phase, self.name)?;
        if let Some(evidence) = &self.evidence {
            write!(formatter, "\n{evidence}")?;
        }
        self.error.hint().map_or(Ok(()), |hint| write!(formatter, "\n\nhint: {hint}"))
    }
}

impl std::error::Error for FreezeFailure {}

/// Why there is no template.
#[derive(Debug, thiserror::Error)]
pub enum FreezeError {
    /// The image is not there.
    #[error("image: {0}")]
    Image(io::Error),
    /// A file of the host failed.
    #[error(transparent)]
    File(#[from] io::Error),
    /// The exchange drive that the guest is shown could not be made.
    #[error("the exchange drive: {0}")]
    Exchange(#[from] ExchangeError),
    /// The store drive that the guest is shown could not be made.
    #[error("the store drive cannot be made: {0}")]
    Plan(#[from] PlanError),
    /// The guest does not give drives their letters.
    #[error(transparent)]
    Drives(#[from] DrivesError),
    /// `qemu-img` failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The machine failed, or the guest in it.
    #[error(transparent)]
    Guest(GuestError),
    /// What was written is not a template.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A command of the warm-up failed.
    #[error("warmUp: `{line}` ended with exit code {code}{}", if .said.is_empty() { String::new() } else { format!(": {said}") })]
    WarmUp {
        /// The command line.
        line: String,
        /// Its exit code.
        code: u32,
        /// What it wrote.
        said: String,
    },
    /// The clone is not the guest that was frozen.
    #[error(
        "the clone does not know the nonce that was in the template's memory, so it has booted; it said: {said}"
    )]
    NoNonce {
        /// Its answer.
        said: String,
    },
    /// The machine or the template is gone without an error.
    #[error("what was just made is not there any more")]
    Lost,
}

impl FreezeError {
    /// Whose move it is.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::Image(_) => Blame::Input,
            Self::File(_) | Self::Tool(_) => Blame::Host,
            Self::Exchange(error) => error.blame(),
            Self::Plan(error) => error.blame(),
            Self::Drives(error) => error.blame(),
            Self::Guest(error) => error.blame(),
            Self::Template(error) => error.blame(),
            Self::WarmUp { .. } | Self::NoNonce { .. } => Blame::Guest,
            Self::Lost => Blame::Bug,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Guest(error) => error.hint(),
            Self::Drives(error) => error.hint(),
            Self::Template(error) => error.hint(),
            Self::Image(_)
            | Self::File(_)
            | Self::Exchange(_)
            | Self::Plan(_)
            | Self::Tool(_)
            | Self::WarmUp { .. }
            | Self::NoNonce { .. }
            | Self::Lost => None,
        }
    }
}

impl From<QemuError> for FreezeError {
    fn from(error: QemuError) -> Self {
        Self::Guest(error.into())
    }
}

impl From<QmpError> for FreezeError {
    fn from(error: QmpError) -> Self {
        Self::Guest(error.into())
    }
}

impl From<WaitError> for FreezeError {
    fn from(error: WaitError) -> Self {
        Self::Guest(error.into())
    }
}

impl From<GuestError> for FreezeError {
    fn from(error: GuestError) -> Self {
        Self::Guest(error)
    }
}
