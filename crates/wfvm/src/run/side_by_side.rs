//! The guests of one run: mostly one, or several of the same image at once.

use std::{convert::Infallible, future::pending, io, path::PathBuf};

use futures_util::future::join_all;
use tokio::sync::watch;

use crate::{
    boot::{Boot, Guest, GuestError, Start},
    machine::{Plugged, SystemDisk, Writes},
    progress::Progress,
    qemu::Qemu,
    script::Surroundings,
    session::BootLimit,
    spec::Run,
    template::Origin,
    wait::{self, Cause, Deadline, Signs, WaitError},
};

const AWAITED: &str = "the end of the script";

/// Where a guest has its files, and how it is told of.
pub(super) struct Place {
    scratch: PathBuf,
    evidence: PathBuf,
    pub(super) progress: Progress,
}

/// One for each guest. One guest alone needs no other than the run's.
pub(super) fn places(spec: &Run, around: &Surroundings<'_>, progress: &Progress) -> io::Result<Vec<Place>> {
    if spec.machines == 1 {
        let (scratch, evidence) = (around.scratch.into(), around.evidence.into());
        return Ok(vec![Place { scratch, evidence, progress: progress.clone() }]);
    }
    let place = |number: u32| {
        // Sockets lie below it, whose paths must be short.
        let scratch = around.scratch.join(number.to_string());
        fs_err::create_dir(&scratch)?;
        let name = format!("machine {number}");
        Ok(Place { scratch, evidence: around.evidence.join(&name), progress: progress.named(&name) })
    };
    (1..=spec.machines).map(place).collect()
}

impl Place {
    pub(super) fn around<'a>(&'a self, around: &Surroundings<'a>) -> Surroundings<'a> {
        Surroundings { scratch: &self.scratch, evidence: &self.evidence, ..around.clone() }
    }
}

/// Starts all of them at once. Each has its machine, if that started, and how the guest came to run.
pub(super) async fn boot(
    spec: &Run,
    origin: &Origin,
    places: &[Place],
    around: &Surroundings<'_>,
) -> Vec<(Option<Qemu>, Result<Guest, GuestError>)> {
    let begun = places.iter().map(|place| async {
        let boot = Boot {
            machine: &spec.machine,
            tools: &spec.tools,
            login: &spec.login,
            network: &spec.network,
            start: Start::from(origin),
            disk: SystemDisk { file: origin.disk(), writes: Writes::Discarded, state: origin.state() },
            plugged: Plugged::default(),
            display: around.display,
            limit: BootLimit { seconds: spec.timeouts.boot_seconds, field: "timeouts.bootSeconds" },
            scratch: &place.scratch,
            forwarder: &around.builder,
        };
        let mut machine = None;
        let guest = Guest::boot(&boot, &place.progress, &mut machine).await;
        (machine, guest)
    });
    join_all(begun).await
}

/// Why the script cannot go on beside this guest. One that the script itself has ended is not missed: what is
/// still asked of it fails.
pub(super) async fn gone(guest: &mut Guest, deadline: Deadline) -> WaitError {
    let signs = guest.signs.clone();
    let error = lost(&signs, deadline).await;
    if !matches!(error.cause, Cause::QemuExited(_)) {
        return error;
    }
    guest.heard_out().await;
    if !guest.has_shut_down() {
        return error;
    }
    let (_alone, no_signs) =
        watch::channel(Signs { last_seen: "the guest's end".into(), ..Signs::default() });
    lost(&no_signs, deadline).await
}

async fn lost(signs: &watch::Receiver<Signs>, deadline: Deadline) -> WaitError {
    match wait::race(AWAITED, pending::<Infallible>(), signs, deadline).await {
        Err(error) => error,
        Ok(never) => match never {},
    }
}
