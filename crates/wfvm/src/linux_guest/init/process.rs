//! The builder's processes.

use std::io;

use rustix::{
    io::Errno,
    process::{Pid, Signal, WaitOptions, kill_process, wait},
};
use tokio::process::Child;

/// Waits for the builder, collecting every orphan meanwhile, then ends what is left of it. Its code;
/// a signal is 128 and its number, as a shell has it.
pub(super) fn wait_for_all(child: Child) -> io::Result<i32> {
    let builder = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    // The runtime would wait for this child alone.
    std::mem::forget(child);
    let status = loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((ended, status))) if Some(ended) == builder => break status,
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    };
    loop {
        kill_all();
        match wait(WaitOptions::empty()) {
            Ok(_) | Err(Errno::INTR) => {}
            // No children: nobody is left, since every orphan is ours.
            Err(_) => break,
        }
    }
    let signal = status.terminating_signal().map(|signal| 128 + signal);
    Ok(status.exit_status().or(signal).unwrap_or(1))
}

/// Threads of the kernel are asked as well, and do not care.
fn kill_all() {
    let Ok(processes) = fs_err::read_dir("/proc") else { return };
    for process in processes.flatten() {
        let id = process.file_name().to_str().and_then(|name| name.parse().ok());
        if let Some(id) = id.filter(|id| *id > 1).and_then(Pid::from_raw) {
            // It may have ended by itself.
            let _ = kill_process(id, Signal::KILL);
        }
    }
}

/// Makes the kernel's console the terminal of this process and its children.
pub(super) fn own_the_console() -> io::Result<()> {
    const CONSOLE: &str = "/dev/ttyS0";
    let console = fs_err::OpenOptions::new().read(true).write(true).open(CONSOLE)?;
    // The first program of a kernel leads a session already, or becomes the leader now.
    let _ = rustix::process::setsid();
    rustix::process::ioctl_tiocsctty(&console)?;
    rustix::stdio::dup2_stdin(&console)?;
    rustix::stdio::dup2_stdout(&console)?;
    rustix::stdio::dup2_stderr(&console)?;
    Ok(())
}
