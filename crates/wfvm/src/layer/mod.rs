//! A script beside a running guest whose changes are kept: one image on top of another.

mod error;

use std::{
    path::Path,
    pin::pin,
    process::ExitStatus,
    time::{Duration, Instant},
};

use serde::Serialize;

pub use error::{LayerError, LayerFailure};

use crate::{
    boot::{Boot, Guest, Start},
    command_socket::{Owner, Rule},
    disk,
    evidence::Replay,
    machine::{Made, Plugged, SystemDisk, Writes},
    phase::Phase,
    progress::Progress,
    qemu::Qemu,
    script::{self, Script, Strictness, Surroundings},
    session::BootLimit,
    spec::Layer,
    steps::Steps,
    template::{Origin, Wanted},
    tool::status_in_words,
    unfinished::Unfinished,
    wait::{self, Cause, Deadline, WaitError},
};

const AWAITED: &str = "the end of the layer's script";

/// Where a layer's time went.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Times {
    /// All of it.
    pub total_seconds: f64,
    /// From the start of the guest's CPUs to the authenticated session.
    pub boot_seconds: f64,
    /// The script.
    pub script_seconds: f64,
    /// From the order to shut down to QEMU's end.
    pub shutdown_seconds: f64,
    /// Writing the compact image, if that was asked for.
    pub compact_seconds: f64,
    /// The rest, which is no work of the guest's.
    pub other_seconds: f64,
}

/// Builds a layer and puts it to `out`, where its disk appears only when all is whole.
///
/// # Errors
/// [`LayerFailure`] with the phase, the steps that failed and the evidence; nothing is left at
/// `out`.
pub async fn layer(
    spec: &Layer,
    out: Made<'_>,
    around: &Surroundings<'_>,
    progress: &Progress,
) -> Result<Times, Box<LayerFailure>> {
    let unfinished = Unfinished::beside(out.disk);
    let (mut machine, steps) = (None, Steps::default());
    let error = match story(spec, out, around, &unfinished, &steps, progress, &mut machine).await {
        Ok(times) => return Ok(times),
        Err(error) => error,
    };
    let phase = progress.current();
    let evidence = around.collect(machine, &spec.tools, &Replay::layer(spec)).await;
    Err(Box::new(LayerFailure {
        name: spec.name.clone(),
        phase,
        error,
        failures: steps.failures(),
        evidence,
    }))
}

async fn story(
    spec: &Layer,
    out: Made<'_>,
    around: &Surroundings<'_>,
    unfinished: &Unfinished,
    steps: &Steps,
    progress: &Progress,
    running: &mut Option<Qemu>,
) -> Result<Times, LayerError> {
    let begun = Instant::now();
    progress.phase(Phase::Preflight, &format!("layer {} on {}", spec.name, spec.parent.display()));
    let wanted = Wanted { machine: &spec.machine, tools: &spec.tools, network: &spec.network };
    let origin =
        Origin::of((&spec.parent, spec.state.as_deref()), wanted, progress).map_err(LayerError::Parent)?;
    for directory in &spec.search_path {
        fs_err::metadata(directory).map_err(LayerError::SearchPath)?;
    }
    match &origin {
        Origin::Image { file, .. } => {
            disk::create_overlay(&spec.tools.qemu_img, file, unfinished.path()).await?;
        }
        // What its guest wrote is small, and the layer is to be one of the image, not of the template.
        Origin::Template(_) => {
            let mut disk = fs_err::File::open(origin.disk())?;
            std::io::copy(&mut disk, &mut fs_err::File::create(unfinished.path())?)?;
        }
    }

    let boot = Boot {
        machine: &spec.machine,
        tools: &spec.tools,
        login: &spec.login,
        network: &spec.network,
        start: Start::from(&origin),
        disk: SystemDisk { file: unfinished.path().into(), writes: Writes::Kept, state: origin.state() },
        plugged: Plugged::default(),
        display: around.display,
        limit: BootLimit { seconds: spec.timeouts.boot_seconds, field: "timeouts.bootSeconds" },
        scratch: around.scratch,
        forwarder: &around.builder,
    };
    let mut guest = Guest::boot(&boot, progress, running).await?;
    let booted = guest.took;

    progress.phase(Phase::Script, &format!("ready as {}", spec.login.user));
    let since = Instant::now();
    let status = script(spec, around, steps, progress, &mut guest).await?;
    let scripted = since.elapsed();
    judge(spec, status, steps)?;

    let since = Instant::now();
    if !guest.has_shut_down() {
        progress.phase(Phase::Shutdown, "ending the guest");
        let deadline = Deadline::after(spec.timeouts.shutdown_seconds, "timeouts.shutdownSeconds");
        if let Some(machine) = running {
            guest.shut_down(machine, deadline).await?;
        }
    }
    let shut_down = since.elapsed();
    let machine = running.take();

    progress.phase(Phase::Output, "putting the image into its place");
    let since = Instant::now();
    if spec.compact {
        disk::compact(&spec.tools.qemu_img, unfinished.path()).await?;
    }
    let compacted = since.elapsed();
    if let (Some(machine), Some(state)) = (machine, out.state) {
        machine.keep_state(around.scratch, state).await?;
    }
    unfinished.finish(out.disk)?;
    let times = Times::new(begun.elapsed(), booted, scripted, shut_down, compacted);
    progress.line(&format!("  steps: {}; {times}", steps.count()));
    Ok(times)
}

