//! Names on the system volume as Windows compares them: without regard to case. Linux compares
//! bytes, and two spellings of one name would be two files that no Windows program can tell apart.

use std::path::{Path, PathBuf};

use crate::block;

/// The name as it is on the disk, or as it is given where there is none.
pub(crate) fn existing(directory: &Path, name: &str) -> PathBuf {
    let exact = directory.join(name);
    if exact.symlink_metadata().is_ok() {
        return exact;
    }
    let lower = name.to_lowercase();
    let found = block::entries(directory).into_iter().find(|entry| entry.to_lowercase() == lower);
    found.map_or(exact, |entry| directory.join(entry))
}

/// A path below a directory, each part as it is on the disk where it exists.
pub(crate) fn resolve(root: &Path, path: &str) -> PathBuf {
    path.split('/')
        .filter(|part| !part.is_empty())
        .fold(root.to_owned(), |directory, name| existing(&directory, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs_err::create_dir_all(root.join("Windows/logs")).unwrap();
        fs_err::write(root.join("Windows/logs/Read Me.TXT"), "").unwrap();
        assert_eq!(resolve(root, "windows/Logs/read me.txt"), root.join("Windows/logs/Read Me.TXT"));
        assert_eq!(resolve(root, "Windows/New/New"), root.join("Windows/New/New"));
    }
}
