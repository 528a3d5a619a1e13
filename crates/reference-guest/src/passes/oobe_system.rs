//! The oobeSystem pass: accounts, what the first-run pages would ask, and who is logged on.

use std::thread;

use super::parse_page;
use crate::accounts::{self, ADMINISTRATOR, Account, Accounts};
use crate::answer_file::{AnswerFile, Component, Element, Fault, Pass, order};
use crate::answer_search::Found;
use crate::page::Page;
use crate::registry::{Hive, Value};
use crate::wine;
use crate::{panther, passes};

const WINLOGON: &str = "Software\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon";

/// What the pass leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Logon {
    /// This user is logged on without being asked.
    Automatic(String),
    /// The logon screen waits, for this reason.
    Screen(String),
}

fn fault(rule: &'static str, problem: impl Into<String>) -> Fault {
    Fault { component: Some("Microsoft-Windows-Shell-Setup".to_owned()), ..Fault::new(rule, problem) }
}

/// Checks the settings and the names in them. The hive is only read.
fn check(file: &AnswerFile, system: &Hive) -> Result<(), Fault> {
    file.check(Pass::OobeSystem, passes::product(system))?;
    check_locale_words(&file.component(Pass::OobeSystem, "International-Core"))?;
    match file.component(Pass::OobeSystem, "Shell-Setup").text("TimeZone") {
        Some(zone) => passes::specialize::check_time_zone(zone, system),
        None => Ok(()),
    }
}

/// Writes what the pass puts into the registry. This is done before Wine starts for the specialize pass:
/// stopping it in between would cost as much as all the commands. Faults are left for the pass itself.
pub(crate) fn write_registry(file: &AnswerFile, system: &mut Hive) {
    if check(file, system).is_err() {
        return;
    }
    let shell = file.component(Pass::OobeSystem, "Shell-Setup");
    if let Some(zone) = shell.text("TimeZone") {
        passes::specialize::set_time_zone(zone, system);
    }
    passes::specialize::set_owner(&shell, system);
    if shell.is_true("AutoLogon/Enabled") {
        system.set(WINLOGON, "AutoAdminLogon", Value::Text("1"));
        system.set(WINLOGON, "DefaultUserName", Value::Text(shell.text("AutoLogon/Username").unwrap_or("")));
        if let Some(count) = shell.text("AutoLogon/LogonCount").and_then(|text| text.parse::<u32>().ok()) {
            // Windows logs on once more often than it is told (Microsoft: AutoLogon, LogonCount).
            system.set(WINLOGON, "AutoLogonCount", Value::Number(count.saturating_add(1)));
        }
    }
}

/// Applies the pass: accounts, and who is logged on.
pub(crate) fn apply(found: &Found, computer_name: &str, system: &Hive) -> Result<Logon, Page> {
    let page = |fault: Fault| parse_page(&found.windows_path, Pass::OobeSystem, &fault);
    let mut accounts = Accounts::load();
    let decided = decide(found, computer_name, system, &mut accounts)?;
    for name in &decided.profiles {
        accounts::make_profile(name).map_err(|error| page(fault("L63", error.to_string())))?;
        panther::info("SHELL", format!("the account {name} has a profile"));
    }
    accounts.save().map_err(|error| passes::disk_trouble(&error))?;
    Ok(decided.logon)
}

/// What the pass comes to.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) logon: Logon,
    /// Accounts that need a profile.
    pub(crate) profiles: Vec<String>,
}

/// Checks the pass and makes its accounts, in memory alone.
pub(crate) fn decide(
    found: &Found,
    computer_name: &str,
    system: &Hive,
    accounts: &mut Accounts,
) -> Result<Decision, Page> {
    let page = |fault: Fault| parse_page(&found.windows_path, Pass::OobeSystem, &fault);
    check(&found.file, system).map_err(page)?;
    let shell = found.file.component(Pass::OobeSystem, "Shell-Setup");
    let mut profiles = create_accounts(&shell, computer_name, accounts).map_err(page)?;
    let created = profiles.len();
    let logon = auto_logon(&shell, accounts).map_err(page)?;
    if logon == Logon::Automatic(ADMINISTRATOR.to_owned()) {
        profiles.push(ADMINISTRATOR.to_owned());
    }
    pages(&found.file, &shell, created, &logon)?;
    Ok(Decision { logon, profiles })
}

