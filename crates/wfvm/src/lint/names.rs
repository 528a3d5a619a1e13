//! The computer's name.

use super::{
    Findings,
    installation::{Installation, SHELL},
    rule::rules,
    tree::{at, text, text_at},
};
use crate::answer_schema::{
    Pass,
    names::{COMPUTER_NAME_BYTES, are_same, not_in_computer_name},
};

rules! {
    COMPUTER_NAME_TOO_LONG = Error "computer-name-too-long" "L61" {
        says: "The computer's name has more than 15 bytes.",
        consequence: "specialize fails at each restart: \"the computer restarted unexpectedly\", for ever.",
        advice: "Shorten it; letters beyond ASCII have two or three bytes.",
        source: "unattend reference, ComputerName: 15 bytes of content",
        basis: Documented, needs: File,
    }
    COMPUTER_NAME_CHARACTER = Error "computer-name-character" "L61" {
        says: "The computer's name holds a character that it cannot have.",
        consequence: "specialize fails at each restart: \"the computer restarted unexpectedly\", for ever.",
        advice: "Use letters, digits and hyphens.",
        source: "unattend reference, ComputerName",
        basis: Documented, needs: File,
    }
    COMPUTER_NAME_DIGITS = Error "computer-name-digits" "L61" {
        says: "The computer's name has only digits.",
        consequence: "specialize fails at each restart: \"the computer restarted unexpectedly\", for ever.",
        advice: "Put a letter into it.",
        source: "unattend reference, ComputerName: names that DnsValidateName refuses",
        basis: Documented, needs: File,
    }
    COMPUTER_NAME_IS_ACCOUNT = Error "computer-name-is-account" "L62" {
        says: "The computer has the name of an account that the file makes.",
        consequence: "The account cannot be made: the first run fails or asks for one.",
        advice: "Give them different names.",
        source: "cschneegans/unattend-generator refuses it",
        basis: Reported, needs: File,
    }
}

pub(super) fn check(installation: &Installation, findings: &mut Findings) {
    for pass in [Pass::OfflineServicing, Pass::Specialize] {
        let Some(node) = installation.component(pass, SHELL).and_then(|shell| at(shell, "ComputerName"))
        else {
            continue;
        };
        let name = text(node);
        // Both let Windows choose. A variable in percent or braces is for a program that fills it in.
        if name.is_empty() || name == "*" {
            continue;
        }
        if let Some(bad) = not_in_computer_name(&name) {
            findings.add(&COMPUTER_NAME_CHARACTER, node, format!("`{name}` holds `{bad}`"));
        } else if name.len() > COMPUTER_NAME_BYTES {
            findings.add(&COMPUTER_NAME_TOO_LONG, node, format!("`{name}` has {} bytes", name.len()));
        } else if name.bytes().all(|byte| byte.is_ascii_digit()) {
            findings.add(&COMPUTER_NAME_DIGITS, node, format!("`{name}` has only digits"));
        }
        let same =
            |account: &super::Node| text_at(*account, "Name").is_some_and(|known| are_same(&known, &name));
        if installation.accounts().iter().any(same) {
            findings.add(&COMPUTER_NAME_IS_ACCOUNT, node, format!("`{name}` is also an account"));
        }
    }
}
