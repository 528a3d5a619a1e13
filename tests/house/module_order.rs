//! The library's modules stand in the order in which data flows; each uses only those above it.

use crate::source;

const ROOT: &str = "crates/wfvm/src";

/// The modules in the order of `lib.rs`.
fn modules() -> Vec<String> {
    let text = source::text(&format!("{ROOT}/lib.rs"));
    let names = text.lines().filter_map(|line| {
        let declaration = line.strip_prefix("pub ").unwrap_or(line);
        declaration.strip_prefix("mod ")?.strip_suffix(';').map(str::to_owned)
    });
    names.collect()
}

/// The module that a file belongs to, and how many `super` lead from it to the crate.
fn place(file: &str) -> (&str, usize) {
    let path = file.trim_start_matches(ROOT).trim_start_matches('/').trim_end_matches(".rs");
    let parts: Vec<&str> = path.split('/').collect();
    let depth = if parts.last() == Some(&"mod") { parts.len() - 1 } else { parts.len() };
    (parts.first().copied().unwrap_or(path), depth)
}

/// The modules that a text names directly below `prefix`, such as `crate::`: `prefix` itself,
/// then a name or a list in braces.
fn named(text: &str, prefix: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in text.match_indices(prefix) {
        if text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &text[at + prefix.len()..];
        if rest.starts_with('{') {
            names.extend(of_list(rest));
        } else {
            names.extend(identifier(rest));
        }
    }
    names
}

fn identifier(text: &str) -> Option<String> {
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

/// The first identifiers of the entries of `{a, b::{c, d}, e}`.
fn of_list(text: &str) -> Vec<String> {
    let (mut names, mut depth, mut expected) = (Vec::new(), 0, false);
    for (at, character) in text.char_indices() {
        match character {
            '{' => {
                depth += 1;
                expected = depth == 1;
            }
            '}' => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            ',' if depth == 1 => expected = true,
            _ if character.is_whitespace() => {}
            _ if expected => {
                names.extend(identifier(&text[at..]));
                expected = false;
            }
            _ => {}
        }
    }
    names
}

#[test]
fn a_module_uses_only_those_above_it() {
    let modules = modules();
    assert!(modules.len() > 10, "{modules:?}");
    let position = |name: &str| modules.iter().position(|module| module == name);
    let mut wrong = Vec::new();
    for file in source::files(ROOT) {
        let (module, depth) = place(&file);
        let Some(own) = position(module) else { continue }; // lib.rs itself
        let text = source::text(&file);
        let code: Vec<&str> = source::lines_without_comments(&text, "//").map(|(_, line)| line).collect();
        let code = code.join("\n");
        let mut used = named(&code, "crate::");
        used.extend(named(&code, &"super::".repeat(depth)));
        for name in used {
            if position(&name).is_some_and(|other| other > own) {
                wrong.push(format!("{file}: `{module}` uses `{name}`, which stands below it in lib.rs"));
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn names_are_found_in_every_form_of_use() {
    assert_eq!(named("use crate::{a, b::{c, d},\n e::f};", "crate::"), ["a", "b", "e"]);
    assert_eq!(named("crate::spec::Run; super::crate::x", "crate::"), ["spec"]);
    assert_eq!(place("crates/wfvm/src/media/fat.rs"), ("media", 2));
    assert_eq!(place("crates/wfvm/src/media/mod.rs"), ("media", 1));
    assert_eq!(place("crates/wfvm/src/qmp.rs"), ("qmp", 1));
}