async fn script(
    spec: &Layer,
    around: &Surroundings<'_>,
    steps: &Steps,
    progress: &Progress,
    guest: &mut Guest,
) -> Result<ExitStatus, LayerError> {
    let script = Script {
        text: &spec.script,
        bash: spec.tools.bash.as_deref().unwrap_or(Path::new("bash")),
        strictness: if spec.strict { Strictness::Strict } else { Strictness::Plain },
        around,
        search_path: &spec.search_path,
        variables: guest.variables(1),
    };
    let rule = Rule::Installers { accepted: spec.strict };
    let owner = Owner::new(guest.connection.clone(), rule, steps.clone()).telling(progress.clone());
    let signs = guest.signs.clone();
    let deadline = Deadline::after(spec.timeouts.script_seconds, "timeouts.scriptSeconds");
    let mut ended = pin!(script::run(&script, [owner]));
    match wait::race(AWAITED, &mut ended, &signs, deadline).await {
        Err(error @ WaitError { cause: Cause::QemuExited(_), .. }) => {
            let running = steps.running();
            guest.heard_out().await;
            if guest.has_shut_down() { Err(LayerError::ShutDown { running }) } else { Err(error.into()) }
        }
        ended => {
            let status = ended??;
            // A server says farewell before its machine ends, and its clients end before that is known.
            if !status.success() && steps.lost() > 0 && guest.goes_away().await {
                let last = steps.failures().pop().map(|step| step.words);
                return Err(LayerError::ShutDown { running: last.into_iter().collect() });
            }
            Ok(status)
        }
    }
}

/// Whether the script did what it should, by its own status and by what became of its requests.
fn judge(spec: &Layer, status: ExitStatus, steps: &Steps) -> Result<(), LayerError> {
    if !status.success() {
        return Err(LayerError::Status(status_in_words(status)));
    }
    match steps.lost() {
        // A strict script answers for each of its requests itself.
        lost if lost > 0 && !spec.strict => Err(LayerError::Lost { lost, all: steps.count() }),
        _ => Ok(()),
    }
}

impl Times {
    fn new(total: Duration, boot: Duration, script: Duration, shutdown: Duration, compact: Duration) -> Self {
        let other = total.saturating_sub(boot + script + shutdown + compact);
        Self {
            total_seconds: total.as_secs_f64(),
            boot_seconds: boot.as_secs_f64(),
            script_seconds: script.as_secs_f64(),
            shutdown_seconds: shutdown.as_secs_f64(),
            compact_seconds: compact.as_secs_f64(),
            other_seconds: other.as_secs_f64(),
        }
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "boot {:.1} s, script {:.1} s, shutdown {:.1} s, all else {:.1} s",
            self.boot_seconds,
            self.script_seconds,
            self.shutdown_seconds,
            self.compact_seconds + self.other_seconds
        )
    }
}