/// The first-run pages that an answer file must answer; each would wait for a person.
fn pages(file: &AnswerFile, shell: &Component<'_>, created: usize, logon: &Logon) -> Result<(), Page> {
    let page =
        |title: &str, cause: &str| Err(Page::new(title, "Windows waits for an answer.", cause).from("OOBE"));
    let given = |name: &str| {
        [Pass::OobeSystem, Pass::Specialize].iter().any(|pass| {
            file.component(*pass, "International-Core").text(name).is_some_and(|value| !value.is_empty())
        })
    };
    if !["InputLocale", "SystemLocale", "UILanguage", "UserLocale"].into_iter().all(given) {
        return page(
            "Let's start with region. Is this right?",
            "L60: International-Core does not give InputLocale, SystemLocale, UILanguage and UserLocale",
        );
    }
    if !shell.is_true("OOBE/HideEULAPage") && !shell.is_true("OOBE/SkipMachineOOBE") {
        return page("Windows License Agreement", "OOBE/HideEULAPage is not true");
    }
    if created == 0 && matches!(logon, Logon::Screen(_)) {
        return page(
            "Who's going to use this device?",
            "L64: the answer file makes no account and logs nobody on",
        );
    }
    if shell.text("OOBE/ProtectYourPC").is_none() && !shell.is_true("OOBE/SkipMachineOOBE") {
        return page("Choose privacy settings for your device", "OOBE/ProtectYourPC is not given");
    }
    Ok(())
}

/// `LocalAccounts` and `AdministratorPassword`. Gives the names of the accounts made.
fn create_accounts(
    shell: &Component<'_>,
    computer_name: &str,
    accounts: &mut Accounts,
) -> Result<Vec<String>, Fault> {
    let random = |error: std::io::Error| fault("L63", error.to_string());
    let mut created = Vec::new();
    for item in shell.list("UserAccounts/LocalAccounts/LocalAccount") {
        let name = item.text_at("Name").unwrap_or("");
        if let Some(problem) = accounts::name_fault(name) {
            return Err(fault("L63", problem));
        }
        if accounts.find(name).is_some() {
            return Err(fault("L63", format!("the account {name:?} is there twice")));
        }
        if name.eq_ignore_ascii_case(computer_name) {
            return Err(fault("L62", format!("the account {name:?} has the computer's name")));
        }
        let groups: Vec<&str> = item
            .text_at("Group")
            .unwrap_or("")
            .split(';')
            .map(str::trim)
            .filter(|group| !group.is_empty())
            .collect();
        let mut account = Account::new(name, &groups);
        item.text_at("DisplayName").unwrap_or("").clone_into(&mut account.full_name);
        item.text_at("Description").unwrap_or("").clone_into(&mut account.description);
        account.set_password(&password(item.at("Password"))?).map_err(random)?;
        accounts.add(account);
        created.push(name.to_owned());
    }
    if let Some(element) = shell.at("UserAccounts/AdministratorPassword") {
        let password = password(Some(element))?;
        if let Some(administrator) = accounts.find_mut(ADMINISTRATOR) {
            administrator.set_password(&password).map_err(random)?;
        }
    }
    Ok(created)
}

fn password(element: Option<&Element>) -> Result<String, Fault> {
    accounts::password(element).map_err(|problem| fault("L69", problem))
}

fn auto_logon(shell: &Component<'_>, accounts: &mut Accounts) -> Result<Logon, Fault> {
    if !shell.is_true("AutoLogon/Enabled") {
        return Ok(Logon::Screen("AutoLogon is not enabled in the answer file".to_owned()));
    }
    let name = shell.text("AutoLogon/Username").unwrap_or("");
    let given = password(shell.at("AutoLogon/Password"))?;
    let Some(account) = accounts.find_mut(name) else {
        return Ok(Logon::Screen(format!("L65: AutoLogon names {name:?}, but there is no such account")));
    };
    if account.name == ADMINISTRATOR {
        // "Administrator" in AutoLogon enables the built-in account (Microsoft: AutoLogon, Username).
        account.enabled = true;
    }
    if !account.enabled || !account.has_password(&given) {
        return Ok(Logon::Screen(format!(
            "L66: the user name or password is incorrect: AutoLogon's password is not that of {name}"
        )));
    }
    Ok(Logon::Automatic(account.name.clone()))
}

