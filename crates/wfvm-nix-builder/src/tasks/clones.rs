//! `clones`.

use std::process::ExitCode;

use wfvm::{clones, progress::Progress, script::Surroundings, spec};

use super::{Built, block_on, directory_of, display, interruptible, reader, scratch, this};
use crate::{
    nix_env,
    report::{Failure, Outcome},
};

pub(crate) fn clones(built: &Built) -> Outcome {
    let env = nix_env::read();
    let (spec, out) = built.read::<spec::Clones>(&env)?;
    let scratch = scratch()?;
    let progress = Progress::new(reader(&env));
    let this = this()?;
    let ended = block_on(interruptible(async {
        let display = display(built.display, &spec.tools, &env).await;
        let around = Surroundings {
            scratch: scratch.path(),
            evidence: &built.evidence,
            programs: directory_of(&this),
            builder: this,
            path: nix_env::of_guest().path,
            display,
        };
        clones::clones(&spec, &out, &around, &progress).await.map_err(|failure| {
            let blame = failure.blame();
            Failure::new(failure, blame)
        })
    }));
    progress.end();
    ended.map(|()| ExitCode::SUCCESS)
}
