//! Accounts, the first logon, and no page that asks.

use super::element::{Element, flag, group, number, text};
use super::password::{ADMINISTRATOR_PASSWORD, PASSWORD, hidden};
use super::{Component, first_logon, locales};
use crate::spec::{Account, AnswerFile, Install};

/// How often the account is logged on by itself. Windows counts down at each logon; an image
/// that is always started from the same state never gets there.
const LOGON_COUNT: u64 = 999;

pub(super) fn components(spec: &Install) -> Vec<Component> {
    let answers = &spec.answer_file;
    let shell = vec![
        group(
            "OOBE",
            [
                flag("HideEULAPage", true),
                flag("HideLocalAccountScreen", true),
                flag("HideOEMRegistrationScreen", true),
                flag("HideOnlineAccountScreens", true),
                flag("HideWirelessSetupInOOBE", true),
                number("ProtectYourPC", 3_u64),
            ],
        ),
        user_accounts(answers),
        auto_logon(answers),
        // One command: Windows starts those of a list without waiting for one another.
        group(
            "FirstLogonCommands",
            [group(
                "SynchronousCommand",
                [
                    number("Order", 1_u64),
                    text("CommandLine", first_logon::command_line()),
                    text("Description", "Set up the SSH server"),
                ],
            )
            .added()],
        ),
    ];
    vec![
        Component { name: "Microsoft-Windows-International-Core", settings: locales(spec) },
        Component { name: "Microsoft-Windows-Shell-Setup", settings: shell },
    ]
}

fn user_accounts(answers: &AnswerFile) -> Element {
    let mut settings = Vec::new();
    if let Some(password) = &answers.administrator_password {
        settings.push(hidden(ADMINISTRATOR_PASSWORD, password));
    }
    let accounts: Vec<Element> = answers.accounts.iter().map(local_account).collect();
    settings.push(group("LocalAccounts", accounts));
    group("UserAccounts", settings)
}

fn local_account(account: &Account) -> Element {
    let mut settings = vec![text("Name", &account.name)];
    let optional = [
        ("DisplayName", account.display_name.clone()),
        ("Description", account.description.clone()),
        ("Group", account.groups.join(";")),
    ];
    settings.extend(
        optional.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| text(name, value)),
    );
    settings.push(hidden(PASSWORD, &account.password));
    group("LocalAccount", settings).added()
}

fn auto_logon(answers: &AnswerFile) -> Element {
    let account = answers.accounts.iter().find(|account| account.name == answers.auto_logon);
    let password =
        account.map(|account| account.password.as_str()).or(answers.administrator_password.as_deref());
    group(
        "AutoLogon",
        [
            flag("Enabled", true),
            number("LogonCount", answers.settings.logon_count.map_or(LOGON_COUNT, u64::from)),
            text("Username", &answers.auto_logon),
            hidden(PASSWORD, password.unwrap_or_default()),
        ],
    )
}
