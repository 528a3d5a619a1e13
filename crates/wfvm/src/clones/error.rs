use std::{fmt, io};

use super::{Told, report};
use crate::{
    blame::Blame, boot::GuestError, build::ExitCode, evidence::Evidence, session::SessionError,
    template::TemplateError,
};

/// Why a command is no success.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// Its own word.
    #[error("it ended with exit code {0}")]
    ExitCode(ExitCode),
    /// Another one failed before its turn came.
    #[error("it was not begun, since another one had failed")]
    NotBegun,
    /// The guest went away.
    #[error("its guest shut down before it had ended, so there is no exit code")]
    ShutDown,
    /// The guest began anew, and the command with it.
    #[error("its guest restarted before it had ended, so there is no exit code")]
    Restarted,
    /// The machine failed, or the guest in it, or a deadline passed.
    #[error(transparent)]
    Guest(GuestError),
}

impl Problem {
    /// Whose move it is.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::ExitCode(_) | Self::NotBegun | Self::ShutDown | Self::Restarted => Blame::Guest,
            Self::Guest(error) => error.blame(),
        }
    }

    pub(super) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::ExitCode(ExitCode(9009)) => Some(
                "programs come with a layer of the image, or by `files`, and are called by their names there",
            ),
            Self::ExitCode(_) | Self::NotBegun | Self::ShutDown | Self::Restarted => None,
            Self::Guest(error) => error.hint(),
        }
    }
}

impl<E> From<E> for Problem
where
    GuestError: From<E>,
{
    fn from(error: E) -> Self {
        Self::Guest(error.into())
    }
}

/// No result, and why.
#[derive(Debug)]
pub enum ClonesFailure {
    /// There is neither a template nor an image.
    Image(TemplateError),
    /// What each guest was to be given cannot be given.
    File(SessionError),
    /// The result cannot be written.
    Result(io::Error),
    /// Commands failed, and all have ended.
    Commands {
        /// The name of them all.
        name: String,
        /// All of them.
        told: Vec<Told>,
    },
}

impl ClonesFailure {
    /// Whose move it is.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::Image(error) => error.blame(),
            Self::File(error) => error.blame(),
            Self::Result(_) => Blame::Host,
            Self::Commands { told, .. } => report::blame(told),
        }
    }

    /// What is left of machines.
    #[must_use]
    pub fn evidence(&self) -> Vec<&Evidence> {
        match self {
            Self::Image(_) | Self::File(_) | Self::Result(_) => Vec::new(),
            Self::Commands { told, .. } => told.iter().filter_map(|told| told.evidence.as_ref()).collect(),
        }
    }
}

impl fmt::Display for ClonesFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(error) => {
                write!(formatter, "image: {error}")?;
                error.hint().map_or(Ok(()), |hint| write!(formatter, "\n\nhint: {hint}"))
            }
            Self::File(error) => write!(formatter, "files: {error}"),
            Self::Result(error) => write!(formatter, "the result cannot be written: {error}"),
            Self::Commands { name, told } => formatter.write_str(&report::page(name, told)),
        }
    }
}

impl std::error::Error for ClonesFailure {}
