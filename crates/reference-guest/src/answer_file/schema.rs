//! The settings that the unattend reference knows, read from the table beside this file.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The configuration passes in the order in which Setup runs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Pass {
    WindowsPe,
    OfflineServicing,
    Generalize,
    Specialize,
    AuditSystem,
    AuditUser,
    OobeSystem,
}

impl Pass {
    pub(super) const ALL: [(Self, &'static str); 7] = [
        (Self::WindowsPe, "windowsPE"),
        (Self::OfflineServicing, "offlineServicing"),
        (Self::Generalize, "generalize"),
        (Self::Specialize, "specialize"),
        (Self::AuditSystem, "auditSystem"),
        (Self::AuditUser, "auditUser"),
        (Self::OobeSystem, "oobeSystem"),
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, word)| *word == name).map(|(pass, _)| *pass)
    }

    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(pass, _)| *pass == self).map_or("", |(_, word)| word)
    }

    fn digit(self) -> char {
        let index = Self::ALL.iter().position(|(pass, _)| *pass == self).unwrap_or(0);
        char::from_digit(u32::try_from(index).unwrap_or(0) + 1, 10).unwrap_or('1')
    }
}

/// What a setting's value must look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Section,
    ListItem,
    /// An item of a list of texts, whose key is an attribute.
    TextItem,
    Text,
    Boolean,
    Integer,
    OneOf(Vec<&'static str>),
}

/// One row of the reference.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    pub(crate) passes: &'static str,
    pub(crate) kind: Kind,
    pub(crate) greatest_length: Option<usize>,
    pub(crate) empty_allowed: bool,
}

impl Setting {
    pub(crate) fn valid_in(&self, pass: Pass) -> bool {
        self.passes.contains(pass.digit())
    }
}

type Component = HashMap<&'static str, Setting>;

// Component names are compared without regard to case: the files in the field write SQMApi and SQMAPI.
static REFERENCE: LazyLock<HashMap<String, Component>> = LazyLock::new(|| {
    let mut reference: HashMap<String, Component> = HashMap::new();
    for row in include_str!("settings.tsv").lines().filter(|row| !row.starts_with('#')) {
        let mut columns = row.split('\t');
        let mut next = || columns.next().unwrap_or("");
        let (component, passes, path, kind, length, empty) = (next(), next(), next(), next(), next(), next());
        let kind = match kind {
            "section" => Kind::Section,
            "list" => Kind::ListItem,
            "texts" => Kind::TextItem,
            "boolean" => Kind::Boolean,
            "integer" => Kind::Integer,
            "string" => Kind::Text,
            values => Kind::OneOf(values.split('|').collect()),
        };
        let setting =
            Setting { passes, kind, greatest_length: length.parse().ok(), empty_allowed: empty != "N" };
        reference.entry(component.to_ascii_lowercase()).or_default().insert(path, setting);
    }
    reference
});

// Microsoft's reference marks these components "Windows Server only".
const SERVER_ONLY: [&str; 2] = ["microsoft-windows-servermanager-svrmgrnc", "microsoft-windows-ie-esc"];

/// What an image is for, by its `INSTALLATIONTYPE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Product {
    Client,
    Server,
}

impl Product {
    /// `Server` and `Server Core` are servers.
    pub(crate) fn of(installation_type: &str) -> Self {
        if installation_type.starts_with("Server") { Self::Server } else { Self::Client }
    }
}

/// Whether the product has the component at all.
pub(crate) fn has_component(name: &str, product: Product) -> bool {
    let name = name.to_ascii_lowercase();
    let everywhere = !SERVER_ONLY.contains(&name.as_str());
    REFERENCE.contains_key(&name) && (everywhere || product == Product::Server)
}

/// Whether any setting of the component may stand in the pass.
pub(crate) fn component_valid_in(name: &str, pass: Pass) -> bool {
    REFERENCE
        .get(&name.to_ascii_lowercase())
        .is_some_and(|settings| settings.values().any(|setting| setting.valid_in(pass)))
}

/// The row for a setting by its path below the component.
pub(crate) fn setting(component: &str, path: &str) -> Option<&'static Setting> {
    REFERENCE.get(&component.to_ascii_lowercase())?.get(path)
}
