//! Accounts, and who is logged on by himself.

use super::{
    Findings, Node,
    installation::{Installation, SHELL},
    passwords,
    rule::rules,
    tree::{at, is_true, number_at, text, text_at},
};
use crate::answer_schema::{
    Pass,
    names::{ACCOUNT_NAME_LENGTH, ADMINISTRATOR, are_same, is_reserved, not_in_account_name},
};

rules! {
    ACCOUNT_NAME_TOO_LONG = Error "account-name-too-long" "L63" {
        says: "An account's name has more than 20 characters.",
        consequence: "The account cannot be made, though the answer file's schema allows 256: the first run fails.",
        advice: "Shorten it; `DisplayName` may be long.",
        source: "Microsoft, limits of user names; cschneegans/unattend-generator and dockur/windows refuse it",
        basis: Reported, needs: File,
    }
    ACCOUNT_NAME_CHARACTER = Error "account-name-character" "L63" {
        says: "An account's name holds a character that it cannot have.",
        consequence: "The account cannot be made: the first run fails.",
        advice: "Leave out `\" / \\ [ ] : | < > + = ; , ? * % @`.",
        source: "unattend reference, LocalAccount/Name",
        basis: Documented, needs: File,
    }
    ACCOUNT_NAME_END = Error "account-name-end" "L63" {
        says: "An account's name ends in a full stop.",
        consequence: "The account cannot be made: the first run fails.",
        advice: "Take the full stop away.",
        source: "cschneegans/unattend-generator refuses it",
        basis: Reported, needs: File,
    }
    ACCOUNT_NAME_RESERVED = Error "account-name-reserved" "L63" {
        says: "An account has a name that Windows itself uses.",
        consequence: "The account cannot be made: the first run fails.",
        advice: "Take another name. The built-in Administrator gets his password by `AdministratorPassword`.",
        source: "unattend reference, LocalAccount/Name; cschneegans/unattend-generator",
        basis: Reported, needs: File,
    }
    ACCOUNT_TWICE = Error "account-twice" "L63" {
        says: "Two accounts have the same name.",
        consequence: "The second cannot be made: the first run fails.",
        advice: "Windows does not tell case apart in names.",
        source: "cschneegans/unattend-generator refuses it",
        basis: Reported, needs: File,
    }
    GROUP_SEPARATOR = Warning "group-separator" {
        says: "The groups of an account are joined by a comma.",
        consequence: "Windows looks for one group of that whole name.",
        advice: "Join them by `;`.",
        source: "unattend reference, LocalAccount/Group: separated by semicolons",
        basis: Documented, needs: File,
    }
    AUTOLOGON_UNKNOWN_USER = Warning "autologon-unknown-user" "L65" {
        says: "The automatic logon is for an account that the file does not make.",
        consequence: "The logon screen waits, unless the account is in the image.",
        advice: "Name an account of `LocalAccounts`, or `Administrator`.",
        source: "how Windows logs on",
        basis: Inferred, needs: File,
    }
    AUTOLOGON_PASSWORD = Warning "autologon-password" "L66" {
        says: "The password of the automatic logon is not that of the account.",
        consequence: "The logon screen waits.",
        advice: "Write the same password twice.",
        source: "how Windows logs on",
        basis: Inferred, needs: File,
    }
    AUTOLOGON_COUNT_MISSING = Error "autologon-count-missing" "L67" {
        says: "The automatic logon has no `LogonCount`.",
        consequence: "The setting is required: nobody is logged on.",
        advice: "Say how many logons are wanted.",
        source: "unattend reference, AutoLogon/LogonCount: must be specified",
        basis: Documented, needs: File,
    }
    LOGON_COUNT = Note "logon-count" "L68" {
        says: "Exactly one automatic logon is asked for.",
        consequence: "Windows adds one to the number: two happen.",
        advice: "If one is wanted, set `AutoLogonCount` below `HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon` to 0 in a first-logon command.",
        source: "unattend reference, LogonCount, known issue",
        basis: Documented, needs: File,
    }
    NO_ACCOUNT = Warning "no-account" "L64" {
        says: "The first run is prepared, and no account is made.",
        consequence: "It shows the page for an account, and waits; Windows 11 wants a network for it.",
        advice: "Make an account in `LocalAccounts`, or log on as `Administrator` by `AutoLogon`.",
        source: "Microsoft, \"Automate OOBE\"; unattend reference, AutoLogon",
        basis: Documented, needs: File,
    }
}

