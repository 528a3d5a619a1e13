//! `run`.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use wfvm::{blame::Blame, progress::Progress, run, script::Surroundings, spec};

use super::{block_on, directory_of, display, interruptible, parse, read, reader, scratch, this};
use crate::{
    nix_env,
    report::{Failure, Outcome},
};

/// What to run.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The spec, a JSON file.
    #[arg(long)]
    spec: PathBuf,
    /// Where a failure leaves its evidence.
    #[arg(long, default_value = "evidence")]
    evidence: PathBuf,
    /// Show the guest's screen: in a window, or by VNC where there is none.
    #[arg(long)]
    display: bool,
    /// When the guest ran and when it took commands, in seconds since 1970, as JSON.
    #[arg(long, value_name = "FILE")]
    times: Option<PathBuf>,
    /// Run no script, and keep what the guest writes in this file over the image.
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,
    /// A further word for QEMU's command line.
    #[arg(long, value_name = "WORD", allow_hyphen_values = true)]
    qemu_word: Vec<String>,
}

impl Run {
    pub(crate) fn perform(&self) -> Outcome {
        let env = nix_env::read();
        let mut spec: spec::Run = parse(&read(&self.spec)?, Some(&self.spec))?;
        spec.machine.extra_qemu_flags.extend_from_slice(&self.qemu_word);
        let scratch = scratch()?;
        let progress = Progress::new(reader(&env));
        let this = this()?;
        let around = async {
            Surroundings {
                scratch: scratch.path(),
                evidence: &self.evidence,
                programs: directory_of(&this),
                builder: this.clone(),
                path: nix_env::of_guest().path,
                display: display(self.display || spec.display, &spec.tools, &env).await,
            }
        };
        let failure = |failure: Box<run::RunFailure>| {
            let blame = failure.error.blame();
            Failure::new(failure, blame)
        };
        if let Some(keep) = &self.keep {
            if spec.machines > 1 {
                let page =
                    format!("`--keep` keeps the writes of one guest, and `machines` is {}", spec.machines);
                return Err(Failure::new(page, Blame::Input));
            }
            let ended = block_on(async {
                // What is kept is whole only if QEMU ends by itself.
                let stop = interrupted()?;
                run::by_hand(&spec, keep, &around.await, &progress, stop).await.map_err(failure)
            });
            progress.end();
            return ended.map(|()| ExitCode::SUCCESS);
        }
        let ended = block_on(interruptible(async {
            run::run(&spec, &around.await, &progress).await.map_err(failure)
        }));
        progress.end();
        // The script's own status is ours; a shell says a signal as 128 and its number.
        let run::Ended { status, times } = ended?;
        if let Some(file) = &self.times {
            let text = serde_json::to_vec(&times).map_err(|error| Failure::new(error, Blame::Bug))?;
            fs_err::write(file, text).map_err(|error| Failure::new(error, Blame::Host))?;
        }
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        let code = status.code().or(signal.map(|signal| 128 + signal)).unwrap_or(1);
        Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
    }
}

/// Ends when somebody wants this program to end.
fn interrupted() -> Result<impl Future<Output = ()>, Failure> {
    let ask = |kind| signal(kind).map_err(|error| Failure::new(error, Blame::Host));
    let (mut terminate, mut interrupt) = (ask(SignalKind::terminate())?, ask(SignalKind::interrupt())?);
    let mut hangup = ask(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}
