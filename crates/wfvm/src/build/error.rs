use std::{fmt, io};

use super::{ExitCode, derivation::DerivationError, launcher::LaunchError};
use crate::{
    blame::Blame, boot::GuestError, drives::DrivesError, evidence::Evidence, exchange::ExchangeError,
    outputs::OutputError, phase::Phase, script::ScriptError, store_volume::PlanError,
    template::TemplateError, tool::ToolError,
};

/// A build that failed: where, why, and what is left to look at.
#[derive(Debug)]
pub struct BuildFailure {
    /// The derivation's name.
    pub name: String,
    /// The phase in which it happened.
    pub phase: Phase,
    /// Why.
    pub error: BuildError,
    /// The end of what the command wrote.
    pub last_lines: Vec<String>,
    /// What was collected, if a machine had run.
    pub evidence: Option<Evidence>,
}

impl BuildFailure {
    /// The failure as JSON.
    pub(super) fn report(&self) -> String {
        let code = if let BuildError::ExitCode { code, .. } = &self.error { Some(code.0) } else { None };
        let report = serde_json::json!({
            "name": self.name,
            "phase": self.phase.word(),
            "error": self.error.to_string(),
            "exitStatus": self.error.blame().exit_status(),
            "exitCode": code,
            "lastLines": self.last_lines,
        });
        format!("{report:#}\n")
    }
}

