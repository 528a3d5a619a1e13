//! The tasks: a spec from Nix or from a file, the library, and how it ended.

use std::{
    future::Future,
    io::IsTerminal as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::ValueEnum;
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};
use wfvm::{
    blame::Blame,
    disk,
    install::{self, Places},
    nix::structured_attrs::StructuredAttrs,
    progress::{Progress, Reader},
    run::{self, Surroundings},
    spec::{self, Spec, SpecError},
};

use crate::{
    nix_env::{self, NixEnv},
    report::{Failure, Outcome},
};

/// Whose schema is wanted.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SchemaOf {
    /// `install`
    Install,
    /// `layer`
    Layer,
    /// `run`
    Run,
}

pub(crate) fn install(file: Option<&Path>, out: Option<PathBuf>, evidence: &Path) -> Outcome {
    let env = nix_env::read();
    let attributes = attributes(&env)?;
    let text = match (file, &attributes) {
        (Some(file), _) => read(file)?,
        (None, Some(attributes)) => attributes.get("spec").map(ToString::to_string).unwrap_or_default(),
        (None, None) => {
            return Err(Failure::new("`--spec` is missing, and no derivation is being built", Blame::Input));
        }
    };
    let spec: spec::Install = parse(&text, file)?;
    let of_derivation = || attributes.as_ref()?.outputs().get("out").cloned();
    let Some(out) = out.or_else(of_derivation) else {
        return Err(Failure::new("`--out` is missing, and no derivation is being built", Blame::Input));
    };
    let scratch = scratch()?;
    let progress = Progress::new(reader(&env));
    let this = std::env::current_exe().map_err(|error| Failure::new(error, Blame::Host))?;
    let places = Places { out: &out, scratch: scratch.path(), evidence, disk_reader: &this };
    let installed = block_on(interruptible(async {
        install::install(&spec, places, &progress).await.map_err(|failure| {
            let blame = failure.error.blame();
            Failure::new(failure, blame)
        })
    }));
    progress.end();
    if installed.is_err() {
        // An interruption drops the installation where it stands.
        let _ = fs_err::remove_file(places.unfinished());
    }
    installed.map(|()| ExitCode::SUCCESS)
}

pub(crate) fn run(file: &Path, evidence: &Path) -> Outcome {
    let env = nix_env::read();
    let spec: spec::Run = parse(&read(file)?, Some(file))?;
    let scratch = scratch()?;
    let progress = Progress::new(reader(&env));
    let this = std::env::current_exe().map_err(|error| Failure::new(error, Blame::Host))?;
    let around = Surroundings {
        scratch: scratch.path(),
        evidence,
        programs: this.parent().unwrap_or(Path::new("/")).into(),
        forwarder: this.clone(),
        path: env.path,
    };
    let ended = block_on(interruptible(async {
        run::run(&spec, &around, &progress).await.map_err(|failure| {
            let blame = failure.error.blame();
            Failure::new(failure, blame)
        })
    }));
    progress.end();
    // The script's own status is ours; a shell says a signal as 128 and its number.
    let status = ended?;
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    let code = status.code().or(signal.map(|signal| 128 + signal)).unwrap_or(1);
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

/// Reads files of a disk image for the process that has a failure to tell.
pub(crate) fn read_disk(image: &Path, limit: u64, paths: &[String]) -> Outcome {
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let files = disk::read_files(image, &paths, limit).map_err(|error| Failure::new(error, Blame::Input))?;
    let text = serde_json::to_vec(&files).map_err(|error| Failure::new(error, Blame::Bug))?;
    std::io::Write::write_all(&mut std::io::stdout().lock(), &text)
        .map_err(|error| Failure::new(error, Blame::Host))?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn schema(of: SchemaOf) -> Outcome {
    let schema = match of {
        SchemaOf::Install => spec::schema::<spec::Install>(),
        SchemaOf::Layer => spec::schema::<spec::Layer>(),
        SchemaOf::Run => spec::schema::<spec::Run>(),
    };
    let mut out = std::io::stdout().lock();
    std::io::Write::write_all(&mut out, format!("{schema}\n").as_bytes())
        .map_err(|error| Failure::new(error, Blame::Host))?;
    Ok(ExitCode::SUCCESS)
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
