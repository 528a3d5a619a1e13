//! What stands above `// Effects.` in `lib.rs` decides and describes; it does nothing.

use std::path::{Path, PathBuf};

const EFFECTS: [&str; 7] = ["tokio", "fs_err", "std::fs", "std::process", "std::env", "std::time", "rustix"];

/// The modules above the line.
fn pure(source: &Path) -> Vec<String> {
    let text = fs_err::read_to_string(source.join("lib.rs")).unwrap_or_else(|error| panic!("{error}"));
    let above = text.split("// Effects").next().unwrap_or_default();
    let names = above.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    names.map(String::from).collect()
}

/// The module's file, or those of its folder.
fn files(source: &Path, module: &str) -> Vec<PathBuf> {
    let mut pending = vec![source.join(format!("{module}.rs")), source.join(module)];
    let mut files = Vec::new();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            let entries = fs_err::read_dir(&path).unwrap_or_else(|error| panic!("{error}"));
            pending.extend(entries.filter_map(Result::ok).map(|entry| entry.path()));
        } else if path.is_file() {
            files.push(path);
        }
    }
    files
}

#[test]
fn a_pure_module_names_no_effect() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/wfvm/src");
    let pure = pure(&source);
    assert!(pure.len() > 5, "lib.rs was not understood: {pure:?}");
    for file in pure.iter().flat_map(|module| files(&source, module)) {
        let text = fs_err::read_to_string(&file).unwrap_or_else(|error| panic!("{error}"));
        for effect in EFFECTS {
            assert!(!text.contains(effect), "{}: a pure module names `{effect}`", file.display());
        }
    }
}
