//! `template` and `check-template`.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use wfvm::{
    blame::Blame,
    freeze,
    progress::Progress,
    spec,
    template::{self, TemplateError},
};

use super::{Built, block_on, interruptible, reader, scratch};
use crate::{
    nix_env,
    report::{Failure, Outcome},
};

pub(crate) fn template(built: &Built) -> Outcome {
    let env = nix_env::read();
    let (spec, out) = built.read::<spec::Template>(&env)?;
    let scratch = scratch()?;
    let progress = Progress::new(reader(&env));
    let frozen = block_on(interruptible(async {
        let around = built.around(scratch.path(), &spec.tools, &env).await?;
        freeze::freeze(&spec, &out, &around, &progress).await.map_err(|failure| {
            let blame = failure.error.blame();
            Failure::new(failure, blame)
        })
    }));
    progress.end();
    frozen.map(|()| ExitCode::SUCCESS)
}

/// Which one to read from its beginning to its end.
#[derive(Debug, Args)]
pub(crate) struct CheckTemplate {
    /// The template's directory.
    template: PathBuf,
}

impl CheckTemplate {
    pub(crate) fn perform(&self) -> Outcome {
        let failure = |error: TemplateError| {
            let blame = error.blame();
            Failure::new(error, blame)
        };
        let Some(template) = template::Template::at(&self.template).map_err(failure)? else {
            let problem =
                format!("{}: no template, since it has no {}", self.template.display(), template::MANIFEST);
            return Err(Failure::new(problem, Blame::Input));
        };
        template.state(template::Extent::Whole).map_err(failure)?;
        Ok(ExitCode::SUCCESS)
    }
}
