//! Secrets by file, put where the answer file wants them: in memory alone.

use std::path::Path;

use crate::{preflight::Finding, session, spec::Install};

/// The spec with the contents of the files that it names for secrets, and a finding for each that cannot be read.
pub(super) fn known(spec: &Install) -> (Install, Vec<Finding>) {
    let mut known = spec.clone();
    let mut findings = Vec::new();
    let mut read = |field: &str, file: &Path| {
        session::read_secret(file).unwrap_or_else(|error| {
            let value = file.to_string_lossy();
            findings.push(Finding::refusal(field, value, error.to_string(), String::new()));
            String::new()
        })
    };
    let answers = &mut known.answer_file;
    for (at, account) in answers.accounts.iter_mut().enumerate() {
        if let Some(file) = account.password_file.take() {
            account.password = read(&format!("answerFile.accounts[{at}].passwordFile"), &file);
        }
    }
    if let Some(file) = answers.administrator_password_file.take() {
        answers.administrator_password = Some(read("answerFile.administratorPasswordFile", &file));
    }
    if let Some(file) = answers.product_key_file.take() {
        answers.product_key = Some(read("answerFile.productKeyFile", &file));
    }
    if let Some(file) = known.login.password_file.take() {
        known.login.password = read("login.passwordFile", &file);
    }
    (known, findings)
}

/// What is still to be told beside unreadable secrets: not that the values are wrong which nobody knows.
pub(super) fn beside(unreadable: &[Finding], others: Vec<Finding>) -> Vec<Finding> {
    let of_file =
        |finding: &Finding, other: &Finding| finding.field.strip_suffix("File") == Some(&other.field);
    let unknown = |other: &Finding| unreadable.iter().any(|finding| of_file(finding, other));
    others.into_iter().filter(|other| !unknown(other)).collect()
}

/// Whether anything of the spec is a secret, which must not stay where the build leaves it.
pub(super) fn has(spec: &Install) -> bool {
    let answers = &spec.answer_file;
    answers.administrator_password_file.is_some()
        || answers.product_key_file.is_some()
        || answers.accounts.iter().any(|account| account.password_file.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec;

    #[test]
    fn secrets_come_from_their_files_and_the_spec_stays_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = directory.path().join(name);
            fs_err::write(&path, text).unwrap();
            path
        };
        let mut spec: Install = spec::parse(&spec::tests::good_install().to_string()).unwrap();
        assert!(!has(&spec));
        let password = file("password", "geheim\n");
        spec.answer_file.accounts[0].password.clear();
        spec.answer_file.accounts[0].password_file = Some(password.clone());
        spec.login.password.clear();
        spec.login.password_file = Some(password);
        spec.answer_file.administrator_password_file = Some(file("administrator", "auch geheim"));
        spec.answer_file.product_key_file = Some(file("key", "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE\n"));
        assert!(has(&spec));
        let (known, findings) = known(&spec);
        assert_eq!(findings, []);
        assert_eq!(known.answer_file.accounts[0].password, "geheim");
        assert_eq!(known.login.password, "geheim");
        assert_eq!(known.answer_file.administrator_password.as_deref(), Some("auch geheim"));
        assert_eq!(known.answer_file.product_key.as_deref(), Some("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"));
        assert!(!serde_json::to_string(&spec).unwrap().contains("geheim"));
        spec.answer_file.product_key_file = Some("/there-is-none".into());
        spec.login.password_file = Some("/nor-this".into());
        let (_, findings) = super::known(&spec);
        let fields: Vec<&str> = findings.iter().map(|finding| finding.field.as_str()).collect();
        assert_eq!(fields, ["answerFile.productKeyFile", "login.passwordFile"]);
        let other = |field: &str| Finding::refusal(field, "", String::new(), String::new());
        let left = beside(
            &findings,
            vec![other("login.password"), other("login.user"), other("answerFile.productKey")],
        );
        assert_eq!(left, [other("login.user")]);
    }
}
