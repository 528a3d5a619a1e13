//! The answer file of WFVM's door beside WFVM's own, element by element.
//!
//! `wfvm-contract.tsv` has a row for each element of either: its place, what WFVM writes, what
//! we write (`-`: nothing), and the name of the difference, or two with a comma. The page for
//! users tells the reason.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use quick_xml::{
    events::{BytesStart, Event},
    reader::Reader,
};

const ABSENT: &str = "-";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

fn text(path: &Path) -> String {
    fs_err::read_to_string(path).unwrap_or_else(|error| panic!("{error}"))
}

struct Row {
    place: String,
    wfvm: String,
    ours: String,
    difference: String,
}

fn rows() -> Vec<Row> {
    let table = text(&root().join("wfvm-contract.tsv"));
    let row = |line: &str| {
        let mut cells = line.split('\t').map(str::to_owned);
        let mut next = || cells.next().unwrap_or_default();
        Row { place: next(), wfvm: next(), ours: next(), difference: next() }
    };
    table.lines().skip(1).map(row).collect()
}

/// The attribute of an element, its prefix left out.
fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = element
        .attributes()
        .filter_map(Result::ok)
        .find(|attribute| attribute.key.local_name().as_ref() == name)?;
    Some(attribute.value.into_owned())
}

/// The elements that hold a text, by their place: pass, component, settings; items of a list are counted.
fn elements(xml: &str) -> BTreeMap<String, String> {
    let mut reader = Reader::from_str(xml);
    // The place of each open element, and whether it has elements of its own.
    let mut open: Vec<(String, bool)> = Vec::new();
    let (mut counted, mut found, mut held) = (BTreeMap::<String, u32>::new(), BTreeMap::new(), String::new());
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error}")) {
            Event::Start(element) => {
                let tag = element.local_name().as_ref().to_owned();
                let name = match tag.as_str() {
                    "unattend" => String::new(),
                    "settings" => attribute(&element, "pass").unwrap_or_default(),
                    "component" => {
                        attribute(&element, "name").unwrap_or_default().replace("Microsoft-Windows-", "/")
                    }
                    _ => format!("/{tag}"),
                };
                let mut place = open.last().map_or(String::new(), |(place, _)| place.clone()) + &name;
                if attribute(&element, "action").is_some() {
                    let count = counted.entry(place.clone()).or_default();
                    *count += 1;
                    place = format!("{place}[{count}]");
                }
                if let Some((_, has_elements)) = open.last_mut() {
                    *has_elements = true;
                }
                open.push((place, false));
                held.clear();
            }
            Event::Text(characters) => held += &characters,
            Event::GeneralRef(reference) => {
                held += quick_xml::escape::resolve_predefined_entity(&reference).unwrap_or(&reference);
            }
            Event::End(_) => {
                if let Some((place, false)) = open.pop() {
                    found.insert(place, held.clone());
                }
            }
            Event::Eof => return found,
            Event::Empty(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_) => {}
        }
    }
}

#[test]
fn the_answer_file_is_wfvms_but_for_differences_with_a_name() {
    let ours = elements(&text(&root().join("answer-file/wfvm-defaults/Autounattend.xml")));
    assert!(ours.len() > 40, "{ours:?}");
    let mut wrong = Vec::new();
    let mut known = BTreeSet::new();
    for Row { place, wfvm, ours: expected, difference } in rows() {
        let found = ours.get(&place).map_or(ABSENT, String::as_str);
        if found != expected {
            wrong.push(format!("{place} is {found}, should be {expected}"));
        }
        if (wfvm == expected) != difference.is_empty() {
            wrong.push(format!("{place} needs the name of a difference if it has one, and only then"));
        }
        if !known.insert(place.clone()) {
            wrong.push(format!("{place} has two rows"));
        }
    }
    wrong.extend(
        ours.keys().filter(|place| !known.contains(*place)).map(|place| format!("{place} has no row")),
    );
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_difference_has_its_reason_on_the_page_for_users() {
    let page = text(&root().join("../../docs/how-to/use-an-expression-of-wfvm.md"));
    let rows = rows();
    let named: BTreeSet<&str> =
        rows.iter().flat_map(|row| row.difference.split(", ")).filter(|name| !name.is_empty()).collect();
    let missing: Vec<&&str> = named.iter().filter(|name| !page.contains(&format!("\n| {name} | "))).collect();
    assert!(missing.is_empty(), "{missing:?}");
    // The page's second part has nothing else.
    let table = page.split_once("element by element:").map_or("", |(_, table)| table);
    let told = table.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let invented: Vec<&str> = told.filter(|name| !name.starts_with('|') && !named.contains(*name)).collect();
    assert!(invented.is_empty(), "{invented:?}");
}
