//! Runs a program to its end. A test whose program is missing fails and names it.

use std::path::PathBuf;
use std::process::{Command, Output};

/// Runs a program to whatever end.
pub(crate) fn ended(command: &mut Command) -> Output {
    let program = command.get_program().to_string_lossy().into_owned();
    command
        .output()
        .unwrap_or_else(|error| panic!("`{program}` is needed by this test and cannot be started: {error}"))
}

/// What the program printed. It must end with 0.
pub(crate) fn output(program: &str, arguments: &[&str]) -> String {
    let output = ended(Command::new(program).args(arguments).env("LC_ALL", "C.UTF-8"));
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(
        output.status.success(),
        "{program} {} ended with {}:\n{text}",
        arguments.join(" "),
        output.status
    );
    text
}

/// A directory for one test, as text for argument lists.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap_or_else(|error| panic!("no temporary directory: {error}")))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Writes a file and returns its path.
    pub(crate) fn put(&self, name: &str, contents: &[u8]) -> String {
        let path = self.path(name);
        if let Some(parent) = path.parent() {
            fs_err::create_dir_all(parent).unwrap_or_else(|error| panic!("{error}"));
        }
        fs_err::write(&path, contents).unwrap_or_else(|error| panic!("{error}"));
        path.display().to_string()
    }
}
