//! The specialize pass: the machine gets its name, its time zone and its commands.

use fs_err as fs;

use super::{CURRENT_VERSION, parse_page, system_directory, unexpected};
use crate::answer_file::{AnswerFile, Component, Fault, Pass, order};
use crate::answer_search::Found;
use crate::image::{self, ProductKeys};
use crate::page::Page;
use crate::power::{self, End};
use crate::registry::{Hive, Value};
use crate::state::State;
use crate::wine::{self, Ended};
use crate::{hosts, panther, passes, time_zone};

// Microsoft: ComputerName, "cannot contain".
const FORBIDDEN_IN_NAME: &str = "{|}~[\\]^':;<=>?@!\"#$%`()+/.,*& ";
const NAME_LIMIT_BYTES: usize = 15;

/// Whether the pass is at its end or the machine restarts first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    Done,
    Restarting,
}

/// Writes the settings of the pass into the registry.
pub(crate) fn apply(found: &Found, system: &mut Hive) -> Result<(), Page> {
    let pass = Pass::Specialize;
    let page = |fault: Fault| {
        let page = parse_page(&found.windows_path, pass, &fault);
        panther::error("SETUP", &page.message);
        unexpected(format!("{}\n{}", page.message, page.cause))
    };
    let name = decide(&found.file, system, &ProductKeys::of_the_medium()).map_err(page)?;
    let shell = found.file.component(pass, "Shell-Setup");
    set_computer_name(&name, system).map_err(|error| super::disk_trouble(&error))?;
    if let Some(zone) = shell.text("TimeZone") {
        set_time_zone(zone, system);
    }
    if let Some(key) = shell.text("ProductKey") {
        panther::info(
            "SETUP",
            format!("the product key for activation is recorded ({} characters)", key.len()),
        );
    }
    set_owner(&shell, system);
    set_firewall(&found.file, system);
    Ok(())
}

/// Checks the pass; the computer's name. The hive is only read.
pub(crate) fn decide(file: &AnswerFile, system: &Hive, keys: &ProductKeys) -> Result<String, Fault> {
    file.check(Pass::Specialize, passes::product(system))?;
    let shell = file.component(Pass::Specialize, "Shell-Setup");
    let name = computer_name(shell.text("ComputerName"))?;
    if let Some(zone) = shell.text("TimeZone") {
        check_time_zone(zone, system)?;
    }
    if let Some(key) = shell.text("ProductKey") {
        let edition = system.text(CURRENT_VERSION, "EditionID").unwrap_or_default();
        image::check_key(key, &edition, keys)?;
    }
    Ok(name)
}

pub(crate) fn set_owner(shell: &Component<'_>, system: &mut Hive) {
    for name in ["RegisteredOwner", "RegisteredOrganization"] {
        if let Some(value) = shell.text(name) {
            system.set(CURRENT_VERSION, name, Value::Text(value));
        }
    }
}

fn set_firewall(file: &AnswerFile, system: &mut Hive) {
    let firewall = file.component(Pass::Specialize, "Networking-MPSSVC-Svc");
    for (setting, profile) in [
        ("DomainProfile", "DomainProfile"),
        ("PrivateProfile", "StandardProfile"),
        ("PublicProfile", "PublicProfile"),
    ] {
        if let Some(value) = firewall.text(&format!("{setting}_EnableFirewall")) {
            let key = format!("{}\\{profile}", crate::stand_ins::netsh::FIREWALL_POLICY);
            system.set(&key, "EnableFirewall", Value::Number(u32::from(value == "true")));
        }
    }
}

/// The name to use: the one given, checked, or a random one for `*` and for none.
fn computer_name(given: Option<&str>) -> Result<String, Fault> {
    let Some(name) = given.filter(|name| *name != "*" && !name.is_empty()) else { return Ok(random_name()) };
    let fault = |problem: String| Fault {
        component: Some("Microsoft-Windows-Shell-Setup".to_owned()),
        ..Fault::new("L61", problem)
    };
    if name.len() > NAME_LIMIT_BYTES {
        return Err(fault(format!(
            "ComputerName {name:?} has {} bytes; {NAME_LIMIT_BYTES} are allowed",
            name.len()
        )));
    }
    if let Some(bad) = name.chars().find(|c| FORBIDDEN_IN_NAME.contains(*c) || c.is_control()) {
        return Err(fault(format!("ComputerName {name:?} has the character {bad:?}, which is not allowed")));
    }
    if name.chars().all(|c| c.is_ascii_digit()) {
        return Err(fault(format!("ComputerName {name:?} is made of digits only")));
    }
    Ok(name.to_owned())
}

/// WIN- and eleven letters or digits, as Setup makes them.
fn random_name() -> String {
    use std::io::Read as _;
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let mut bytes = [0_u8; 11];
    // Without randomness the name is still a valid one.
    drop(fs::File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes)));
    let letters = bytes
        .iter()
        .filter_map(|byte| LETTERS.get(usize::from(*byte) % LETTERS.len()))
        .map(|letter| char::from(*letter));
    format!("WIN-{}", letters.collect::<String>())
}

fn set_computer_name(name: &str, system: &mut Hive) -> std::io::Result<()> {
    let upper = name.to_uppercase();
    system.set(
        "System\\ControlSet001\\Control\\ComputerName\\ComputerName",
        "ComputerName",
        Value::Text(&upper),
    );
    system.set("System\\ControlSet001\\Services\\Tcpip\\Parameters", "Hostname", Value::Text(name));
    use_computer_name(name)
}

