//! `install`.

use std::process::ExitCode;

use clap::Args;
use wfvm::{install, machine::Made, progress::Progress, spec};

use super::{Built, State, block_on, display, interruptible, reader, scratch, this};
use crate::{
    nix_env,
    report::{Failure, Outcome},
};

/// What to install.
#[derive(Debug, Args)]
pub(crate) struct Install {
    #[command(flatten)]
    built: Built,
    #[command(flatten)]
    state: State,
}

pub(crate) fn install(Install { built, state }: &Install) -> Outcome {
    let env = nix_env::read();
    let (spec, out) = built.read::<spec::Install>(&env)?;
    let state = state.place(&env)?;
    let scratch = scratch()?;
    let progress = Progress::new(reader(&env));
    let this = this()?;
    let installed = block_on(interruptible(async {
        let display = display(built.display, &spec.tools, &env).await;
        let places = install::Places {
            out: Made { disk: &out, state: state.as_deref() },
            scratch: scratch.path(),
            evidence: &built.evidence,
            builder: &this,
            display,
        };
        install::install(&spec, places, &progress).await.map_err(|failure| {
            let blame = failure.error.blame();
            Failure::new(failure, blame)
        })
    }));
    progress.end();
    installed.map(|()| ExitCode::SUCCESS)
}
