//! The command line: which task, on what.

use std::{ffi::OsString, path::PathBuf};

use clap::{Parser, Subcommand};
use wfvm::disk;

#[cfg(feature = "script")]
use crate::{forward, win};
use crate::{report::Outcome, tasks};

/// Builds, runs and talks to Windows virtual machines.
#[derive(Debug, Parser)]
#[command(name = "wfvm-nix-builder", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    #[cfg(feature = "install")]
    /// Install from an ISO to a disk image. As a derivation's builder it takes no arguments.
    Install(tasks::Install),
    #[cfg(all(feature = "run", feature = "inspect"))]
    /// Say whether this host is fit for guests: KVM, memory, room, Nix.
    Doctor(tasks::Doctor),
    #[cfg(feature = "inspect")]
    /// Say what an installation medium is, and what will happen with it.
    Inspect(tasks::Inspect),
    #[cfg(feature = "inspect")]
    /// Lay the spec of an installation beside its medium and tell all that does not fit; nothing starts.
    Preflight(tasks::Preflight),
    #[cfg(all(feature = "inspect", feature = "layer", feature = "run"))]
    /// Do everything once with an installation medium and write a report without secrets: preflight, media,
    /// install, layer, run, template, clone.
    Verify(tasks::Verify),
    #[cfg(feature = "layer")]
    /// Run a script beside a guest and keep what it changed, as an image on top of another. As a
    /// derivation's builder it takes no arguments.
    Layer(tasks::Layer),
    #[cfg(feature = "run")]
    /// Run a script beside a guest whose disk is thrown away.
    Run(tasks::Run),
    #[cfg(feature = "run")]
    /// Build a derivation in a guest: its builder runs there, its outputs come back.
    Build(tasks::Build),
    #[cfg(feature = "run")]
    /// Boot an image and freeze it with its memory, for clones that go on from there. As a derivation's
    /// builder it takes no arguments.
    Template(tasks::Built),
    #[cfg(feature = "run")]
    /// Run each of many commands in a guest of its own, from one template. As a derivation's builder it
    /// takes no arguments.
    Clones(tasks::Built),
    #[cfg(feature = "run")]
    /// Read a template from its beginning to its end and hold it against its checksums.
    CheckTemplate(tasks::CheckTemplate),
    #[cfg(feature = "linux")]
    /// Run a derivation's builder in a Linux guest.
    Linux(tasks::Linux),
    #[cfg(feature = "linux")]
    /// Write the initramfs of such guests, in which this program is the first one.
    LinuxInitramfs(tasks::LinuxInitramfs),
    #[cfg(all(
        feature = "install",
        feature = "inspect",
        feature = "layer",
        feature = "run",
        feature = "linux"
    ))]
    /// Print the JSON schema of a subcommand's spec, or of what `inspect`, `preflight` or `verify` tell.
    Schema {
        /// The subcommand.
        #[arg(value_enum)]
        of: tasks::SchemaOf,
    },
    #[cfg(feature = "store-volume")]
    /// Serve store paths as the medium of a CD drive, without a copy, by NBD.
    StoreVolume(tasks::StoreVolume),
    #[cfg(feature = "script")]
    /// Copy standard input and output to a TCP port: QEMU calls this for a forwarded connection.
    #[command(hide = true)]
    Forward {
        /// Name or address.
        address: String,
        /// TCP port.
        port: u16,
    },
    #[cfg(feature = "inspect")]
    /// Find what Windows Setup would stop at, ignore or misread in answer files.
    Lint(tasks::Lint),
    /// Read files of a disk image that a guest wrote: a failed installation calls this.
    #[command(hide = true, name = disk::READER_SUBCOMMAND)]
    ReadDisk {
        /// The image, qcow2.
        image: PathBuf,
        /// How many bytes of each file are wanted, from its end.
        limit: u64,
        /// Paths, from the root of a volume.
        paths: Vec<String>,
    },
    #[cfg(feature = "script")]
    /// Run a command in the guest.
    WinExec(win::Exec),
    #[cfg(feature = "script")]
    /// Put a file or directory into the guest.
    WinPut(win::Put),
    #[cfg(feature = "script")]
    /// Get a file or directory out of the guest.
    WinGet(win::Get),
    #[cfg(feature = "script")]
    /// Wait until the guest takes commands.
    WinWait(win::Wait),
    #[cfg(feature = "script")]
    /// Restart the guest and wait until it takes commands.
    WinRestart(win::Restart),
}

/// Reads the command line and does what it says. `win-exec` and its siblings are this binary
/// under their names.
pub(crate) fn perform() -> Outcome {
    let words: Vec<OsString> = std::env::args_os().collect();
    #[cfg(feature = "linux")]
    if words.first().is_some_and(|name| wfvm::linux_guest::init::is_first_program(name)) {
        return tasks::first_program();
    }
    #[cfg(feature = "script")]
    if let Some(outcome) = win::called_as(&words) {
        return outcome;
    }
    Cli::parse_from(&words).perform()
}

impl Cli {
    fn perform(self) -> Outcome {
        match self.task {
            #[cfg(feature = "install")]
            Task::Install(install) => tasks::install(&install),
            #[cfg(all(feature = "run", feature = "inspect"))]
            Task::Doctor(doctor) => doctor.perform(),
            #[cfg(feature = "inspect")]
            Task::Inspect(inspect) => inspect.perform(),
            #[cfg(feature = "inspect")]
            Task::Preflight(preflight) => preflight.perform(),
            #[cfg(all(feature = "inspect", feature = "layer", feature = "run"))]
            Task::Verify(verify) => verify.perform(),
            #[cfg(feature = "layer")]
            Task::Layer(layer) => layer.perform(),
            #[cfg(feature = "run")]
            Task::Run(run) => run.perform(),
            #[cfg(feature = "run")]
            Task::Build(build) => build.perform(),
            #[cfg(feature = "run")]
            Task::Template(built) => tasks::template(&built),
            #[cfg(feature = "run")]
            Task::Clones(built) => tasks::clones(&built),
            #[cfg(feature = "run")]
            Task::CheckTemplate(check) => check.perform(),
            #[cfg(feature = "linux")]
            Task::Linux(linux) => linux.perform(),
            #[cfg(feature = "linux")]
            Task::LinuxInitramfs(initramfs) => initramfs.perform(),
            #[cfg(all(
                feature = "install",
                feature = "inspect",
                feature = "layer",
                feature = "run",
                feature = "linux"
            ))]
            Task::Schema { of } => tasks::schema(of),
            #[cfg(feature = "store-volume")]
            Task::StoreVolume(volume) => volume.perform(),
            #[cfg(feature = "script")]
            Task::Forward { address, port } => forward::forward(&address, port),
            #[cfg(feature = "inspect")]
            Task::Lint(lint) => lint.perform(),
            Task::ReadDisk { image, limit, paths } => tasks::read_disk(&image, limit, &paths),
            #[cfg(feature = "script")]
            Task::WinExec(exec) => exec.perform(),
            #[cfg(feature = "script")]
            Task::WinPut(put) => put.perform(),
            #[cfg(feature = "script")]
            Task::WinGet(get) => get.perform(),
            #[cfg(feature = "script")]
            Task::WinWait(wait) => wait.perform(),
            #[cfg(feature = "script")]
            Task::WinRestart(restart) => restart.perform(),
        }
    }
}
