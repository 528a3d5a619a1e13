//! `run`.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use wfvm::{progress::Progress, run, script::Surroundings, spec};

use super::{block_on, directory_of, display, interruptible, parse, read, reader, scratch, this};
use crate::{
    nix_env,
    report::{Failure, Outcome},
};

/// What to run.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The spec, a JSON file.
    #[arg(long)]
    spec: PathBuf,
    /// Where a failure leaves its evidence.
    #[arg(long, default_value = "evidence")]
    evidence: PathBuf,
    /// Show the guest's screen: in a window, or by VNC where there is none.
    #[arg(long)]
    display: bool,
}

impl Run {
    pub(crate) fn perform(&self) -> Outcome {
        let env = nix_env::read();
        let spec: spec::Run = parse(&read(&self.spec)?, Some(&self.spec))?;
        let scratch = scratch()?;
        let progress = Progress::new(reader(&env));
        let this = this()?;
        let ended = block_on(interruptible(async {
            let display = display(self.display || spec.display, &spec.tools, &env).await;
            let around = Surroundings {
                scratch: scratch.path(),
                evidence: &self.evidence,
                programs: directory_of(&this),
                builder: this,
                path: nix_env::of_guest().path,
                display,
            };
            run::run(&spec, &around, &progress).await.map_err(|failure| {
                let blame = failure.error.blame();
                Failure::new(failure, blame)
            })
        }));
        progress.end();
        // The script's own status is ours; a shell says a signal as 128 and its number.
        let status = ended?;
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        let code = status.code().or(signal.map(|signal| 128 + signal)).unwrap_or(1);
        Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
    }
}
