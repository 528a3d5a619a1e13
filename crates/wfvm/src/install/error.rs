use std::fmt;

use crate::{
    answer_file::AnswerFileError,
    blame::Blame,
    boot::GuestError,
    evidence::Evidence,
    media::{MediaError, PatchOutside},
    phase::Phase,
    preflight::{Severity, Verdict},
    tool::ToolError,
    windows_iso::IsoError,
};

/// An installation that failed: where, why, and what is left to look at.
#[derive(Debug)]
pub struct InstallFailure {
    /// The phase in which it happened.
    pub phase: Phase,
    /// Why.
    pub error: InstallError,
    /// What was collected, if a machine had run.
    pub evidence: Option<Evidence>,
}

impl fmt::Display for InstallFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}\n  phase     {}", self.error, self.phase)?;
        if let Some(evidence) = &self.evidence {
            write!(formatter, "\n{evidence}")?;
        }
        if let Some(hint) = self.error.hint() {
            write!(formatter, "\n\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for InstallFailure {}

/// Why an installation failed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// A file that the spec names cannot be read.
    #[error("{field}: {source}")]
    Unreadable {
        /// The field of the spec.
        field: String,
        /// What the host said; it names the file.
        source: std::io::Error,
    },
    /// The medium is not what it should be.
    #[error("installationMedium: {path}: {source}")]
    Medium {
        /// The medium.
        path: String,
        /// What is wrong with it.
        source: IsoError,
    },
    /// The spec and the medium do not fit together.
    #[error("the spec does not fit the medium:{}", listed(.0))]
    Preflight(Verdict),
    /// A value that Setup would refuse.
    #[error("the spec has values that Windows Setup would refuse:{}", refused(.0))]
    AnswerFile(Vec<AnswerFileError>),
    /// The answer medium cannot be made.
    #[error(transparent)]
    AnswerMedium(#[from] MediaError),
    /// The medium's boot catalog cannot be overlaid.
    #[error(transparent)]
    BootCatalog(#[from] PatchOutside),
    /// A program failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The machine failed, or the guest in it.
    #[error(transparent)]
    Guest(GuestError),
    /// After the image was applied, the firmware started the medium again.
    #[error("the firmware does not start the installed disk: it started the installation medium again")]
    NotBootable,
    /// The guest restarts again and again.
    #[error("the guest restarts again and again: {restarts} times so far")]
    RestartLoop {
        /// How often.
        restarts: u32,
    },
    /// The machine was switched off in the middle.
    #[error("the machine was switched off {} before the installation was over",
        if *.by_guest { "by the guest" } else { "from outside" })]
    EarlyShutdown {
        /// By whom.
        by_guest: bool,
    },
}

impl InstallError {
    /// Whose move it is.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::Unreadable { .. }
            | Self::Medium { .. }
            | Self::Preflight(_)
            | Self::AnswerFile(_)
            | Self::BootCatalog(_) => Blame::Input,
            Self::AnswerMedium(error) => match error {
                MediaError::Name { .. } | MediaError::Room { .. } => Blame::Input,
                MediaError::FileSystem { .. } => Blame::Bug,
            },
            Self::Tool(_) => Blame::Host,
            Self::Guest(error) => error.blame(),
            Self::NotBootable | Self::RestartLoop { .. } => Blame::Guest,
            Self::EarlyShutdown { by_guest } => {
                if *by_guest {
                    Blame::Guest
                } else {
                    Blame::Host
                }
            }
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Guest(error) => error.hint(),
            Self::Unreadable { .. }
            | Self::Medium { .. }
            | Self::Preflight(_)
            | Self::AnswerFile(_)
            | Self::AnswerMedium(_)
            | Self::BootCatalog(_)
            | Self::Tool(_)
            | Self::NotBootable
            | Self::RestartLoop { .. }
            | Self::EarlyShutdown { .. } => None,
        }
    }
}

impl<E> From<E> for InstallError
where
    GuestError: From<E>,
{
    fn from(error: E) -> Self {
        Self::Guest(error.into())
    }
}

/// What is refused first, each with its advice; then what else there is to know.
fn listed(verdict: &Verdict) -> String {
    let lines = verdict.findings.iter().map(|finding| {
        let mark = match finding.severity {
            Severity::Refusal => String::new(),
            Severity::Warning | Severity::Note => format!("{}: ", finding.severity.word()),
        };
        match &finding.advice[..] {
            "" => format!("\n  {mark}{finding}"),
            advice => format!("\n  {mark}{finding}\n    {advice}"),
        }
    });
    lines.collect()
}

fn refused(problems: &[AnswerFileError]) -> String {
    problems.iter().map(|problem| format!("\n  {problem}")).collect::<Vec<_>>().concat()
}
