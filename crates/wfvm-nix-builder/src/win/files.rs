//! `win-put` and `win-get`.

use std::{
    ffi::{OsStr, OsString},
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;
use wfvm::{blame::Blame, command_socket::Request};

use super::{
    guest::{Guest, Which},
    local,
};
use crate::report::{Failure, Outcome};

/// Put files and directories of the host into a directory of the guest.
#[derive(Debug, Parser)]
#[command(
    name = "win-put",
    override_usage = "win-put [OPTIONS] LOCAL [DIRECTORY]\n       win-put [OPTIONS] LOCAL... DIRECTORY"
)]
pub(crate) struct Put {
    #[command(flatten)]
    which: Which,
    /// Its name in the guest, if LOCAL is one file or directory.
    #[arg(long = "as", value_name = "NAME")]
    name: Option<String>,
    /// End after so many seconds with status 5.
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// LOCAL is a file or directory of the host, or a pattern of `*`, `?` and `[a-z]`. DIRECTORY
    /// exists in the guest: `C:/dir`, `/c:/dir`, or relative to the home, which is the default.
    #[arg(required = true, value_name = "LOCAL [DIRECTORY]")]
    words: Vec<OsString>,
}

/// Get a file or directory of the guest into the current directory or another.
#[derive(Debug, Parser)]
#[command(name = "win-get")]
pub(crate) struct Get {
    #[command(flatten)]
    which: Which,
    /// Its name on the host, if REMOTE is one file or directory.
    #[arg(long = "as", value_name = "NAME")]
    name: Option<String>,
    /// End after so many seconds with status 5.
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// A path in the guest; its last part may be a pattern of `*`, `?` and `[a-z]`.
    remote: String,
    /// An existing directory of the host.
    #[arg(default_value = ".")]
    directory: PathBuf,
}

impl Put {
    pub(crate) fn perform(self) -> Outcome {
        let (locals, directory) = source_and_target(&self.words)?;
        let mut files = Vec::new();
        for local in locals {
            files.extend(local::meant(local).map_err(|error| Failure::new(error, Blame::Input))?);
        }
        if let (Some(name), [_, _, ..]) = (&self.name, &files[..]) {
            let page = format!("`--as {name}` is a name for one file, but these are {}", files.len());
            return Err(Failure::new(page, Blame::Input));
        }
        super::perform("putting the files", self.timeout, async {
            let guest = Guest::find(self.which).await?;
            for file in &files {
                told(&file.to_string_lossy(), directory)?;
                let name = self.name.clone().or_else(|| contents(file));
                let local = absolute(file)?;
                guest.perform(&Request::Put { local, directory: directory.into(), name }, false).await?;
            }
            Ok(ExitCode::SUCCESS)
        })
    }
}

/// One word is what to put, of two the last is where, and of many as well.
fn source_and_target(words: &[OsString]) -> Result<(&[OsString], &str), Failure> {
    let (locals, directory) = match words {
        [.., _, _] => words.split_last().map(|(last, rest)| (rest, last.as_os_str())).unwrap_or_default(),
        alone => (alone, OsStr::new(".")),
    };
    let directory = directory.to_str().ok_or_else(|| {
        Failure::new(format!("{}: the name is not UTF-8", directory.display()), Blame::Input)
    })?;
    // `win-put FILE ''` was the home, too.
    Ok((locals, if directory.is_empty() { "." } else { directory }))
}

/// As WFVM tells it; scripts are read by this line.
fn told(local: &str, directory: &str) -> Result<(), Failure> {
    writeln!(std::io::stdout(), "win-put {local} -> {directory}")
        .map_err(|error| Failure::new(format!("our standard output: {error}"), Blame::Host))
}

/// What is in `.` goes into the guest's directory itself, as with `sftp`.
fn contents(local: &Path) -> Option<String> {
    let text = local.as_os_str().as_encoded_bytes();
    (text == b"." || text.ends_with(b"/.")).then(|| ".".to_owned())
}

impl Get {
    pub(crate) fn perform(self) -> Outcome {
        let directory = absolute(&self.directory)?;
        let request = Request::Get { remote: self.remote, directory, name: self.name };
        super::perform("getting the files", self.timeout, async {
            Guest::find(self.which).await?.perform(&request, false).await?;
            Ok(ExitCode::SUCCESS)
        })
    }
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| Failure::new(error, Blame::Input))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> (Vec<OsString>, String) {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        let (locals, directory) = source_and_target(&words).unwrap();
        (locals.to_vec(), directory.to_owned())
    }

    #[test]
    fn the_last_of_several_words_is_the_directory() {
        assert_eq!(parsed(&["a"]), (vec!["a".into()], ".".into()));
        assert_eq!(parsed(&["a", "dir"]), (vec!["a".into()], "dir".into()));
        assert_eq!(parsed(&["a", ""]), (vec!["a".into()], ".".into()));
        assert_eq!(parsed(&["a", "b", "/c:/x"]), (vec!["a".into(), "b".into()], "/c:/x".into()));
    }

    #[test]
    fn the_contents_of_a_directory_are_asked_for_by_a_dot() {
        assert_eq!(contents(Path::new(".")), Some(".".into()));
        assert_eq!(contents(Path::new("tree/.")), Some(".".into()));
        assert_eq!(contents(Path::new("tree/")), None);
        assert_eq!(contents(Path::new("a.")), None);
    }

    #[test]
    fn a_file_with_a_hyphen_comes_after_two() {
        let put = Put::try_parse_from(["win-put", "--as", "x", "--", "-file", "dir"]).unwrap();
        assert_eq!((put.name.as_deref(), put.words), (Some("x"), vec!["-file".into(), "dir".into()]));
        assert!(Put::try_parse_from(["win-put"]).is_err() && Get::try_parse_from(["win-get"]).is_err());
    }
}
