//! Process 1: it starts the guest proper as its child, takes in orphans, and
//! is the one that is left when everything else must be gone, so that C: can
//! be unmounted and its NTFS be clean.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use fs_err as fs;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, wait};
use rustix::system::{RebootCommand, reboot};

use crate::page::{self, Page};
use crate::power::End;
use crate::{child, panther, wait as waiting};

/// Runs as process 1 and does not return.
pub(crate) fn supervise() -> ExitCode {
    for (source, target, kind) in [
        ("proc", "/proc", "proc"),
        ("sysfs", "/sys", "sysfs"),
        ("devtmpfs", "/dev", "devtmpfs"),
        ("tmpfs", "/run", "tmpfs"),
    ] {
        if let Err(error) = make_mount(source, target, kind) {
            page::stop(&Page::new(
                "Windows Setup",
                "The machine could not be prepared.",
                format!("{target}: {error}"),
            ));
        }
    }
    // Kernel messages would scribble over the pages.
    drop(fs::write("/proc/sys/kernel/printk", "1 1 1 1"));
    panther::debug_on(Path::new("/dev/ttyS1"));
    let guest = match child::guest() {
        Ok(id) => id,
        Err(error) => {
            page::stop(&Page::new("Windows Setup", "The machine could not be started.", error.to_string()))
        }
    };
    let end = loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((id, status))) if id == guest => {
                match status
                    .exit_status()
                    .and_then(|code| u8::try_from(code).ok())
                    .and_then(End::from_exit_code)
                {
                    Some(end) => break end,
                    None => page::stop(&Page::new(
                        "Windows Setup",
                        "The computer restarted unexpectedly or encountered an unexpected error.",
                        format!("the guest's main process ended: {status:?}"),
                    )),
                }
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => page::stop(&Page::new("Windows Setup", "An unexpected error.", error.to_string())),
        }
    };
    finish(end)
}

fn make_mount(source: &str, target: &str, kind: &str) -> io::Result<()> {
    fs::create_dir_all(target)?;
    mount(source, target, kind, MountFlags::empty(), None)?;
    Ok(())
}

fn finish(end: End) -> ! {
    for signal in [Signal::TERM, Signal::KILL] {
        for id in other_processes() {
            // A process that has ended meanwhile is what is wanted.
            let _ = kill_process(id, signal);
        }
        let all_gone = waiting::until(Duration::from_secs(2), || {
            while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
            other_processes().is_empty().then_some(())
        });
        if all_gone.is_some() {
            break;
        }
    }
    rustix::fs::sync();
    // A loop device lets go of its file a moment after its own last user.
    waiting::until(Duration::from_secs(5), || {
        let left: Vec<String> = mounted()
            .into_iter()
            .filter(|target| unmount(target.as_str(), UnmountFlags::empty()).is_err())
            .collect();
        left.is_empty().then_some(())
    });
    for target in mounted() {
        panther::warning("POWER", format!("{target} is still in use at the end"));
    }
    rustix::fs::sync();
    panther::info("POWER", format!("{end:?}"));
    let command = match end {
        End::PowerOff => RebootCommand::PowerOff,
        End::Restart => RebootCommand::Restart,
    };
    let _ = reboot(command);
    waiting::for_ever()
}

/// User processes other than this one. A kernel thread has no command line, and nor has a zombie.
fn other_processes() -> Vec<Pid> {
    crate::block::entries("/proc")
        .iter()
        .filter_map(|name| name.parse::<i32>().ok())
        .filter(|id| *id > 1 && fs::read(format!("/proc/{id}/cmdline")).is_ok_and(|line| !line.is_empty()))
        .filter_map(Pid::from_raw)
        .collect()
}

/// Mounts to undo, the last one first; the kernel's own file systems may stay.
fn mounted() -> Vec<String> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    mounts
        .lines()
        .rev()
        .filter_map(|line| line.split(' ').nth(1))
        .filter(|target| !matches!(*target, "/" | "/proc" | "/sys" | "/dev" | "/run"))
        .map(|target| target.replace("\\040", " "))
        .collect()
}
