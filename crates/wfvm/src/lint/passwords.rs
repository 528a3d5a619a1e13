//! Passwords: in clear, or hidden as Windows System Image Manager hides them.

use super::{
    Findings, Node,
    installation::{Installation, SHELL},
    rule::rules,
    tree::{at, raw_text, text_at},
};
use crate::answer_file::unhidden;
use crate::answer_schema::names::PASSWORD_LENGTH;

rules! {
    PASSWORD_ENCODING = Error "password-encoding" "L69" {
        says: "A password is said to be hidden, and its value is not a hidden one.",
        consequence: "Another password is set, and nobody can log on with the one that is meant.",
        advice: "Hide it as base64 of UTF-16LE of the password and the element's name (`Password`, `AdministratorPassword`), or write `<PlainText>true</PlainText>`.",
        source: "unattend reference, Password/Value; cschneegans/unattend-generator and dockur/windows",
        basis: Documented, needs: File,
    }
    PASSWORD_LOOKS_HIDDEN = Warning "password-looks-hidden" "L70" {
        says: "A password is said to be plain, and its value is a hidden one.",
        consequence: "The password is the text of the hidden form.",
        advice: "Write `<PlainText>false</PlainText>`.",
        source: "unattend reference, Password/PlainText",
        basis: Inferred, needs: File,
    }
    PASSWORD_TOO_LONG = Warning "password-too-long" "L71" {
        says: "A password has more than 127 characters or a control character.",
        consequence: "It cannot be typed or taken at the logon.",
        advice: "Shorten it.",
        source: "Microsoft, limits of passwords; dockur/windows",
        basis: Reported, needs: File,
    }
    READABLE_PASSWORD = Note "readable-password" "L88" {
        says: "A password stands in the file in clear.",
        consequence: "It stays in Windows' copy of the file until the pass that uses it is over. Hiding it stops a glance, nobody else.",
        advice: "Use a password that guards nothing, or one that is changed at the first logon.",
        source: "Microsoft, \"Hide sensitive data in an answer file\"",
        basis: Documented, needs: File,
    }
    EMPTY_ADMINISTRATOR_PASSWORD = Warning "empty-administrator-password" "L72" {
        says: "The Administrator of a server has an empty password.",
        consequence: "The policy of passwords may refuse it: a page asks for one at the first start.",
        advice: "Give a password with letters of three kinds and eight characters.",
        source: "Windows Server's default policy",
        basis: Inferred, needs: File,
    }
}

/// Where passwords of this form stand, below Shell-Setup.
const PLACES: [&str; 3] = [
    "UserAccounts/AdministratorPassword",
    "AutoLogon/Password",
    "OfflineUserAccounts/OfflineAdministratorPassword",
];

pub(super) fn check(installation: &Installation, findings: &mut Findings) {
    let mut passwords: Vec<Node> =
        installation.accounts().into_iter().filter_map(|account| at(account, "Password")).collect();
    passwords.extend(PLACES.iter().filter_map(|path| installation.setting(SHELL, path)));
    for node in passwords {
        one(node, findings);
    }
    let administrator = installation.setting(SHELL, "UserAccounts/AdministratorPassword");
    let server = installation.selected().is_some_and(|(_, value)| value.to_lowercase().contains("server"));
    if let Some(node) =
        administrator.filter(|node| server && plain(*node).is_some_and(|word| word.is_empty()))
    {
        findings.add(&EMPTY_ADMINISTRATOR_PASSWORD, node, "the password is empty");
    }
}

fn one(node: Node, findings: &mut Findings) {
    let Some(value) = at(node, "Value") else { return };
    let raw = raw_text(value);
    if is_hidden(node) {
        match unhidden(&raw, node.tag_name().name()) {
            Some(password) => length(value, &password, findings),
            None if raw.trim().is_empty() => {}
            None => {
                let problem =
                    format!("the value is not what hides a password in <{}>", node.tag_name().name());
                findings.add(&PASSWORD_ENCODING, value, problem);
            }
        }
        return;
    }
    if unhidden(&raw, node.tag_name().name()).is_some() {
        findings.add(&PASSWORD_LOOKS_HIDDEN, value, "the value is a hidden password");
    } else {
        length(value, &raw, findings);
        if !raw.is_empty() {
            findings.add(&READABLE_PASSWORD, value, "the password can be read");
        }
    }
}

fn length(value: Node, password: &str, findings: &mut Findings) {
    if password.chars().count() > PASSWORD_LENGTH || password.chars().any(char::is_control) {
        findings.add(&PASSWORD_TOO_LONG, value, "the password is too long or holds a control character");
    }
}

/// The password as it is typed, if it can be read from the file.
pub(super) fn plain(node: Node) -> Option<String> {
    let raw = at(node, "Value").map_or_else(String::new, raw_text);
    let unhidden = unhidden(&raw, node.tag_name().name());
    // A hidden one that is said to be plain has a finding of its own.
    if is_hidden(node) { unhidden } else { Some(raw).filter(|_| unhidden.is_none()) }
}

/// Without `PlainText` a value counts as plain.
fn is_hidden(node: Node) -> bool {
    text_at(node, "PlainText").is_some_and(|word| matches!(word.as_str(), "false" | "0"))
}
