//! `clones`.

use std::process::ExitCode;

use wfvm::{clones, progress::Progress, spec};

use super::{Built, block_on, interruptible, reader, scratch};
use crate::{
    nix_env,
    report::{Failure, Outcome},
};

pub(crate) fn clones(built: &Built) -> Outcome {
    let env = nix_env::read();
    let (spec, out) = built.read::<spec::Clones>(&env)?;
    let scratch = scratch()?;
    let progress = Progress::new(reader(&env));
    let ended = block_on(interruptible(async {
        let around = built.around(scratch.path(), &spec.tools, &env).await?;
        clones::clones(&spec, &out, &around, &progress).await.map_err(|failure| {
            let blame = failure.blame();
            Failure::new(failure, blame)
        })
    }));
    progress.end();
    ended.map(|()| ExitCode::SUCCESS)
}
