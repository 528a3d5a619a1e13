//! Secrets by file, put where the answer file wants them: in memory alone.

use std::path::Path;

use super::InstallError;
use crate::{session, spec::Install};

/// The spec with the contents of the files that it names for secrets.
pub(super) fn known(spec: &Install) -> Result<Install, InstallError> {
    let mut known = spec.clone();
    let answers = &mut known.answer_file;
    for (at, account) in answers.accounts.iter_mut().enumerate() {
        if let Some(file) = account.password_file.take() {
            account.password = read(&format!("answerFile.accounts[{at}].passwordFile"), &file)?;
        }
    }
    if let Some(file) = answers.administrator_password_file.take() {
        answers.administrator_password = Some(read("answerFile.administratorPasswordFile", &file)?);
    }
    if let Some(file) = answers.product_key_file.take() {
        answers.product_key = Some(read("answerFile.productKeyFile", &file)?);
    }
    if let Some(file) = known.login.password_file.take() {
        known.login.password = read("login.passwordFile", &file)?;
    }
    Ok(known)
}

/// Whether anything of the spec is a secret, which must not stay where the build leaves it.
pub(super) fn has(spec: &Install) -> bool {
    let answers = &spec.answer_file;
    answers.administrator_password_file.is_some()
        || answers.product_key_file.is_some()
        || answers.accounts.iter().any(|account| account.password_file.is_some())
}

fn read(field: &str, file: &Path) -> Result<String, InstallError> {
    session::read_secret(file).map_err(|source| InstallError::Unreadable { field: field.into(), source })
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
        let known = known(&spec).unwrap();
        assert_eq!(known.answer_file.accounts[0].password, "geheim");
        assert_eq!(known.login.password, "geheim");
        assert_eq!(known.answer_file.administrator_password.as_deref(), Some("auch geheim"));
        assert_eq!(known.answer_file.product_key.as_deref(), Some("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"));
        assert!(!serde_json::to_string(&spec).unwrap().contains("geheim"));
        spec.answer_file.product_key_file = Some("/there-is-none".into());
        let problem = super::known(&spec).unwrap_err().to_string();
        assert!(problem.starts_with("answerFile.productKeyFile: "), "{problem}");
    }
}
