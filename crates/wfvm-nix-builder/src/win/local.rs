//! What a word of `win-put` means on the host: the file of that name, or the files of a pattern.

use std::{
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
};

use wfvm::session::{has_wildcards, matches};

/// The files that a word means. A file that is really called like a pattern is meant itself, and
/// a word for which there is no file as well: whoever puts it then says so, and its owner knows.
pub(super) fn meant(word: &OsStr) -> io::Result<Vec<PathBuf>> {
    let itself = PathBuf::from(word);
    let pattern = word.to_str().filter(|word| has_wildcards(word));
    let Some(pattern) = pattern.filter(|_| fs_err::symlink_metadata(&itself).is_err()) else {
        return Ok(vec![itself]);
    };
    let start = if pattern.starts_with('/') { "/" } else { "" };
    let mut found = vec![PathBuf::from(start)];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let mut next = Vec::new();
        for directory in &found {
            extend(directory, part, &mut next)?;
        }
        found = next;
    }
    if found.is_empty() {
        found.push(itself);
    }
    Ok(found)
}

/// Adds what `part`, one part of a pattern, means in a directory.
fn extend(directory: &Path, part: &str, found: &mut Vec<PathBuf>) -> io::Result<()> {
    if !has_wildcards(part) {
        found.extend(Some(directory.join(part)).filter(|path| path.symlink_metadata().is_ok()));
        return Ok(());
    }
    let here = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let entries = match fs_err::read_dir(here) {
        // A file of that name has nothing inside that could match.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotADirectory | io::ErrorKind::NotFound) => {
            return Ok(());
        }
        entries => entries?,
    };
    let mut names: Vec<_> = entries.map(|entry| Ok(entry?.file_name())).collect::<io::Result<_>>()?;
    names.retain(|name| matches(part, &name.to_string_lossy()));
    names.sort();
    found.extend(names.into_iter().map(|name| directory.join(name)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage() -> tempfile::TempDir {
        let stage = tempfile::tempdir().unwrap();
        for directory in ["x/noarch", "y/noarch"] {
            fs_err::create_dir_all(stage.path().join(directory)).unwrap();
        }
        for file in
            ["x/noarch/b.tar", "x/noarch/a.tar", "y/noarch/c.tar", "x/noarch/a.txt", "a[1].txt", "a1.txt"]
        {
            fs_err::write(stage.path().join(file), b"").unwrap();
        }
        stage
    }

    fn names(stage: &tempfile::TempDir, pattern: &str) -> io::Result<Vec<String>> {
        let found = meant(stage.path().join(pattern).as_os_str())?;
        let name = |path: PathBuf| path.strip_prefix(stage.path()).unwrap().display().to_string();
        Ok(found.into_iter().map(name).collect())
    }

    #[test]
    fn every_part_of_a_path_may_be_a_pattern() {
        let stage = stage();
        assert_eq!(names(&stage, "x/noarch/*.tar").unwrap(), ["x/noarch/a.tar", "x/noarch/b.tar"]);
        assert_eq!(names(&stage, "*/noarch/?.tar").unwrap().len(), 3);
        assert_eq!(names(&stage, "[xz]/noarch").unwrap(), ["x/noarch"]);
    }

    #[test]
    fn a_file_that_is_called_like_a_pattern_wins() {
        let stage = stage();
        assert_eq!(names(&stage, "a[1].txt").unwrap(), ["a[1].txt"]);
        fs_err::remove_file(stage.path().join("a[1].txt")).unwrap();
        assert_eq!(names(&stage, "a[1].txt").unwrap(), ["a1.txt"]);
    }

    #[test]
    fn a_word_for_which_there_is_no_file_is_left_as_it_is() {
        let stage = stage();
        for word in ["*.exe", "gone", "a1.txt/*", "gone/*"] {
            assert_eq!(names(&stage, word).unwrap(), [word]);
        }
    }
}
