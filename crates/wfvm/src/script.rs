//! A bash script on the host, whose programs reach the guest through the owner's socket.

use std::{
    ffi::OsString,
    io::IsTerminal as _,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::Arc,
};

use futures_util::future::select_all;
use tokio::net::UnixListener;

use crate::{
    command_socket::{self, Owner},
    evidence::{self, Evidence, Replay, Sources},
    machine::Display,
    qemu::Qemu,
    spec::Tools,
    tool::{KillGroup, Tool, ToolError},
};

/// Why a script has no status.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// Bash could not be started.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// A file or socket of the host failed.
    #[error(transparent)]
    File(#[from] std::io::Error),
}

/// What everything with a script finds around it.
#[derive(Debug, Clone)]
pub struct Surroundings<'a> {
    /// Sockets and scratch files; a short path.
    pub scratch: &'a Path,
    /// What is left of a failure.
    pub evidence: &'a Path,
    /// The directory of `win-exec` and its siblings.
    pub programs: PathBuf,
    /// The builder's own program: it carries forwarded connections.
    pub builder: PathBuf,
    /// The caller's PATH.
    pub path: OsString,
    /// Who sees the guest's screen.
    pub display: Display,
}

impl Surroundings<'_> {
    /// What is left of a failure, if a machine had run.
    pub async fn collect(&self, machine: Option<Qemu>, tools: &Tools, replay: &Replay) -> Option<Evidence> {
        let sources = Sources {
            machine: self.scratch,
            disk: None,
            builder: &self.builder,
            tesseract: tools.tesseract.as_deref(),
            replay: Some(replay),
        };
        match machine {
            None => None,
            Some(_) => Some(evidence::collect(machine, sources, self.evidence).await),
        }
    }
}

/// A script and what it finds in its environment.
#[derive(Debug)]
pub struct Script<'a> {
    /// Its text.
    pub text: &'a str,
    /// The shell.
    pub bash: &'a Path,
    /// What a command that fails means to the shell.
    pub strictness: Strictness,
    /// What it finds around it.
    pub around: &'a Surroundings<'a>,
    /// Directories between that of `win-exec` and the caller's PATH.
    pub search_path: &'a [PathBuf],
    /// Further variables.
    pub variables: Vec<(String, String)>,
}

/// What a command that fails means to the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// Nothing: the last command's status is the script's, as in a layer of WFVM's.
    Plain,
    /// The script's end, as in `wfvm-run` of WFVM's.
    FirstFailure,
    /// The script's end, also in a pipe, and so does a variable that is not set.
    Strict,
}

impl Strictness {
    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Plain => &[],
            Self::FirstFailure => &["-e"],
            Self::Strict => &["-e", "-u", "-o", "pipefail"],
        }
    }
}

/// Runs a script to its end, in the current directory and with our terminal. Its programs reach each owner's
/// guest, the first one's where no other is named.
///
/// # Errors
/// [`ScriptError`] if there is none.
pub async fn run(
    script: &Script<'_>,
    owners: impl IntoIterator<Item = Owner>,
) -> Result<ExitStatus, ScriptError> {
    let scratch = std::path::absolute(script.around.scratch)?;
    let (mut sockets, mut served) = (Vec::new(), Vec::new());
    for (owner, number) in owners.into_iter().zip(1_u32..) {
        let socket = scratch.join(format!("command-{number}.sock"));
        served.push(command_socket::serve(UnixListener::bind(&socket)?, Arc::new(owner)));
        sockets.push((command_socket::variable_of(number), socket));
    }
    tokio::select! {
        status = bash(script, &sockets) => status,
        (failed, ..) = select_all(served.into_iter().map(Box::pin)) => Err(failed.into()),
    }
}

async fn bash(script: &Script<'_>, sockets: &[(String, PathBuf)]) -> Result<ExitStatus, ScriptError> {
    let text = std::path::absolute(script.around.scratch)?.join("script");
    fs_err::write(&text, script.text)?;
    let mut tool = Tool::new(script.bash)
        .words(script.strictness.options())
        .words([text.as_os_str()])
        .variable("PATH", search_path(script));
    for (name, socket) in sockets {
        tool = tool.variable(name, socket);
    }
    for (name, value) in &script.variables {
        tool = tool.variable(name, value);
    }
    let interactive = std::io::stdin().is_terminal();
    let tool = if interactive { tool.sharing_the_terminal() } else { tool };
    let mut child = tool.spawn(Stdio::inherit(), Stdio::inherit(), Stdio::inherit())?;
    let rest = (!interactive).then(|| KillGroup::of(&child));
    let status = child.wait().await?;
    drop(rest);
    Ok(status)
}

fn search_path(script: &Script<'_>) -> OsString {
    let directories = std::iter::once(script.around.programs.as_path())
        .chain(script.search_path.iter().map(PathBuf::as_path));
    let mut path = OsString::new();
    for directory in directories {
        if !path.is_empty() {
            path.push(":");
        }
        path.push(directory);
    }
    if !script.around.path.is_empty() {
        path.push(":");
        path.push(&script.around.path);
    }
    path
}
