//! Lines by which a builder speaks to Nix: `@nix {…}` on standard error.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What a line begins with that Nix does not show but obey.
pub const AT_NIX_PREFIX: &str = "@nix ";

/// What a builder can say. Nix drops all else that a builder may try, except file transfers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "camelCase")]
pub enum LogMessage<'a> {
    /// A message, shown above the progress bar if its level is wanted.
    Msg {
        /// How important it is.
        level: VerbosityLevel,
        /// The text.
        msg: Cow<'a, str>,
    },
    /// The phase that the progress bar and `nix log` name.
    SetPhase {
        /// Its name.
        phase: Cow<'a, str>,
    },
}

/// How important a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum VerbosityLevel {
    /// 0
    Error,
    /// 1: the last that `--quiet` shows.
    Warn,
    /// 2
    Notice,
    /// 3: what is shown by default.
    Info,
}

impl From<VerbosityLevel> for u8 {
    fn from(level: VerbosityLevel) -> Self {
        match level {
            VerbosityLevel::Error => 0,
            VerbosityLevel::Warn => 1,
            VerbosityLevel::Notice => 2,
            VerbosityLevel::Info => 3,
        }
    }
}

impl TryFrom<u8> for VerbosityLevel {
    type Error = String;

    fn try_from(level: u8) -> Result<Self, String> {
        match level {
            0 => Ok(Self::Error),
            1 => Ok(Self::Warn),
            2 => Ok(Self::Notice),
            3 => Ok(Self::Info),
            other => Err(format!("{other} is no level from 0 to 3")),
        }
    }
}

/// A line that is no message of Nix's protocol.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It does not begin with `@nix `.
    #[error("the line does not begin with `@nix `")]
    MissingPrefix,
    /// What follows is not one of these messages.
    #[error("the line's JSON is not a message")]
    Json(#[from] serde_json::Error),
}

impl<'a> LogMessage<'a> {
    /// Reads a line.
    ///
    /// # Errors
    /// [`Error`]
    pub fn from_json_str(line: &'a str) -> Result<Self, Error> {
        let json = line.strip_prefix(AT_NIX_PREFIX).ok_or(Error::MissingPrefix)?;
        Ok(serde_json::from_str(json)?)
    }
}

impl fmt::Display for LogMessage<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        write!(formatter, "{AT_NIX_PREFIX}{json}")
    }
}
