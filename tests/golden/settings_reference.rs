//! Every setting that we write stands in the unattend reference, in that pass and of that type.

use std::collections::HashMap;
use std::path::Path;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use wfvm::answer_file;

use crate::case::cases;

struct Setting {
    passes: String,
    kind: String,
    greatest_length: Option<usize>,
    may_be_empty: bool,
}

/// Component and path, to the row of the table.
fn reference() -> HashMap<(String, String), Setting> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/reference-guest/src/answer_file/settings.tsv");
    let text = fs_err::read_to_string(path).unwrap_or_else(|error| panic!("{error}"));
    let rows = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [component, passes, path, kind, length, empty] = columns[..] else { panic!("{line}") };
        let setting = Setting {
            passes: passes.into(),
            kind: kind.into(),
            greatest_length: length.parse().ok(),
            may_be_empty: empty != "N",
        };
        ((component.to_owned(), path.to_owned()), setting)
    });
    rows.collect()
}

fn attribute(start: &BytesStart, name: &str) -> Option<String> {
    let attribute = start.try_get_attribute(name).unwrap_or_else(|error| panic!("{error}"))?;
    Some(attribute.value.into_owned())
}

/// What the document says, as pass, component, path, whether an item was added, and text.
struct Said {
    pass: String,
    component: String,
    path: String,
    added: bool,
    text: String,
    leaf: bool,
}

fn settings(document: &str) -> Vec<Said> {
    let mut reader = Reader::from_str(document);
    let (mut pass, mut component) = (String::new(), String::new());
    let mut open: Vec<Said> = Vec::new();
    let mut said = Vec::new();
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error}")) {
            Event::Start(start) => match start.name().as_ref() {
                "unattend" => {}
                "settings" => pass = attribute(&start, "pass").unwrap_or_default(),
                "component" => component = attribute(&start, "name").unwrap_or_default(),
                name => {
                    let path = match open.last_mut() {
                        Some(parent) => {
                            parent.leaf = false;
                            format!("{}/{name}", parent.path)
                        }
                        None => name.to_owned(),
                    };
                    let added = attribute(&start, "wcm:action").as_deref() == Some("add");
                    let (pass, component) = (pass.clone(), component.clone());
                    open.push(Said { pass, component, path, added, text: String::new(), leaf: true });
                }
            },
            Event::Text(text) => {
                if let Some(last) = open.last_mut() {
                    last.text.push_str(&text);
                }
            }
            // One character, whichever it is.
            Event::GeneralRef(_) => {
                if let Some(last) = open.last_mut() {
                    last.text.push('?');
                }
            }
            Event::End(_) => said.extend(open.pop()),
            Event::Eof => return said,
            Event::Decl(_) => {}
            other @ (Event::Empty(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::PI(_)
            | Event::DocType(_)) => panic!("{other:?} has no place in our answer files"),
        }
    }
}

#[test]
fn every_setting_stands_in_the_reference() {
    const PASSES: [&str; 7] = [
        "windowsPE",
        "offlineServicing",
        "generalize",
        "specialize",
        "auditSystem",
        "auditUser",
        "oobeSystem",
    ];
    let reference = reference();
    // What goes to the installed disk under another strategy is read by the same Windows.
    let files = cases("answer-file")
        .into_iter()
        .flat_map(|case| [answer_file::FILE_NAME, "later.xml"].map(|name| case.join(name)));
    for case in files.filter(|file| file.exists()) {
        let document = fs_err::read_to_string(&case).unwrap();
        let said = settings(&document);
        assert!(said.len() > 10, "{} was not understood", case.display());
        for Said { pass, component, path, added, text, leaf } in said {
            let place = format!("{}: {pass}, {component}, {path}", case.display());
            let setting = reference
                .get(&(component, path))
                .unwrap_or_else(|| panic!("{place} does not stand in the reference"));
            let number = PASSES.iter().position(|known| *known == pass).unwrap() + 1;
            assert!(setting.passes.contains(&number.to_string()), "{place}: not in this pass");
            let item = ["list", "texts"].contains(&setting.kind.as_str());
            assert_eq!(added, item, "{place}: `wcm:action` belongs to list items");
            let right = match setting.kind.as_str() {
                "texts" => leaf && !text.is_empty(),
                "list" | "section" => !leaf,
                "boolean" => ["true", "false"].contains(&text.as_str()),
                "integer" => text.parse::<u32>().is_ok(),
                "string" => leaf,
                values => values.split('|').any(|value| value == text),
            };
            assert!(right, "{place}: `{text}` is not a {}", setting.kind);
            assert!(!leaf || setting.may_be_empty || !text.is_empty(), "{place} is empty");
            let greatest = setting.greatest_length.unwrap_or(usize::MAX);
            assert!(!leaf || text.encode_utf16().count() <= greatest, "{place} is longer than {greatest}");
        }
    }
}
