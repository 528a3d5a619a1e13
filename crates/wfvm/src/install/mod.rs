//! From an installation medium to an installed disk: the story, phase by phase.

mod error;
mod preparation;
mod secrets;

use std::path::Path;

use tokio::sync::mpsc;

pub use error::{InstallError, InstallFailure};

use crate::{
    accelerator,
    boot::{self, GuestError, SHUTDOWN_COMMAND},
    disk,
    evidence::{self, Replay, Sources},
    guest::{Observer, PageReader, Sighting, Watching},
    machine::{Assembly, Display, Made, Memory, Plugged, SystemDisk, Writes},
    phase::Phase,
    preflight::Verdict,
    progress::Progress,
    qemu::{Channels, Qemu},
    session::Session,
    spec::{Install, InstallTimeouts, Network},
    unfinished::Unfinished,
    wait::{self, Deadline, WaitError},
};

use preparation::Media;

/// A guest that restarts more often than this is in a loop: an installation restarts two or three times.
const RESTARTS: u32 = 12;

/// Where an installation may write.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    /// The result, whose disk appears only when all is whole.
    pub out: Made<'a>,
    /// Sockets and scratch files; a short path.
    pub scratch: &'a Path,
    /// What is left of a failure.
    pub evidence: &'a Path,
    /// The builder's own program: it reads a failed installation's disk in a process of its own.
    pub builder: &'a Path,
    /// Who sees the guest's screen.
    pub display: Display,
}

/// Lays a spec beside its medium, and starts nothing.
///
/// # Errors
/// [`InstallError`], if the medium cannot be read; what does not fit is in the verdict.
pub fn preflight(spec: &Install) -> Result<Verdict, InstallError> {
    let (spec, unreadable) = secrets::known(spec);
    preparation::preflight(&spec, &unreadable)
}

/// Writes the media of an installation below `directory` and starts nothing. How many bytes they have.
///
/// # Errors
/// [`InstallError`], as of an installation.
pub fn media(spec: &Install, directory: &Path) -> Result<u64, InstallError> {
    let (spec, unreadable) = secrets::known(spec);
    let media = preparation::inspect(&spec, &unreadable)?.write(&spec, directory)?;
    Ok(media.written_bytes)
}

/// Writes the answer medium that an installation would have, and starts nothing.
///
/// # Errors
/// [`InstallError`], if the medium cannot be read or does not fit, or the file cannot be written.
pub fn answer_medium(spec: &Install, file: &Path) -> Result<(), InstallError> {
    let (spec, unreadable) = secrets::known(spec);
    preparation::inspect(&spec, &unreadable)?.write_answers(&spec, file).map(drop)
}

/// Installs, and puts the disk to `places.out`.
///
/// # Errors
/// [`InstallFailure`] with the phase, the reason and the evidence; nothing is left at `places.out`.
pub async fn install(
    spec: &Install,
    places: Places<'_>,
    progress: &Progress,
) -> Result<(), Box<InstallFailure>> {
    let unfinished = Unfinished::beside(places.out.disk);
    let mut machine = None;
    let outcome = story(spec, places, &unfinished, progress, &mut machine).await;
    let Err(error) = outcome else { return Ok(()) };
    let phase = progress.current();
    let disk = unfinished.path().exists().then_some(unfinished.path());
    let tesseract = spec.tools.tesseract.as_deref();
    let replay = Replay::installation(spec);
    let sources =
        Sources { machine: places.scratch, disk, builder: places.builder, tesseract, replay: Some(&replay) };
    let evidence = match (&machine, disk) {
        (None, None) => None, // nothing ran, so there is nothing to look at
        _ => Some(evidence::collect(machine, sources, places.evidence).await),
    };
    Err(Box::new(InstallFailure { phase, error, evidence }))
}

