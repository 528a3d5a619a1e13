//! A script beside a running guest whose disk is thrown away afterwards.

mod error;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    pin::pin,
    process::ExitStatus,
};

use tokio::sync::watch;

pub use error::{RunError, RunFailure};

use crate::{
    boot::{Boot, Guest},
    command_socket::{Owner, Rule},
    evidence::{self, Replay, Sources},
    machine::{Display, SystemDisk, Writes},
    phase::Phase,
    progress::Progress,
    qemu::Qemu,
    script::{self, Script, Strictness},
    session::BootLimit,
    spec::Run,
    steps::Steps,
    wait::{self, Cause, Deadline, Signs, WaitError},
};

const AWAITED: &str = "the end of the script";

/// What a run finds around it.
#[derive(Debug, Clone)]
pub struct Surroundings<'a> {
    /// Sockets and scratch files; a short path.
    pub scratch: &'a Path,
    /// What is left of a failure.
    pub evidence: &'a Path,
    /// The directory of `win-exec` and its siblings.
    pub programs: PathBuf,
    /// The builder's own program: it carries forwarded connections.
    pub builder: PathBuf,
    /// The caller's PATH.
    pub path: OsString,
    /// Who sees the guest's screen.
    pub display: Display,
}

/// Boots the image, runs the script, and gives the script's exit status.
///
/// # Errors
/// [`RunFailure`] if there was no guest to run it beside, or the guest went away.
pub async fn run(
    spec: &Run,
    around: &Surroundings<'_>,
    progress: &Progress,
) -> Result<ExitStatus, Box<RunFailure>> {
    let mut machine = None;
    match story(spec, around, progress, &mut machine).await {
        Ok(status) => {
            // Its writes are discarded, so nothing is gained by asking the guest to shut down.
            if let Some(machine) = machine {
                machine.kill().await;
            }
            Ok(status)
        }
        Err(error) => {
            let phase = progress.current();
            let replay = Replay::run(spec);
            let tesseract = spec.tools.tesseract.as_deref();
            let sources = Sources {
                machine: around.scratch,
                disk: None,
                builder: &around.builder,
                tesseract,
                replay: Some(&replay),
            };
            let evidence = match machine {
                None => None,
                Some(_) => Some(evidence::collect(machine, sources, around.evidence).await),
            };
            Err(Box::new(RunFailure { name: spec.name.clone(), phase, error, evidence }))
        }
    }
}

async fn story(
    spec: &Run,
    around: &Surroundings<'_>,
    progress: &Progress,
    running: &mut Option<Qemu>,
) -> Result<ExitStatus, RunError> {
    progress.phase(Phase::Preflight, &format!("{} on {}", spec.name, spec.image.display()));
    let image = fs_err::canonicalize(&spec.image).map_err(RunError::Image)?;
    let boot = Boot {
        machine: &spec.machine,
        tools: &spec.tools,
        login: &spec.login,
        network: &spec.network,
        disk: SystemDisk { file: image, writes: Writes::Discarded },
        display: around.display,
        limit: BootLimit { seconds: spec.timeouts.boot_seconds, field: "timeouts.bootSeconds" },
        scratch: around.scratch,
        forwarder: &around.builder,
    };
    let mut guest = Guest::boot(&boot, progress, running).await?;

    progress.phase(Phase::Script, &format!("ready as {}", spec.login.user));
    progress.end();
    let script = Script {
        text: &spec.script,
        bash: spec.tools.bash.as_deref().unwrap_or(Path::new("bash")),
        strictness: Strictness::FirstFailure,
        programs: &around.programs,
        search_path: &[],
        path: &around.path,
        variables: guest.variables(),
        scratch: around.scratch,
    };
    let owner = Owner::new(guest.connection.clone(), Rule::Verbatim, Steps::default());
    let signs = guest.signs.clone();
    let deadline = Deadline::after(spec.timeouts.script_seconds, "timeouts.scriptSeconds");
    let mut ended = pin!(script::run(&script, owner));
    match wait::race(AWAITED, &mut ended, &signs, deadline).await {
        Err(error @ WaitError { cause: Cause::QemuExited(_), .. }) => {
            guest.heard_out().await;
            if !guest.has_shut_down() {
                return Err(error.into());
            }
            // A script that ends the guest may go on: whatever it still asks of the guest fails.
            let (_alone, no_signs) =
                watch::channel(Signs { last_seen: "the guest's end".into(), ..Signs::default() });
            Ok(wait::race(AWAITED, ended, &no_signs, deadline).await??)
        }
        ended => Ok(ended??),
    }
}
