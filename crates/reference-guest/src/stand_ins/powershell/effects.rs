//! What each cmdlet does.

use std::io;
use std::path::Path;
use std::time::Duration;

use fs_err as fs;

use super::super::live_registry::{Data, ERROR_SUCCESS, Key};
use super::super::services::Start;
use super::super::{Call, Program, archives, certutil, defrag, download, netsh, schtasks};
use super::{POLICIES, SHELL_KEY, command_line, data, dates};
use crate::accounts::{self, Account, Accounts};
use crate::power::{self, End};
use crate::{clock, tpm, uefi_variables, wait, wine};

const ERROR_SERVICE_ALREADY_RUNNING: u32 = 1056;
const ERROR_SERVICE_NOT_ACTIVE: u32 = 1062;
// As for shutdown.exe: time for the program itself to end.
const GRACE: Duration = Duration::from_millis(300);

/// How a cmdlet ended.
pub(super) enum Effect {
    /// With what it prints.
    Done(String),
    /// With an error that ends nothing by itself.
    Failed(String),
    Refused,
}

/// A cmdlet's parameters: name, values, whether one of them was quoted.
pub(super) struct Arguments(pub(super) Vec<(&'static str, Vec<String>, bool)>);

impl Arguments {
    fn find(&self, name: &str) -> Option<&(&'static str, Vec<String>, bool)> {
        self.0.iter().find(|(given, ..)| *given == name)
    }

    /// The value of a parameter that has one.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.find(name)?.1.as_slice() {
            [value] => Some(value),
            _ => None,
        }
    }

    /// A switch that is not taken back by `:$false`.
    fn has(&self, name: &str) -> bool {
        self.find(name).is_some_and(|(_, values, _)| values.first().is_none_or(|value| value != "$false"))
    }

    fn is_true(&self, name: &str) -> Option<bool> {
        match self.text(name)?.to_ascii_lowercase().as_str() {
            "$true" | "true" | "1" => Some(true),
            "$false" | "false" | "0" => Some(false),
            _ => None,
        }
    }

    fn path(&self) -> Option<&str> {
        self.text("path").or_else(|| self.text("literalpath"))
    }
}

fn done() -> Effect {
    Effect::Done(String::new())
}

fn by_code(code: u32) -> Effect {
    match code {
        ERROR_SUCCESS => done(),
        code => Effect::Failed(format!("the system answered with error {code}")),
    }
}

fn by_io(result: io::Result<()>) -> Effect {
    result.map_or_else(|error| Effect::Failed(error.to_string()), |()| done())
}

pub(super) fn apply(
    cmdlet: &str,
    given: &Arguments,
    call: &Call,
    program: &mut Program<'_>,
) -> io::Result<Effect> {
    // A parameter that takes one value and was given several, or none where it must be, is not understood.
    let effect = match cmdlet {
        "set-executionpolicy" => set_execution_policy(given, program)?,
        "set-service" | "start-service" | "stop-service" | "restart-service" | "get-service" => {
            service(cmdlet, given, program)?
        }
        "set-localuser" | "enable-localuser" | "disable-localuser" => Some(local_user(cmdlet, given)?),
        "new-item" | "mkdir" => item(cmdlet, given, call, program)?,
        "remove-item" | "test-path" => path(cmdlet, given, call, program)?,
        "new-itemproperty" | "set-itemproperty" | "remove-itemproperty" | "get-itempropertyvalue" => {
            property(cmdlet, given, program)?
        }
        "restart-computer" | "stop-computer" => {
            let end = if cmdlet == "stop-computer" { End::PowerOff } else { End::Restart };
            Some(if power::schedule(end, GRACE) {
                done()
            } else {
                Effect::Failed("A system shutdown is in progress.".to_owned())
            })
        }
        "set-date" => {
            given.text("date").and_then(|text| text.parse().ok()).map(|moment| set_date(moment, call))
        }
        "set-tpmownerauth" => set_tpm_owner_authorization(given),
        "confirm-securebootuefi" => Some(confirm_secure_boot()),
        "get-date" => match given.text("format") {
            Some(format) => dates::formatted(dates::now(), format).map(Effect::Done),
            None => Some(Effect::Done(dates::printed(dates::now()))),
        },
        "expand-archive" => expand(given, call),
        "optimize-volume" => match (given.text("driveletter"), given.has("retrim")) {
            (Some(letter), true) if letter.eq_ignore_ascii_case("c") => {
                Some(by_io(defrag::retrim().map(drop)))
            }
            _ => None,
        },
        "start-process" => start_process(given, call, program)?,
        "enable-scheduledtask" | "disable-scheduledtask" => given.text("taskname").map(|name| {
            let task = format!("{}\\{name}", given.text("taskpath").unwrap_or("").trim_end_matches('\\'));
            match schtasks::change(&task, cmdlet == "enable-scheduledtask") {
                Ok(true) => done(),
                Ok(false) => Effect::Failed("The system cannot find the file specified.".to_owned()),
                Err(error) => Effect::Failed(error.to_string()),
            }
        }),
        "set-netfirewallprofile" => firewall(given, program)?,
        "import-certificate" => match (given.text("filepath"), given.text("certstorelocation")) {
            (Some(file), Some(store)) => certutil::import(&call.place(file), store, program)?.map(|good| {
                if good { done() } else { Effect::Failed("The file is no certificate.".to_owned()) }
            }),
            _ => None,
        },
        "invoke-webrequest" => match (given.text("uri"), given.text("outfile")) {
            (Some(address), Some(file)) => download::to_file(address, &call.place(file))
                .map(|result| result.map_or_else(|fault| Effect::Failed(fault.to_string()), |_| done())),
            _ => None,
        },
        "write-output" | "write-host" => {
            given.0.first().map(|(_, values, _)| Effect::Done(values.join("\r\n")))
        }
        "start-sleep" => {
            let number = |name| given.text(name).and_then(|text| text.parse::<u32>().ok()).map(u64::from);
            let seconds = number("seconds").map(Duration::from_secs);
            seconds.or_else(|| number("milliseconds").map(Duration::from_millis)).map(|time| {
                wait::pause(time);
                done()
            })
        }
        _ => None,
    };
    Ok(effect.unwrap_or(Effect::Refused))
}

