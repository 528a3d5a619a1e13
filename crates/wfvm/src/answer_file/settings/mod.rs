//! Settings that no answer file has an element for on every image: what is not there would end
//! Setup. They are registry values, and steps of the command files of the answer medium.

mod registry;

use super::command_file::{self, Step};
use crate::spec::{PlacedFile, RegistryData, RegistryValue, Settings};

/// The command file of the specialize pass.
pub(super) const SPECIALIZE_FILE_NAME: &str = "specialize.cmd";
/// Values of the machine, of every later user, and of who is logged on first.
const MACHINE: &str = "machine.reg";
const DEFAULT_USER: &str = "default-user.reg";
const USER: &str = "user.reg";

/// Where the default user's values are while they are changed.
const LOADED: &str = r"HKEY_USERS\wfvm-default-user";

/// A file of the answer medium that the settings need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsFile {
    /// Its name in the root.
    pub name: String,
    /// Its bytes.
    pub contents: Vec<u8>,
}

/// The files of the answer medium that the settings need, without those that they place.
pub(super) fn settings_files(settings: &Settings) -> Vec<SettingsFile> {
    let mut files = Vec::new();
    let steps = specialize(settings);
    if !steps.is_empty() {
        let contents = command_file::text(None, &steps, None).into_bytes();
        files.push(SettingsFile { name: SPECIALIZE_FILE_NAME.into(), contents });
    }
    let machine = machine_values(settings);
    if !machine.is_empty() {
        files.push(SettingsFile {
            name: MACHINE.into(),
            contents: registry::file(&machine, registry::long_key),
        });
    }
    let user = user_values(settings);
    if !user.is_empty() {
        let default = |key: &str| registry::user_key_below(key, LOADED);
        files.push(SettingsFile { name: DEFAULT_USER.into(), contents: registry::file(&user, default) });
        files.push(SettingsFile { name: USER.into(), contents: registry::file(&user, registry::long_key) });
    }
    // A file of its own, so that no sign of the command can end ours.
    files.extend(settings.first_logon_commands.iter().enumerate().map(|(at, command)| SettingsFile {
        name: command_name(at),
        contents: format!("@echo off\r\n{command}\r\n").into_bytes(),
    }));
    files
}

/// The name on the answer medium of the command number `at` of the first logon.
fn command_name(at: usize) -> String {
    format!("first-logon-{at}.cmd")
}

/// The name on the answer medium of the placed file number `at`.
#[must_use]
pub fn placed_name(at: usize) -> String {
    format!("place-{at}.bin")
}

