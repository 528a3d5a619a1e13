//! Who started this program, so that it can be left out of what is given to others.

use std::path::PathBuf;

use super::path;

/// A person's names.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// `HOME`: the beginning of many paths.
    pub(crate) home: Option<PathBuf>,
    /// `USER`, `LOGNAME`, and the name of the directory.
    pub(crate) names: Vec<String>,
}

/// Reads the environment.
pub(crate) fn person() -> Person {
    let home = path("HOME");
    let of_home = home.as_deref().and_then(|home| home.file_name()).map(Into::into);
    let names = [path("USER"), path("LOGNAME"), of_home];
    let names = names.into_iter().flatten().map(|name| name.to_string_lossy().into_owned()).collect();
    Person { home, names }
}
