//! The installed system: the passes that are left, then the logged-on machine with its services.

use std::io;
use std::path::Path;
use std::thread;

use crate::answer_file::{AnswerFile, Pass};
use crate::answer_search::Found;
use crate::boot::{self, SYSTEM_VOLUME};
use crate::drive_letters::{self, Drive};
use crate::image::apply::CONFIG;
use crate::page::{self, Page};
use crate::passes::oobe_system::{self, Logon};
use crate::passes::specialize::{self, Progress};
use crate::passes::{self, disk_trouble, offline_servicing, unexpected};
use crate::power::{self, End};
use crate::registry::{Hive, Value};
use crate::state::{ImageState, State};
use crate::{hosts, network, panther, stand_ins, uefi_variables, wine};

/// Starts the installed system and gives back once it is ready or stopped at a page.
pub(crate) fn run(system_disk: &str, loading: thread::JoinHandle<()>) -> Result<(), Page> {
    panther::attach(Path::new("/c/Windows/Panther"));
    let mut state = State::load();
    if let Some(pass) = &state.running {
        return Err(unexpected(format!("the machine restarted while the pass {pass} was running")));
    }
    let prefix = Path::new(SYSTEM_VOLUME).join(CONFIG);
    wine::use_prefix(&prefix);
    let prepared = drive_letters::prepare(Path::new(SYSTEM_VOLUME), &prefix)
        .and_then(|()| network::start_loopback())
        .and_then(|()| stand_ins::serve());
    prepared.map_err(|error| unexpected(format!("the machine could not be prepared: {error}")))?;
    let mut system = Hive::open(&prefix.join("system.reg")).map_err(|error| disk_trouble(&error))?;
    forget_hardware(&mut system).map_err(|error| disk_trouble(&error))?;
    tell_secure_boot(&mut system).map_err(|error| disk_trouble(&error))?;
    specialize::restore(&system);
    stand_ins::bcdedit::start(&system);
    if let Err(error) = hosts::follow() {
        panther::warning("NET", format!("the hosts file is not followed: {error}"));
    }
    // While Wine starts, which takes longest of all, drivers are loaded and media are found.
    let media = Media::look(system_disk.to_owned(), loading);
    let drives = if state.image == ImageState::Complete {
        let starting = thread::spawn(start_wine);
        let drives = media.drives(state.first_logon_done)?;
        starting.join().unwrap_or_else(|_| Err(unexpected("Wine's start broke off")))?;
        drives
    } else {
        match set_up(&mut state, &mut system, media)? {
            Some(drives) => drives,
            None => return Ok(()),
        }
    };
    if let Err(error) = drive_letters::watch(system_disk.to_owned()) {
        panther::warning("MOUNT", format!("drives are not followed: {error}"));
    }
    log_on(&mut state, &drives)
}

/// On Windows `HKLM\HARDWARE` is in memory only (Microsoft Learn, "Registry Hives"); Wine keeps in its file what
/// programs put there, so what a former start left is taken out.
fn forget_hardware(system: &mut Hive) -> io::Result<()> {
    // nix/reference-guest/wine/prefix.sh
    const OF_WINDOWS: [&str; 2] = ["ACPI", "RESOURCEMAP"];
    if system.remove_below("HARDWARE", &OF_WINDOWS) { system.save() } else { Ok(()) }
}

/// What Windows found at its start, where programs look for it.
fn tell_secure_boot(system: &mut Hive) -> io::Result<()> {
    const KEY: &str = "System\\ControlSet001\\Control\\SecureBoot\\State";
    const NAME: &str = "UEFISecureBootEnabled";
    let before = system.number(KEY, NAME);
    let now = match uefi_variables::secure_boot()? {
        Some(on) => Some(u32::from(on)),
        // Of a machine that had it.
        None => before.map(|_| 0),
    };
    let Some(on) = now.filter(|_| now != before) else { return Ok(()) };
    system.set(KEY, NAME, Value::Number(on));
    system.save()
}

/// The drivers that are still being loaded, and what they will show.
struct Media {
    system_disk: String,
    drivers: thread::JoinHandle<()>,
}

impl Media {
    fn look(system_disk: String, loading: thread::JoinHandle<()>) -> Self {
        let drivers = thread::spawn(move || {
            drop(loading.join());
            power::watch_button();
            thread::spawn(network::start);
        });
        Self { system_disk, drivers }
    }

    /// Finds the media and gives them letters. A machine that is set up does not wait for sticks.
    fn drives(self, at_once: bool) -> Result<Vec<Drive>, Page> {
        drop(self.drivers.join());
        if !at_once {
            boot::settle_usb();
        }
        drive_letters::complete(&self.system_disk).map_err(|error| disk_trouble(&error))
    }
}

fn start_wine() -> Result<(), Page> {
    wine::start().map_err(|error| unexpected(format!("Wine: {error}")))
}

