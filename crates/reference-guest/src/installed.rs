//! The installed system: the passes that are left, then the logged-on machine with its services.

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
use crate::registry::Hive;
use crate::state::{ImageState, State};
use crate::{accounts, block, network, panther, stand_ins, wine};

/// Starts the installed system and gives back once it is ready or stopped at a page.
pub(crate) fn run(system_disk: &str, drivers: thread::JoinHandle<()>) -> Result<(), Page> {
    panther::attach(Path::new("/c/Windows/Panther"));
    let mut state = State::load();
    if let Some(pass) = &state.running {
        return Err(unexpected(format!("the machine restarted while the pass {pass} was running")));
    }
    let network = thread::spawn(move || {
        drop(drivers.join());
        power::watch_button();
        network::start();
    });
    wait_for_media(network, &state);
    let drives = drive_letters::assign(&block::disks(), Some(system_disk));
    let prefix = Path::new(SYSTEM_VOLUME).join(CONFIG);
    drive_letters::publish(drives.clone(), Path::new(SYSTEM_VOLUME), &prefix).map_err(|error| disk_trouble(&error))?;
    wine::use_prefix(&prefix);
    network::start_loopback().and_then(|()| stand_ins::serve()).map_err(|error| unexpected(format!("the loopback service: {error}")))?;
    let mut system = Hive::open(&prefix.join("system.reg")).map_err(|error| disk_trouble(&error))?;
    specialize::restore(&system);
    if state.image != ImageState::Complete {
        if set_up(&mut state, &mut system, &drives)? == Progress::Restarting {
            return Ok(());
        }
    } else {
        start_wine()?;
    }
    drive_letters::watch();
    log_on(&mut state, &drives)
}

/// A file on a stick may be wanted by the passes; a machine that is set up does not wait for it.
fn wait_for_media(network: thread::JoinHandle<()>, state: &State) {
    if state.image == ImageState::Complete && state.first_logon_done {
        return;
    }
    // The drivers first, then the sticks; the address may come later.
    drop(network);
    boot::settle_usb();
}

fn start_wine() -> Result<(), Page> {
    wine::start().map_err(|error| unexpected(format!("Wine: {error}")))
}

/// The passes between the image and the first logon, each once.
fn set_up(state: &mut State, system: &mut Hive, drives: &[Drive]) -> Result<Progress, Page> {
    page::progress("Installing Windows", "Getting ready");
    let specialize_found = passes::for_pass(Pass::Specialize, drives)?;
    if state.image == ImageState::Undeployable && state.commands_done == 0 {
        write_settings(specialize_found.as_ref(), system, drives)?;
    }
    let waiting = specialize_found.filter(|found| !found.file.processed(Pass::Specialize));
    if waiting.is_some() {
        state.running = Some(Pass::Specialize.name().to_owned());
        state.save().map_err(|error| disk_trouble(&error))?;
    }
    // Where Windows has a profile for SYSTEM, programs here look for one among the users'.
    drop(accounts::make_profile(wine::SYSTEM_USER));
    start_wine()?;
    if let Some(found) = waiting {
        if specialize::run_commands(&found.file, state)? == Progress::Restarting {
            return Ok(Progress::Restarting);
        }
        passes::cache_after(&found.file, Pass::Specialize).map_err(|error| disk_trouble(&error))?;
    }
    panther::info("SETUP", "the specialize pass is done");
    drop(fs_err::remove_dir_all(specialize::system_profile()));
    state.image = ImageState::SpecializeResealToOobe;
    state.running = None;
    state.save().map_err(|error| disk_trouble(&error))?;
    oobe(state, system, drives)
}

/// Everything that the passes say about the registry, while no Wine holds it.
fn write_settings(specialize_found: Option<&Found>, system: &mut Hive, drives: &[Drive]) -> Result<(), Page> {
    if let Some(found) = passes::for_pass(Pass::OfflineServicing, drives)? {
        found.file.check(Pass::OfflineServicing).map_err(|fault| passes::parse_page(&found.windows_path, Pass::OfflineServicing, &fault))?;
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
    let computer_name = system.text("System\\ControlSet001\\Services\\Tcpip\\Parameters", "Hostname").unwrap_or_default();
    let Some(found) = passes::for_pass(Pass::OobeSystem, drives)? else {
        return Err(Page::new("Let's start with region. Is this right?", "Windows waits for an answer.", "the answer file has no settings for the oobeSystem pass").from("OOBE"));
    };
    let logon = oobe_system::apply(&found, &computer_name, system)?;
    passes::cache_after(&found.file, Pass::OobeSystem).map_err(|error| disk_trouble(&error))?;
    state.image = ImageState::Complete;
    match logon {
        Logon::Automatic(user) => state.auto_logon = Some(user),
        Logon::Screen(reason) => {
            panther::error("LOGON", &reason);
            page::progress("Other user", &format!("User name: [                ]\nPassword:  [                ]\n\n{reason}"));
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
