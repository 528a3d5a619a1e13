//! `win-exec` and its siblings: small clients of the guest's owner, or of a guest's own SSH server.

mod exec;
mod files;
mod guest;
mod local;
pub(crate) mod terminal;
mod wait;

use std::{ffi::OsString, future::Future, path::Path, process::ExitCode, time::Duration};

use clap::Parser as _;
pub(crate) use exec::Exec;
pub(crate) use files::{Get, Put};
pub(crate) use wait::{Restart, Wait};
use wfvm::blame::Blame;

use crate::{
    report::{Failure, Outcome},
    tasks::{block_on, interruptible},
};

/// Performs the command that this program is called as, if it is one of these.
pub(crate) fn called_as(words: &[OsString]) -> Option<Outcome> {
    // Under Nix the name is a store path's, hash included: only these exact names count.
    Some(match Path::new(words.first()?).file_name()?.to_str()? {
        "win-exec" => Exec::parse_from(words).perform(),
        "win-put" => Put::parse_from(words).perform(),
        "win-get" => Get::parse_from(words).perform(),
        "win-restart" => Restart::parse_from(words).perform(),
        "win-wait" => Wait::parse_from(words).perform(),
        _ => return None,
    })
}

/// Does the work until it is done, `--timeout` is over, or we are told to end.
fn perform(
    what: &str,
    timeout: Option<u64>,
    work: impl Future<Output = Result<ExitCode, Failure>>,
) -> Outcome {
    block_on(interruptible(async {
        let Some(seconds) = timeout else { return work.await };
        let done = wfvm::wait::bounded(Duration::from_secs(seconds), work).await;
        done.unwrap_or_else(|| {
            let page = format!("{what} did not end within {seconds} s (`--timeout`)");
            Err(Failure::new(page, Blame::Deadline))
        })
    }))
}
