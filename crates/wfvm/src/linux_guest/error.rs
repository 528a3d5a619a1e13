use std::{fmt, path::PathBuf};

use crate::{
    accelerator::NoKvm,
    blame::Blame,
    phase::Phase,
    tool::ToolError,
    wait::{Cause, WaitError},
};

/// A build in a guest that failed: where, why, and what is left to look at.
#[derive(Debug)]
pub struct LinuxFailure {
    /// The derivation's name.
    pub name: String,
    /// The phase in which it happened.
    pub phase: Phase,
    /// Why.
    pub error: LinuxError,
    /// The program that the kernel killed, because there was no memory left.
    pub out_of_memory: Option<String>,
    /// The guest's memory in MiB.
    pub memory_mib: u64,
    /// Where the console's log and `run-vm` are, if a guest had run.
    pub evidence: Option<PathBuf>,
}

impl LinuxFailure {
    /// The status that says it: the builder's own code, or whose move it is.
    #[must_use]
    pub fn exit_status(&self) -> u8 {
        if let LinuxError::Builder { code } = self.error {
            return u8::try_from(code).unwrap_or(1);
        }
        self.error.blame().exit_status()
    }
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum LinuxError {
    /// KVM was asked for.
    #[error(transparent)]
    Accelerator(#[from] NoKvm),
    /// QEMU, `qemu-img` or bash.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// A file or socket of the host's.
    #[error(transparent)]
    Host(#[from] std::io::Error),
    /// The author's bash on the host.
    #[error("`{name}` {how}")]
    Hook {
        /// Which.
        name: &'static str,
        /// What became of it.
        how: String,
    },
    /// The disk is not there.
    #[error("`diskImage`: there is no {}", file.display())]
    NoDisk {
        /// What was looked for.
        file: PathBuf,
    },
    /// QEMU ended in another way than a guest ends it, or what was waited for did not come.
    #[error(transparent)]
    Wait(#[from] WaitError),
    /// The kernel panicked.
    #[error("the guest's kernel panicked: {words}")]
    Panic {
        /// Its words.
        words: String,
    },
    /// The machine was off before the builder had ended.
    #[error("the guest ended without the builder's exit code")]
    NoExitCode,
    /// The guest could not come so far as to run the builder.
    #[error("the guest could not be set up: {why}")]
    SetUp {
        /// What the guest's init said.
        why: String,
    },
    /// The guest has no such program.
    #[error("the guest could not start the builder: {why}")]
    NoBuilder {
        /// What the guest's init said.
        why: String,
    },
    /// It ended with another code than 0.
    #[error("the builder ended with {}", builder_end(*code))]
    Builder {
        /// The code; a signal is 128 and its number.
        code: i32,
    },
}

fn builder_end(code: i32) -> String {
    if code > 128 { format!("exit code {code} (signal {})", code - 128) } else { format!("exit code {code}") }
}

impl LinuxError {
    /// Whose move it is.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::Accelerator(_) | Self::Tool(_) | Self::Host(_) => Blame::Host,
            Self::Hook { .. } | Self::NoDisk { .. } | Self::NoBuilder { .. } => Blame::Input,
            Self::Wait(error) => error.cause.blame(),
            Self::Panic { .. } | Self::NoExitCode | Self::SetUp { .. } | Self::Builder { .. } => Blame::Guest,
        }
    }
}

impl fmt::Display for LinuxFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}\n  phase     {} of {}", self.error, self.phase, self.name)?;
        if let Some(evidence) = &self.evidence {
            write!(
                formatter,
                "\n  console   {0}/console.log\n  replay    {0}/run-vm, a shell in the same guest\n  evidence  {0}, which `--keep-failed` keeps",
                evidence.display()
            )?;
        }
        if let Some(program) = &self.out_of_memory {
            let memory = self.memory_mib;
            return write!(
                formatter,
                "\n\nhint: the guest's memory was full, and its kernel killed `{program}`. `memSize` is {memory} MiB, \
                 which holds the files of the guest's root and of /tmp as well"
            );
        }
        match &self.error {
            LinuxError::Accelerator(_) => write!(
                formatter,
                "\n\nhint: `accelerator = \"tcg\"` in the derivation translates instead, some twenty times slower; \
                 for KVM in a virtual machine, nested virtualisation must work"
            ),
            LinuxError::Wait(WaitError { cause: Cause::Deadline(_), .. }) => {
                write!(
                    formatter,
                    "\n\nhint: a loaded or slow host may need a longer time, which the derivation's attribute of that name gives"
                )
            }
            LinuxError::NoBuilder { .. } => write!(
                formatter,
                "\n\nhint: the guest has the store and its own root; a builder outside of the store must be in the disk's root"
            ),
            LinuxError::Wait(_)
            | LinuxError::Tool(_)
            | LinuxError::Host(_)
            | LinuxError::Hook { .. }
            | LinuxError::NoDisk { .. }
            | LinuxError::Panic { .. }
            | LinuxError::NoExitCode
            | LinuxError::SetUp { .. }
            | LinuxError::Builder { .. } => Ok(()),
        }
    }
}

impl std::error::Error for LinuxFailure {}
