//! A script beside a running guest, or several, whose disks are thrown away afterwards; or a guest for
//! a person, whose disk is kept.

mod by_hand;
mod error;
mod side_by_side;

use std::{
    path::Path,
    process::ExitStatus,
    time::{SystemTime, UNIX_EPOCH},
};

use futures_util::future::select_all;
use serde::Serialize;

pub use by_hand::by_hand;
pub use error::{RunError, RunFailure};

use crate::{
    boot::Guest,
    command_socket::{Owner, Rule},
    evidence::Replay,
    phase::Phase,
    progress::Progress,
    qemu::Qemu,
    script::{self, Script, Strictness, Surroundings},
    spec::Run,
    steps::Steps,
    template::{Origin, Wanted},
    wait::Deadline,
};
use side_by_side::Place;

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
    /// The guest's CPUs began to run; of several guests the first one's.
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

/// Boots the image, or wakes the template, as often as is wanted, and runs the script.
///
/// # Errors
/// [`RunFailure`] if there was no guest to run it beside, or one went away.
pub async fn run(
    spec: &Run,
    around: &Surroundings<'_>,
    progress: &Progress,
) -> Result<Ended, Box<RunFailure>> {
    let places = match side_by_side::places(spec, around, progress) {
        Ok(places) => places,
        Err(error) => return Err(failed(spec, around, progress, None, error.into()).await),
    };
    let mut machines = Vec::new();
    match story(spec, around, progress, &places, &mut machines).await {
        Ok(ended) => {
            // Their writes are discarded, so nothing is gained by asking the guests to shut down.
            for machine in machines.into_iter().flatten() {
                machine.kill().await;
            }
            Ok(ended)
        }
        Err(Lost { number, error }) => {
            let machine = machines.get_mut(number).and_then(Option::take);
            drop(machines);
            let Some(place) = places.get(number) else {
                return Err(failed(spec, around, progress, machine, error).await);
            };
            let mut failure = failed(spec, &place.around(around), &place.progress, machine, error).await;
            if progress.current() == Phase::Script {
                failure.phase = Phase::Script;
            }
            failure.machine = (places.len() > 1).then_some(number + 1);
            Err(failure)
        }
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
    Box::new(RunFailure { name: spec.name.clone(), machine: None, phase, error, evidence })
}

/// What went wrong, and with which of the machines, from 0.
struct Lost {
    number: usize,
    error: RunError,
}

impl<E> From<E> for Lost
where
    RunError: From<E>,
{
    fn from(error: E) -> Self {
        Self { number: 0, error: error.into() }
    }
}

async fn story(
    spec: &Run,
    around: &Surroundings<'_>,
    progress: &Progress,
    places: &[Place],
    running: &mut Vec<Option<Qemu>>,
) -> Result<Ended, Lost> {
    progress.phase(Phase::Preflight, &format!("{} on {}", spec.name, spec.image.display()));
    let wanted = Wanted { machine: &spec.machine, tools: &spec.tools, network: &spec.network };
    let origin =
        Origin::of((&spec.image, spec.state.as_deref()), wanted, progress).map_err(RunError::Image)?;
    let mut guests = Vec::new();
    let mut lost = None;
    for (number, (machine, guest)) in
        side_by_side::boot(spec, &origin, places, around).await.into_iter().enumerate()
    {
        running.push(machine);
        match guest {
            Ok(guest) => guests.push(guest),
            Err(error) => lost = lost.or(Some(Lost { number, error: error.into() })),
        }
    }
    if let Some(lost) = lost {
        return Err(lost);
    }
    let Some(times) = guests.first().map(Times::of) else {
        return Err(std::io::Error::from(std::io::ErrorKind::NotFound).into());
    };

    progress.phase(Phase::Script, &format!("ready as {}", spec.login.user));
    progress.end();
    let numbered = || guests.iter().zip(1_u32..);
    let script = Script {
        text: &spec.script,
        bash: spec.tools.bash.as_deref().unwrap_or(Path::new("bash")),
        strictness: Strictness::FirstFailure,
        around,
        search_path: &[],
        variables: numbered().flat_map(|(guest, number)| guest.variables(number)).collect(),
    };
    let owners: Vec<Owner> = guests
        .iter()
        .map(|guest| Owner::new(guest.connection.clone(), Rule::Verbatim, Steps::default()))
        .collect();
    let deadline = Deadline::after(spec.timeouts.script_seconds, "timeouts.scriptSeconds");
    let gone = guests.iter_mut().enumerate().map(|(number, guest)| async move {
        Lost { number, error: side_by_side::gone(guest, deadline).await.into() }
    });
    let status = tokio::select! {
        biased; // an end that arrives together with a guest's still counts
        ended = script::run(&script, owners) => ended?,
        (lost, ..) = select_all(gone.map(Box::pin)) => return Err(lost),
    };
    Ok(Ended { status, times })
}
