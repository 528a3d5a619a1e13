//! The tables beside this file. A line is a component's name, or one setting of it: passes (1 is
//! windowsPE, 7 oobeSystem), path, type, greatest length, and N where the element must not be empty.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::{Component, Kind, Setting};

/// The path that stands for whatever a component has.
pub(super) const EVERY_PATH: &str = "*";

const TABLES: [&str; 5] = [
    include_str!("setup.tsv"),
    include_str!("shell.tsv"),
    include_str!("internet_explorer.tsv"),
    include_str!("networking.tsv"),
    include_str!("other.tsv"),
];

/// By names in lower case.
pub(super) static COMPONENTS: LazyLock<BTreeMap<String, Component>> = LazyLock::new(|| {
    let mut components: BTreeMap<String, Component> = BTreeMap::new();
    let mut name = "";
    for line in TABLES.iter().flat_map(|table| table.lines()) {
        let Some(row) = line.strip_prefix('\t') else {
            name = line;
            continue;
        };
        let component = components
            .entry(name.to_ascii_lowercase())
            .or_insert_with(|| Component { name, settings: BTreeMap::new() });
        let mut columns = row.split('\t');
        let mut next = || columns.next().unwrap_or_default();
        let (passes, path, kind, length, empty) = (next(), next(), next(), next(), next());
        let kind = kind_of(kind);
        // A number or a word is never empty; a text may be unless its page forbids it.
        let may_be_empty = empty != "N" && matches!(kind, Kind::Text | Kind::TextItem | Kind::Anything);
        let setting = Setting { passes, kind, greatest_length: length.parse().ok(), may_be_empty };
        component.settings.insert(path, setting);
    }
    components
});

fn kind_of(word: &'static str) -> Kind {
    match word {
        "section" => Kind::Section,
        "list" => Kind::ListItem,
        "values" => Kind::TextItem,
        "string" => Kind::Text,
        "boolean" => Kind::Boolean,
        "integer" => Kind::Integer,
        "any" => Kind::Anything,
        words => Kind::OneOf(words.split('|').collect()),
    }
}
