//! `win-exec`.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;
use wfvm::{blame::Blame, command_socket::Request, session::join_words};

use super::guest::{Ended, Guest, Which};
use crate::report::{Failure, Outcome};

/// Run a command in the guest; its exit code and its streams become ours.
#[derive(Debug, Parser)]
#[command(name = "win-exec")]
pub(crate) struct Exec {
    #[command(flatten)]
    which: Which,
    /// Pass our standard input to the command.
    #[arg(long)]
    stdin: bool,
    /// End after so many seconds with status 5.
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// Write all 32 bits of the command's exit code to this file, in decimal.
    #[arg(long, value_name = "FILE")]
    exit_code: Option<PathBuf>,
    /// One word: a command line for `cmd.exe`, unchanged. Several: a program and its
    /// arguments, which arrive as they are.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

impl Exec {
    pub(crate) fn perform(self) -> Outcome {
        let command = match &self.command[..] {
            [line] => line.clone(),
            words => join_words(words),
        };
        let file = self.exit_code.as_deref();
        if let Some(file) = file {
            forget(file)?;
        }
        let what = format!("`{command}`");
        super::perform(&what, self.timeout, async {
            let guest = Guest::find(self.which).await?;
            let ended = guest.perform(&Request::Exec { command }, self.stdin).await?;
            if ended.exit_code > 255 {
                // What eight bits cannot say; a closed stderr loses only this help.
                let _ = writeln!(std::io::stderr(), "win-exec: exit code {0} ({0:#x})", ended.exit_code);
            }
            if let Some(file) = file {
                fs_err::write(file, format!("{}\n", ended.exit_code))
                    .map_err(|error| Failure::new(error, Blame::Input))?;
            }
            Ok(ExitCode::from(status_of(ended)))
        })
    }
}

/// Removes the exit code of an earlier command, which would else be taken for this one's.
fn forget(file: &Path) -> Result<(), Failure> {
    match fs_err::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::new(error, Blame::Input)),
        _ => Ok(()),
    }
}

/// A guest's exit code has 32 bits, a process of the host has eight. The low ones are kept,
/// but a failure never becomes a success, unless the guest's owner says that it is one.
fn status_of(ended: Ended) -> u8 {
    let [low, rest @ ..] = ended.exit_code.to_le_bytes();
    if ended.accepted {
        0
    } else if low == 0 && rest != [0; 3] {
        1
    } else {
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_of_32_bits_never_becomes_a_success_of_eight() {
        let status = |exit_code| status_of(Ended { exit_code, accepted: false });
        assert_eq!(status(0), 0);
        assert_eq!(status(7), 7);
        assert_eq!(status(259), 3);
        assert_eq!(status(3010), 194);
        assert_eq!(status(256), 1);
        assert_eq!(status(0xc000_0000), 1);
        assert_eq!(status(0xc000_0005), 5);
    }

    #[test]
    fn a_code_that_the_owner_accepts_is_a_success() {
        assert_eq!(status_of(Ended { exit_code: 3010, accepted: true }), 0);
    }

    #[test]
    fn words_after_the_command_are_the_commands() {
        let parse = |words: &[&str]| Exec::try_parse_from([&["win-exec"], words].concat()).unwrap();
        let exec = parse(&["--timeout", "5", "prog.exe", "--timeout", "7", "--", "-x"]);
        assert_eq!(
            (exec.timeout, &exec.command[..]),
            (Some(5), &["prog.exe", "--timeout", "7", "--", "-x"].map(String::from)[..])
        );
        assert_eq!(parse(&["--", "--stdin", "a"]).command, ["--stdin", "a"]);
        assert!(!parse(&["--", "--stdin"]).stdin);
        assert!(Exec::try_parse_from(["win-exec"]).is_err(), "a command is needed");
    }
}
