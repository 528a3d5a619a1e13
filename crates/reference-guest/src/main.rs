//! The reference guest: a static init that plays Windows Setup by Microsoft's
//! documents and is then the installed system, with Wine for its programs.

mod accounts;
mod answer_file;
mod answer_search;
mod block;
mod boot;
mod boot_option;
mod calendar;
mod child;
mod clock;
mod device_events;
mod disk_configuration;
mod drive_letters;
mod hosts;
mod image;
mod initramfs;
mod installed;
mod ioctl;
mod mounted_devices;
mod network;
mod openssh;
mod page;
mod panther;
mod passes;
mod power;
mod registry;
mod rehearsal;
mod stand_ins;
mod state;
mod supervise;
mod system_files;
mod time_zone;
mod tpm;
mod uefi_variables;
mod wait;
mod windows_path;
mod wine;

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::thread;

use boot::{GuestError, Stage};
use page::Page;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if rustix::process::getpid().is_init() {
        return supervise::supervise();
    }
    match arguments.first().map(String::as_str) {
        Some(child::GUEST) => guest(),
        Some("initramfs") => initramfs::command(arguments.into_iter().skip(1)),
        Some("rehearse") => rehearsal::command(arguments.into_iter().skip(1)),
        _ => ExitCode::FAILURE,
    }
}

/// The guest proper: the story runs beside, this thread waits for the machine's end.
fn guest() -> ExitCode {
    panther::debug_on(Path::new("/dev/ttyS1"));
    // Without, keys are in locked memory for nothing, and each session's are the work of many milliseconds.
    if let Err(error) = leave_memory_unlocked() {
        panther::warning("BOOT", error);
    }
    thread::spawn(|| match story() {
        Ok(()) => {}
        Err(page) => page::stop(&page),
    });
    let end = power::requested();
    wine::stop();
    panther::detach();
    ExitCode::from(end.exit_code())
}

/// This machine has no swap. Programs that it starts may lock memory as before.
fn leave_memory_unlocked() -> io::Result<()> {
    let limit = rustix::process::Rlimit { current: Some(0), maximum: None };
    rustix::process::setrlimit(rustix::process::Resource::Memlock, limit)?;
    let mut sets = rustix::thread::capabilities(None)?;
    sets.effective.remove(rustix::thread::CapabilitySet::IPC_LOCK);
    Ok(rustix::thread::set_capabilities(None, sets)?)
}

fn story() -> Result<(), Page> {
    let (stage, drivers) = boot::start().map_err(|error| not_started(&error))?;
    match stage {
        Stage::Installed { system_disk } => installed::run(&system_disk, drivers),
        Stage::Setup(medium) => {
            // Sticks and floppies are read through drivers that are still being loaded.
            drop(drivers.join());
            power::watch_button();
            passes::windows_pe::run(&medium)
        }
    }
}

fn not_started(error: &GuestError) -> Page {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    Page::new(
        "Windows Setup",
        "A media driver your computer needs is missing. This could be a DVD, USB or Hard disk driver.",
        text,
    )
}
