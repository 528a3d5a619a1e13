//! The tasks: a spec from Nix or from a file, the library, and how it ended.

#[cfg(feature = "run")]
mod build;
#[cfg(feature = "run")]
mod clones;
#[cfg(all(feature = "run", feature = "inspect"))]
mod doctor;
#[cfg(feature = "inspect")]
mod inspect;
#[cfg(feature = "install")]
mod install;
#[cfg(feature = "layer")]
mod layer;
#[cfg(feature = "linux")]
mod linux;
#[cfg(feature = "inspect")]
mod lint;
#[cfg(feature = "inspect")]
mod preflight;
mod read_disk;
#[cfg(feature = "run")]
mod run;
#[cfg(all(feature = "install", feature = "inspect", feature = "layer", feature = "run", feature = "linux"))]
mod schema;
#[cfg(feature = "store-volume")]
mod store_volume;
#[cfg(feature = "run")]
mod template;
#[cfg(all(feature = "inspect", feature = "layer", feature = "run"))]
mod verify;

use std::{
    future::Future,
    io::IsTerminal as _,
    path::{Path, PathBuf},
};

#[cfg(feature = "run")]
pub(crate) use build::Build;
use clap::Args;
#[cfg(feature = "run")]
pub(crate) use clones::clones;
#[cfg(all(feature = "run", feature = "inspect"))]
pub(crate) use doctor::Doctor;
#[cfg(feature = "inspect")]
pub(crate) use inspect::Inspect;
#[cfg(feature = "install")]
pub(crate) use install::{Install, install};
#[cfg(feature = "layer")]
pub(crate) use layer::Layer;
#[cfg(feature = "inspect")]
pub(crate) use lint::Lint;
#[cfg(feature = "linux")]
pub(crate) use linux::{Linux, LinuxInitramfs, first_program};
#[cfg(feature = "inspect")]
pub(crate) use preflight::Preflight;
pub(crate) use read_disk::read_disk;
#[cfg(feature = "run")]
pub(crate) use run::Run;
#[cfg(all(
    feature = "install",
    feature = "inspect",
    feature = "layer",
    feature = "run",
    feature = "linux"
))]
pub(crate) use schema::{SchemaOf, schema};
#[cfg(feature = "store-volume")]
pub(crate) use store_volume::StoreVolume;
use tempfile::TempDir;
#[cfg(feature = "run")]
pub(crate) use template::{CheckTemplate, template};
use tokio::signal::unix::{SignalKind, signal};
#[cfg(all(feature = "inspect", feature = "layer", feature = "run"))]
pub(crate) use verify::Verify;
use wfvm::{
    blame::Blame,
    machine::Display,
    nix::structured_attrs::StructuredAttrs,
    progress::Reader,
    qemu,
    spec::{self, Spec, SpecError, Tools},
};

use crate::{nix_env::NixEnv, report::Failure};
#[cfg(feature = "script")]
use wfvm::script::Surroundings;

/// What the builder of a derivation finds in its attributes, and everybody else says in options.
#[derive(Debug, Args)]
pub(crate) struct Built {
    /// The spec, a JSON file; absent: the attribute `spec` of the derivation.
    #[arg(long)]
    spec: Option<PathBuf>,
    /// The disk image or directory to make; absent: the derivation's output `out`.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Where a failure leaves its evidence.
    #[arg(long, default_value = "evidence")]
    evidence: PathBuf,
    /// Show the guest's screen: in a window, or by VNC where there is none.
    #[arg(long)]
    display: bool,
}