impl fmt::Display for BuildFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}\n  phase     {} of {}", self.error, self.phase, self.name)?;
        if !self.last_lines.is_empty() {
            write!(formatter, "\n  output    ends with")?;
            for line in &self.last_lines {
                write!(formatter, "\n            | {line}")?;
            }
        }
        if let Some(evidence) = &self.evidence {
            write!(formatter, "\n{evidence}")?;
        }
        match self.error.hint() {
            Some(hint) => write!(formatter, "\n\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for BuildFailure {}

/// Why a build failed.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The derivation cannot be built in Windows.
    #[error(transparent)]
    Derivation(#[from] DerivationError),
    /// Its command cannot be written down.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// The builder is a program of Linux.
    #[error("the builder `{builder}` is an ELF file, which Windows does not run")]
    Elf {
        /// The builder.
        builder: String,
    },
    /// Nobody said what to run.
    #[error("no builder stands behind `--` on the command line, which `command` = `verbatim` runs")]
    NoBuilder,
    /// The builder is not there.
    #[error("builder: {0}")]
    Builder(io::Error),
    /// No script.
    #[error("the derivation has no `buildCommand`, which `command.script` runs")]
    NoScript,
    /// The image is not there.
    #[error("image: {0}")]
    Image(TemplateError),
    /// The list of the closure is not there.
    #[error("closure: {0}")]
    Closure(io::Error),
    /// The closure cannot be shown.
    #[error("the store drive cannot be made: {0}")]
    Plan(#[from] PlanError),
    /// The closure could not be served.
    #[error("the store drive failed: {0}")]
    Store(io::Error),
    /// The exchange drive.
    #[error("the exchange drive: {0}")]
    Exchange(#[from] ExchangeError),
    /// A program of the host failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// There is no shell.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// The text of `preVM` or `postVM` failed.
    #[error("`{hook}` failed: {problem}")]
    Hook {
        /// Which.
        hook: &'static str,
        /// How.
        problem: String,
    },
    /// The guest does not show a drive.
    #[error(transparent)]
    Drives(#[from] DrivesError),
    /// The machine failed, or the guest in it.
    #[error(transparent)]
    Guest(GuestError),
    /// The command failed.
    #[error("the builder ended with exit code {code}{}", circumstances(.room, .large.as_ref()))]
    ExitCode {
        /// Its code.
        code: ExitCode,
        /// What was free on drives of the guest then, in bytes.
        room: Vec<(char, u64)>,
        /// A file of the exchange drive that is as large as FAT lets it be.
        large: Option<(String, u64)>,
    },
    /// An output could not be packed.
    #[error("the guest could not pack the output `{output}`: tar ended with exit code {code}")]
    Pack {
        /// The output.
        output: String,
        /// tar's code.
        code: ExitCode,
    },
    /// An output could not be unpacked.
    #[error("the output's stream was given up: {0}")]
    Unpack(String),
    /// The guest left no exit code of this run.
    #[error("the guest left no exit code: `in-vm-exit` on the exchange drive says `{text}`")]
    NoExitCode {
        /// What is in the file.
        text: String,
    },
    /// The guest went away.
    #[error("the guest shut down before the builder had ended, so there is no exit code")]
    ShutDown,
    /// The outputs are not what they should be.
    #[error(transparent)]
    Output(#[from] OutputError),
}

/// Below this a disk counts as full, in bytes.
const FULL: u64 = 16 << 20;

/// What may have been the reason.
fn circumstances(room: &[(char, u64)], large: Option<&(String, u64)>) -> String {
    let full = room.iter().filter(|(_, bytes)| *bytes < FULL);
    let mut told: Vec<String> =
        full.map(|(letter, bytes)| format!("; {letter}: is full, with {} KiB left", bytes >> 10)).collect();
    told.extend(large.map(|(path, bytes)| {
        format!("; `{path}` on the exchange drive has {bytes} bytes, and FAT takes no file of 4 GiB (`outputPlace = \"system\"` does)")
    }));
    told.concat()
}

impl BuildError {
    /// Whose move it is.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::Derivation(_)
            | Self::Launch(_)
            | Self::Elf { .. }
            | Self::Builder(_)
            | Self::NoScript
            | Self::NoBuilder
            | Self::Closure(_)
            | Self::Hook { .. } => Blame::Input,
            Self::Image(error) => error.blame(),
            Self::Plan(error) => error.blame(),
            Self::Store(_) | Self::Tool(_) | Self::Script(_) | Self::Unpack(_) => Blame::Host,
            Self::Exchange(error) => error.blame(),
            Self::Guest(error) => error.blame(),
            Self::Drives(error) => error.blame(),
            Self::ExitCode { .. } | Self::Pack { .. } | Self::NoExitCode { .. } | Self::ShutDown => {
                Blame::Guest
            }
            Self::Output(error) => error.blame(),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Guest(error) => error.hint(),
            Self::Image(error) => error.hint(),
            Self::Drives(error) => error.hint(),
            Self::ExitCode { code: ExitCode(3010 | 1641), .. } => {
                Some("`successExitCodes = [ 0 3010 1641 ]` takes a wanted restart for success")
            }
            Self::ExitCode { code: ExitCode(9009), .. } => Some(
                "programs come with a layer of the image, or as inputs that are called by their store paths",
            ),
            Self::Elf { .. } => Some(
                "`builder` names a program of the guest (`cmd.exe`) or a store path that ends in \
                 .exe, .cmd, .bat or .ps1; `buildCommand` is run by the shell of `windowsShell`",
            ),
            Self::ShutDown => Some("`expectShutdown = true` takes this for the end of the build"),
            Self::Derivation(_)
            | Self::Launch(_)
            | Self::Builder(_)
            | Self::NoScript
            | Self::NoBuilder
            | Self::Closure(_)
            | Self::Plan(_)
            | Self::Store(_)
            | Self::Exchange(_)
            | Self::Tool(_)
            | Self::Script(_)
            | Self::Hook { .. }
            | Self::ExitCode { .. }
            | Self::Pack { .. }
            | Self::Unpack(_)
            | Self::NoExitCode { .. }
            | Self::Output(_) => None,
        }
    }
}

impl<E> From<E> for BuildError
where
    GuestError: From<E>,
{
    fn from(error: E) -> Self {
        Self::Guest(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_drive_and_a_file_at_fats_limit_are_told() {
        let told = circumstances(&[('C', 1 << 40), ('X', 5 << 10)], Some(&("out/big".into(), 4_294_967_295)));
        assert!(told.starts_with("; X: is full, with 5 KiB left; `out/big` on"), "{told}");
        assert_eq!(circumstances(&[('C', 1 << 40)], None), "");
    }
}
