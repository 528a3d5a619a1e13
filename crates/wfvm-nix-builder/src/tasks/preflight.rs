//! `preflight`: a spec beside its medium, and no machine.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use wfvm::{blame::Blame, install, spec::Install};

use super::{inspect::print, parse, read};
use crate::report::{Failure, Outcome};

/// What is laid side by side, and for whom.
#[derive(Debug, Args)]
pub(crate) struct Preflight {
    /// The spec of an installation, a JSON file.
    #[arg(long)]
    spec: PathBuf,
    /// The medium, instead of the spec's `installationMedium`.
    #[arg(long)]
    iso: Option<PathBuf>,
    /// Print JSON instead of lines.
    #[arg(long)]
    json: bool,
}

impl Preflight {
    pub(crate) fn perform(&self) -> Outcome {
        let mut spec: Install = parse(&read(&self.spec)?, Some(&self.spec))?;
        if let Some(iso) = &self.iso {
            spec.installation_medium.clone_from(iso);
        }
        let preflight = install::preflight(&spec).map_err(|error| {
            let blame = error.blame();
            Failure::new(error, blame)
        })?;
        print(&if self.json { preflight.json() } else { preflight.page() })?;
        Ok(if preflight.is_refused() { Blame::Input.exit_status().into() } else { ExitCode::SUCCESS })
    }
}
