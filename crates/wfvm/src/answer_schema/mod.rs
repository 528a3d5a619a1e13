//! What an answer file may say: components, configuration passes, settings, types and lengths, as data.
//!
//! Origin: Microsoft's "Unattended Windows Setup Reference" (Windows 10, version 1809), of which each
//! page gives one setting with its passes, values and limits; component names and passes agree with
//! those that cschneegans/unattend-generator takes from Windows 11's reference. Settings that are newer
//! than 1809 are absent, and so a name that is not here is not thereby wrong.

pub mod locales;
pub mod names;
mod table;
pub mod time_zones;

use std::collections::BTreeMap;

/// A configuration pass of Windows Setup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pass {
    /// In Windows PE, before the image is applied.
    WindowsPe,
    /// On the applied image, before its first boot.
    OfflineServicing,
    /// Only for `sysprep /generalize`.
    Generalize,
    /// At the first boot of the image.
    Specialize,
    /// In audit mode, as SYSTEM.
    AuditSystem,
    /// In audit mode, as the user.
    AuditUser,
    /// Before the first logon.
    OobeSystem,
}

impl Pass {
    /// All of them in the order in which they run.
    pub const ALL: [Self; 7] = [
        Self::WindowsPe,
        Self::OfflineServicing,
        Self::Generalize,
        Self::Specialize,
        Self::AuditSystem,
        Self::AuditUser,
        Self::OobeSystem,
    ];

    /// The value of the attribute `pass`. Its case counts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::WindowsPe => "windowsPE",
            Self::OfflineServicing => "offlineServicing",
            Self::Generalize => "generalize",
            Self::Specialize => "specialize",
            Self::AuditSystem => "auditSystem",
            Self::AuditUser => "auditUser",
            Self::OobeSystem => "oobeSystem",
        }
    }

    /// The pass of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|pass| pass.name() == name)
    }

    /// Its digit in the tables.
    fn digit(self) -> char {
        match self {
            Self::WindowsPe => '1',
            Self::OfflineServicing => '2',
            Self::Generalize => '3',
            Self::Specialize => '4',
            Self::AuditSystem => '5',
            Self::AuditUser => '6',
            Self::OobeSystem => '7',
        }
    }
}

/// What an element holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Other settings, each once.
    Section,
    /// An item of a list: settings, and as many of it as one likes.
    ListItem,
    /// An item of a list of texts.
    TextItem,
    /// Text.
    Text,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// One of these words; case counts.
    OneOf(Vec<&'static str>),
    /// Settings that this table does not list.
    Anything,
}

impl Kind {
    /// Whether the element may stand several times below its parent.
    #[must_use]
    pub fn is_item(&self) -> bool {
        matches!(self, Self::ListItem | Self::TextItem)
    }

    /// Whether the element has elements in it and no text.
    #[must_use]
    pub fn is_container(&self) -> bool {
        matches!(self, Self::Section | Self::ListItem)
    }
}

/// A setting of a component.
#[derive(Debug, Clone)]
pub struct Setting {
    passes: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// The greatest length of its text in UTF-16 units, if it has one.
    pub greatest_length: Option<usize>,
    /// Whether the element may be there without a text.
    pub may_be_empty: bool,
}

impl Setting {
    /// Whether it may be set in the pass.
    #[must_use]
    pub fn is_valid_in(&self, pass: Pass) -> bool {
        self.passes.contains(pass.digit())
    }

    /// The passes in which it may be set.
    pub fn passes(&self) -> impl Iterator<Item = Pass> {
        Pass::ALL.into_iter().filter(|pass| self.is_valid_in(*pass))
    }
}

/// A component of Windows with its settings, by their paths, such as `OOBE/HideEULAPage`.
#[derive(Debug)]
pub struct Component {
    /// Its full name.
    pub name: &'static str,
    settings: BTreeMap<&'static str, Setting>,
}

impl Component {
    /// The setting at a path.
    #[must_use]
    pub fn setting(&self, path: &str) -> Option<&Setting> {
        self.settings.get(path)
    }

    /// Whether nothing is known of it but its name and its passes.
    #[must_use]
    pub fn is_opaque(&self) -> bool {
        self.settings.contains_key(table::EVERY_PATH)
    }

    /// All paths.
    pub fn paths(&self) -> impl Iterator<Item = &'static str> {
        self.settings.keys().copied()
    }

    /// The passes in which any of its settings may be set.
    pub fn passes(&self) -> impl Iterator<Item = Pass> {
        Pass::ALL.into_iter().filter(|pass| self.settings.values().any(|setting| setting.is_valid_in(*pass)))
    }

    /// Whether only editions of Windows Server have it.
    #[must_use]
    pub fn is_of_servers(&self) -> bool {
        SERVER_ONLY.contains(&self.name)
    }
}

/// Components whose pages say that they are of Windows Server, or of a role that only it has.
const SERVER_ONLY: [&str; 5] = [
    "Microsoft-Windows-IE-ESC",
    "Microsoft-Windows-NetworkLoadBalancing-Core",
    "Microsoft-Windows-OutOfBoxExperience",
    "Microsoft-Windows-ServerManager-SvrMgrNc",
    "Microsoft-Windows-TerminalServices-LicenseServer",
];

/// The component of a name, whose case does not count: published files write `SQMApi` and `SQMAPI`.
#[must_use]
pub fn component(name: &str) -> Option<&'static Component> {
    table::COMPONENTS.get(name.to_ascii_lowercase().as_str())
}

/// All components.
pub fn components() -> impl Iterator<Item = &'static Component> {
    table::COMPONENTS.values()
}

/// Whether a product key is five groups of five letters or digits.
#[must_use]
pub fn is_product_key(key: &str) -> bool {
    let groups: Vec<&str> = key.split('-').collect();
    groups.len() == 5
        && groups
            .iter()
            .all(|group| group.len() == 5 && group.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// The token of Microsoft's key, by which all components of Windows are signed.
pub const PUBLIC_KEY_TOKEN: &str = "31bf3856ad364e35";

/// The namespace of answer files.
pub const NAMESPACE: &str = "urn:schemas-microsoft-com:unattend";

/// The namespace of `wcm:action` and `wcm:keyValue`.
pub const WCM_NAMESPACE: &str = "http://schemas.microsoft.com/WMIConfig/2002/State";

/// Values of `processorArchitecture`, of which case does not count.
pub const ARCHITECTURES: [&str; 8] = ["amd64", "arm64", "x86", "wow64", "arm", "ia64", "msil", "neutral"];

#[cfg(test)]
mod tests;