async fn story(
    spec: &Install,
    places: Places<'_>,
    unfinished: &Unfinished,
    progress: &Progress,
    running: &mut Option<Qemu>,
) -> Result<(), InstallError> {
    let title = spec.installation_medium.display();
    progress.phase(Phase::Preflight, &format!("does {title} have what the spec asks for?"));
    // From here on with the secrets, which the evidence of a failure does not get to see.
    let secret = secrets::has(spec);
    let (spec, unreadable) = &secrets::known(spec);
    let preparation = preparation::inspect(spec, unreadable)?;
    progress.line(&format!("  {}", preparation.verdict.summary));
    for line in preparation.verdict.lines().lines() {
        progress.line(&format!("  {line}"));
    }
    let acceleration =
        accelerator::settle(spec.machine.accelerator, &spec.tools, places.scratch, progress).await?;

    progress.phase(Phase::Media, "writing the answer file and its medium");
    let Media { installation_medium, answer_medium, written_bytes } =
        preparation.write(spec, places.scratch)?;
    progress.line(&format!("  {} KiB written; the installation medium stays as it is", written_bytes >> 10));
    disk::create(&spec.tools.qemu_img, unfinished.path(), spec.disk_mib).await?;

    progress.phase(Phase::Firmware, "starting the machine");
    let network = Network::default();
    let assembly = Assembly {
        machine: &spec.machine,
        tools: &spec.tools,
        acceleration,
        memory: Memory::Anonymous,
        disk: SystemDisk { file: unfinished.path().into(), writes: Writes::Kept, state: None },
        installation_medium: Some(installation_medium),
        answer_medium: Some((spec.answer_medium, answer_medium.clone())),
        plugged: Plugged::default(),
        network: &network,
        forwarder: None,
        display: places.display,
        directory: places.scratch,
    };
    let deadline = deadline_of(&spec.timeouts, Phase::Firmware);
    let (machine, channels) = Qemu::start(&assembly, deadline).await?;
    let machine = running.insert(machine);
    if secret {
        // QEMU has it open; what `--keep-failed` leaves does not need it.
        fs_err::remove_file(&answer_medium)?;
    }
    let (observer, seen) = observe(machine, channels, spec, places, progress)?;
    if places.display == Display::Vnc {
        boot::tell_screen(machine, progress).await?;
    }
    machine.resume().await?;
    let mut guest = Guest { machine, seen, restarts: 0, progress, timeouts: spec.timeouts };
    guest.install(deadline).await?;
    Box::pin(guest.finish(spec)).await?;
    drop(observer);

    progress.phase(Phase::Output, "putting the disk into its place");
    if let (Some(machine), Some(state)) = (running.take(), places.out.state) {
        machine.keep_state(places.scratch, state).await?;
    }
    unfinished.finish(places.out.disk)?;
    Ok(())
}

fn observe(
    machine: &Qemu,
    channels: Channels,
    spec: &Install,
    places: Places<'_>,
    progress: &Progress,
) -> Result<(Observer, mpsc::UnboundedReceiver<Sighting>), InstallError> {
    let screens = std::path::absolute(places.scratch)?.join("screens");
    fs_err::create_dir_all(&screens)?;
    let watching = Watching {
        stall: std::time::Duration::from_secs(spec.timeouts.stall_seconds),
        stall_field: "timeouts.stallSeconds",
        pages: spec.tools.tesseract.as_deref().map(|tesseract| PageReader::new(tesseract, &screens)),
        logs: places.scratch.into(),
        progress: progress.clone(),
    };
    Ok(Observer::start(machine, channels, watching))
}

/// The guest during an installation.
struct Guest<'a> {
    machine: &'a Qemu,
    seen: mpsc::UnboundedReceiver<Sighting>,
    restarts: u32,
    progress: &'a Progress,
    timeouts: InstallTimeouts,
}

