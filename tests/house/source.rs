//! The repository's files as the checks read them.

use std::path::{Path, PathBuf};

/// The repository.
pub(crate) fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

/// The text of a file, by its path in the repository. Some test data are in other encodings on purpose.
pub(crate) fn text(path: &str) -> String {
    let bytes = fs_err::read(root().join(path)).unwrap_or_else(|error| panic!("{error}"));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// All files below a directory, as paths in the repository, sorted. A missing directory fails:
/// a check that looks at nothing would pass.
pub(crate) fn files(directory: &str) -> Vec<String> {
    let mut found = Vec::new();
    collect(directory, &mut found);
    assert!(!found.is_empty(), "there is no file below {directory}");
    found.sort();
    found
}

/// Whether a file's name ends in `.extension`.
pub(crate) fn has_extension(file: &str, extension: &str) -> bool {
    Path::new(file).extension().is_some_and(|found| found == extension)
}

fn collect(directory: &str, found: &mut Vec<String>) {
    let entries = fs_err::read_dir(root().join(directory)).unwrap_or_else(|error| panic!("{error}"));
    for entry in entries {
        let entry = entry.unwrap_or_else(|error| panic!("{error}"));
        let path = format!("{directory}/{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type().unwrap_or_else(|error| panic!("{error}"));
        if kind.is_dir() {
            collect(&path, found);
        } else if kind.is_file() {
            found.push(path);
        }
    }
}

/// The lines of a text without their comments, with their numbers. `mark` begins a comment,
/// unless it stands within a word, as in an address.
pub(crate) fn lines_without_comments<'t>(
    text: &'t str,
    mark: &'t str,
) -> impl Iterator<Item = (usize, &'t str)> {
    text.lines().enumerate().map(move |(index, line)| {
        let comment = line
            .match_indices(mark)
            .map(|(at, _)| at)
            .find(|&at| at == 0 || line[..at].ends_with([' ', '\t', ';', '{', '}', ',']));
        (index + 1, &line[..comment.unwrap_or(line.len())])
    })
}

/// Where `word` stands as a word of its own: the text before and after it.
pub(crate) fn word<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = (&'t str, &'t str)> {
    let part = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(word).filter_map(move |(at, _)| {
        let (before, after) = (&text[..at], &text[at + word.len()..]);
        (!before.ends_with(part) && !after.starts_with(part)).then_some((before, after))
    })
}

/// The string literals in a text, escapes left as they are.
pub(crate) fn literals(text: &str) -> Vec<&str> {
    text.split('"').skip(1).step_by(2).collect()
}

/// The part of a text between two others.
pub(crate) fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let rest = text.split_once(from).unwrap_or_else(|| panic!("`{from}` is not there any more")).1;
    rest.split_once(to).unwrap_or_else(|| panic!("`{to}` does not follow `{from}` any more")).0
}
