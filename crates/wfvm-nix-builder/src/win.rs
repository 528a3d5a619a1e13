//! `win-exec` and its siblings: small clients of the guest's owner.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use tokio::io::AsyncRead;
use wfvm::{
    blame::Blame,
    command_socket::{Answer, AskError, Request, ask},
    session::join_words,
    wait,
};

use crate::{
    nix_env,
    report::{Failure, Outcome},
    tasks::{block_on, interruptible},
};

/// Run a command in the guest; its exit code and its streams become ours.
#[derive(Debug, Args)]
pub(crate) struct Exec {
    /// Pass our standard input to the command.
    #[arg(long)]
    stdin: bool,
    /// End after so many seconds with status 5.
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// One word: a command line for `cmd.exe`, unchanged. Several: a program and its
    /// arguments, which arrive as they are.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

/// Put a file or directory into a directory of the guest.
#[derive(Debug, Args)]
pub(crate) struct Put {
    /// A file or directory of the host.
    local: PathBuf,
    /// An existing directory of the guest: `C:/dir`, `/c:/dir`, or relative to the home.
    #[arg(default_value = ".")]
    directory: String,
    /// Its name there.
    #[arg(long = "as", value_name = "NAME")]
    name: Option<String>,
}

/// Get a file or directory of the guest into the current directory or another.
#[derive(Debug, Args)]
pub(crate) struct Get {
    /// A path in the guest.
    remote: String,
    /// An existing directory of the host.
    #[arg(default_value = ".")]
    directory: PathBuf,
}

impl Exec {
    pub(crate) fn perform(self) -> Outcome {
        let command = match &self.command[..] {
            [line] => line.clone(),
            words => join_words(words),
        };
        let request = Request::Exec { command: command.clone() };
        let asked = async {
            if self.stdin {
                talk(&request, tokio::io::stdin()).await
            } else {
                talk(&request, tokio::io::empty()).await
            }
        };
        let answer = block_on(interruptible(async {
            match self.timeout.map(std::time::Duration::from_secs) {
                None => asked.await,
                Some(limit) => wait::bounded(limit, asked).await.unwrap_or_else(|| {
                    let page = format!("`{command}` did not end within {} s (`--timeout`)", limit.as_secs());
                    Err(Failure::new(page, Blame::Deadline))
                }),
            }
        }))?;
        Ok(ExitCode::from(status_of(answer)))
    }
}

/// A guest's exit code has 32 bits, a process of the host has eight. The low ones are kept,
/// but a failure never becomes a success.
fn status_of(exit_code: u32) -> u8 {
    let [low, rest @ ..] = exit_code.to_le_bytes();
    if low == 0 && rest != [0; 3] { 1 } else { low }
}

impl Put {
    pub(crate) fn perform(self) -> Outcome {
        let local = std::path::absolute(&self.local).map_err(|error| Failure::new(error, Blame::Input))?;
        files(&Request::Put { local, directory: self.directory, name: self.name })
    }
}

impl Get {
    pub(crate) fn perform(self) -> Outcome {
        let directory =
            std::path::absolute(&self.directory).map_err(|error| Failure::new(error, Blame::Input))?;
        files(&Request::Get { remote: self.remote, directory })
    }
}

/// The guest is ready as soon as its owner answers.
pub(crate) fn wait() -> Outcome {
    files(&Request::Wait)
}

/// Restarts the guest.
pub(crate) fn restart() -> Outcome {
    files(&Request::Restart)
}

fn files(request: &Request) -> Outcome {
    block_on(interruptible(talk(request, tokio::io::empty()))).map(|_| ExitCode::SUCCESS)
}

async fn talk(request: &Request, input: impl AsyncRead + Unpin) -> Result<u32, Failure> {
    let Some(socket) = nix_env::read().socket else {
        let page = "no guest is running here: WFVM_SOCKET is not set\n\n\
                    hint: this program works in the script of `wfvm-run`";
        return Err(Failure::new(page, Blame::Input));
    };
    let gone = |error: std::io::Error| {
        Failure::new(format!("the owner of the guest at {} is gone: {error}", socket.display()), Blame::Host)
    };
    let connection = tokio::net::UnixStream::connect(&socket).await.map_err(gone)?;
    let asked = ask(connection, request, input, tokio::io::stdout(), tokio::io::stderr()).await;
    let answer = asked.map_err(|error| match error {
        AskError::Owner(error) => gone(error),
        AskError::Stream { .. } => Failure::new(error, Blame::Host),
    });
    match answer? {
        Answer::Ended { exit_code, accepted } => {
            if exit_code > 255 {
                eprintln_code(exit_code);
            }
            Ok(if accepted { 0 } else { exit_code })
        }
        Answer::Failed { problem, status } => Err(Failure { page: problem, status }),
    }
}

fn eprintln_code(exit_code: u32) {
    use std::io::Write as _;
    // What eight bits cannot say; a closed stderr loses only this help.
    let _ = writeln!(std::io::stderr(), "win-exec: exit code {exit_code} ({exit_code:#x})");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_of_32_bits_never_becomes_a_success_of_eight() {
        assert_eq!(status_of(0), 0);
        assert_eq!(status_of(7), 7);
        assert_eq!(status_of(3010), 194);
        assert_eq!(status_of(256), 1);
        assert_eq!(status_of(0xc000_0000), 1);
    }
}
