//! The only starter of programs. Each runs in a process group of its own, is
//! killed by the kernel when its owner dies, and is named with its command line
//! and the end of its standard error when it fails.

use std::{
    ffi::{OsStr, OsString},
    fmt::Write as _,
    io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::{Child, Command},
};

use crate::wait;

/// How much of a program's standard error is kept for a message, in bytes.
const TAIL: usize = 4096;

/// A program that did not do what it was started for.
#[derive(Debug, thiserror::Error)]
#[error("{command}: {problem}{}", tail_of(.stderr))]
pub struct ToolError {
    /// The command line, ready to paste.
    pub command: String,
    /// What happened.
    pub problem: String,
    /// The end of its standard error.
    pub stderr: String,
}

fn tail_of(stderr: &str) -> String {
    if stderr.trim().is_empty() {
        String::new()
    } else {
        format!("\n  {}", stderr.trim().replace('\n', "\n  "))
    }
}

/// A program and its words.
#[derive(Debug, Clone)]
pub struct Tool {
    program: PathBuf,
    words: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    group: Group,
}

/// The process group of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    /// Its own: a terminal's Ctrl-C reaches only the owner, who ends it.
    Own,
    /// The owner's, so that it may read from the terminal.
    Shared,
}

impl Tool {
    /// A program by its absolute path.
    #[must_use]
    pub fn new(program: &Path) -> Self {
        Self { program: program.into(), words: Vec::new(), variables: Vec::new(), group: Group::Own }
    }

    /// Adds words.
    #[must_use]
    pub fn words<W: AsRef<OsStr>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.words.extend(words.into_iter().map(|word| word.as_ref().into()));
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn variable(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.as_ref().into(), value.as_ref().into()));
        self
    }

    /// Leaves the program in our process group, so that it may read from our terminal.
    #[must_use]
    pub fn sharing_the_terminal(mut self) -> Self {
        self.group = Group::Shared;
        self
    }

    /// The command line as a shell would take it.
    #[must_use]
    pub fn command_line(&self) -> String {
        let mut line = shell_word(self.program.as_os_str());
        for word in &self.words {
            // Writing to a String cannot fail.
            let _ = write!(line, " {}", shell_word(word));
        }
        line
    }

    /// Starts the program; dropping the handle kills it.
    ///
    /// # Errors
    /// [`ToolError`] when it cannot be started.
    pub fn spawn(&self, stdin: Stdio, stdout: Stdio, stderr: Stdio) -> Result<Child, ToolError> {
        #[expect(clippy::disallowed_methods, reason = "the only starter of programs")]
        let mut command = Command::new(&self.program);
        command.args(&self.words).stdin(stdin).stdout(stdout).stderr(stderr);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.kill_on_drop(true);
        if self.group == Group::Own {
            command.process_group(0);
        }
        die_with_parent(&mut command);
        command.spawn().map_err(|error| self.error(format!("could not be started: {error}"), String::new()))
    }

    /// Runs the program to its end and gives its standard output.
    ///
    /// # Errors
    /// [`ToolError`] when it cannot be started, ends with another status than 0, or takes longer than `limit`.
    pub async fn run(&self, limit: Duration) -> Result<Vec<u8>, ToolError> {
        let mut child = self.spawn(Stdio::null(), Stdio::piped(), Stdio::piped())?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let everything = async { tokio::join!(read_all(stdout), read_all(stderr), child.wait()) };
        let Some((stdout, stderr, status)) = wait::bounded(limit, everything).await else {
            return Err(self.error(format!("did not end within {} s", limit.as_secs()), String::new()));
        };
        let stderr = tail(&stderr);
        match status {
            Ok(status) if status.success() => Ok(stdout),
            Ok(status) => Err(self.error(format!("ended with {}", status_in_words(status)), stderr)),
            Err(error) => Err(self.error(format!("could not be waited for: {error}"), stderr)),
        }
    }

    fn error(&self, problem: String, stderr: String) -> ToolError {
        ToolError { command: self.command_line(), problem, stderr }
    }
}

/// Kills what is left of a program's own process group when it is dropped.
#[derive(Debug)]
pub struct KillGroup(Option<rustix::process::Pid>);

impl KillGroup {
    /// For a child that was started in a group of its own.
    #[must_use]
    pub fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(rustix::process::Pid::from_raw))
    }
}

impl Drop for KillGroup {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // A group that is empty by now is what we want.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

/// The end of what a program said, as text.
#[must_use]
pub fn tail(bytes: &[u8]) -> String {
    let from = bytes.len().saturating_sub(TAIL);
    String::from_utf8_lossy(bytes.get(from..).unwrap_or_default()).trim().to_owned()
}

/// `exit status 1`, `signal 9`.
#[must_use]
pub fn status_in_words(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => status.to_string(),
    }
}

async fn read_all(stream: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        // A pipe that breaks has said all it can say.
        let _: io::Result<usize> = stream.read_to_end(&mut bytes).await;
    }
    bytes
}

fn shell_word(word: &OsStr) -> String {
    let text = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=,:+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// SIGKILL for the child when the thread that starts it ends, in whatever way.
#[expect(unsafe_code, reason = "the kernel's parent-death signal is set between fork and exec")]
fn die_with_parent(command: &mut Command) {
    // SAFETY: the closure makes one async-signal-safe system call and allocates nothing.
    unsafe {
        command.pre_exec(|| {
            rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
                .map_err(io::Error::from)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Tool {
        Tool::new(Path::new("/bin/sh")).words(["-c", script])
    }

    #[tokio::test]
    async fn a_failure_names_the_command_its_status_and_its_last_words() {
        let error = shell("echo out; echo 'no such thing' >&2; exit 3")
            .run(Duration::from_secs(20))
            .await
            .unwrap_err();
        assert_eq!(error.problem, "ended with exit status 3");
        assert_eq!(error.stderr, "no such thing");
        assert!(error.command.starts_with("/bin/sh -c 'echo out; "), "{}", error.command);
    }

    #[tokio::test]
    async fn a_program_that_hangs_is_ended_at_its_limit() {
        let error = shell("exec sleep 1000").run(Duration::from_millis(200)).await.unwrap_err();
        assert!(error.problem.starts_with("did not end"), "{error}");
    }

    #[tokio::test]
    async fn output_comes_back_whole() {
        assert_eq!(shell("printf 'a\\0b'").run(Duration::from_secs(20)).await.unwrap(), b"a\0b");
    }

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(shell_word(OsStr::new("it's")), r"'it'\''s'");
        assert_eq!(shell_word(OsStr::new("")), "''");
        assert_eq!(shell_word(OsStr::new("file=a,b")), "file=a,b");
    }
}