/// What the command file of the specialize pass does.
pub(super) fn specialize(settings: &Settings) -> Vec<Step> {
    let mut steps = Vec::new();
    if !machine_values(settings).is_empty() {
        steps.push(Step::own(format!(r#"reg.exe import "%~dp0{MACHINE}""#)));
    }
    if !user_values(settings).is_empty() {
        // Each new profile is a copy of the default user's.
        let hive = r"%SystemDrive%\Users\Default\NTUSER.DAT";
        let short = registry::short_key(LOADED);
        let only = |line: String| Step::own(format!("if exist {hive} {line}"));
        steps.push(only(format!("reg.exe load {short} {hive}")));
        steps.push(only(format!(r#"reg.exe import "%~dp0{DEFAULT_USER}""#)));
        steps.push(only(format!("reg.exe unload {short}")));
    }
    for (at, PlacedFile { path, .. }) in settings.files.iter().enumerate() {
        if let Some((folder, _)) = path.rsplit_once('\\').filter(|(folder, _)| !folder.ends_with(':')) {
            steps.push(Step::own(format!(r#"if not exist "{folder}\" mkdir "{folder}""#)));
        }
        steps.push(Step::own(format!(r#"copy /y /b "%~dp0{}" "{path}""#, placed_name(at))));
    }
    steps
}

/// What the settings do at the first logon, before the SSH server starts.
pub(super) fn first_logon(settings: &Settings) -> Vec<Step> {
    let mut steps = Vec::new();
    if !user_values(settings).is_empty() {
        steps.push(Step::own(format!(r#"reg.exe import "%~dp0{USER}""#)));
    }
    if let Some(hibernation) = settings.hibernation {
        let state = if hibernation { "on" } else { "off" };
        steps.push(Step::own(format!("powercfg.exe /hibernate {state}")));
    }
    if settings.standby == Some(false) {
        for timeout in ["monitor", "standby"] {
            for source in ["ac", "dc"] {
                steps.push(Step::own(format!("powercfg.exe /change {timeout}-timeout-{source} 0")));
            }
        }
    }
    let commands = 0..settings.first_logon_commands.len();
    steps.extend(commands.map(|at| {
        Step::named(format!("firstLogonCommands[{at}]"), format!(r#"call "%~dp0{}""#, command_name(at)))
    }));
    steps
}

/// Values below `HKLM`: those of named settings, then those that are given.
fn machine_values(settings: &Settings) -> Vec<RegistryValue> {
    let mut values = Vec::new();
    let mut dword = |key: &str, name: &str, number: u32| {
        values.push(RegistryValue { key: key.into(), name: name.into(), data: RegistryData::Dword(number) });
    };
    if let Some(on) = settings.windows_update {
        dword(r"HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate\AU", "NoAutoUpdate", u32::from(!on));
    }
    if let Some(on) = settings.defender {
        let key = r"HKLM\SOFTWARE\Policies\Microsoft\Windows Defender";
        dword(key, "DisableAntiSpyware", u32::from(!on));
        dword(&format!(r"{key}\Real-Time Protection"), "DisableRealtimeMonitoring", u32::from(!on));
    }
    if let Some(on) = settings.hibernation {
        dword(r"HKLM\SYSTEM\CurrentControlSet\Control\Power", "HibernateEnabled", u32::from(on));
    }
    if let Some(on) = settings.telemetry {
        let policies = r"HKLM\SOFTWARE\Policies\Microsoft";
        // 0 is "security", which client editions but Enterprise and Education take for 1.
        dword(&format!(r"{policies}\Windows\DataCollection"), "AllowTelemetry", if on { 3 } else { 0 });
        dword(&format!(r"{policies}\SQMClient\Windows"), "CEIPEnable", u32::from(on));
        dword(&format!(r"{policies}\Windows\Windows Error Reporting"), "Disabled", u32::from(!on));
    }
    if let Some(on) = settings.system_restore {
        dword(r"HKLM\SOFTWARE\Policies\Microsoft\Windows NT\SystemRestore", "DisableSR", u32::from(!on));
    }
    if let Some(on) = settings.server_manager_at_logon {
        dword(r"HKLM\SOFTWARE\Microsoft\ServerManager", "DoNotOpenServerManagerAtLogon", u32::from(!on));
    }
    if let Some(on) = settings.ie_enhanced_security {
        for who in ["{A509B1A7-37EF-4b3f-8CFC-4F3A74704073}", "{A509B1A8-37EF-4b3f-8CFC-4F3A74704073}"] {
            let key = format!(r"HKLM\SOFTWARE\Microsoft\Active Setup\Installed Components\{who}");
            dword(&key, "IsInstalled", u32::from(on));
        }
    }
    if let Some(mib) = settings.page_file_mib {
        let file = if mib == 0 { vec![] } else { vec![format!(r"C:\pagefile.sys {mib} {mib}")] };
        values.push(RegistryValue {
            key: r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management".into(),
            name: "PagingFiles".into(),
            data: RegistryData::MultiString(file),
        });
    }
    values.extend(settings.registry.iter().filter(|value| !registry::is_of_user(&value.key)).cloned());
    values
}

/// Values below `HKCU`.
fn user_values(settings: &Settings) -> Vec<RegistryValue> {
    settings.registry.iter().filter(|value| registry::is_of_user(&value.key)).cloned().collect()
}

pub(super) use registry::key_problem;

#[cfg(test)]
mod tests;
