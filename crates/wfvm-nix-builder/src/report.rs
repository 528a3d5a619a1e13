//! How a task ended becomes text on standard error and an exit status.

use std::{io::Write as _, process::ExitCode};

use wfvm::blame::Blame;

/// How a task ended.
pub(crate) type Outcome = Result<ExitCode, Failure>;

/// A failure as a person reads it.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The page: first line what, then where, then what to do.
    pub(crate) page: String,
    /// The exit status.
    pub(crate) status: u8,
}

impl Failure {
    /// A failure by whose move it is.
    #[expect(clippy::needless_pass_by_value, reason = "an error is handed over at the end of its life")]
    pub(crate) fn new(page: impl ToString, blame: Blame) -> Self {
        Self { page: page.to_string(), status: blame.exit_status() }
    }
}

/// Tells the end. Its last lines are what Nix shows of a failed build.
pub(crate) fn conclude(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(code) => code,
        Err(failure) => {
            // A closed stderr leaves the status, which says enough.
            let _ = writeln!(std::io::stderr(), "error: {}", failure.page.trim_end());
            ExitCode::from(failure.status)
        }
    }
}
