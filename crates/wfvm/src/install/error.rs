use std::fmt;

use crate::{
    accelerator::NoKvm,
    answer_file::AnswerFileError,
    blame::Blame,
    boot::BootError,
    evidence::Evidence,
    media::{MediaError, PatchOutside},
    phase::Phase,
    preflight::Finding,
    qemu::QemuError,
    qmp::QmpError,
    session::SessionError,
    tool::ToolError,
    wait::WaitError,
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
    Preflight(Vec<Finding>),
    /// A value that Setup would refuse.
    #[error("the spec has values that Windows Setup would refuse:{}", refused(.0))]
    AnswerFile(Vec<AnswerFileError>),
    /// The answer medium cannot be made.
    #[error(transparent)]
    AnswerMedium(#[from] MediaError),
    /// The medium's boot catalog cannot be overlaid.
    #[error(transparent)]
    BootCatalog(#[from] PatchOutside),
    /// KVM was asked for.
    #[error(transparent)]
    Accelerator(#[from] NoKvm),
    /// A program failed.
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
    /// The guest's end failed.
    #[error(transparent)]
    End(#[from] BootError),
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
            Self::Accelerator(_) | Self::Tool(_) | Self::File(_) | Self::Qmp(_) => Blame::Host,
            Self::End(error) => error.blame(),
            Self::Machine(error) => error.blame(),
            Self::Wait(error) => error.cause.blame(),
            Self::Session(error) => error.blame(),
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
            Self::Accelerator(_) => Some(
                "`accelerator = \"tcg\"` translates instead, some twenty times slower; \
                 for KVM in a virtual machine, nested virtualisation must work",
            ),
            Self::Wait(error) => match error.cause {
                crate::wait::Cause::Deadline(_) => {
                    Some("a loaded or slow host may need a longer deadline in `timeouts`")
                }
                crate::wait::Cause::Stalled(_)
                | crate::wait::Cause::GuestFailed(_)
                | crate::wait::Cause::HostFailed(_)
                | crate::wait::Cause::QemuExited(_) => None,
            },
            Self::Unreadable { .. }
            | Self::Medium { .. }
            | Self::Preflight(_)
            | Self::AnswerFile(_)
            | Self::AnswerMedium(_)
            | Self::BootCatalog(_)
            | Self::Tool(_)
            | Self::File(_)
            | Self::Machine(_)
            | Self::Qmp(_)
            | Self::Session(_)
            | Self::NotBootable
            | Self::RestartLoop { .. }
            | Self::EarlyShutdown { .. }
            | Self::End(_) => None,
        }
    }
}

fn listed(findings: &[Finding]) -> String {
    let lines = findings.iter().map(|finding| match &finding.advice[..] {
        "" => format!("\n  {finding}"),
        advice => format!("\n  {finding}\n    {advice}"),
    });
    lines.collect::<Vec<_>>().concat()
}

fn refused(problems: &[AnswerFileError]) -> String {
    problems.iter().map(|problem| format!("\n  {problem}")).collect::<Vec<_>>().concat()
}
