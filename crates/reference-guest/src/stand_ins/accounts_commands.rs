//! `net.exe`: accounts, groups, services (Microsoft Learn, "Net commands on Windows operating systems").

use std::io;

use super::{Answer, Call, Program};
use crate::accounts::{self, Account, Accounts};

const DONE: &str = "The command completed successfully.\r\n";
const ERROR_SERVICE_ALREADY_RUNNING: u32 = 1056;
const ERROR_SERVICE_DOES_NOT_EXIST: u32 = 1060;
const ERROR_SERVICE_NOT_ACTIVE: u32 = 1062;
// net.exe's own status for any error that it explains.
const FAILED: u32 = 2;
const LONGEST_AGE_DAYS: u32 = 49_710;

pub(super) fn run(call: &Call, program: &mut Program<'_>) -> io::Result<Answer> {
    let lower = call.lower();
    let rest = call.words.get(1..).unwrap_or(&[]);
    match (lower.first().map(String::as_str), rest) {
        (Some("start"), [name]) => start(name, program),
        (Some("stop"), [name] | [name, _]) => stop(name, program),
        (Some("accounts"), options) => password_age(options, program),
        (Some("user" | "users"), options) => user(options, program),
        (Some("localgroup"), options) => group(options, program),
        _ => Ok(Answer::Refused),
    }
}

fn start(name: &str, program: &mut Program<'_>) -> io::Result<Answer> {
    let code = program.start_service(name)?;
    match code {
        0 => program.print(&format!("The {name} service is starting.\r\nThe {name} service was started successfully.\r\n"))?,
        ERROR_SERVICE_ALREADY_RUNNING => program.complain("The requested service has already been started.\r\n\r\nMore help is available by typing NET HELPMSG 2182.\r\n")?,
        ERROR_SERVICE_DOES_NOT_EXIST => program.complain("The service name is invalid.\r\n\r\nMore help is available by typing NET HELPMSG 2185.\r\n")?,
        _ => program.complain(&format!("System error {code} has occurred.\r\n"))?,
    }
    Ok(Answer::Exit(if code == 0 { 0 } else { FAILED }))
}

fn stop(name: &str, program: &mut Program<'_>) -> io::Result<Answer> {
    let code = program.stop_service(name)?;
    match code {
        0 => program.print(&format!(
            "The {name} service is stopping.\r\nThe {name} service was stopped successfully.\r\n"
        ))?,
        ERROR_SERVICE_NOT_ACTIVE => program.complain(&format!(
            "The {name} service is not started.\r\n\r\nMore help is available by typing NET HELPMSG 3521.\r\n"
        ))?,
        ERROR_SERVICE_DOES_NOT_EXIST => program.complain(
            "The service name is invalid.\r\n\r\nMore help is available by typing NET HELPMSG 2185.\r\n",
        )?,
        _ => program.complain(&format!("System error {code} has occurred.\r\n"))?,
    }
    Ok(Answer::Exit(if code == 0 { 0 } else { FAILED }))
}

fn done(accounts: &Accounts, program: &mut Program<'_>) -> io::Result<Answer> {
    accounts.save()?;
    program.print(DONE)?;
    Ok(Answer::Exit(0))
}