fn set_date(moment: dates::Moment, call: &Call) -> Effect {
    let accounts = Accounts::load();
    let is_administrator = call.user.eq_ignore_ascii_case(wine::SYSTEM_USER)
        || accounts.find(&call.user).is_some_and(Account::is_administrator);
    if !is_administrator {
        return Effect::Failed("A required privilege is not held by the client.".to_owned());
    }
    match clock::set(moment) {
        Ok(()) => Effect::Done(dates::printed(moment)),
        Err(error) => Effect::Failed(format!("the clock is not set: {error}")),
    }
}

/// Values are 20 bytes in base64, as `ConvertTo-TpmOwnerAuth` makes them; without an old one the TPM has none.
fn set_tpm_owner_authorization(given: &Arguments) -> Option<Effect> {
    let value = |text: &str| accounts::base64(text).filter(|bytes| bytes.len() == 20);
    let old = given.text("ownerauthorization").map_or(Some(Vec::new()), value)?;
    let new = given.text("newownerauthorization").and_then(value)?;
    if !tpm::is_there() {
        return Some(Effect::Failed("A compatible TPM cannot be found on this computer.".to_owned()));
    }
    Some(match tpm::change_owner_authorization(&old, &new) {
        Ok(0) => done(),
        Ok(code) => Effect::Failed(format!("the TPM answered with 0x{code:x}")),
        Err(error) => Effect::Failed(error.to_string()),
    })
}

fn confirm_secure_boot() -> Effect {
    match uefi_variables::secure_boot() {
        Ok(Some(on)) => Effect::Done(if on { "True" } else { "False" }.to_owned()),
        Ok(None) => Effect::Failed("Cmdlet not supported on this platform.".to_owned()),
        Err(error) => Effect::Failed(error.to_string()),
    }
}

fn set_execution_policy(given: &Arguments, program: &mut Program<'_>) -> io::Result<Option<Effect>> {
    let wanted = given.text("executionpolicy").unwrap_or("");
    let policy = POLICIES.into_iter().find(|known| known.eq_ignore_ascii_case(wanted));
    match (policy, given.text("scope").unwrap_or("localmachine").to_ascii_lowercase().as_str()) {
        (Some(policy), "localmachine") => {
            Ok(Some(by_code(program.set_text(SHELL_KEY, "ExecutionPolicy", policy)?)))
        }
        // It lasts as long as this one start.
        (Some(_), "process") => Ok(Some(done())),
        _ => Ok(None),
    }
}

