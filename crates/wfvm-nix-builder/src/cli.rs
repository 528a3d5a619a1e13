//! The command line: which task, on what.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use clap::{Parser, Subcommand};
use wfvm::disk;

use crate::{forward, report::Outcome, tasks, win};

/// Builds, runs and talks to Windows virtual machines.
#[derive(Debug, Parser)]
#[command(name = "wfvm-nix-builder", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Install from an ISO to a disk image. As a derivation's builder it takes no arguments.
    Install(tasks::Built),
    /// Run a script beside a guest and keep what it changed, as an image on top of another. As a
    /// derivation's builder it takes no arguments.
    Layer {
        #[command(flatten)]
        built: tasks::Built,
        /// Where the time went, as JSON.
        #[arg(long, value_name = "FILE")]
        times: Option<PathBuf>,
    },
    /// Run a script beside a guest whose disk is thrown away.
    Run {
        /// The spec, a JSON file.
        #[arg(long)]
        spec: PathBuf,
        /// Where a failure leaves its evidence.
        #[arg(long, default_value = "evidence")]
        evidence: PathBuf,
        /// Show the guest's screen: in a window, or by VNC where there is none.
        #[arg(long)]
        display: bool,
    },
    /// Print the JSON schema of a subcommand's spec.
    Schema {
        /// The subcommand.
        #[arg(value_enum)]
        of: tasks::SchemaOf,
    },
    /// Copy standard input and output to a TCP port: QEMU calls this for a forwarded connection.
    #[command(hide = true)]
    Forward {
        /// Name or address.
        address: String,
        /// TCP port.
        port: u16,
    },
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
    /// Run a command in the guest.
    WinExec(win::Exec),
    /// Put a file or directory into the guest.
    WinPut(win::Put),
    /// Get a file or directory out of the guest.
    WinGet(win::Get),
    /// Wait until the guest takes commands.
    WinWait(win::Wait),
    /// Restart the guest and wait until it takes commands.
    WinRestart(win::Restart),
}

/// Reads the command line and does what it says. `win-exec` and its siblings are this binary
/// under their names.
pub(crate) fn perform() -> Outcome {
    let words: Vec<OsString> = std::env::args_os().collect();
    let name = words.first().map(PathBuf::from);
    let name = name.as_deref().and_then(Path::file_name).and_then(OsStr::to_str);
    win::called_as(name, &words).unwrap_or_else(|| Cli::parse_from(&words).perform())
}

impl Cli {
    fn perform(self) -> Outcome {
        match self.task {
            Task::Install(built) => tasks::install(&built),
            Task::Layer { built, times } => tasks::layer(&built, times.as_deref()),
            Task::Run { spec, evidence, display } => tasks::run(&spec, &evidence, display),
            Task::Schema { of } => tasks::schema(of),
            Task::Forward { address, port } => forward::forward(&address, port),
            Task::ReadDisk { image, limit, paths } => tasks::read_disk(&image, limit, &paths),
            Task::WinExec(exec) => exec.perform(),
            Task::WinPut(put) => put.perform(),
            Task::WinGet(get) => get.perform(),
            Task::WinWait(wait) => wait.perform(),
            Task::WinRestart(restart) => restart.perform(),
        }
    }
}