pub(super) fn check(installation: &Installation, findings: &mut Findings) {
    let accounts = installation.accounts();
    let mut names: Vec<String> = Vec::new();
    for account in &accounts {
        if let Some(node) = at(*account, "Name") {
            let name = text(node);
            account_name(node, &name, findings);
            if names.contains(&name.to_lowercase()) {
                findings.add(&ACCOUNT_TWICE, node, format!("`{name}` stands twice"));
            }
            names.push(name.to_lowercase());
        }
        if let Some(node) = at(*account, "Group").filter(|node| text(*node).contains(',')) {
            findings.add(&GROUP_SEPARATOR, node, format!("the groups are `{}`", text(node)));
        }
    }
    for pass in [Pass::Specialize, Pass::AuditSystem, Pass::OobeSystem] {
        if let Some(logon) = installation.component(pass, SHELL).and_then(|shell| at(shell, "AutoLogon")) {
            auto_logon(installation, logon, &accounts, findings);
        }
    }
    no_account(installation, findings);
}

fn account_name(node: Node, name: &str, findings: &mut Findings) {
    if let Some(bad) = not_in_account_name(name) {
        findings.add(&ACCOUNT_NAME_CHARACTER, node, format!("`{name}` holds `{bad}`"));
    } else if name.encode_utf16().count() > ACCOUNT_NAME_LENGTH {
        findings.add(
            &ACCOUNT_NAME_TOO_LONG,
            node,
            format!("`{name}` has more than {ACCOUNT_NAME_LENGTH} characters"),
        );
    } else if name.ends_with('.') {
        findings.add(&ACCOUNT_NAME_END, node, format!("`{name}` ends in a full stop"));
    } else if is_reserved(name) {
        findings.add(&ACCOUNT_NAME_RESERVED, node, format!("`{name}` is a name of Windows' own"));
    }
}

fn auto_logon(installation: &Installation, logon: Node, accounts: &[Node], findings: &mut Findings) {
    if at(logon, "Enabled").is_some() && !is_true(logon, "Enabled") {
        return;
    }
    match number_at(logon, "LogonCount") {
        None if at(logon, "LogonCount").is_none() => {
            findings.add(&AUTOLOGON_COUNT_MISSING, logon, "`LogonCount` is missing");
        }
        Some(1) => {
            let place = at(logon, "LogonCount").unwrap_or(logon);
            findings.add(&LOGON_COUNT, place, "`LogonCount` is 1: two logons happen");
        }
        _ => {}
    }
    // An account of a domain is made elsewhere.
    let domain = text_at(logon, "Domain").unwrap_or_default();
    if !matches!(domain.as_str(), "" | ".") {
        return;
    }
    let Some(user) = at(logon, "Username") else { return };
    let name = text(user);
    let same = |account: &&Node| text_at(**account, "Name").is_some_and(|known| are_same(&known, &name));
    let of_account = match accounts.iter().find(same) {
        Some(account) => at(*account, "Password"),
        None if are_same(&name, ADMINISTRATOR) => {
            installation.setting(SHELL, "UserAccounts/AdministratorPassword")
        }
        None => {
            if !name.is_empty() {
                findings.add(&AUTOLOGON_UNKNOWN_USER, user, format!("no account `{name}` is made"));
            }
            return;
        }
    };
    let (Some(one), Some(other)) =
        (of_account.and_then(passwords::plain), at(logon, "Password").and_then(passwords::plain))
    else {
        return;
    };
    if one != other {
        let place = at(logon, "Password").unwrap_or(logon);
        findings.add(&AUTOLOGON_PASSWORD, place, format!("`{name}` has another password"));
    }
}

fn no_account(installation: &Installation, findings: &mut Findings) {
    let Some(shell) = installation.component(Pass::OobeSystem, SHELL) else { return };
    let Some(pages) = at(shell, "OOBE") else { return };
    let anybody =
        ["UserAccounts", "AutoLogon"].iter().any(|path| installation.setting(SHELL, path).is_some());
    let joins = installation.component(Pass::Specialize, "Microsoft-Windows-UnattendedJoin").is_some();
    let skips = ["SkipUserOOBE", "SkipMachineOOBE"].iter().any(|path| is_true(pages, path));
    if !anybody && !joins && !skips && !installation.goes_to_audit_mode() {
        findings.add(&NO_ACCOUNT, shell, "neither `UserAccounts` nor `AutoLogon`");
    }
}