fn failed(program: &mut Program<'_>, text: &str) -> io::Result<Answer> {
    program.complain(&format!("{text}\r\n"))?;
    Ok(Answer::Exit(FAILED))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PasswordAge {
    Unlimited,
    Days(u32),
}

/// `/maxpwage:` in days; the other options have no effect here and are refused.
pub(super) fn parse_password_age(options: &[String]) -> Option<PasswordAge> {
    let [option] = options else { return None };
    match option.to_ascii_lowercase().strip_prefix("/maxpwage:")? {
        "unlimited" => Some(PasswordAge::Unlimited),
        days => days.parse().ok().filter(|days| (1..=LONGEST_AGE_DAYS).contains(days)).map(PasswordAge::Days),
    }
}

fn password_age(options: &[String], program: &mut Program<'_>) -> io::Result<Answer> {
    let Some(age) = parse_password_age(options) else { return Ok(Answer::Refused) };
    let mut accounts = Accounts::load();
    accounts.greatest_password_age_days = match age {
        PasswordAge::Unlimited => None,
        PasswordAge::Days(days) => Some(days),
    };
    done(&accounts, program)
}

fn user(options: &[String], program: &mut Program<'_>) -> io::Result<Answer> {
    let mut accounts = Accounts::load();
    let (switches, names): (Vec<&String>, Vec<&String>) =
        options.iter().partition(|option| option.starts_with('/'));
    let switches: Vec<String> = switches.into_iter().map(|switch| switch.to_ascii_lowercase()).collect();
    let has = |name: &str| switches.iter().any(|switch| switch == name);
    match names.as_slice() {
        [] if switches.is_empty() => {
            let listed: Vec<&str> = accounts.all().iter().map(|account| account.name.as_str()).collect();
            program.print(&format!("\r\nUser accounts\r\n\r\n{}\r\n{DONE}", listed.join("  ")))?;
            Ok(Answer::Exit(0))
        }
        [name] if switches.is_empty() => match accounts.find(name) {
            Some(account) => {
                let active = if account.enabled { "Yes" } else { "No" };
                let text = format!(
                    "User name                    {}\r\nFull Name                    {}\r\nComment                      {}\r\nAccount active               {active}\r\nLocal Group Memberships      *{}\r\n{DONE}",
                    account.name,
                    account.full_name,
                    account.description,
                    account.groups.join("  *")
                );
                program.print(&text)?;
                Ok(Answer::Exit(0))
            }
            None => failed(program, "The user name could not be found."),
        },
        [name] if has("/delete") && switches.len() == 1 => {
            if accounts.remove(name) {
                done(&accounts, program)
            } else {
                failed(program, "The user name could not be found.")
            }
        }
        [name, rest @ ..] if has("/add") => {
            if accounts.find(name).is_some() {
                return failed(program, "The account already exists.");
            }
            if let Some(problem) = accounts::name_fault(name) {
                return failed(program, &problem);
            }
            let mut account = Account::new(name, &["Users"]);
            if !change(&mut account, rest, &switches)? {
                return Ok(Answer::Refused);
            }
            accounts::make_profile(name)?;
            accounts.add(account);
            done(&accounts, program)
        }
        [name, rest @ ..] => {
            let Some(account) = accounts.find_mut(name) else {
                return failed(program, "The user name could not be found.");
            };
            if !change(account, rest, &switches)? {
                return Ok(Answer::Refused);
            }
            done(&accounts, program)
        }
        _ => Ok(Answer::Refused),
    }
}

/// Changes an account by `net user`'s words. False if one of them is not known here.
fn change(account: &mut Account, rest: &[&String], switches: &[String]) -> io::Result<bool> {
    match rest {
        [] => {}
        [password] if password.as_str() != "*" => account.set_password(password)?,
        _ => return Ok(false),
    }
    for switch in switches {
        match switch.split_once(':') {
            None if switch == "/add" => {}
            Some(("/active", state @ ("yes" | "no"))) => account.enabled = state == "yes",
            Some(("/expires", "never")) => {}
            Some(("/fullname", name)) => name.clone_into(&mut account.full_name),
            Some(("/comment", text)) => text.clone_into(&mut account.description),
            _ => return Ok(false),
        }
    }
    Ok(true)
}

fn group(options: &[String], program: &mut Program<'_>) -> io::Result<Answer> {
    let mut accounts = Accounts::load();
    let [group, name, switch] = options else { return Ok(Answer::Refused) };
    let Some(account) = accounts.find_mut(name) else {
        return failed(program, &format!("There is no such global user or group: {name}."));
    };
    let member = account.groups.iter().any(|one| one.eq_ignore_ascii_case(group));
    match (switch.to_ascii_lowercase().as_str(), member) {
        ("/add", true) => {
            return failed(
                program,
                "System error 1378 has occurred.\r\n\r\nThe specified account name is already a member of the group.",
            );
        }
        ("/add", false) => account.groups.push(group.clone()),
        ("/delete", true) => account.groups.retain(|one| !one.eq_ignore_ascii_case(group)),
        ("/delete", false) => {
            return failed(
                program,
                "System error 1377 has occurred.\r\n\r\nThe specified account name is not a member of the group.",
            );
        }
        _ => return Ok(Answer::Refused),
    }
    done(&accounts, program)
}
