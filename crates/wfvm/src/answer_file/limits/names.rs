//! Names of the computer and of its accounts.

use super::Problems;
use crate::answer_schema::names::{
    ACCOUNT_NAME_LENGTH, ADMINISTRATOR, COMPUTER_NAME_BYTES, PASSWORD_LENGTH, are_same, is_reserved,
    not_in_account_name, not_in_computer_name,
};
use crate::spec::{Account, AnswerFile};

pub(super) fn check(answers: &AnswerFile, problems: &mut Problems) {
    if let Some(name) = &answers.computer_name {
        computer_name(name, answers, problems);
    }
    for (at, candidate) in answers.accounts.iter().enumerate() {
        account(at, candidate, answers, problems);
    }
    if let Some(password) = &answers.administrator_password {
        problems.text("answerFile.administratorPassword", password, 0..=PASSWORD_LENGTH);
    }
    auto_logon(answers, problems);
}

fn computer_name(name: &str, answers: &AnswerFile, problems: &mut Problems) {
    const FIELD: &str = "answerFile.computerName";
    // A star lets Windows choose.
    if name == "*" {
        return;
    }
    problems.text(FIELD, name, 1..=usize::MAX);
    if name.len() > COMPUTER_NAME_BYTES {
        problems.add(
            FIELD,
            format!("`{name}` has {} bytes; Windows takes up to {COMPUTER_NAME_BYTES}", name.len()),
        );
    }
    if let Some(bad) = not_in_computer_name(name) {
        problems.add(FIELD, format!("`{name}` holds `{bad}`, which a computer's name cannot"));
    }
    if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()) {
        problems.add(FIELD, format!("`{name}` has only digits"));
    }
    if answers.accounts.iter().any(|account| are_same(&account.name, name)) {
        problems.add(FIELD, format!("`{name}` is also an account; Windows then cannot create the account"));
    }
}

fn account(at: usize, account: &Account, answers: &AnswerFile, problems: &mut Problems) {
    let Account { name, password, password_file: _, description, display_name, groups } = account;
    let field = format!("answerFile.accounts[{at}]");
    let name_field = format!("{field}.name");
    problems.text(&name_field, name, 1..=ACCOUNT_NAME_LENGTH);
    if let Some(bad) = not_in_account_name(name) {
        problems.add(&name_field, format!("`{name}` holds `{bad}`, which an account's name cannot"));
    }
    if name.ends_with(['.', ' ']) || name.starts_with(' ') {
        problems
            .add(&name_field, format!("`{name}` begins with a space, or ends with one or with a full stop"));
    }
    if is_reserved(name) {
        problems.add(&name_field, format!("`{name}` is a name that Windows itself uses"));
    }
    if answers.accounts.iter().take(at).any(|earlier| are_same(&earlier.name, name)) {
        problems.add(&name_field, format!("`{name}` stands twice; Windows does not tell case apart"));
    }
    problems.text(&format!("{field}.password"), password, 0..=PASSWORD_LENGTH);
    problems.text(&format!("{field}.description"), description, 0..=256);
    problems.text(&format!("{field}.displayName"), display_name, 0..=256);
    problems.text(&format!("{field}.groups"), &groups.join(";"), 1..=256);
    if let Some(bad) = groups.iter().find(|group| group.is_empty() || group.contains(';')) {
        problems.add(format!("{field}.groups"), format!("`{bad}` is not the name of one group"));
    }
}

fn auto_logon(answers: &AnswerFile, problems: &mut Problems) {
    const FIELD: &str = "answerFile.autoLogon";
    let name = &answers.auto_logon;
    if are_same(name, ADMINISTRATOR) {
        if answers.administrator_password.is_none() {
            problems.add(
                FIELD,
                format!("`{name}` has no password: `answerFile.administratorPassword` is absent"),
            );
        }
        return;
    }
    let Some(account) = answers.accounts.iter().find(|account| account.name == *name) else {
        problems.add(FIELD, format!("`{name}` is neither one of answerFile.accounts nor `{ADMINISTRATOR}`"));
        return;
    };
    if !account.groups.iter().any(|group| are_same(group, "Administrators")) {
        problems.add(
            FIELD,
            format!("`{name}` is not in the group `Administrators`, and the SSH server is set up at its first logon"),
        );
    }
}
