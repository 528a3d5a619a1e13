//! `layer`.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use wfvm::{blame::Blame, layer, machine::Made, progress::Progress, spec};

use super::{Built, State, block_on, interruptible, reader, scratch};
use crate::{
    nix_env,
    report::{Failure, Outcome},
};

/// What to build.
#[derive(Debug, Args)]
pub(crate) struct Layer {
    #[command(flatten)]
    built: Built,
    #[command(flatten)]
    state: State,
    /// Where the time went, as JSON.
    #[arg(long, value_name = "FILE")]
    times: Option<PathBuf>,
}

impl Layer {
    pub(crate) fn perform(&self) -> Outcome {
        let built = &self.built;
        let env = nix_env::read();
        let (spec, out) = built.read::<spec::Layer>(&env)?;
        let state = self.state.place(&env)?;
        let out = Made { disk: &out, state: state.as_deref() };
        let scratch = scratch()?;
        let progress = Progress::new(reader(&env));
        let layered = block_on(interruptible(async {
            let around = built.around(scratch.path(), &spec.tools, &env).await?;
            layer::layer(&spec, out, &around, &progress).await.map_err(|failure| {
                let blame = failure.error.blame();
                Failure::new(failure, blame)
            })
        }));
        progress.end();
        let layered = layered?;
        if let Some(file) = &self.times {
            let text = serde_json::to_vec(&layered).map_err(|error| Failure::new(error, Blame::Bug))?;
            fs_err::write(file, text).map_err(|error| Failure::new(error, Blame::Host))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
