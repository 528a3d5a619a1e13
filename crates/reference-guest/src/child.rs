//! The only starter of programs.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the guest's one place that starts programs; the builder's `tool` is another program's"
)]

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rustix::process::Pid;

/// The argument that tells the guest proper from process 1.
pub(crate) const GUEST: &str = "guest";

/// Starts this program again as the guest proper.
pub(crate) fn guest() -> io::Result<Pid> {
    let child = Command::new("/proc/self/exe").arg(GUEST).stdin(Stdio::null()).spawn()?;
    i32::try_from(child.id())
        .ok()
        .and_then(Pid::from_raw)
        .ok_or_else(|| io::Error::other("the child has no process id"))
}

/// Runs a Linux program to its end and collects what it says.
pub(crate) fn run(
    program: &Path,
    arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
) -> io::Result<Output> {
    Command::new(program).args(arguments).stdin(Stdio::null()).output()
}

/// A command in an environment of its own: nothing is inherited but what is given.
pub(crate) fn in_environment<'a>(
    program: &Path,
    arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    environment: impl IntoIterator<Item = (&'a str, String)>,
) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(environment);
    command
}
