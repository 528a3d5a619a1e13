//! Cases in folders.

use std::path::{Path, PathBuf};

use serde_json::Value;
use wfvm::spec::{self, Install, SpecError};

/// The folders below `tests/golden/NAME`, each a case.
pub(crate) fn cases(name: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    let mut cases: Vec<PathBuf> = fs_err::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{error}"))
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "{} holds no case", folder.display());
    cases
}

/// The case's spec: `base.json` beside it, changed by its `spec.json` (RFC 7386).
pub(crate) fn spec(case: &Path) -> Result<Install, SpecError> {
    let mut document = json(&case.with_file_name("base.json"));
    merge(&mut document, json(&case.join("spec.json")));
    spec::parse(&document.to_string())
}

fn json(path: &Path) -> Value {
    let text = fs_err::read_to_string(path).unwrap_or_else(|error| panic!("{error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn merge(target: &mut Value, patch: Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (name, value) in patch {
                if value.is_null() {
                    target.remove(&name);
                } else {
                    merge(target.entry(name).or_insert(Value::Null), value);
                }
            }
        }
        (target, patch) => *target = patch,
    }
}

/// The file of the case holds exactly this text.
pub(crate) fn assert_golden(case: &Path, file: &str, text: &str) {
    let path = case.join(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs_err::write(&path, text).unwrap_or_else(|error| panic!("{error}"));
        return;
    }
    let expected = fs_err::read_to_string(&path).unwrap_or_else(|error| panic!("{error}"));
    if let Some(line) = first_difference(&expected, text) {
        panic!("{} differs in line {line}; `UPDATE_GOLDEN=1` writes it anew:\n{text}", path.display());
    }
}

fn first_difference(expected: &str, found: &str) -> Option<usize> {
    if expected == found {
        return None;
    }
    let equal = expected.split('\n').zip(found.split('\n')).take_while(|(one, other)| one == other).count();
    Some(equal + 1)
}
