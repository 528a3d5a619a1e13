//! SARIF as its standard demands it: what `sarif-schema-2.1.0.json` requires of what we write.

use std::collections::BTreeSet;

use serde_json::Value;
use wfvm::lint::{self, Target};

/// The log of a file with a path that is no URI, and with findings of all three severities.
fn log() -> Value {
    let text = include_str!("lint/good/packer-windows-11-uefi.xml")
        .replace("<AcceptEula>true", "<AcceptEula>false")
        .replace("<TimeZone>UTC", "<TimeZone>Europe/Berlin")
        .replace("<LogonCount>5", "<LogonCount>1");
    let findings = lint::lint(text.as_bytes(), &Target::default());
    let log = lint::sarif(&[("a b/Autounattend.xml", findings)], "1.2.3");
    serde_json::from_str(&log).unwrap_or_else(|error| panic!("{error}: {log}"))
}

/// Properties of each object that the schema knows, and of them those that it requires.
const OBJECTS: [(&str, &[&str], &[&str]); 9] = [
    ("", &["$schema", "version", "runs"], &["version", "runs"]),
    ("/runs/0", &["tool", "columnKind", "results"], &["tool"]),
    ("/runs/0/tool", &["driver"], &["driver"]),
    ("/runs/0/tool/driver", &["name", "version", "rules"], &["name"]),
    (
        "/runs/0/tool/driver/rules/0",
        &["id", "shortDescription", "fullDescription", "help", "defaultConfiguration"],
        &["id"],
    ),
    ("/runs/0/results/0", &["ruleId", "ruleIndex", "level", "message", "locations"], &["message"]),
    ("/runs/0/results/0/locations/0", &["physicalLocation", "logicalLocations"], &[]),
    ("/runs/0/results/0/locations/0/physicalLocation", &["artifactLocation", "region"], &[]),
    ("/runs/0/results/0/locations/0/physicalLocation/region", &["startLine", "startColumn"], &[]),
];

#[test]
fn objects_have_what_the_schema_knows_and_requires() {
    let log = log();
    assert_eq!(log["version"], "2.1.0");
    assert_eq!(log["runs"][0]["columnKind"], "unicodeCodePoints");
    for (place, known, required) in OBJECTS {
        let object = log.pointer(place).and_then(Value::as_object).unwrap_or_else(|| panic!("no {place}"));
        for name in object.keys() {
            assert!(
                known.contains(&name.as_str()),
                "{place} has {name}, which the schema does not know there"
            );
        }
        for name in required {
            assert!(object.contains_key(*name), "{place} has no {name}");
        }
    }
}

#[test]
fn results_refer_to_rules_and_places() {
    let log = log();
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let ids: BTreeSet<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), rules.len());
    let mut levels = BTreeSet::new();
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert_eq!(rules[index]["defaultConfiguration"]["level"], result["level"]);
        levels.insert(result["level"].as_str().unwrap());
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "a%20b/Autounattend.xml");
        assert!(place["region"]["startLine"].as_u64() >= Some(1));
        assert!(place["region"]["startColumn"].as_u64() >= Some(1));
    }
    assert_eq!(levels, BTreeSet::from(["error", "note", "warning"]));
}
