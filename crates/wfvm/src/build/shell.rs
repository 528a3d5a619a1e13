//! The machine of a build that failed, as it was left: a shell beside it instead of the builder.

use std::{
    path::{Path, PathBuf},
    pin::pin,
    process::ExitStatus,
};

use super::{BuildError, BuildFailure, DISK_FILE, EXCHANGE_FILE, OnDisk, launcher::RUN};
use crate::{
    boot::Guest,
    command_socket::{Owner, Rule},
    disk,
    drives::{self, Drives},
    machine::{Plugged, SystemDisk, Writes},
    phase::Phase,
    progress::Progress,
    qemu::Qemu,
    script::{self, Script, Strictness, Surroundings},
    spec::Build,
    steps::Steps,
    store_volume::Until,
    template::Origin,
    wait::{self, Deadline},
};

/// Starts the machine again, with the disk and the exchange drive that lie in the current directory,
/// and gives a shell with `win-exec` and its siblings. The disk stays as it is.
///
/// # Errors
/// [`BuildFailure`].
pub async fn shell(
    spec: &Build,
    around: &Surroundings<'_>,
    progress: &Progress,
) -> Result<ExitStatus, Box<BuildFailure>> {
    let mut machine = None;
    let ended = story(spec, around, progress, &mut machine).await;
    let phase = progress.current();
    if let Some(machine) = machine {
        machine.kill().await;
    }
    let name = spec.name.clone();
    ended.map_err(|error| {
        Box::new(BuildFailure { name, phase, error, last_lines: Vec::new(), evidence: None })
    })
}

async fn story(
    spec: &Build,
    around: &Surroundings<'_>,
    progress: &Progress,
    running: &mut Option<Qemu>,
) -> Result<ExitStatus, BuildError> {
    let scratch = std::path::absolute(around.scratch)?;
    let exchange = fs_err::canonicalize(EXCHANGE_FILE)?;
    // Without one the failure did not keep it: then it is the image, as it was at the beginning.
    let kept = Path::new(DISK_FILE);
    let kept = if kept.exists() { Some(fs_err::canonicalize(kept)?) } else { None };
    let closure = super::read_closure(&spec.closure)?;
    let store = super::store(&closure, &scratch, progress)?;
    let socket = store.as_ref().map(|_| scratch.join(drives::STORE_SOCKET));
    let plugged = Plugged { store: socket, exchange: Some(exchange) };
    let origin = match kept {
        // A disk goes on with a boot, however its guest had begun.
        Some(file) => Origin::Image { file, state: disk::state_of(&spec.image, spec.state.as_deref()) },
        None => super::origin(spec, &spec.image, &spec.machine, progress)?,
    };
    let disk = SystemDisk { file: origin.disk(), writes: Writes::Discarded, state: origin.state() };
    let machine = OnDisk { machine: &spec.machine, origin: &origin, disk, plugged };
    let work = async {
        let boot = machine.boot(spec, around);
        let guest = Guest::boot(&boot, progress, running).await?;
        let store_path = closure.first().map(PathBuf::as_path);
        let drives = Drives { letters: spec.letters, mark: RUN, store_path };
        drives.find(&guest, Deadline::after(spec.timeouts.drive_seconds, "timeouts.driveSeconds")).await?;
        progress.phase(Phase::Script, &format!("ready as {}", spec.login.user));
        progress.line(&format!("  win-exec '{}:\\{RUN}' runs the builder again", spec.letters.exchange));
        progress.end();
        let bash = spec.tools.bash.as_deref().unwrap_or(Path::new("bash"));
        let script = Script {
            text: &format!("exec '{}' -i", bash.display()),
            bash,
            strictness: Strictness::Plain,
            around,
            search_path: &[],
            variables: guest.variables(1),
        };
        let owner = Owner::new(guest.connection.clone(), Rule::Verbatim, Steps::default());
        let signs = guest.signs.clone();
        let ended = pin!(script::run(&script, [owner]));
        let never = Deadline::after(0, "timeouts.commandSeconds");
        wait::race("the end of the shell", ended, &signs, never).await?.map_err(BuildError::from)
    };
    match store {
        None => work.await,
        Some(export) => tokio::select! {
            ended = work => ended,
            served = export.serve(Until::Dropped) => Err(super::unserved(served)),
        },
    }
}
