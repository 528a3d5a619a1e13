//! A derivation's builder in a guest: its inputs are a drive, its outputs come back.

pub mod derivation;
mod error;
mod exit_code;
mod hooks;
pub mod launcher;
pub mod paths;
mod results;
mod shell;

use std::{
    io::Read as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

pub use error::{BuildError, BuildFailure};
pub use exit_code::ExitCode;
pub use shell::shell;

use self::{
    derivation::Derivation,
    hooks::Hooks,
    launcher::{BUILD_DIRECTORY, Launch, OUT, RUN},
    paths::Paths,
};
use crate::{
    boot::{Boot, Guest, Start},
    disk,
    drives::{self, Drives},
    evidence::{self, Replay},
    exchange::{self, NewEntry},
    machine::{Plugged, SystemDisk, Writes},
    nonce,
    phase::Phase,
    progress::Progress,
    qemu::{self, Qemu},
    script::Surroundings,
    session::{BootLimit, Output, SessionError},
    spec::{Build, Command, Machine, WindowsShell},
    steps::Tail,
    store_volume::{Export, StoreVolume, Until},
    template::{Origin, Wanted},
    wait::{self, Cause, Deadline, WaitError},
};

/// The exchange drive in the evidence.
pub const EXCHANGE_FILE: &str = "exchange.img";
/// The guest's disk in the evidence.
pub const DISK_FILE: &str = "disk.qcow2";
/// The failure in words for programs, in the evidence.
pub const REPORT_FILE: &str = "report.json";
/// What ran in the guest at a deadline, in the evidence.
pub const PROCESSES_FILE: &str = "processes.txt";
/// How long a guest that is late may take to tell what runs in it.
const LIST: Duration = Duration::from_secs(30);
/// How much of what a command wrote is told of a failure, in lines.
const TOLD: usize = 25;
/// As above, in bytes.
const TAIL: usize = 8 << 10;
const AWAITED: &str = "the end of the builder";

/// Builds: boots the image, runs the command with its inputs, and puts its outputs into the store.
///
/// `words` are the builder and its arguments, for `Command::Verbatim`. `output` gets what the command
/// writes, as it comes.
///
/// # Errors
/// [`BuildFailure`].
pub async fn build(
    spec: &Build,
    (derivation, words): (&Derivation, &[String]),
    around: &Surroundings<'_>,
    progress: &Progress,
    output: mpsc::Sender<Output>,
) -> Result<(), Box<BuildFailure>> {
    let mut machine = None;
    let mut tail = Tail::of(TAIL);
    let story =
        Box::pin(story(spec, (derivation, words), around, progress, &mut machine, (output, &mut tail)));
    match story.await {
        Ok(()) => Ok(()),
        Err(error) => {
            let phase = progress.current();
            if let Some(machine) = &machine {
                // A machine that stands still has written its image's tables, which a killed one has not.
                let _ = machine.pause().await;
            }
            let ran = machine.is_some();
            let last_lines = evidence::last_lines(tail.bytes(), TOLD);
            let evidence = around.collect(machine, &spec.tools, &Replay::build(spec)).await;
            let failure = BuildFailure { name: spec.name.clone(), phase, error, last_lines, evidence };
            if ran {
                keep(spec, around);
                // A report that cannot be written is in the log all the same.
                let _ = fs_err::write(around.evidence.join(REPORT_FILE), failure.report());
            }
            Err(Box::new(failure))
        }
    }
}

/// Leaves the machine's own files where the evidence is.
fn keep(spec: &Build, around: &Surroundings<'_>) {
    let names = [EXCHANGE_FILE, DISK_FILE, PROCESSES_FILE, crate::machine::UEFI_VARIABLES];
    for name in names.into_iter().filter(|name| *name != DISK_FILE || spec.keep_failed_disk) {
        let (from, to) = (around.scratch.join(name), around.evidence.join(name));
        // Where they are two file systems, it is a copy; where it fails, the rest of the evidence stays.
        if fs_err::rename(&from, &to).is_err() && from.exists() {
            let _ = fs_err::copy(&from, &to);
        }
    }
}

async fn story(
    spec: &Build,
    (derivation, words): (&Derivation, &[String]),
    around: &Surroundings<'_>,
    progress: &Progress,
    running: &mut Option<Qemu>,
    told: (mpsc::Sender<Output>, &mut Tail),
) -> Result<(), BuildError> {
    progress.phase(Phase::Preflight, &format!("{} on {}", spec.name, spec.image.display()));
    refuse_elf(spec, words)?;
    let text = script(spec, derivation)?;
    let scratch = std::path::absolute(around.scratch)?;
    let nonce = nonce::new()?;
    let outputs = derivation.outputs.iter();
    let places = outputs.map(|(name, store_path)| {
        (store_path.clone(), launcher::output_place(spec.output_place, spec.letters, name))
    });
    let paths = Paths::new(spec.letters.store, places.collect());
    let launch = Launch {
        command: &spec.command,
        words,
        derivation,
        script: text.as_deref(),
        paths: Some(&paths).filter(|_| spec.translate_paths && !by_bash(&spec.command)),
        letters: spec.letters,
        place: spec.output_place,
        nonce: &nonce,
        image: &spec.image,
    };
    let files = launch.files()?;
    if !files.not_set.is_empty() {
        progress.warning(&format!(
            "cmd.exe cannot set `{}`: a line break or too long; env.json on the exchange drive has all variables",
            files.not_set.join("`, `")
        ));
    }
    let closure = read_closure(&spec.closure)?;
    let hooks = Hooks::run_before(spec, &scratch).await?;

    progress.phase(Phase::Media, "the closure and the exchange drive");
    let store = store(&closure, &scratch, progress)?;
    let exchange_file = scratch.join(EXCHANGE_FILE);
    make_exchange(spec, derivation, &exchange_file, &nonce, files.files)?;
    let plugged = Plugged {
        store: store.as_ref().map(|_| scratch.join(drives::STORE_SOCKET)),
        exchange: Some(exchange_file.clone()),
    };
    let mut machine = spec.machine.clone();
    machine.extra_qemu_flags.extend(hooks.qemu_words);
    if spec.parallel {
        machine.cores = qemu::cpus(derivation.attribute("NIX_BUILD_CORES"));
    }
    let image = hooks.image.as_deref().unwrap_or(&spec.image);
    let origin = origin(spec, image, &machine, progress)?;
    let machine =
        OnDisk { machine: &machine, disk: disk(spec, &origin, &scratch).await?, origin: &origin, plugged };
    let work = in_guest(spec, machine, around, progress, running, (derivation, &nonce, &closure, told));
    let (ended, streamed) = match store {
        None => work.await?,
        Some(export) => tokio::select! {
            done = work => done?,
            served = export.serve(Until::Dropped) => return Err(unserved(served)),
        },
    };

    let volume = exchange::Volume::open(&exchange_file)?;
    if let Ended::With(code) = ended {
        results::confirm(&volume, &nonce, code)?;
    }
    results::place(spec, derivation, &volume, &streamed, progress)?;
    Hooks::run_after(spec).await
}

/// A machine with what it begins with.
struct OnDisk<'a> {
    machine: &'a Machine,
    origin: &'a Origin,
    disk: SystemDisk,
    plugged: Plugged,
}