/// What an image's machine leaves besides the disk.
#[cfg(any(feature = "install", feature = "layer"))]
#[derive(Debug, Args)]
pub(crate) struct State {
    /// The directory to make for the UEFI variables and the TPM's state; absent: the derivation's output
    /// `state`, or they are not kept.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

#[cfg(any(feature = "install", feature = "layer"))]
impl State {
    fn place(&self, env: &NixEnv) -> Result<Option<PathBuf>, Failure> {
        let of_derivation =
            attributes(env)?.and_then(|attributes| attributes.outputs().get("state").cloned());
        Ok(self.state.clone().or(of_derivation))
    }
}

impl Built {
    /// The spec and the place of the result.
    fn read<S: Spec>(&self, env: &NixEnv) -> Result<(S, PathBuf), Failure> {
        let attributes = attributes(env)?;
        let text = match (&self.spec, &attributes) {
            (Some(file), _) => read(file)?,
            (None, Some(attributes)) => attributes.get("spec").map(ToString::to_string).unwrap_or_default(),
            (None, None) => {
                return Err(Failure::new(
                    "`--spec` is missing, and no derivation is being built",
                    Blame::Input,
                ));
            }
        };
        let spec = parse(&text, self.spec.as_deref())?;
        let of_derivation = || attributes.as_ref()?.outputs().get("out").cloned();
        match self.out.clone().or_else(of_derivation) {
            Some(out) => Ok((spec, out)),
            None => Err(Failure::new("`--out` is missing, and no derivation is being built", Blame::Input)),
        }
    }
}

#[cfg(feature = "script")]
impl Built {
    /// What a task with a guest finds around it.
    async fn around<'a>(
        &'a self,
        scratch: &'a Path,
        tools: &Tools,
        env: &NixEnv,
    ) -> Result<Surroundings<'a>, Failure> {
        let this = this()?;
        Ok(Surroundings {
            scratch,
            evidence: &self.evidence,
            programs: directory_of(&this),
            builder: this,
            path: crate::nix_env::of_guest().path,
            display: display(self.display, tools, env).await,
        })
    }
}

fn this() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(|error| Failure::new(error, Blame::Host))
}

#[cfg(feature = "script")]
fn directory_of(program: &Path) -> PathBuf {
    program.parent().unwrap_or(Path::new("/")).into()
}

async fn display(wanted: bool, tools: &Tools, env: &NixEnv) -> Display {
    if wanted { qemu::display_for_a_person(&tools.qemu, env.desktop).await } else { Display::None }
}

/// The derivation's structured attributes, if one is being built.
fn attributes(env: &NixEnv) -> Result<Option<StructuredAttrs>, Failure> {
    let Some(file) = env.attrs_json() else { return Ok(None) };
    let attributes = StructuredAttrs::from_json_str(&read(&file)?)
        .map_err(|error| Failure::new(format!("{}: {error}", file.display()), Blame::Host))?;
    Ok(Some(attributes))
}

fn read(file: &Path) -> Result<String, Failure> {
    fs_err::read_to_string(file).map_err(|error| Failure::new(error, Blame::Input))
}

fn parse<S: Spec>(text: &str, file: Option<&Path>) -> Result<S, Failure> {
    spec::parse(text).map_err(|error: SpecError| {
        let place =
            file.map_or("the derivation's attribute `spec`".into(), |file| file.display().to_string());
        Failure::new(format!("{place}: {error}"), Blame::Input)
    })
}

/// A directory for sockets, whose paths the kernel limits to 107 bytes: below the directory for
/// temporary files if that is short, else below `/tmp`, since a script that goes elsewhere needs
/// absolute ones. It goes away by itself, and its name is new, since a builder that was killed
/// leaves its own behind.
fn scratch() -> Result<TempDir, Failure> {
    const LONGEST: usize = 60;
    let base = std::env::temp_dir();
    let base = if base.as_os_str().len() <= LONGEST { base } else { PathBuf::from("/tmp") };
    let made = tempfile::Builder::new().prefix("wfvm-").tempdir_in(base);
    made.map_err(|error| Failure::new(error, Blame::Host))
}

fn reader(env: &NixEnv) -> Reader {
    if env.build_top.is_some() && env.log_fd.is_some() {
        Reader::Nix
    } else if std::io::stderr().is_terminal() {
        Reader::Terminal
    } else {
        Reader::Lines
    }
}

/// One thread: a child's parent-death signal is tied to the thread that started it.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("no runtime: {error}"), Blame::Host))?;
    let outcome = runtime.block_on(work);
    // A thread that waits for input that never comes must not keep us.
    runtime.shutdown_background();
    outcome
}

/// Gives up `work`, whose machines and programs end with it, when we are told to end.
pub(crate) async fn interruptible<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let ask = |kind| signal(kind).map_err(|error| Failure::new(error, Blame::Host));
    let (mut terminate, mut interrupt) = (ask(SignalKind::terminate())?, ask(SignalKind::interrupt())?);
    // A terminal that is closed ends what was started in it.
    let mut hangup = ask(SignalKind::hangup())?;
    tokio::select! {
        outcome = work => outcome,
        _ = terminate.recv() => Err(Failure::new("ended by SIGTERM", Blame::Host)),
        _ = interrupt.recv() => Err(Failure::new("ended by SIGINT", Blame::Host)),
        _ = hangup.recv() => Err(Failure::new("ended by SIGHUP", Blame::Host)),
    }
}