fn service(cmdlet: &str, given: &Arguments, program: &mut Program<'_>) -> io::Result<Option<Effect>> {
    let Some(name) = given.text("name") else { return Ok(None) };
    let tolerated = |code: u32, fine: u32| by_code(if code == fine { ERROR_SUCCESS } else { code });
    let state = program.service_state(name)?;
    if state == 0 {
        return Ok(Some(Effect::Failed(format!("Cannot find any service with service name '{name}'."))));
    }
    let effect = match cmdlet {
        "start-service" => tolerated(program.start_service(name)?, ERROR_SERVICE_ALREADY_RUNNING),
        "stop-service" => tolerated(program.stop_service(name)?, ERROR_SERVICE_NOT_ACTIVE),
        "restart-service" => {
            program.stop_service(name)?;
            by_code(program.start_service(name)?)
        }
        "get-service" => {
            let state = if state == 4 { "Running" } else { "Stopped" };
            Effect::Done(format!(
                "\r\nStatus   Name               DisplayName\r\n------   ----               -----------\r\n{state:8} {name:18} {name}\r\n"
            ))
        }
        _ => {
            let start = match given.text("startuptype").map(str::to_ascii_lowercase).as_deref() {
                Some("automatic") => Some(Start::Automatic),
                Some("manual") => Some(Start::Manual),
                Some("disabled") => Some(Start::Disabled),
                None => None,
                Some(_) => return Ok(None),
            };
            let status = given.text("status").map(str::to_ascii_lowercase);
            if !matches!(status.as_deref(), None | Some("running" | "stopped"))
                || (start.is_none() && status.is_none())
            {
                return Ok(None);
            }
            let code = match start {
                Some(start) => program.configure_service(name, start)?,
                None => ERROR_SUCCESS,
            };
            match status.as_deref() {
                _ if code != ERROR_SUCCESS => by_code(code),
                Some("running") => tolerated(program.start_service(name)?, ERROR_SERVICE_ALREADY_RUNNING),
                Some(_) => tolerated(program.stop_service(name)?, ERROR_SERVICE_NOT_ACTIVE),
                None => done(),
            }
        }
    };
    Ok(Some(effect))
}

fn local_user(cmdlet: &str, given: &Arguments) -> io::Result<Effect> {
    let (Some(name), mut accounts) = (given.text("name"), Accounts::load()) else {
        return Ok(Effect::Refused);
    };
    let Some(account) = accounts.find_mut(name) else {
        return Ok(Effect::Failed(format!("User {name} was not found.")));
    };
    match cmdlet {
        "enable-localuser" => account.enabled = true,
        "disable-localuser" => account.enabled = false,
        _ => {
            if given.text("passwordneverexpires").is_some() {
                let Some(never) = given.is_true("passwordneverexpires") else { return Ok(Effect::Refused) };
                account.password_expires = !never;
            }
            if let Some(text) = given.text("fullname") {
                text.clone_into(&mut account.full_name);
            }
            if let Some(text) = given.text("description") {
                text.clone_into(&mut account.description);
            }
        }
    }
    accounts.save()?;
    Ok(done())
}

fn item(
    cmdlet: &str,
    given: &Arguments,
    call: &Call,
    program: &mut Program<'_>,
) -> io::Result<Option<Effect>> {
    let Some(path) = given.path() else { return Ok(None) };
    if let Some(key) = Key::of_powershell(path) {
        if program.has_key(&key)? {
            if !given.has("force") {
                return Ok(Some(Effect::Failed("A key in this path already exists.".to_owned())));
            }
            // What was in it goes, as in PowerShell.
            program.delete_key(&key)?;
        }
        return Ok(Some(by_code(program.make_key(&key)?)));
    }
    let place = call.place(path);
    let kind = given.text("itemtype").map_or_else(|| "file".to_owned(), str::to_ascii_lowercase);
    let is_directory = cmdlet == "mkdir" || kind == "directory";
    Ok(match (is_directory, place.exists()) {
        (true, true) if given.has("force") => Some(done()),
        (false, true) if !given.has("force") => {
            Some(Effect::Failed(format!("The file '{path}' already exists.")))
        }
        (true, true) => {
            Some(Effect::Failed(format!("An item with the specified name {path} already exists.")))
        }
        (true, false) => Some(by_io(fs::create_dir_all(place))),
        (false, _) if kind == "file" => Some(by_io(fs::write(place, ""))),
        (false, _) => None,
    })
}

fn path(
    cmdlet: &str,
    given: &Arguments,
    call: &Call,
    program: &mut Program<'_>,
) -> io::Result<Option<Effect>> {
    let Some(path) = given.path() else { return Ok(None) };
    if path.contains(['*', '?', '[']) {
        return Ok(None);
    }
    let key = Key::of_powershell(path);
    let place = call.place(path);
    let exists = match &key {
        Some(key) => program.has_key(key)?,
        None => place.exists(),
    };
    Ok(Some(match key {
        _ if cmdlet == "test-path" => Effect::Done(if exists { "True" } else { "False" }.to_owned()),
        _ if !exists => Effect::Failed(format!("Cannot find path '{path}' because it does not exist.")),
        Some(key) if given.has("recurse") => by_code(program.delete_key(&key)?),
        None if !place.is_dir() => by_io(fs::remove_file(place)),
        None if given.has("recurse") => by_io(fs::remove_dir_all(place)),
        // With something in it PowerShell asks.
        None => by_io(fs::remove_dir(place)),
        Some(_) => return Ok(None),
    }))
}

