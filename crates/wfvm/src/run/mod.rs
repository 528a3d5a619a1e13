//! A script beside a running guest whose disk is thrown away afterwards.

mod error;

use std::{
    ffi::OsString,
    io::IsTerminal as _,
    path::{Path, PathBuf},
    pin::pin,
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use tokio::{
    net::UnixListener,
    sync::{mpsc, watch},
};

pub use error::{RunError, RunFailure};

use crate::{
    accelerator,
    command_socket::{self, SOCKET_VARIABLE},
    evidence::{self, Sources},
    guest::{Observer, PageReader, Sighting, Watching},
    machine::{Assembly, Display, SystemDisk, Writes},
    phase::Phase,
    progress::Progress,
    qemu::Qemu,
    session::Session,
    spec::Run,
    tool::{KillGroup, Tool},
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
    /// The program that carries a forwarded connection.
    pub forwarder: PathBuf,
    /// The caller's PATH.
    pub path: OsString,
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
            let tesseract = spec.tools.tesseract.as_deref();
            let sources =
                Sources { machine: around.scratch, disk: None, disk_reader: &around.forwarder, tesseract };
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
    let scratch = around.scratch;
    let acceleration = accelerator::settle(spec.machine.accelerator, &spec.tools, scratch, progress).await?;

    progress.phase(Phase::Boot, "starting the machine");
    let assembly = Assembly {
        machine: &spec.machine,
        tools: &spec.tools,
        acceleration,
        disk: SystemDisk { file: image, writes: Writes::Discarded },
        installation_medium: None,
        answer_medium: None,
        network: &spec.network,
        forwarder: Some(around.forwarder.clone()),
        display: if spec.display { Display::Window } else { Display::None },
        directory: scratch,
    };
    let deadline = Deadline::after(spec.timeouts.boot_seconds, "timeouts.bootSeconds");
    let (machine, channels) = Qemu::start(&assembly, deadline).await?;
    let machine = running.insert(machine);
    let screens = std::path::absolute(scratch)?.join("screens");
    fs_err::create_dir_all(&screens)?;
    let watching = Watching {
        // The boot's own deadline comes before any stall of it.
        stall: Duration::ZERO,
        stall_field: "timeouts.bootSeconds",
        pages: spec.tools.tesseract.as_deref().map(|tesseract| PageReader::new(tesseract, &screens)),
        logs: scratch.into(),
        progress: progress.clone(),
    };
    let (observer, mut seen) = Observer::start(machine, channels, watching);
    machine.resume().await?;
    let port = machine.ssh_port().await?;
    let signs = machine.signs();
    let session = Session::open(port, &spec.login, &signs, deadline).await??;
    // From here on the script judges the guest.
    observer.only_listen();

    progress.phase(Phase::Script, &format!("ready as {}", spec.login.user));
    progress.end();
    let socket = std::path::absolute(scratch)?.join("command.sock");
    let listener = UnixListener::bind(&socket)?;
    let deadline = Deadline::after(spec.timeouts.script_seconds, "timeouts.scriptSeconds");
    let ended = async {
        tokio::select! {
            status = script(spec, around, &socket) => status,
            failed = command_socket::serve(listener, Arc::new(session)) => Err(failed.into()),
        }
    };
    let mut ended = pin!(ended);
    match wait::race(AWAITED, &mut ended, &signs, deadline).await {
        Err(WaitError { cause: Cause::QemuExited(_), .. }) if shut_down_by_guest(&mut seen) => {
            // A script that ends the guest may go on: whatever it still asks of the guest fails.
            let (_alone, no_signs) =
                watch::channel(Signs { last_seen: "the guest's end".into(), ..Signs::default() });
            wait::race(AWAITED, ended, &no_signs, deadline).await?
        }
        ended => ended?,
    }
}

/// Whether the guest ended the machine. What QEMU said before its end has been seen when its end is known.
fn shut_down_by_guest(seen: &mut mpsc::UnboundedReceiver<Sighting>) -> bool {
    while let Ok(sighting) = seen.try_recv() {
        if sighting == (Sighting::Shutdown { by_guest: true }) {
            return true;
        }
    }
    false
}

/// Runs the script in the caller's directory, with the caller's terminal.
async fn script(spec: &Run, around: &Surroundings<'_>, socket: &Path) -> Result<ExitStatus, RunError> {
    let text = around.scratch.join("script");
    fs_err::write(&text, &spec.script)?;
    let mut path = around.programs.clone().into_os_string();
    if !around.path.is_empty() {
        path.push(":");
        path.push(&around.path);
    }
    let bash = spec.tools.bash.as_deref().unwrap_or(Path::new("bash"));
    let tool = Tool::new(bash)
        // As WFVM does: the first command that fails ends the script.
        .words(["-e".as_ref(), std::path::absolute(&text)?.as_os_str()])
        .variable("PATH", path)
        .variable(SOCKET_VARIABLE, socket);
    let interactive = std::io::stdin().is_terminal();
    let tool = if interactive { tool.sharing_the_terminal() } else { tool };
    let mut child = tool.spawn(Stdio::inherit(), Stdio::inherit(), Stdio::inherit())?;
    let rest = (!interactive).then(|| KillGroup::of(&child));
    let status = child.wait().await?;
    drop(rest);
    Ok(status)
}
