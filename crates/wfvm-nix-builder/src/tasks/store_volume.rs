//! `store-volume`.

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use wfvm::{
    blame::Blame,
    store_volume::{StoreVolume as Volume, Until},
};

use super::block_on;
use crate::report::{Failure, Outcome};

/// What to serve.
#[derive(Debug, Args)]
pub(crate) struct StoreVolume {
    /// The unix socket to make.
    #[arg(long)]
    socket: PathBuf,
    /// Wait for further readers when the last one is gone.
    #[arg(long)]
    persistent: bool,
    /// The closure: absolute paths.
    #[arg(required = true)]
    store_paths: Vec<PathBuf>,
}

impl StoreVolume {
    pub(crate) fn perform(&self) -> Outcome {
        let volume = Volume::plan(&self.store_paths).map_err(|error| {
            let blame = error.blame();
            Failure::new(error, blame)
        })?;
        tell_left_out(&volume);
        let until = if self.persistent { Until::Dropped } else { Until::Unused };
        block_on(async {
            let ask = |kind| signal(kind).map_err(|error| Failure::new(error, Blame::Host));
            let (mut terminate, mut interrupt) =
                (ask(SignalKind::terminate())?, ask(SignalKind::interrupt())?);
            let export = volume.bind(&self.socket).map_err(|error| Failure::new(error, Blame::Host))?;
            tokio::select! {
                served = export.serve(until) => served.map_err(|error| Failure::new(error, Blame::Host)),
                // As a server is told that it is needed no more.
                _ = terminate.recv() => Ok(()),
                _ = interrupt.recv() => Ok(()),
            }
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

/// A closed standard error is nobody who would want to know.
fn tell_left_out(volume: &Volume) {
    let mut stderr = std::io::stderr().lock();
    for what in volume.left_out().told() {
        let _ = writeln!(stderr, "not on the volume: {what}");
    }
}
