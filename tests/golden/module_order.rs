//! `lib.rs` declares modules in the order in which data flows, and nothing flows back.

use std::path::Path;

/// The modules of `lib.rs`, in order; pure ones stand above the line `// Effects.`.
fn modules(source: &Path) -> (Vec<String>, usize) {
    let text = fs_err::read_to_string(source.join("lib.rs")).unwrap_or_else(|error| panic!("{error}"));
    let mut modules = Vec::new();
    let mut pure = 0;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("pub mod ").and_then(|rest| rest.strip_suffix(';')) {
            modules.push(name.into());
        } else if line.starts_with("// Effects") {
            pure = modules.len();
        }
    }
    (modules, pure)
}

/// The module's own text and that of the files in its folder, tests apart.
fn texts(source: &Path, module: &str) -> Vec<(String, String)> {
    let mut pending = vec![source.join(format!("{module}.rs")), source.join(module)];
    let mut texts = Vec::new();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            let entries = fs_err::read_dir(&path).unwrap_or_else(|error| panic!("{error}"));
            pending.extend(entries.filter_map(Result::ok).map(|entry| entry.path()));
        } else if path.exists()
            && path.extension().is_some_and(|extension| extension == "rs")
            && !path.ends_with("tests.rs")
        {
            let text = fs_err::read_to_string(&path).unwrap_or_else(|error| panic!("{error}"));
            let code = text.split("#[cfg(test)]").next().unwrap_or_default().into();
            texts.push((path.display().to_string(), code));
        }
    }
    texts
}

/// `crate::a`, and each name in `crate::{a, b::c}`.
fn uses<'t>(text: &'t str) -> impl Iterator<Item = &'t str> {
    let name = |text: &'t str| {
        text.trim_start().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
    };
    text.split("crate::").skip(1).flat_map(move |rest| match rest.strip_prefix('{') {
        None => vec![name(rest)],
        Some(list) => {
            let mut depth = 0_u32;
            let mut names = vec![name(list)];
            for (at, character) in list.char_indices() {
                match character {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => names.push(name(list.get(at + 1..).unwrap_or_default())),
                    _ => {}
                }
            }
            names
        }
    })
}

#[test]
fn a_module_uses_only_modules_above_it() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/wfvm/src");
    let (modules, _) = modules(&source);
    assert!(modules.len() > 5, "lib.rs was not understood");
    for (at, module) in modules.iter().enumerate() {
        for (file, text) in texts(&source, module) {
            for used in uses(&text) {
                let below = modules.iter().skip(at + 1).any(|other| other == used);
                assert!(!below, "{file}: `{module}` uses `{used}`, which stands below it in lib.rs");
            }
        }
    }
}

#[test]
fn a_pure_module_has_no_effects() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/wfvm/src");
    let (modules, pure) = modules(&source);
    assert!(pure > 3, "lib.rs was not understood");
    for module in modules.iter().take(pure) {
        for (file, text) in texts(&source, module) {
            for effect in ["tokio", "fs_err", "std::fs", "std::process", "std::env", "std::time", "rustix"] {
                assert!(!text.contains(effect), "{file}: the pure module `{module}` names `{effect}`");
            }
        }
    }
}
