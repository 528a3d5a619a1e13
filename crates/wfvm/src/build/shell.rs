//! The machine of a build that failed, as it was left: a shell beside it instead of the builder.

use std::{
    path::{Path, PathBuf},
    pin::pin,
    process::ExitStatus,
};

use super::{
    BuildError, BuildFailure, DISK_FILE, EXCHANGE_FILE,
    drives::{self, Drives},
    launcher::RUN,
};
use crate::{
    boot::{Boot, Guest},
    command_socket::{Owner, Rule},
    machine::{SystemDisk, Writes},
    phase::Phase,
    progress::Progress,
    qemu::Qemu,
    script::{self, Script, Strictness, Surroundings},
    session::BootLimit,
    spec::Build,
    steps::Steps,
    store_volume::Until,
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
    let file = if kept.exists() { fs_err::canonicalize(kept)? } else { super::image_file(&spec.image)? };
    let closure = super::read_closure(&spec.closure)?;
    let store = super::store(&closure, &scratch, progress)?;
    let socket = store.as_ref().map(|_| scratch.join(drives::STORE_SOCKET));
    let mut machine = spec.machine.clone();
    machine.extra_qemu_flags.extend(drives::flags(socket.as_deref(), &exchange));
    let work = async {
        let boot = Boot {
            machine: &machine,
            tools: &spec.tools,
            login: &spec.login,
            network: &spec.network,
            disk: SystemDisk { file, writes: Writes::Discarded },
            display: around.display,
            limit: BootLimit { seconds: spec.timeouts.boot_seconds, field: "timeouts.bootSeconds" },
            scratch: around.scratch,
            forwarder: &around.builder,
        };
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
            variables: guest.variables(),
        };
        let owner = Owner::new(guest.connection.clone(), Rule::Verbatim, Steps::default());
        let signs = guest.signs.clone();
        let ended = pin!(script::run(&script, owner));
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
