//! An answer file: read strictly, its passes checked against the unattend reference.

mod check;
mod schema;
pub(crate) mod xml;

pub(crate) use check::Fault;
pub(crate) use schema::{Pass, Product};
pub(crate) use xml::Element;

use std::ops::Range;

const UNATTEND_NAMESPACE: &str = "urn:schemas-microsoft-com:unattend";
const WCM_NAMESPACE: &str = "http://schemas.microsoft.com/WMIConfig/2002/State";

// What Windows writes into the cached answer file.
const PROCESSED: &str = "wasPassProcessed";
const DELETED: &str = "*SENSITIVE*DATA*DELETED*";

/// An answer file whose form is right; the settings of a pass are checked by [`AnswerFile::check`].
#[derive(Debug, Clone)]
pub(crate) struct AnswerFile {
    text: String,
    root: Element,
}

/// The one component of a pass that applies to this guest.
pub(crate) struct Component<'a>(Option<&'a Element>);

impl<'a> Component<'a> {
    pub(crate) fn at(&self, path: &str) -> Option<&'a Element> {
        self.0?.at(path)
    }

    pub(crate) fn text(&self, path: &str) -> Option<&'a str> {
        self.0?.text_at(path)
    }

    pub(crate) fn is_true(&self, path: &str) -> bool {
        self.text(path) == Some("true")
    }

    pub(crate) fn list(&self, path: &str) -> Vec<&'a Element> {
        self.0.map_or_else(Vec::new, |component| component.all(path))
    }

    /// The items of a list by their `Order`.
    pub(crate) fn ordered(&self, path: &str) -> Vec<&'a Element> {
        let mut items = self.list(path);
        items.sort_by_key(|item| order(item));
        items
    }
}

/// The `Order` of a list item; the check has seen that it is a number.
pub(crate) fn order(item: &Element) -> u32 {
    item.text_at("Order").and_then(|text| text.parse().ok()).unwrap_or(u32::MAX)
}

impl AnswerFile {
    /// Reads the file and checks what is checked before any pass: that it is
    /// well-formed, its root, and that every pass exists and no component stands twice.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let malformed = |problem: xml::NotWellFormed| Fault::new("L01", problem.to_string());
        let text = xml::decode(bytes).map_err(|problem| Fault::new("L02", problem.to_string()))?;
        let root = xml::parse(&text).map_err(malformed)?;
        check::root(&root)?;
        Ok(Self { text, root })
    }

    fn settings(&self, pass: Pass) -> impl Iterator<Item = &Element> {
        self.root
            .children
            .iter()
            .filter(move |child| child.name == "settings" && child.attribute("pass") == Some(pass.name()))
    }

    /// Whether the file says anything for the pass: a file that does not is skipped by the search.
    pub(crate) fn has_pass(&self, pass: Pass) -> bool {
        self.settings(pass).any(|settings| settings.children.iter().any(check::applies))
    }

    /// Checks all settings of a pass and gives the first fault.
    pub(crate) fn check(&self, pass: Pass, product: Product) -> Result<(), Fault> {
        self.settings(pass).try_for_each(|settings| check::settings(settings, pass, product))
    }

    /// The component of a pass, by the name without "Microsoft-Windows-".
    pub(crate) fn component(&self, pass: Pass, name: &str) -> Component<'_> {
        let long = format!("Microsoft-Windows-{name}");
        Component(self.settings(pass).flat_map(|settings| &settings.children).find(|component| {
            check::applies(component)
                && component
                    .attribute("name")
                    .is_some_and(|is| is.eq_ignore_ascii_case(name) || is.eq_ignore_ascii_case(&long))
        }))
    }

    /// Whether the cached file says that the pass has run.
    pub(crate) fn processed(&self, pass: Pass) -> bool {
        self.settings(pass).any(|settings| settings.attribute(PROCESSED) == Some("true"))
    }

    /// The text to cache once a pass has run: the pass is marked, its secrets are gone.
    pub(crate) fn after(&self, pass: Pass) -> String {
        let mut changes: Vec<(Range<usize>, String)> = Vec::new();
        for settings in self.settings(pass) {
            // Only a start tag that does not close itself has content to come.
            let end = settings.start_tag.end.saturating_sub(1);
            let end =
                if self.text.as_bytes().get(end.saturating_sub(1)) == Some(&b'/') { end - 1 } else { end };
            changes.push((end..end, format!(" {PROCESSED}=\"true\"")));
            secrets(settings, &mut changes);
        }
        changes.sort_by_key(|(range, _)| range.start);
        let mut text = self.text.clone();
        for (range, replacement) in changes.into_iter().rev() {
            text.replace_range(range, &replacement);
        }
        text
    }
}

fn secrets(element: &Element, changes: &mut Vec<(Range<usize>, String)>) {
    let parent_is_password = matches!(element.name.as_str(), "Password" | "AdministratorPassword");
    for child in &element.children {
        let secret = (parent_is_password && child.name == "Value")
            || (element.name == "ProductKey" && child.name == "Key")
            || (element.name == "Credentials" && child.name == "Password");
        if secret && !child.content.is_empty() {
            changes.push((child.content.clone(), DELETED.to_owned()));
        } else {
            secrets(child, changes);
        }
    }
}

#[cfg(test)]
mod tests;