/// The passes between the image and the first logon, each once. None if the machine ends before it.
fn set_up(state: &mut State, system: &mut Hive, media: Media) -> Result<Option<Vec<Drive>>, Page> {
    page::progress("Installing Windows", "Getting ready");
    let passes_here = [Pass::OfflineServicing, Pass::Specialize, Pass::OobeSystem];
    // Setup has cached the answer file; media are searched for a pass that it does not have.
    let cached =
        passes_here.iter().all(|pass| passes::for_pass(*pass, &[]).is_ok_and(|found| found.is_some()));
    let (drives, media) = if cached { (Vec::new(), Some(media)) } else { (media.drives(false)?, None) };
    let specialize_found = passes::for_pass(Pass::Specialize, &drives)?;
    if state.image == ImageState::Undeployable && state.commands_done == 0 {
        write_settings(state, specialize_found.as_ref(), system, &drives)?;
    }
    let starting = thread::spawn(start_wine);
    let drives = match media {
        Some(media) => media.drives(false)?,
        None => drives,
    };
    starting.join().unwrap_or_else(|_| Err(unexpected("Wine's start broke off")))?;
    if let Some(found) = specialize_found.filter(|found| !found.file.processed(Pass::Specialize)) {
        state.running = Some(Pass::Specialize.name().to_owned());
        state.save().map_err(|error| disk_trouble(&error))?;
        if specialize::run_commands(&found.file, state)? == Progress::Restarting {
            return Ok(None);
        }
        passes::cache_after(&found.file, Pass::Specialize).map_err(|error| disk_trouble(&error))?;
    }
    panther::info("SETUP", "the specialize pass is done");
    state.image = ImageState::SpecializeResealToOobe;
    state.running = None;
    state.save().map_err(|error| disk_trouble(&error))?;
    Ok((oobe(state, system, &drives)? == Progress::Done).then_some(drives))
}

/// Everything that the passes say about the registry, while no Wine holds it.
fn write_settings(
    state: &State,
    specialize_found: Option<&Found>,
    system: &mut Hive,
    drives: &[Drive],
) -> Result<(), Page> {
    if !state.offline_done
        && let Some(found) = passes::for_pass(Pass::OfflineServicing, drives)?
    {
        found
            .file
            .check(Pass::OfflineServicing, passes::product(system))
            .map_err(|fault| passes::parse_page(&found.windows_path, Pass::OfflineServicing, &fault))?;
        offline_servicing::apply(&found.file, system);
        panther::info("SETUP", "the offlineServicing pass is done");
    }
    if let Some(found) = specialize_found {
        specialize::apply(found, system)?;
    }
    if let Some(found) = passes::for_pass(Pass::OobeSystem, drives)? {
        oobe_system::write_registry(&found.file, system);
    }
    system.save().map_err(|error| disk_trouble(&error))
}

fn oobe(state: &mut State, system: &Hive, drives: &[Drive]) -> Result<Progress, Page> {
    page::progress("Just a moment...", "");
    let computer_name =
        system.text("System\\ControlSet001\\Services\\Tcpip\\Parameters", "Hostname").unwrap_or_default();
    let Some(found) = passes::for_pass(Pass::OobeSystem, drives)? else {
        return Err(Page::new(
            "Let's start with region. Is this right?",
            "Windows waits for an answer.",
            "the answer file has no settings for the oobeSystem pass",
        )
        .from("OOBE"));
    };
    let logon = oobe_system::apply(&found, &computer_name, system)?;
    passes::cache_after(&found.file, Pass::OobeSystem).map_err(|error| disk_trouble(&error))?;
    state.image = ImageState::Complete;
    match logon {
        Logon::Automatic(user) => state.auto_logon = Some(user),
        Logon::Screen(reason) => {
            panther::error("LOGON", &reason);
            page::progress(
                "Other user",
                &format!("User name: [                ]\nPassword:  [                ]\n\n{reason}"),
            );
        }
    }
    state.save().map_err(|error| disk_trouble(&error))?;
    panther::info("SETUP", "the oobeSystem pass is done");
    if reseal_shuts_down(&found.file) {
        panther::info("SETUP", "Reseal/ForceShutdownNow: the machine is shut down");
        power::request(End::PowerOff);
        return Ok(Progress::Restarting);
    }
    Ok(Progress::Done)
}

fn reseal_shuts_down(file: &AnswerFile) -> bool {
    file.component(Pass::OobeSystem, "Deployment").is_true("Reseal/ForceShutdownNow")
}

fn log_on(state: &mut State, drives: &[Drive]) -> Result<(), Page> {
    let Some(user) = state.auto_logon.clone() else { return Ok(()) };
    page::progress("Reference guest", &format!("{user} is logged on."));
    panther::info("LOGON", format!("{user} is logged on"));
    if state.first_logon_done {
        return Ok(());
    }
    // Commands of a first logon run once, even where one of them restarts the machine.
    state.first_logon_done = true;
    state.save().map_err(|error| disk_trouble(&error))?;
    if let Some(found) = passes::for_pass(Pass::OobeSystem, drives)? {
        oobe_system::run_first_logon_commands(&found.file, &user);
    }
    panther::info("LOGON", "the first logon is done");
    Ok(())
}
