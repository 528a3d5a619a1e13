//! Why what came out of a guest is no output.

use std::{fmt, io};

use crate::{
    blame::Blame,
    exchange::{ExchangeError, Kind},
};

/// Names that a message lists.
const SHOWN: usize = 20;

/// Why what came out of a guest is no output. A path begins with the output's name.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// What the host did not let us do.
    #[error("{source}")]
    Host {
        /// What the system said, with the path.
        source: io::Error,
    },
    /// Two outputs that have one name in Windows.
    #[error("the outputs `{output}` and `{other}` differ in case alone: Windows takes them for one")]
    SameOutput {
        /// The second.
        output: String,
        /// The first.
        other: String,
    },
    /// The exchange area cannot be read.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// The stream from the guest broke off.
    #[error("output `{output}`: the stream from the guest broke off: {source}")]
    Stream {
        /// The output.
        output: String,
        /// What was said of it.
        source: io::Error,
    },
    /// The stream from the guest is no archive.
    #[error("output `{output}`: the guest's archive is damaged: {problem}")]
    Archive {
        /// The output.
        output: String,
        /// What is wrong.
        problem: String,
    },
    /// There is no directory with outputs.
    #[error("the guest left no directory `{directory}` in the exchange area, and so no output")]
    NoDirectory {
        /// The directory.
        directory: String,
    },
    /// An output is not there.
    #[error("the guest made no output `{output}`; {instead}")]
    Missing {
        /// The output.
        output: String,
        /// What is where it should be.
        instead: Instead,
    },
    /// A name that Windows or the store does not have.
    #[error("`{path}` cannot be in an output: {problem}")]
    Name {
        /// The file.
        path: String,
        /// Which name of it, and what is wrong with it.
        problem: String,
    },
    /// Two names that differ in case alone.
    #[error("`{path}` and `{other}` differ in case alone: Windows takes them for one file")]
    Case {
        /// The second.
        path: String,
        /// The first.
        other: String,
    },
    /// A path that comes twice.
    #[error("`{path}` is there twice, or is below what is no directory")]
    Twice {
        /// The path.
        path: String,
    },
    /// A link that leads out of its output.
    #[error("`{path}` is a link to `{target}`, which {problem}")]
    Link {
        /// The link.
        path: String,
        /// Where it leads.
        target: String,
        /// What is wrong with that.
        problem: &'static str,
    },
    /// What no store has.
    #[error("`{path}` is {what}, and an output has files, directories and links alone")]
    Special {
        /// The path.
        path: String,
        /// What it is.
        what: &'static str,
    },
    /// More than there may be.
    #[error("output `{output}` has more than {most} {what}: the first one over is `{path}`")]
    Limit {
        /// The output.
        output: String,
        /// Where there were too many.
        path: String,
        /// Of what.
        what: &'static str,
        /// How many there may be.
        most: u64,
    },
    /// A file that is not as long as its entry says.
    #[error("`{path}` has fewer or more bytes than its entry says, {bytes}")]
    Length {
        /// The file.
        path: String,
        /// What its entry says.
        bytes: u64,
    },
}

impl OutputError {
    /// Whose move it is.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::Host { .. } => Blame::Host,
            Self::SameOutput { .. } => Blame::Input,
            Self::Exchange(error) => error.blame(),
            Self::Stream { .. }
            | Self::Archive { .. }
            | Self::NoDirectory { .. }
            | Self::Missing { .. }
            | Self::Name { .. }
            | Self::Case { .. }
            | Self::Twice { .. }
            | Self::Link { .. }
            | Self::Special { .. }
            | Self::Limit { .. }
            | Self::Length { .. } => Blame::Guest,
        }
    }
}

pub(super) fn host(source: io::Error) -> OutputError {
    OutputError::Host { source }
}

/// What is in a place instead of what should be: all names, and the first of them with sizes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Instead {
    /// How many there are.
    pub count: usize,
    /// The first of them.
    pub first: Vec<(String, Kind)>,
}

impl Instead {
    pub(super) fn of(entries: impl IntoIterator<Item = (String, Kind)>) -> Self {
        let mut instead = Self::default();
        for entry in entries {
            instead.count += 1;
            if instead.first.len() < SHOWN {
                instead.first.push(entry);
            }
        }
        instead
    }
}

impl fmt::Display for Instead {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first.is_empty() {
            return formatter.write_str("nothing is where it should be");
        }
        formatter.write_str("instead there is:")?;
        for (name, kind) in &self.first {
            match kind {
                Kind::Directory => write!(formatter, "\n  {name}/")?,
                Kind::File { bytes } => write!(formatter, "\n  {name} ({bytes} bytes)")?,
            }
        }
        match self.count - self.first.len() {
            0 => Ok(()),
            more => write!(formatter, "\n  and {more} more"),
        }
    }
}
