//! The product's own answer files break no rule, whatever a spec asks for.
#![expect(clippy::indexing_slicing, reason = "a document that is not as it should be fails its test")]

use proptest::prelude::*;
use serde_json::{Value, json};
use wfvm::answer_file;
use wfvm::guest_os::RELEASES;
use wfvm::lint::{self, Severity, Target};
use wfvm::spec::{self, Install};

use crate::case::cases;

/// Rules about words that a spec hands on as they are: commands, folders, names.
const OF_THE_USERS_WORDS: [&str; 4] =
    ["blanks-around-value", "command-needs-shell", "fixed-drive-letter", "restart-in-command"];

/// Errors, and warnings of what the product decides, as lines.
fn found(name: &str, xml: &str) -> Vec<String> {
    let target = Target { file_name: Some(name), ..Target::default() };
    lint::lint(xml.as_bytes(), &target)
        .iter()
        .filter(|finding| {
            let of_the_user = OF_THE_USERS_WORDS.contains(&finding.rule.id);
            finding.rule.severity == Severity::Error
                || finding.rule.severity == Severity::Warning && !of_the_user
        })
        .map(|finding| format!("{}:{} {}", finding.rule.id, finding.line, finding.problem))
        .collect()
}

#[test]
fn reviewed_answer_files_are_free_of_findings() {
    for case in cases("answer-file") {
        let xml = fs_err::read_to_string(case.join(answer_file::FILE_NAME)).unwrap();
        let mut found = found(answer_file::FILE_NAME, &xml);
        // The answers of the later passes, under the strategy `apply`.
        if let Ok(later) = fs_err::read_to_string(case.join(answer_file::LATER_FILE_NAME)) {
            found.extend(self::found(answer_file::PANTHER_FILE_NAME, &later));
        }
        assert!(found.is_empty(), "{}: {found:#?}", case.display());
    }
}

/// Text of up to some characters, among them those that XML, `cmd.exe` and Windows read in their own way.
fn words(longest: usize) -> impl Strategy<Value = String> {
    let character = prop_oneof![
        proptest::char::range(' ', '~'),
        proptest::sample::select(vec!['&', '<', '>', '"', '\'', ']', '-', '%', 'ä', '€', '中']),
    ];
    proptest::collection::vec(character, 1..=longest).prop_map(|characters| characters.into_iter().collect())
}

/// A spec that may or may not be one that can be installed: its own checks decide.
fn any_spec() -> impl Strategy<Value = Value> {
    let base: Value = serde_json::from_str(include_str!("answer-file/base.json")).unwrap_or_default();
    let all: Value = serde_json::from_str(include_str!("answer-file/windows-server-2025-settings/spec.json"))
        .unwrap_or_default();
    let settings: Vec<(String, Value)> = all["answerFile"]["settings"]
        .as_object()
        .map(|settings| settings.clone().into_iter().collect())
        .unwrap_or_default();
    let few = 0..=settings.len();
    // Of names and passwords most letters are refused, which other tests hold.
    let account = ("[A-Za-zäß][A-Za-z0-9 äß_.&'-]{0,17}[a-z0-9]", words(40), words(30), any::<bool>());
    let place = (
        proptest::sample::select(vec!["uefi", "bios"]),
        proptest::sample::select(vec!["iso", "usb"]),
        proptest::sample::select(vec!["sata", "virtio"]),
        20_480_u64..2_000_000,
        proptest::sample::select(vec!["setup", "apply"]),
    );
    let texts = (words(63), words(63), proptest::option::of("[A-Za-z][A-Za-z0-9-]{0,14}"), words(40));
    (
        proptest::sample::subsequence(settings, few),
        proptest::collection::vec(account, 1..4),
        place,
        texts,
        proptest::collection::vec((words(259), proptest::option::of(words(259))), 0..5),
        proptest::sample::select(vec!["en-US", "de-DE", "ja-JP", "zh-Hans-CN"]),
        proptest::sample::select(vec!["UTC", "W. Europe Standard Time", "Tokyo Standard Time"]),
    )
        .prop_map(move |(settings, accounts, place, texts, commands, language, zone)| {
            let mut spec = base.clone();
            let (firmware, medium, bus, disk_mib, strategy) = place;
            spec["machine"]["firmware"] = json!(firmware);
            spec["machine"]["diskBus"] = json!(bus);
            spec["answerMedium"] = json!(medium);
            spec["diskMib"] = json!(disk_mib);
            spec["strategy"] = json!(strategy);
            spec["image"] = json!({ "index": 1 });
            spec["guestOs"] = Value::Null;
            spec["payload"] = json!([{ "name": "OpenSSH-Win64.zip", "source": "/zip" }]);
            let (full_name, organization, computer, administrator) = texts;
            let list: Vec<Value> = accounts
                .iter()
                .map(|(name, password, display, second)| {
                    let groups =
                        if *second { vec!["Administrators", "Users"] } else { vec!["Administrators"] };
                    json!({ "name": name, "password": password, "displayName": display, "groups": groups })
                })
                .collect();
            let commands: Vec<Value> = commands
                .into_iter()
                .map(|(path, description)| json!({ "path": path, "description": description }))
                .collect();
            let answers = &mut spec["answerFile"];
            answers["fullName"] = json!(full_name);
            answers["organization"] = json!(organization);
            answers["computerName"] = json!(computer);
            answers["administratorPassword"] = json!(administrator);
            answers["autoLogon"] = list[0]["name"].clone();
            answers["uiLanguage"] = json!(language);
            answers["userLocale"] = json!(language);
            answers["timeZone"] = json!(zone);
            answers["settings"] = Value::Object(settings.into_iter().collect());
            spec["login"] = json!({ "user": list[0]["name"], "password": list[0]["password"] });
            spec["answerFile"]["accounts"] = json!(list);
            spec["answerFile"]["specializeCommands"] = json!(commands);
            spec
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_any_spec_makes_is_free_of_findings(document in any_spec(), release in 0..RELEASES.len()) {
        let os = RELEASES[release];
        let mut document = document;
        if !os.server_features && let Some(settings) = document["answerFile"]["settings"].as_object_mut() {
            settings.retain(|name, _| !["serverManagerAtLogon", "ieEnhancedSecurity"].contains(&name.as_str()));
        }
        let parsed = spec::parse::<Install>(&document.to_string());
        // What a spec's own checks refuse is not written, and says nothing here.
        let files = parsed.ok().and_then(|spec| {
            Some((answer_file::xml(&spec, os, 0).ok()?, answer_file::medium_files(&spec, os, 0).ok()?))
        });
        prop_assume!(files.is_some());
        let (xml, files) = files.unwrap_or_default();
        let mut found = found(answer_file::FILE_NAME, &xml);
        let later = files.iter().find(|file| file.name == answer_file::LATER_FILE_NAME);
        prop_assert_eq!(later.is_some(), document["strategy"] == "apply");
        if let Some(file) = later {
            found.extend(self::found(answer_file::PANTHER_FILE_NAME, &String::from_utf8_lossy(&file.contents)));
        }
        prop_assert!(found.is_empty(), "{}: {found:#?}", os.title);
    }
}