impl<'a> OnDisk<'a> {
    fn boot(self, spec: &'a Build, around: &'a Surroundings<'_>) -> Boot<'a> {
        Boot {
            machine: self.machine,
            tools: &spec.tools,
            login: &spec.login,
            network: &spec.network,
            start: Start::from(self.origin),
            disk: self.disk,
            plugged: self.plugged,
            display: around.display,
            limit: BootLimit { seconds: spec.timeouts.boot_seconds, field: "timeouts.bootSeconds" },
            scratch: around.scratch,
            forwarder: &around.builder,
        }
    }
}

/// From the boot to outputs that have left the guest: the machine is gone then.
async fn in_guest(
    spec: &Build,
    on: OnDisk<'_>,
    around: &Surroundings<'_>,
    progress: &Progress,
    running: &mut Option<Qemu>,
    (derivation, nonce, closure, (output, tail)): (
        &Derivation,
        &str,
        &[PathBuf],
        (mpsc::Sender<Output>, &mut Tail),
    ),
) -> Result<(Ended, Vec<String>), BuildError> {
    let boot = on.boot(spec, around);
    let mut guest = Guest::boot(&boot, progress, running).await?;
    let store_path = closure.first().map(PathBuf::as_path);
    let drives = Drives { letters: spec.letters, mark: nonce, store_path };
    drives.find(&guest, Deadline::after(spec.timeouts.drive_seconds, "timeouts.driveSeconds")).await?;

    progress.phase(Phase::Script, &format!("ready as {}", spec.login.user));
    let since = Instant::now();
    let ended = run(spec, &mut guest, around.scratch, output, tail).await?;
    let took = since.elapsed().as_secs_f64();
    let drives_end = Deadline::after(spec.timeouts.drive_seconds, "timeouts.driveSeconds");
    let mut streamed = Vec::new();
    match &ended {
        Ended::ShutDown => {
            progress.phase(Phase::Output, &format!("the guest has shut down after {took:.1} s"));
        }
        Ended::With(code) if spec.success_exit_codes.contains(&code.0) => {
            progress.phase(Phase::Output, &format!("exit code {code} after {took:.1} s"));
            let place = format!(r"{BUILD_DIRECTORY}\{OUT}");
            streamed = drives::names_in(&guest, &place, drives_end).await?;
            streamed.retain(|name| derivation.outputs.contains_key(name));
            for output in &streamed {
                progress.line(&format!("  `{output}` comes as a tar stream"));
                Box::pin(results::stream(spec, derivation, &guest, output, progress)).await?;
            }
            drives::take_offline(&guest, spec.letters.exchange, drives_end).await?;
        }
        Ended::With(code) => {
            let mut room: Vec<(char, u64)> =
                drives::room(&guest, drives_end).await.map(|bytes| ('C', bytes)).into_iter().collect();
            // What lies on the drive is evidence.
            let _ = drives::take_offline(&guest, spec.letters.exchange, drives_end).await;
            let (free, large) = results::circumstances(&around.scratch.join(EXCHANGE_FILE));
            room.extend(free.map(|bytes| (spec.letters.exchange, bytes)));
            return Err(BuildError::ExitCode { code: *code, room, large });
        }
    }
    // Its disk is thrown away, and all that is wanted of it has been written.
    if let Some(machine) = running.take() {
        machine.kill().await;
    }
    Ok((ended, streamed))
}

/// How the command ended.
enum Ended {
    With(ExitCode),
    ShutDown,
}

/// Who is late may say why.
async fn list_processes(guest: &Guest, scratch: &Path) {
    let list = guest.connection.run_to_end("tasklist");
    if let Some(Ok((_, told, _))) = wait::bounded(LIST, list).await {
        // One piece of evidence less hides nothing.
        let _ = fs_err::write(scratch.join(PROCESSES_FILE), told);
    }
}

async fn run(
    spec: &Build,
    guest: &mut Guest,
    scratch: &Path,
    output: mpsc::Sender<Output>,
    tail: &mut Tail,
) -> Result<Ended, BuildError> {
    let command = format!(r"{}:\{RUN}", spec.letters.exchange);
    let signs = guest.signs.clone();
    let deadline = Deadline::after(spec.timeouts.command_seconds, "timeouts.commandSeconds");
    let connection = guest.connection.clone();
    let work = async {
        let (_, no_input) = mpsc::channel(1);
        let (sender, mut pieces) = mpsc::channel(16);
        let pass_on = async {
            while let Some(piece) = pieces.recv().await {
                tail.add(&piece);
                // Nobody may be listening any more; the command is told by its exit code.
                let _ = output.send(piece).await;
            }
        };
        let run = connection.with(async |session| session.run(&command, no_input, sender).await);
        tokio::join!(run, pass_on).0
    };
    let ended = wait::race(AWAITED, work, &signs, deadline).await;
    let lost = match ended {
        Ok(Ok(code)) => return Ok(Ended::With(ExitCode(code))),
        Ok(Err(lost)) => {
            // A server says farewell before its machine ends.
            let gone = matches!(lost, SessionError::Connection(_) | SessionError::NoExitCode { .. });
            match gone && guest.goes_away().await {
                true => None,
                // The news of a restart may come after the end of the session.
                false if guest.connection.restarts() > 0 => Some(SessionError::Restarted.into()),
                false => Some(BuildError::from(lost)),
            }
        }
        Err(error @ WaitError { cause: Cause::QemuExited(_), .. }) => {
            guest.heard_out().await;
            if guest.has_shut_down() { None } else { Some(error.into()) }
        }
        Err(error) => {
            if matches!(error.cause, Cause::Deadline(_)) {
                list_processes(guest, scratch).await;
            }
            Some(error.into())
        }
    };
    match lost {
        Some(error) => Err(error),
        None if spec.expect_shutdown => Ok(Ended::ShutDown),
        None => Err(BuildError::ShutDown),
    }
}

/// The builder must be none of the host's.
fn refuse_elf(spec: &Build, words: &[String]) -> Result<(), BuildError> {
    if spec.command != Command::Verbatim {
        return Ok(());
    }
    let Some(builder) = words.first() else { return Err(BuildError::NoBuilder) };
    if !builder.starts_with('/') {
        return Ok(());
    }
    let mut magic = Vec::new();
    let file = fs_err::File::open(builder).map_err(BuildError::Builder)?;
    file.take(4).read_to_end(&mut magic).map_err(BuildError::Builder)?;
    if magic == b"\x7fELF" { Err(BuildError::Elf { builder: builder.clone() }) } else { Ok(()) }
}

fn by_bash(command: &Command) -> bool {
    matches!(command, Command::Script { shell: WindowsShell::Bash } | Command::Phases { .. })
}

/// The text of the script, wherever Nix put it.
fn script(spec: &Build, derivation: &Derivation) -> Result<Option<String>, BuildError> {
    match &spec.command {
        Command::Verbatim => Ok(None),
        Command::Phases { script } => Ok(Some(script.clone())),
        Command::Script { .. } => {
            match (derivation.file("buildCommand"), derivation.attribute("buildCommand")) {
                (Some(file), _) => Ok(Some(fs_err::read_to_string(file)?)),
                (None, Some(text)) => Ok(Some(text.to_owned())),
                (None, None) => Err(BuildError::NoScript),
            }
        }
    }
}

fn read_closure(file: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let text = fs_err::read_to_string(file).map_err(BuildError::Closure)?;
    Ok(text.lines().filter(|line| !line.is_empty()).map(PathBuf::from).collect())
}

/// The closure as a volume with a socket; none if it is empty.
fn store(closure: &[PathBuf], scratch: &Path, progress: &Progress) -> Result<Option<Export>, BuildError> {
    if closure.is_empty() {
        return Ok(None);
    }
    let volume = StoreVolume::plan(closure)?;
    for what in volume.left_out().told() {
        progress.line(&format!("  not on the store drive: {what}"));
    }
    Ok(Some(volume.bind(&scratch.join(drives::STORE_SOCKET)).map_err(BuildError::Store)?))
}

fn make_exchange(
    spec: &Build,
    derivation: &Derivation,
    file: &Path,
    nonce: &str,
    files: Vec<launcher::File>,
) -> Result<(), BuildError> {
    // An empty file of this name tells the drive from others.
    let mut entries = vec![NewEntry::directory(OUT), NewEntry::bytes(nonce, Vec::new())];
    entries.extend(files.into_iter().map(|file| NewEntry::bytes(file.path, file.contents)));
    let attributes = derivation
        .files
        .iter()
        .filter(|(name, _)| *name != "buildCommand" || spec.command == Command::Verbatim);
    entries.extend(attributes.map(|(name, host)| NewEntry::file(format!("attr/{name}"), host)));
    Ok(exchange::create(file, spec.exchange_mib << 20, exchange::DEFAULT_LABEL, &entries)?)
}

/// What the machine begins with: an image, or a template of the very machine.
fn origin(spec: &Build, image: &Path, machine: &Machine, progress: &Progress) -> Result<Origin, BuildError> {
    let wanted = Wanted { machine, tools: &spec.tools, network: &spec.network };
    Origin::of((image, spec.state.as_deref()), wanted, progress).map_err(BuildError::Image)
}

/// The guest's disk: changes to the image, kept for a failure if that is wanted.
async fn disk(spec: &Build, origin: &Origin, scratch: &Path) -> Result<SystemDisk, BuildError> {
    let state = origin.state();
    if !spec.keep_failed_disk {
        return Ok(SystemDisk { file: origin.disk(), writes: Writes::Discarded, state });
    }
    let overlay = scratch.join(DISK_FILE);
    disk::create_overlay(&spec.tools.qemu_img, &origin.disk(), &overlay).await?;
    Ok(SystemDisk { file: overlay, writes: Writes::Kept, state })
}

/// A server without end that has ended.
fn unserved(served: std::io::Result<()>) -> BuildError {
    BuildError::Store(served.err().unwrap_or_else(|| std::io::ErrorKind::BrokenPipe.into()))
}
