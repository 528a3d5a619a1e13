//! Secrets that stand in no spec: it names a file, which is read when the secret is needed.

use std::{borrow::Cow, io, path::Path};

use crate::spec::Login;

/// A key or a password is shorter; whoever names a larger file has named the wrong one.
const LONGEST: u64 = 4096;

/// The text of a secret's file, without the line break at its end.
///
/// # Errors
/// What the host said, with the file; nothing of its content.
pub(crate) fn read(file: &Path) -> io::Result<String> {
    let wrong = |problem: &str| io::Error::other(format!("{} {problem}", file.display()));
    if fs_err::metadata(file)?.len() > LONGEST {
        return Err(wrong("is too large for a secret"));
    }
    let mut text = String::from_utf8(fs_err::read(file)?).map_err(|_| wrong("is not UTF-8"))?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    if text.is_empty() {
        return Err(wrong("is empty"));
    }
    Ok(text)
}

/// The password of an account, from the spec or from its file.
pub(super) fn password(login: &Login) -> io::Result<Cow<'_, str>> {
    login
        .password_file
        .as_deref()
        .map_or(Ok(Cow::Borrowed(&login.password)), |file| read(file).map(Cow::Owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_its_file_without_the_last_line_break() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("secret");
        for (bytes, secret) in
            [("p\u{e4}ss", "p\u{e4}ss"), ("a b\n", "a b"), ("a\r\n", "a"), ("a\n\n", "a\n")]
        {
            fs_err::write(&file, bytes).unwrap();
            assert_eq!(read(&file).unwrap(), secret);
        }
        let login = Login { user: "u".into(), password: String::new(), password_file: Some(file) };
        assert_eq!(password(&login).unwrap(), "a\n");
    }

    #[test]
    fn what_is_no_secret_is_refused_without_a_word_of_it() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("secret");
        let long = "geheim".repeat(1000);
        for bytes in [&b""[..], b"\n", b"geheim\xff", long.as_bytes()] {
            fs_err::write(&file, bytes).unwrap();
            let problem = read(&file).unwrap_err().to_string();
            assert!(problem.contains("secret") && !problem.contains("geheim"), "{problem}");
        }
        assert!(read(&directory.path().join("absent")).unwrap_err().to_string().contains("absent"));
    }
}
