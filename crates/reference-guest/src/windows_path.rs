//! Names on the system volume as Windows compares them: without regard to case. Linux compares
//! bytes, and two spellings of one name would be two files that no Windows program can tell apart.

use std::path::{Path, PathBuf};

use crate::{block, drive_letters};

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

/// A file as a Windows program names it: with a drive, from the root of the current drive, or from the
/// current directory. A drive without a medium is a directory that does not exist.
pub(crate) fn place(name: &str, current: &str) -> PathBuf {
    let name = name.trim_start_matches("\\\\?\\").replace('\\', "/");
    let current = current.replace('\\', "/");
    let drive = |path: &str| match path.as_bytes() {
        [letter, b':', ..] if letter.is_ascii_alphabetic() => Some(char::from(*letter)),
        _ => None,
    };
    let (letter, path) = if let Some(letter) = drive(&name) {
        (letter, name.get(2..).unwrap_or("").to_owned())
    } else {
        let below = current.get(2..).unwrap_or("");
        let path = if name.starts_with('/') { name } else { format!("{below}/{name}") };
        (drive(&current).unwrap_or('C'), path)
    };
    let root = drive_letters::root(letter).unwrap_or_else(|| PathBuf::from("/no-such-drive"));
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    resolve(&root, &parts.join("/"))
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

    #[test]
    fn a_programs_names_are_placed() {
        for (name, current, placed) in [
            ("C:\\no such\\x", "C:\\", "/c/no such/x"),
            ("..\\y/z", "C:\\no\\such", "/c/no/y/z"),
            ("\\x", "c:\\no", "/c/x"),
            ("\\\\?\\C:\\x", "C:\\", "/c/x"),
            ("..\\..\\..", "C:\\a", "/c"),
            ("Q:\\x", "C:\\", "/no-such-drive/x"),
        ] {
            assert_eq!(place(name, current), Path::new(placed), "{name}");
        }
    }
}