impl Guest<'_> {
    /// Follows Setup until its last command says that the guest is ready.
    async fn install(&mut self, firmware: Deadline) -> Result<(), InstallError> {
        let mut phase = Phase::Firmware;
        let mut deadline = firmware;
        loop {
            let sighting = self.sighting(awaited(phase), deadline).await?;
            let Some(next) = self.follow(phase, sighting).await? else { continue };
            if next == Phase::Session {
                return Ok(());
            }
            phase = next;
            deadline = deadline_of(&self.timeouts, phase);
        }
    }

    /// What a sighting means in a phase; the next phase if it ends this one.
    async fn follow(&mut self, phase: Phase, sighting: Sighting) -> Result<Option<Phase>, InstallError> {
        let next = match (phase, sighting) {
            (Phase::Firmware, Sighting::MediumStarted(_)) => Phase::WindowsPe,
            (Phase::Firmware, Sighting::KeyAwaited) => {
                // Media without a boot image that asks nothing.
                self.machine.press_enter().await?;
                return Ok(None);
            }
            (Phase::WindowsPe, Sighting::Reset) => Phase::Specialize,
            (Phase::Specialize | Phase::OobeSystem | Phase::FirstLogon, Sighting::MediumStarted(_)) => {
                return Err(InstallError::NotBootable);
            }
            (Phase::Specialize, Sighting::Marker(word)) if word == "oobeSystem" => Phase::OobeSystem,
            (Phase::Specialize | Phase::OobeSystem, Sighting::Marker(word)) if word == "firstLogon" => {
                Phase::FirstLogon
            }
            (Phase::FirstLogon, Sighting::Marker(word)) if word == "ready" => Phase::Session,
            (_, Sighting::Reset) => {
                self.restarts += 1;
                if self.restarts > RESTARTS {
                    return Err(InstallError::RestartLoop { restarts: self.restarts });
                }
                return Ok(None);
            }
            (_, Sighting::Shutdown { by_guest }) => return Err(InstallError::EarlyShutdown { by_guest }),
            _ => return Ok(None),
        };
        if next != Phase::Session {
            self.progress.phase(next, happening(next));
        }
        Ok(Some(next))
    }

    /// Logs on, and shuts the guest down.
    async fn finish(mut self, spec: &Install) -> Result<(), InstallError> {
        self.progress.phase(Phase::Session, &format!("logging on as {}", spec.login.user));
        let deadline = Deadline::after(self.timeouts.first_logon_seconds, "timeouts.firstLogonSeconds");
        let port = self.machine.ssh_port().await?;
        let signs = self.machine.signs();
        let session = Session::open(port, &spec.login, &signs, deadline).await??;

        self.progress.phase(Phase::Shutdown, "ending the installed system");
        let deadline = Deadline::after(self.timeouts.shutdown_seconds, "timeouts.shutdownSeconds");
        let order = async { session.run_to_end(SHUTDOWN_COMMAND).await.map(|(code, ..)| code) };
        boot::power_off(self.machine, Box::pin(order), deadline).await?;
        // Whatever QEMU said before its end has been seen by now.
        while let Ok(sighting) = self.seen.try_recv() {
            if sighting == (Sighting::Shutdown { by_guest: true }) {
                return Ok(());
            }
        }
        let how = signs.borrow().exited.clone().unwrap_or_default();
        Err(GuestError::Killed { how }.into())
    }

    async fn sighting(&mut self, awaited: &'static str, deadline: Deadline) -> Result<Sighting, WaitError> {
        let signs = self.machine.signs();
        let next = async {
            match self.seen.recv().await {
                Some(sighting) => sighting,
                // QEMU is gone; its end is published by its owner.
                None => std::future::pending().await,
            }
        };
        wait::race(awaited, next, &signs, deadline).await
    }
}

fn deadline_of(timeouts: &InstallTimeouts, phase: Phase) -> Deadline {
    let (seconds, field) = match phase {
        Phase::WindowsPe => (timeouts.windows_pe_seconds, "timeouts.windowsPeSeconds"),
        Phase::Specialize | Phase::OobeSystem => (timeouts.specialize_seconds, "timeouts.specializeSeconds"),
        Phase::FirstLogon | Phase::Session => (timeouts.first_logon_seconds, "timeouts.firstLogonSeconds"),
        Phase::Shutdown => (timeouts.shutdown_seconds, "timeouts.shutdownSeconds"),
        Phase::Preflight
        | Phase::Media
        | Phase::Firmware
        | Phase::Boot
        | Phase::Settle
        | Phase::Freeze
        | Phase::Trial
        | Phase::Script
        | Phase::Output => (timeouts.firmware_seconds, "timeouts.firmwareSeconds"),
    };
    Deadline::after(seconds, field)
}

fn happening(phase: Phase) -> &'static str {
    match phase {
        Phase::WindowsPe => "Setup reads the answer file, divides the disk and applies the image",
        Phase::Specialize => "first start from the disk",
        Phase::OobeSystem => "accounts and settings",
        Phase::FirstLogon => "the first logon's commands run",
        Phase::Preflight
        | Phase::Media
        | Phase::Firmware
        | Phase::Boot
        | Phase::Session
        | Phase::Settle
        | Phase::Freeze
        | Phase::Trial
        | Phase::Script
        | Phase::Shutdown
        | Phase::Output => "",
    }
}

fn awaited(phase: Phase) -> &'static str {
    match phase {
        Phase::Firmware => "the start of the installation medium",
        Phase::WindowsPe => "the restart at the end of the windowsPE pass",
        Phase::Specialize => "the end of the specialize pass",
        Phase::OobeSystem => "the first logon",
        Phase::FirstLogon => "the end of the first logon's commands",
        Phase::Preflight
        | Phase::Media
        | Phase::Boot
        | Phase::Session
        | Phase::Settle
        | Phase::Freeze
        | Phase::Trial
        | Phase::Script
        | Phase::Shutdown
        | Phase::Output => "the next phase",
    }
}
