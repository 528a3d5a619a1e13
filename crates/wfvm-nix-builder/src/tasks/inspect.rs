//! `inspect`: what a medium is.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use wfvm::{blame::Blame, inspect::Inspection, windows_iso::WindowsIso};

use crate::report::{Failure, Outcome};

/// What is looked at, and for whom.
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// The installation medium, as it was downloaded.
    iso: PathBuf,
    /// Print JSON instead of a page.
    #[arg(long)]
    json: bool,
}

impl Inspect {
    pub(crate) fn perform(&self) -> Outcome {
        let inspection = Inspection::new(&self.iso.display().to_string(), medium(&self.iso)?);
        print(&if self.json { inspection.json() } else { inspection.page() })?;
        // The page has said why.
        Ok(if inspection.is_refused() { Blame::Input.exit_status().into() } else { ExitCode::SUCCESS })
    }
}

/// Reads a medium.
pub(crate) fn medium(path: &Path) -> Result<WindowsIso, Failure> {
    let file = fs_err::File::open(path).map_err(|error| Failure::new(error, Blame::Input))?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(Failure::new(format!("{}: this is a directory", path.display()), Blame::Input));
    }
    WindowsIso::read(file).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Failure::new(format!("{}: {error}{cause}", path.display()), error.blame())
    })
}

/// Writes text to standard output; who closes it wants no more.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{}", text.trim_end()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::new(error, Blame::Host)),
        _ => Ok(()),
    }
}
