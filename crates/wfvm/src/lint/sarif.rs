//! Findings as SARIF 2.1.0, the format that code hosts and editors take.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Finding, Rule, rules};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// One run of the linter over some files, with all rules and all findings.
#[must_use]
pub fn sarif(files: &[(&str, Vec<Finding>)], version: &str) -> String {
    let results: Vec<Value> = files
        .iter()
        .flat_map(|(file, findings)| findings.iter().map(|finding| result(file, finding)))
        .collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "wfvm-nix-builder lint",
                "version": version,
                "rules": rules().map(descriptor).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn descriptor(rule: &'static Rule) -> Value {
    json!({
        "id": rule.id,
        "shortDescription": { "text": rule.says },
        "fullDescription": { "text": format!("{} {}", rule.says, rule.consequence) },
        "help": { "text": format!("{} Source: {}.", rule.advice, rule.source) },
        "defaultConfiguration": { "level": rule.severity.word() },
    })
}

fn result(file: &str, finding: &Finding) -> Value {
    let index = rules().position(|rule| rule == finding.rule);
    let mut message = finding.problem.clone();
    if let Some(hint) = &finding.hint {
        message = format!("{message} ({hint})");
    }
    json!({
        "ruleId": finding.rule.id,
        "ruleIndex": index,
        "level": finding.rule.severity.word(),
        "message": { "text": message },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": uri(file) },
                "region": { "startLine": finding.line, "startColumn": finding.column },
            },
            "logicalLocations": [{ "fullyQualifiedName": finding.place }],
        }],
    })
}

/// A relative reference of RFC 3986: what is not allowed in one is written as its bytes.
fn uri(file: &str) -> String {
    let mut uri = String::new();
    for byte in file.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // A string takes everything.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn a_path_becomes_a_uri() {
        assert_eq!(uri("answers/Autounattend.xml"), "answers/Autounattend.xml");
        assert_eq!(uri("a b/ü#1.xml"), "a%20b/%C3%BC%231.xml");
    }
}
