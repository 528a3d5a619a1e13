//! `build`.

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use clap::Args;
use tokio::{io::AsyncWriteExt as _, sync::mpsc};
use wfvm::{
    blame::Blame,
    build::{self, BuildFailure, derivation::Derivation},
    machine::Display,
    progress::Progress,
    script::Surroundings,
    session::Output,
    spec,
};

use super::{attributes, block_on, directory_of, display, interruptible, parse, read, reader, scratch, this};
use crate::{
    nix_env::{self, NixEnv},
    report::{Failure, Outcome},
    win::terminal,
};

/// What to build. The derivation is that whose builder this is.
#[derive(Debug, Args)]
pub(crate) struct Build {
    /// The spec, a JSON file.
    #[arg(long)]
    spec: PathBuf,
    /// Where a failure leaves its evidence.
    #[arg(long, default_value = "evidence")]
    evidence: PathBuf,
    /// Show the guest's screen: in a window, or by VNC where there is none.
    #[arg(long)]
    display: bool,
    /// Build nothing: a shell beside the guest that a failed build has left in the current directory.
    #[arg(long)]
    shell: bool,
    /// The derivation's builder and its arguments, if it runs as it is.
    #[arg(last = true)]
    builder: Vec<String>,
}

impl Build {
    pub(crate) fn perform(&self) -> Outcome {
        let env = nix_env::read();
        let spec: spec::Build = parse(&read(&self.spec)?, Some(&self.spec))?;
        let scratch = scratch()?;
        let progress = Progress::new(reader(&env));
        let this = this()?;
        let derivation = if self.shell { None } else { Some(derivation(&env)?) };
        let code = block_on(interruptible(async {
            // Who looks at a machine of the past wants to see it.
            let display = if self.shell || self.display {
                display(true, &spec.tools, &env).await
            } else {
                Display::None
            };
            let around = Surroundings {
                scratch: scratch.path(),
                evidence: &self.evidence,
                programs: directory_of(&this),
                builder: this,
                path: nix_env::of_guest().path,
                display,
            };
            let failed = |failure: Box<BuildFailure>| {
                let blame = failure.error.blame();
                Failure::new(failure, blame)
            };
            let Some(derivation) = &derivation else {
                let status = build::shell(&spec, &around, &progress).await.map_err(failed)?;
                return Ok(ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1)));
            };
            let (sender, pieces) = mpsc::channel(16);
            let work = build::build(&spec, (derivation, &self.builder), &around, &progress, sender);
            let (built, ()) = tokio::join!(work, print(pieces));
            built.map(|()| ExitCode::SUCCESS).map_err(failed)
        }));
        progress.end();
        code
    }
}

/// The command's streams become ours.
async fn print(mut pieces: mpsc::Receiver<Output>) {
    let (mut stdout, mut stderr) = terminal::log();
    while let Some(piece) = pieces.recv().await {
        // A log that nobody reads does not end a build.
        let _ = match piece {
            Output::Stdout(bytes) => write(&mut stdout, &bytes).await,
            Output::Stderr(bytes) => write(&mut stderr, &bytes).await,
        };
    }
}

async fn write(stream: &mut (impl tokio::io::AsyncWrite + Unpin), bytes: &[u8]) -> std::io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}

fn derivation(env: &NixEnv) -> Result<Derivation, Failure> {
    let read = if let Some(attributes) = attributes(env)? {
        Derivation::from_structured(&attributes)
    } else {
        let all: Result<Vec<_>, _> = nix_env::whole().into_iter().map(text).collect();
        Derivation::from_environment(&all?)
    };
    read.map_err(|error| Failure::new(error, Blame::Input))
}

fn text((name, value): (OsString, OsString)) -> Result<(String, String), Failure> {
    if let (Some(name), Some(value)) = (name.to_str(), value.to_str()) {
        return Ok((name.to_owned(), value.to_owned()));
    }
    let name = name.to_string_lossy();
    let problem = format!("the variable `{name}` is no UTF-8, and Windows' variables are Unicode");
    Err(Failure::new(problem, Blame::Input))
}
