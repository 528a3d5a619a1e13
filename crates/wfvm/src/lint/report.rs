//! Findings for people, and as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Finding, Severity};

/// Findings as a person reads them: each with its place, what Setup does, and what to do; then a line
/// for each file that counts them.
#[must_use]
pub fn human(files: &[(&str, Vec<Finding>)]) -> String {
    let mut text = String::new();
    for (file, findings) in files {
        for finding in findings {
            // A string takes everything.
            let _ = one(&mut text, file, finding);
        }
    }
    for (file, findings) in files {
        let _ = writeln!(text, "{file}: {}", counted(findings));
    }
    text
}

fn one(text: &mut String, file: &str, finding: &Finding) -> std::fmt::Result {
    let Finding { rule, line, column, place, problem, hint } = finding;
    writeln!(text, "{}[{}]: {}", rule.severity.word(), rule.id, shown(problem))?;
    writeln!(text, "  --> {file}:{line}:{column}")?;
    if !place.is_empty() {
        writeln!(text, "   = in: {}", shown(place))?;
    }
    writeln!(text, "   = Setup: {}", rule.consequence)?;
    if let Some(hint) = hint {
        writeln!(text, "   = here: {}", shown(hint))?;
    }
    writeln!(text, "   = help: {}\n", rule.advice)
}

/// What stood in the file, without what a terminal would obey.
fn shown(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{FFFD}' } else { character }).collect()
}

/// `2 errors, 1 warning`, or `nothing found`.
#[must_use]
pub(super) fn counted(findings: &[Finding]) -> String {
    let count = |severity| findings.iter().filter(|finding| finding.rule.severity == severity).count();
    let parts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .map(|severity| (count(severity), severity.word()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}{}", if count == 1 { "" } else { "s" }))
        .collect();
    if parts.is_empty() { "nothing found".into() } else { parts.join(", ") }
}

/// Findings as JSON: `{ "wfvmLint": 1, "files": [ { "file", "findings": [ … ] } ] }`.
#[must_use]
pub fn json(files: &[(&str, Vec<Finding>)]) -> String {
    let files: Vec<Value> = files
        .iter()
        .map(|(file, findings)| {
            json!({ "file": file, "findings": findings.iter().map(value).collect::<Vec<_>>() })
        })
        .collect();
    format!("{:#}\n", json!({ "wfvmLint": 1, "files": files }))
}

fn value(finding: &Finding) -> Value {
    json!({
        "rule": finding.rule.id,
        "severity": finding.rule.severity.word(),
        "line": finding.line,
        "column": finding.column,
        "place": finding.place,
        "problem": finding.problem,
        "hint": finding.hint,
        "consequence": finding.rule.consequence,
        "advice": finding.rule.advice,
    })
}
