//! What the documents name exists.

use crate::source;

/// README and everything below `docs`.
pub(crate) fn pages() -> Vec<String> {
    let below = source::files("docs").into_iter().filter(|file| source::has_extension(file, "md"));
    std::iter::once("README.md".to_owned()).chain(below).collect()
}

/// Text in fences and between backticks, with the number of its line.
fn code(text: &str) -> Vec<(usize, String)> {
    let (mut found, mut fenced) = (Vec::new(), false);
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            found.push((index + 1, line.to_owned()));
        } else {
            found.extend(line.split('`').skip(1).step_by(2).map(|span| (index + 1, span.to_owned())));
        }
    }
    found
}

/// Whether a path in a document stands for many.
fn stands_for_many(path: &str) -> bool {
    path.contains(['*', '{', '…', '<', '$'])
        || path.split(['/', '.']).any(|part| {
            part.len() > 1 && part.chars().all(|character| character.is_ascii_uppercase() || character == '_')
        })
}

#[test]
fn every_path_of_the_repository_that_a_page_names_exists() {
    let rooms = ["scripts/", "examples/", "nix/", "crates/", "tests/", "docs/", "wfvm/", ".ci/"];
    let mut wrong = Vec::new();
    for page in pages() {
        for (number, span) in code(&source::text(&page)) {
            for word in span.split([' ', '(', ')', '"', '\'', ',', ';', '=', '|', '\t']) {
                let path = word.trim_start_matches("./").trim_end_matches(['.', ':', '/']);
                let ours = rooms.iter().any(|room| path.starts_with(room));
                if ours && !stands_for_many(path) && !source::root().join(path).exists() {
                    wrong.push(format!("{page}:{number}: there is no {path}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_link_leads_to_a_file_and_every_page_is_linked() {
    let pages = pages();
    let (mut wrong, mut linked) = (Vec::new(), vec!["README.md".to_owned()]);
    for page in &pages {
        let text = source::text(page);
        let directory = page.rsplit_once('/').map_or("", |(directory, _)| directory);
        for rest in text.split("](").skip(1) {
            let target = rest.split([')', '#']).next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let path = normal(&format!("{directory}/{target}"));
            if !source::root().join(&path).exists() {
                wrong.push(format!("{page}: the link to {target} leads to nothing"));
            }
            linked.push(path);
        }
    }
    for page in &pages {
        if !linked.contains(page) {
            wrong.push(format!("{page} is linked from nowhere"));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// The subcommands of the binary, from the enum that its command line is read into.
fn subcommands() -> Vec<String> {
    let text = source::text("crates/wfvm-nix-builder/src/cli.rs");
    let tasks = source::between(&text, "enum Task {", "\n}");
    let variants = tasks.lines().filter_map(|line| {
        let name = line.strip_prefix("    ")?;
        let name: String = name.chars().take_while(char::is_ascii_alphanumeric).collect();
        name.starts_with(|first: char| first.is_ascii_uppercase()).then_some(name)
    });
    let kebab = |name: String| {
        let mut word = String::new();
        for character in name.chars() {
            if character.is_ascii_uppercase() && !word.is_empty() {
                word.push('-');
            }
            word.push(character.to_ascii_lowercase());
        }
        word
    };
    variants.map(kebab).collect()
}

#[test]
fn every_subcommand_that_a_page_names_exists() {
    let known = subcommands();
    assert!(known.contains(&"install".to_owned()) && known.contains(&"win-exec".to_owned()), "{known:?}");
    let mut wrong = Vec::new();
    for page in pages() {
        for (number, span) in code(&source::text(&page)) {
            for (_, after) in source::word(&span, "wfvm-nix-builder") {
                let word: String = after
                    .trim_start_matches(" --")
                    .trim_start()
                    .chars()
                    .take_while(|c| c.is_ascii_lowercase() || *c == '-')
                    .collect();
                let is_subcommand = after.starts_with(' ') && !word.is_empty() && !word.starts_with('-');
                if is_subcommand && !known.contains(&word) {
                    wrong.push(format!("{page}:{number}: there is no `wfvm-nix-builder {word}`"));
                }
            }
            for name in span.split(|c: char| !(c.is_ascii_lowercase() || c == '-')) {
                if name.starts_with("win-") && !known.iter().any(|known| known == name) {
                    wrong.push(format!("{page}:{number}: there is no `{name}`"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn readme_and_decisions_are_short() {
    let mut wrong = Vec::new();
    for page in pages() {
        let most = match page.as_str() {
            "README.md" => 150,
            decision if decision.starts_with("docs/decisions/") => 60,
            _ => continue,
        };
        let lines = source::text(&page).lines().count();
        if lines > most {
            wrong.push(format!("{page} has {lines} lines, and it may have {most}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn a_decision_says_what_it_costs_and_what_would_change_it() {
    let mut wrong = Vec::new();
    for page in pages().iter().filter(|page| page.starts_with("docs/decisions/0")) {
        let text = source::text(page);
        for part in ["(+)", "(−)", "What would change our mind"] {
            if !text.contains(part) {
                wrong.push(format!("{page} has no {part}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}
