use std::fmt;

use crate::{
    blame::Blame,
    boot::GuestError,
    disk::CompactError,
    evidence::Evidence,
    phase::Phase,
    script::ScriptError,
    steps::{Outcome, Step},
    template::TemplateError,
    tool::ToolError,
};

/// A layer that failed: where, why, and what is left to look at.
#[derive(Debug)]
pub struct LayerFailure {
    /// The layer's name.
    pub name: String,
    /// The phase in which it happened.
    pub phase: Phase,
    /// Why.
    pub error: LayerError,
    /// The steps of the script that failed, in order.
    pub failures: Vec<Step>,
    /// What was collected, if a machine had run.
    pub evidence: Option<Evidence>,
}

impl fmt::Display for LayerFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "layer `{}`: {}\n  phase     {}", self.name, self.error, self.phase)?;
        for step in &self.failures {
            write!(formatter, "\n  step {:<4} {step}", step.number)?;
            for line in step.tail.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
                write!(formatter, "\n            | {line}")?;
            }
        }
        if let Some(evidence) = &self.evidence {
            write!(formatter, "\n{evidence}")?;
        }
        let of_guest = || {
            let LayerError::Guest(error) = &self.error else { return None };
            error.hint()
        };
        if let Some(hint) = self.failures.last().and_then(hint).or_else(of_guest) {
            write!(formatter, "\n\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for LayerFailure {}

/// What installers mean by codes that they do not explain (Microsoft, "Windows Installer Error
/// Messages", "MsiExec.exe and InstMsi.exe Error Messages").
fn hint(step: &Step) -> Option<&'static str> {
    let Outcome::Ended(code) = step.outcome else { return None };
    match code {
        1603 => Some("1603 is Windows Installer's general failure; `/l*v FILE` makes it write why"),
        1618 => Some("1618: another installation is under way in the guest"),
        9009 => Some("9009: cmd.exe found no such program"),
        _ => None,
    }
}

/// Why a layer failed.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// The image below cannot be read.
    #[error("parent: {0}")]
    Parent(TemplateError),
    /// A directory of programs is not there.
    #[error("searchPath: {0}")]
    SearchPath(std::io::Error),
    /// `qemu-img` failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The compact image could not be written.
    #[error(transparent)]
    Compact(#[from] CompactError),
    /// The machine failed, or the guest in it.
    #[error(transparent)]
    Guest(GuestError),
    /// The script could not be run.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// The script said so.
    #[error("its script ended with {0}")]
    Status(String),
    /// Requests were lost that the script did not answer for.
    #[error("{lost} of {all} requests of its script did not get through")]
    Lost {
        /// Those that failed other than by an exit code.
        lost: usize,
        /// All.
        all: usize,
    },
    /// The guest went away.
    #[error("the guest shut down in the middle of the script{}", while_running(.running))]
    ShutDown {
        /// What ran then.
        running: Vec<String>,
    },
}

fn while_running(running: &[String]) -> String {
    match running {
        [] => String::new(),
        running => format!(", while `{}` ran", running.join("`, `")),
    }
}

impl LayerError {
    /// Whose move it is.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::SearchPath(_) => Blame::Input,
            Self::Parent(error) => error.blame(),
            Self::Tool(_) | Self::Compact(_) | Self::Script(_) => Blame::Host,
            Self::Guest(error) => error.blame(),
            Self::Status(_) | Self::Lost { .. } | Self::ShutDown { .. } => Blame::Guest,
        }
    }
}

impl<E> From<E> for LayerError
where
    GuestError: From<E>,
{
    fn from(error: E) -> Self {
        Self::Guest(error.into())
    }
}