fn property(cmdlet: &str, given: &Arguments, program: &mut Program<'_>) -> io::Result<Option<Effect>> {
    let (Some(path), Some(name)) = (given.path(), given.text("name")) else { return Ok(None) };
    let Some(key) = Key::of_powershell(path) else { return Ok(None) };
    if !program.has_key(&key)? {
        return Ok(Some(Effect::Failed(format!("Cannot find path '{path}' because it does not exist."))));
    }
    let name = if name.eq_ignore_ascii_case("(default)") { "" } else { name };
    let before = program.value(&key, name)?;
    let missing = || Effect::Failed(format!("Property {name} does not exist at path {path}."));
    if cmdlet == "get-itempropertyvalue" {
        return Ok(Some(before.map_or_else(missing, |data| Effect::Done(data.shown()))));
    }
    if cmdlet == "remove-itemproperty" {
        return Ok(Some(if before.is_some() {
            by_code(program.delete_value(&key, name)?)
        } else {
            missing()
        }));
    }
    let Some((_, values, quoted)) = given.find("value") else { return Ok(None) };
    let kind = given.text("propertytype").or_else(|| given.text("type"));
    let new = match values.as_slice() {
        _ if kind.is_some_and(|kind| kind.eq_ignore_ascii_case("multistring")) => {
            Some(Data::Several(values.clone()))
        }
        [value] => {
            // A value that is there keeps its type.
            let kept = match (&before, cmdlet) {
                (Some(Data::Number(_)), "set-itemproperty") => Some("dword"),
                (Some(Data::Text(_)), "set-itemproperty") => Some("string"),
                (Some(Data::Expandable(_)), "set-itemproperty") => Some("expandstring"),
                _ => None,
            };
            data(value, *quoted, kind.or(kept))
        }
        _ => None,
    };
    if cmdlet == "new-itemproperty" && before.is_some() && !given.has("force") {
        return Ok(Some(Effect::Failed("The property already exists.".to_owned())));
    }
    match new {
        Some(new) => Ok(Some(by_code(program.set_value(&key, name, &new)?))),
        None => Ok(None),
    }
}

fn expand(given: &Arguments, call: &Call) -> Option<Effect> {
    let archive = given.path()?;
    let place = call.place(archive);
    if !Path::new(archive).extension().is_some_and(|end| end.eq_ignore_ascii_case("zip")) {
        return Some(Effect::Failed(".zip is the only supported archive file format.".to_owned()));
    }
    // Without a destination: a directory here, named after the archive.
    let stem = Path::new(&archive.replace('\\', "/")).file_stem()?.to_string_lossy().into_owned();
    let target = call.place(given.text("destinationpath").unwrap_or(&stem));
    Some(by_io(fs::read(place).and_then(|bytes| archives::unpack_zip(&bytes, &target, given.has("force")))))
}

fn start_process(given: &Arguments, call: &Call, program: &mut Program<'_>) -> io::Result<Option<Effect>> {
    let Some(file) = given.text("filepath") else { return Ok(None) };
    let arguments = given.find("argumentlist").map_or(&[][..], |(_, values, _)| values);
    // Start-Process puts blanks between the words and no quotes around them.
    let line = [&[command_line(&[file.to_owned()])], arguments].concat().join(" ");
    if given.has("wait") {
        // Its exit code is lost unless somebody asks the process for it.
        program.run(&line)?;
    } else {
        wine::start_in_background(&line, &call.user);
    }
    Ok(Some(done()))
}

fn firewall(given: &Arguments, program: &mut Program<'_>) -> io::Result<Option<Effect>> {
    let Some(on) = given.is_true("enabled") else { return Ok(None) };
    let all = vec!["Domain".to_owned(), "Private".to_owned(), "Public".to_owned()];
    let profiles = given.find("profile").map_or(&all, |(_, values, _)| values);
    for profile in profiles {
        let words =
            ["advfirewall", "set", &format!("{profile}profile"), "state", if on { "on" } else { "off" }];
        let Some(order) = netsh::parse(&words.map(str::to_owned)) else { return Ok(None) };
        netsh::apply(order, program)?;
    }
    Ok(Some(done()))
}
