//! Command files on the answer medium: steps in order, each checked, each told on failure.
//!
//! The answer file itself starts one of them by one short command, since a path has no more
//! than 259 characters and a list's commands may all start at once.

/// The file by which the answer medium is known among all drives.
pub const TAG_FILE_NAME: &str = "wfvm-answer.tag";

/// A line for `cmd.exe`, and what it is called if it fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    name: String,
    line: String,
}

impl Step {
    /// A line of ours, which is its own name: it holds no sign that `echo` would not print.
    pub(super) fn own(line: impl Into<String>) -> Self {
        let line = line.into();
        Self { name: line.clone(), line }
    }

    /// A line that may hold any sign, by the field that it comes from.
    pub(super) fn named(name: impl Into<String>, line: impl Into<String>) -> Self {
        Self { name: name.into(), line: line.into() }
    }
}

/// Runs a command file of the answer medium, whose letter differs between machines.
pub(super) fn start(file: &str) -> String {
    format!("cmd.exe /c for %d in (A C D E F G H I J K) do if exist %d:\\{TAG_FILE_NAME} call %d:\\{file}")
}

/// The text of a command file: ASCII, lines ending in CR LF.
///
/// A step that does not end with 0 ends the file with `WFVM:error=CODE NAME` on COM1, so that
/// the host need not wait for a deadline.
pub(super) fn text(begins: Option<&str>, steps: &[Step], ends: Option<&str>) -> String {
    lines(begins, steps, ends, &["exit /b 0"])
}

/// A command file whose last step restarts the machine: it does not come back before that, and
/// nothing goes on behind it.
pub(super) fn endless(steps: &[Step]) -> String {
    lines(None, steps, None, &[":restarting", "goto restarting"])
}

fn lines(begins: Option<&str>, steps: &[Step], ends: Option<&str>, last: &[&str]) -> String {
    let marker = |phase: &str| format!("echo WFVM:phase={phase}> COM1");
    let mut lines: Vec<String> = vec!["@echo off".into()];
    lines.extend(begins.map(marker));
    for step in steps {
        lines.push(format!("set \"step={}\"", step.name));
        lines.push(step.line.clone());
        lines.push("if not \"%errorlevel%\"==\"0\" goto failed".into());
    }
    lines.extend(ends.map(marker));
    lines.extend(last.iter().map(|line| (*line).to_owned()));
    lines.push(":failed".into());
    lines.push("set \"code=%errorlevel%\"".into());
    // In front, because a digit before `>` would be taken for a handle.
    lines.push("> COM1 echo WFVM:error=%code% %step%".into());
    lines.push("exit /b %code%".into());
    lines.into_iter().flat_map(|line| [line, "\r\n".into()]).collect()
}
