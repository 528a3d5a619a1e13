//! Passwords that Windows would not take, or not over the network.

use super::Finding;
use crate::guest_os::GuestOs;
use crate::spec::Install;

pub(super) fn findings(spec: &Install, os: &GuestOs) -> Vec<Finding> {
    empty_login(spec).into_iter().chain(simple(spec, os)).collect()
}

/// "Accounts: Limit local account use of blank passwords to console logon only" is on by default,
/// and the SSH server has `PermitEmptyPasswords no`.
fn empty_login(spec: &Install) -> Option<Finding> {
    spec.login.password.is_empty().then(|| {
        Finding::refusal(
            "login.password",
            "",
            format!(
                "`{}` has an empty password, and Windows lets it log on at the screen alone",
                spec.login.user
            ),
            "give any other; it guards nothing, since the guest is reached through its owner".into(),
        )
    })
}

/// "Password must meet complexity requirements": documented as off on stand-alone servers, and
/// commonly met there all the same.
fn simple(spec: &Install, os: &GuestOs) -> Option<Finding> {
    if os.product_type != "ServerNT" {
        return None;
    }
    let answers = &spec.answer_file;
    let of_accounts = answers.accounts.iter().enumerate().map(|(at, account)| {
        (format!("answerFile.accounts[{at}].password"), account.name.as_str(), account.password.as_str())
    });
    let of_administrator = answers
        .administrator_password
        .iter()
        .map(|password| ("answerFile.administratorPassword".to_owned(), "Administrator", password.as_str()));
    let (field, name, _) =
        of_accounts.chain(of_administrator).find(|(_, name, password)| !is_complex(name, password))?;
    Some(Finding::warning(
        &field,
        "",
        format!("the password of `{name}` may be too simple for the policy of {}", os.title),
        "six characters or more, of three kinds (capitals, small letters, digits, others), without the name"
            .into(),
    ))
}

fn is_complex(name: &str, password: &str) -> bool {
    let has = |kind: fn(char) -> bool| usize::from(password.contains(kind));
    let kinds = has(char::is_uppercase)
        + has(char::is_lowercase)
        + has(|c| c.is_ascii_digit())
        + has(|c| !c.is_alphanumeric());
    let holds_name = name.len() > 2 && password.to_lowercase().contains(&name.to_lowercase());
    password.chars().count() >= 6 && kinds >= 3 && !holds_name
}
