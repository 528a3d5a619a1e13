//! A script beside a running guest whose disk is thrown away afterwards; or a guest for a
//! person, whose disk is kept.

mod by_hand;
mod error;

use std::{
    path::Path,
    pin::pin,
    process::ExitStatus,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::Serialize;
use tokio::sync::watch;

pub use by_hand::by_hand;
pub use error::{RunError, RunFailure};

use crate::{
    boot::{Boot, Guest, Start},
    command_socket::{Owner, Rule},
    evidence::Replay,
    machine::{Plugged, SystemDisk, Writes},
    phase::Phase,
    progress::Progress,
    qemu::Qemu,
    script::{self, Script, Strictness, Surroundings},
    session::BootLimit,
    spec::Run,
    steps::Steps,
    template::{Origin, Wanted},
    wait::{self, Cause, Deadline, Signs, WaitError},
};

const AWAITED: &str = "the end of the script";

/// A run that came to its end.
#[derive(Debug, Clone, Copy)]
pub struct Ended {
    /// The script's.
    pub status: ExitStatus,
    /// When it was how far.
    pub times: Times,
}

/// Moments, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Times {
    /// The guest's CPUs began to run.
    pub running_at: f64,
    /// The session was authenticated.
    pub ready_at: f64,
}

impl Times {
    fn of(guest: &Guest) -> Self {
        let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        Self { running_at: since(guest.running_at), ready_at: since(guest.ready_at) }
    }
}

/// Boots the image, or wakes the template, and runs the script.
///
/// # Errors
/// [`RunFailure`] if there was no guest to run it beside, or the guest went away.
pub async fn run(
    spec: &Run,
    around: &Surroundings<'_>,
    progress: &Progress,
) -> Result<Ended, Box<RunFailure>> {
    let mut machine = None;
    match story(spec, around, progress, &mut machine).await {
        Ok(ended) => {
            // Its writes are discarded, so nothing is gained by asking the guest to shut down.
            if let Some(machine) = machine {
                machine.kill().await;
            }
            Ok(ended)
        }
        Err(error) => Err(failed(spec, around, progress, machine, error).await),
    }
}

async fn failed(
    spec: &Run,
    around: &Surroundings<'_>,
    progress: &Progress,
    machine: Option<Qemu>,
    error: RunError,
) -> Box<RunFailure> {
    let phase = progress.current();
    let evidence = around.collect(machine, &spec.tools, &Replay::run(spec)).await;
    Box::new(RunFailure { name: spec.name.clone(), phase, error, evidence })
}

async fn story(
    spec: &Run,
    around: &Surroundings<'_>,
    progress: &Progress,
    running: &mut Option<Qemu>,
) -> Result<Ended, RunError> {
    progress.phase(Phase::Preflight, &format!("{} on {}", spec.name, spec.image.display()));
    let wanted = Wanted { machine: &spec.machine, tools: &spec.tools, network: &spec.network };
    let origin =
        Origin::of((&spec.image, spec.state.as_deref()), wanted, progress).map_err(RunError::Image)?;
    let boot = Boot {
        machine: &spec.machine,
        tools: &spec.tools,
        login: &spec.login,
        network: &spec.network,
        start: Start::from(&origin),
        disk: SystemDisk { file: origin.disk(), writes: Writes::Discarded, state: origin.state() },
        plugged: Plugged::default(),
        display: around.display,
        limit: BootLimit { seconds: spec.timeouts.boot_seconds, field: "timeouts.bootSeconds" },
        scratch: around.scratch,
        forwarder: &around.builder,
    };
    let mut guest = Guest::boot(&boot, progress, running).await?;
    let times = Times::of(&guest);

    progress.phase(Phase::Script, &format!("ready as {}", spec.login.user));
    progress.end();
    let script = Script {
        text: &spec.script,
        bash: spec.tools.bash.as_deref().unwrap_or(Path::new("bash")),
        strictness: Strictness::FirstFailure,
        around,
        search_path: &[],
        variables: guest.variables(),
    };
    let owner = Owner::new(guest.connection.clone(), Rule::Verbatim, Steps::default());
    let signs = guest.signs.clone();
    let deadline = Deadline::after(spec.timeouts.script_seconds, "timeouts.scriptSeconds");
    let mut ended = pin!(script::run(&script, owner));
    let status = match wait::race(AWAITED, &mut ended, &signs, deadline).await {
        Err(error @ WaitError { cause: Cause::QemuExited(_), .. }) => {
            guest.heard_out().await;
            if !guest.has_shut_down() {
                return Err(error.into());
            }
            // A script that ends the guest may go on: whatever it still asks of the guest fails.
            let (_alone, no_signs) =
                watch::channel(Signs { last_seen: "the guest's end".into(), ..Signs::default() });
            wait::race(AWAITED, ended, &no_signs, deadline).await??
        }
        ended => ended??,
    };
    Ok(Ended { status, times })
}
