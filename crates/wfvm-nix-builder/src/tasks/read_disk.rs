//! `read-disk`.

use std::{path::Path, process::ExitCode};

use wfvm::{blame::Blame, disk};

use crate::report::{Failure, Outcome};

/// Reads files of a disk image for the process that has a failure to tell.
pub(crate) fn read_disk(image: &Path, limit: u64, paths: &[String]) -> Outcome {
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let files = disk::read_files(image, &paths, limit).map_err(|error| Failure::new(error, Blame::Input))?;
    let text = serde_json::to_vec(&files).map_err(|error| Failure::new(error, Blame::Bug))?;
    std::io::Write::write_all(&mut std::io::stdout().lock(), &text)
        .map_err(|error| Failure::new(error, Blame::Host))?;
    Ok(ExitCode::SUCCESS)
}
