//! The documents of the rules, made from the rules.

use std::fmt::Write as _;

use super::{Needs, Rule, Severity, rules};

/// The page of a rule, in Markdown. `--explain` prints it.
#[must_use]
pub fn page(rule: &Rule) -> String {
    let mut page = format!("# `{}`\n\n{}\n\n| | |\n|---|---|\n", rule.id, rule.says);
    let rows = [
        ("severity", rule.severity.word().to_owned()),
        ("at Setup", rule.consequence.to_owned()),
        ("what to do", rule.advice.to_owned()),
        ("how it is known", rule.basis.sentence().to_owned()),
        ("source", rule.source.to_owned()),
        ("sees", rule.needs.sentence().to_owned()),
    ];
    for (name, text) in rows {
        let _ = writeln!(page, "| {name} | {} |", in_a_table(&text));
    }
    if let Some(number) = rule.number {
        let _ = writeln!(
            page,
            "| number | {number}, as in the table of the [reference guest](../reference/reference-guest.md) |"
        );
    }
    page.push_str("\n[All rules](rules.md)\n");
    page
}

/// A bar ends a cell, a bracket in angles would begin an element.
fn in_a_table(text: &str) -> String {
    let mut code = false;
    let mut escaped = String::new();
    for character in text.chars() {
        code ^= character == '`';
        match character {
            '|' => escaped.push_str("\\|"),
            '<' if !code => escaped.push_str("&lt;"),
            '>' if !code => escaped.push_str("&gt;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// The page that leads to all others, in Markdown.
#[must_use]
pub fn index_page() -> String {
    let count = |severity| rules().filter(|rule| rule.severity == severity).count();
    let mut page = format!(
        "# The rules of `lint`\n\n\
         What [`wfvm-nix-builder lint`](../how-to/lint-an-answer-file.md) finds in answer files: {} rules, of which {} are \
         errors, {} warnings and {} notes. This page and those of the rules are made from the code.\n\n\
         - An **error** stops Setup, makes it ask, or loses a part of the file.\n\
         - A **warning** is probably not what is meant; or Setup's behaviour has no source that is certain.\n\
         - A **note** works, and is worth knowing.\n",
        rules().count(),
        count(Severity::Error),
        count(Severity::Warning),
        count(Severity::Note),
    );
    for needs in [Needs::File, Needs::Iso, Needs::Machine, Needs::IsoAndMachine] {
        let _ =
            write!(page, "\n## {}\n\n| rule | severity | what is wrong |\n|---|---|---|\n", heading(needs));
        for rule in rules().filter(|rule| rule.needs == needs) {
            let _ = writeln!(
                page,
                "| [`{0}`]({0}.md) | {1} | {2} |",
                rule.id,
                rule.severity.word(),
                in_a_table(rule.says)
            );
        }
    }
    page
}

fn heading(needs: Needs) -> &'static str {
    match needs {
        Needs::File => "From the file alone",
        Needs::Iso => "With the medium",
        Needs::Machine => "With the machine",
        Needs::IsoAndMachine => "With both",
    }
}
