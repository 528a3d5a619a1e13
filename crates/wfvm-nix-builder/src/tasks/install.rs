//! `install`.

use std::process::ExitCode;

use wfvm::{install, progress::Progress, spec};

use super::{Built, block_on, display, interruptible, reader, scratch, this};
use crate::{
    nix_env,
    report::{Failure, Outcome},
};

pub(crate) fn install(built: &Built) -> Outcome {
    let env = nix_env::read();
    let (spec, out) = built.read::<spec::Install>(&env)?;
    let scratch = scratch()?;
    let progress = Progress::new(reader(&env));
    let this = this()?;
    let installed = block_on(interruptible(async {
        let display = display(built.display, &spec.tools, &env).await;
        let places = install::Places {
            out: &out,
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