/// Tells Linux the name, from which Wine takes what programs see.
pub(crate) fn use_computer_name(name: &str) -> std::io::Result<()> {
    rustix::system::sethostname(name.as_bytes())?;
    hosts::take_over()
}

pub(crate) fn check_time_zone(zone: &str, system: &Hive) -> Result<(), Fault> {
    if time_zone::exists(system, zone) {
        return Ok(());
    }
    Err(Fault {
        component: Some("Microsoft-Windows-Shell-Setup".to_owned()),
        ..Fault::new("L73", format!("TimeZone {zone:?} is not the name of a Windows time zone"))
    })
}

pub(crate) fn set_time_zone(zone: &str, system: &mut Hive) {
    let key = "System\\ControlSet001\\Control\\TimeZoneInformation";
    system.set(key, "TimeZoneKeyName", Value::Text(zone));
    system.set(key, "StandardName", Value::Text(zone));
    wine::use_time_zone(time_zone::posix(system, zone));
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Next,
    RestartThenNext,
    RestartAndRepeat,
    Fatal,
}

/// What an exit code means (Microsoft: `RunSynchronousCommand`, `WillReboot`).
fn verdict(ended: &Ended, will_reboot: Option<&str>) -> Verdict {
    match (ended, will_reboot) {
        (Ended::Exit(0), Some("Always")) | (Ended::Exit(1), Some("OnRequest")) => Verdict::RestartThenNext,
        (Ended::Exit(0), _) => Verdict::Next,
        (Ended::Exit(2), Some("OnRequest")) => Verdict::RestartAndRepeat,
        _ => Verdict::Fatal,
    }
}

/// Runs the commands of the pass from the first that is not done.
pub(crate) fn run_commands(file: &AnswerFile, state: &mut State) -> Result<Progress, Page> {
    let deployment = file.component(Pass::Specialize, "Deployment");
    let commands = deployment.ordered("RunSynchronous/RunSynchronousCommand");
    for command in commands.iter().skip(state.commands_done) {
        let line = command.text_at("Path").unwrap_or("");
        let number = order(command);
        panther::info("SETUP", format!("RunSynchronous {number}: [{line}]"));
        let ended = wine::run(line, wine::SYSTEM_USER, &system_directory());
        panther::info("SETUP", format!("RunSynchronous {number}: {ended:?}"));
        let verdict = verdict(&ended, command.text_at("WillReboot"));
        if verdict == Verdict::Fatal {
            panther::error(
                "SETUP",
                format!(
                    "[Microsoft-Windows-Deployment] RunSynchronous command {number} ended with {ended:?}: {line}"
                ),
            );
            return Err(unexpected(format!(
                "The settings specified in the answer file cannot be applied. The error was detected while processing settings for component [Microsoft-Windows-Deployment]: RunSynchronous command {number} ended with {ended:?}: {line}"
            )));
        }
        if verdict != Verdict::RestartAndRepeat {
            state.commands_done += 1;
        }
        if verdict != Verdict::Next {
            state.running = None;
            state.save().map_err(|error| passes::disk_trouble(&error))?;
            power::request(End::Restart);
            return Ok(Progress::Restarting);
        }
        state.save().map_err(|error| passes::disk_trouble(&error))?;
    }
    Ok(Progress::Done)
}

/// The name and zone that the registry holds, for starts after Setup.
pub(crate) fn restore(system: &Hive) {
    let name = system.text("System\\ControlSet001\\Services\\Tcpip\\Parameters", "Hostname");
    if let Err(error) = use_computer_name(name.as_deref().unwrap_or("WINDOWS")) {
        panther::warning("SETUP", format!("the computer name is not set: {error}"));
    }
    if let Some(zone) = system.text("System\\ControlSet001\\Control\\TimeZoneInformation", "TimeZoneKeyName")
    {
        wine::use_time_zone(time_zone::posix(system, &zone));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_windows_refuses_are_refused() {
        for name in ["sixteen-bytes-xx", "a b", "a.b", "12345", "a_b!", "näme-too-long-x"] {
            assert_eq!(computer_name(Some(name)).map_err(|fault| fault.rule), Err("L61"), "{name}");
        }
        assert_eq!(computer_name(Some("wfvm-1")).as_deref(), Ok("wfvm-1"));
        assert_eq!(computer_name(Some("*")).unwrap().len(), 15);
        assert_eq!(computer_name(None).unwrap().len(), 15);
    }

    #[test]
    fn exit_codes_mean_what_the_reference_says() {
        assert_eq!(verdict(&Ended::Exit(0), None), Verdict::Next);
        assert_eq!(verdict(&Ended::Exit(0), Some("Always")), Verdict::RestartThenNext);
        assert_eq!(verdict(&Ended::Exit(1), Some("OnRequest")), Verdict::RestartThenNext);
        assert_eq!(verdict(&Ended::Exit(2), Some("OnRequest")), Verdict::RestartAndRepeat);
        assert_eq!(verdict(&Ended::Exit(1), Some("Never")), Verdict::Fatal);
        assert_eq!(verdict(&Ended::Exit(1), None), Verdict::Fatal);
        assert_eq!(verdict(&Ended::NotStarted(0), None), Verdict::Fatal);
    }
}