/// Language tags and input locales must have their documented form.
pub(crate) fn check_locale_words(international: &Component<'_>) -> Result<(), Fault> {
    let wrong = |rule, problem: String| {
        Err(Fault {
            component: Some("Microsoft-Windows-International-Core".to_owned()),
            ..Fault::new(rule, problem)
        })
    };
    for name in ["UILanguage", "SystemLocale", "UserLocale", "UILanguageFallback"] {
        if let Some(tag) = international.text(name).filter(|tag| !tag.is_empty() && !is_language_tag(tag)) {
            return wrong("L58", format!("{name} {tag:?} is not a language tag such as en-US"));
        }
    }
    let inputs = international.text("InputLocale").unwrap_or("");
    for input in inputs.split(';').filter(|input| !input.is_empty()) {
        if !is_language_tag(input) && !is_keyboard(input) {
            return wrong(
                "L59",
                format!("InputLocale {input:?} is neither a language tag nor of the form 0409:00000409"),
            );
        }
    }
    Ok(())
}

/// BCP 47 as Windows uses it: a language, then script or region.
fn is_language_tag(text: &str) -> bool {
    let mut parts = text.split('-');
    let language = parts.next().unwrap_or("");
    (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(|part| {
            (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

fn is_keyboard(text: &str) -> bool {
    let hexadecimal = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.split_once(':').is_some_and(|(locale, layout)| {
        locale.len() == 4
            && hexadecimal(locale)
            && (layout.len() == 8 && hexadecimal(layout) || layout.starts_with('{'))
    })
}

/// Runs the first-logon commands as the user. Microsoft: "all commands start at the same time", so they do.
pub(crate) fn run_first_logon_commands(file: &AnswerFile, user: &str) {
    let shell = file.component(Pass::OobeSystem, "Shell-Setup");
    let commands: Vec<(u32, String)> = shell
        .ordered("FirstLogonCommands/SynchronousCommand")
        .into_iter()
        .map(|item| (order(item), item.text_at("CommandLine").unwrap_or("").to_owned()))
        .collect();
    let profile = accounts::profile(user);
    thread::scope(|scope| {
        for (number, line) in &commands {
            let profile = &profile;
            scope.spawn(move || {
                panther::info("SHELL", format!("FirstLogonCommands {number}: [{line}]"));
                let ended = wine::run(line, user, profile);
                panther::info("SHELL", format!("FirstLogonCommands {number}: {ended:?}"));
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(oobe: &str) -> AnswerFile {
        let text = format!(
            "<unattend xmlns=\"urn:schemas-microsoft-com:unattend\" xmlns:wcm=\"http://schemas.microsoft.com/WMIConfig/2002/State\">\
             <settings pass=\"oobeSystem\"><component name=\"Microsoft-Windows-Shell-Setup\">{oobe}</component></settings></unattend>"
        );
        AnswerFile::parse(text.as_bytes()).unwrap()
    }

    fn logon(oobe: &str) -> Result<Logon, &'static str> {
        let file = file(oobe);
        let shell = file.component(Pass::OobeSystem, "Shell-Setup");
        let mut accounts = Accounts::built_in();
        let mut user = Account::new("wfvm", &["Administrators"]);
        user.set_password("secret").unwrap();
        accounts.add(user);
        auto_logon(&shell, &mut accounts).map_err(|fault| fault.rule)
    }

    fn auto(name: &str, password: &str) -> String {
        format!(
            "<AutoLogon><Enabled>true</Enabled><Username>{name}</Username><Password><Value>{password}</Value><PlainText>true</PlainText></Password></AutoLogon>"
        )
    }

    #[test]
    fn automatic_logon_needs_the_account_and_its_password() {
        assert_eq!(logon(&auto("WFVM", "secret")), Ok(Logon::Automatic("wfvm".to_owned())));
        assert!(
            matches!(logon(&auto("other", "secret")), Ok(Logon::Screen(reason)) if reason.starts_with("L65"))
        );
        assert!(
            matches!(logon(&auto("wfvm", "wrong")), Ok(Logon::Screen(reason)) if reason.starts_with("L66"))
        );
        assert!(matches!(logon(""), Ok(Logon::Screen(_))));
    }

    #[test]
    fn an_account_with_the_computers_name_is_refused() {
        let account = "<UserAccounts><LocalAccounts><LocalAccount><Name>box</Name></LocalAccount></LocalAccounts></UserAccounts>";
        let file = file(account);
        let shell = file.component(Pass::OobeSystem, "Shell-Setup");
        assert_eq!(
            create_accounts(&shell, "BOX", &mut Accounts::built_in()).map_err(|fault| fault.rule),
            Err("L62")
        );
    }

    #[test]
    fn locales_have_their_form() {
        assert!(
            is_language_tag("en-US")
                && is_language_tag("zh-Hant-TW")
                && !is_language_tag("en_US")
                && !is_language_tag("english")
        );
        assert!(is_keyboard("0409:00000409") && !is_keyboard("0409:409") && !is_keyboard("en-US,de-DE"));
    }
}
