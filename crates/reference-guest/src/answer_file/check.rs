//! The rules of the unattend reference, each by the number it has in `docs/reference/reference-guest.md`.

use super::schema::{self, Kind, Pass, Product, Setting};
use super::xml::Element;
use super::{UNATTEND_NAMESPACE, WCM_NAMESPACE};

/// A mistake in an answer file that stops Setup.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{rule}: {problem}")]
pub(crate) struct Fault {
    pub(crate) rule: &'static str,
    pub(crate) problem: String,
    /// The component, where one is at fault.
    pub(crate) component: Option<String>,
}

impl Fault {
    pub(crate) fn new(rule: &'static str, problem: impl Into<String>) -> Self {
        Self { rule, problem: problem.into(), component: None }
    }

    fn of(self, component: &str) -> Self {
        Self { component: Some(component.to_owned()), ..self }
    }
}

// Microsoft: "The order must be a number between 1 and 500".
const ORDER_LIMIT: u32 = 500;

/// Whether Setup applies a component to an amd64 image; others are passed over in silence.
pub(super) fn applies(component: &Element) -> bool {
    let is = |name: &str, values: &[&str]| {
        component
            .attribute(name)
            .is_none_or(|value| values.iter().any(|allowed| value.eq_ignore_ascii_case(allowed)))
    };
    component.name == "component"
        && is("processorArchitecture", &["amd64", "neutral"])
        && is("publicKeyToken", &["31bf3856ad364e35"])
        && is("language", &["neutral"])
        && is("versionScope", &["nonSxS"])
}

pub(super) fn root(root: &Element) -> Result<(), Fault> {
    if root.name != "unattend" || root.namespace != UNATTEND_NAMESPACE {
        return Err(Fault::new(
            "L04",
            format!("the root element is <{}> of the namespace {:?}", root.name, root.namespace),
        ));
    }
    let mut seen: Vec<(&str, &str, &str)> = Vec::new();
    for settings in root.children.iter().filter(|child| child.namespace == UNATTEND_NAMESPACE) {
        match settings.name.as_str() {
            "settings" => {}
            "servicing" => continue,
            other => {
                return Err(Fault::new(
                    "L11",
                    format!("line {}: <{other}> below <unattend> does not exist", settings.line),
                ));
            }
        }
        let pass = settings.attribute("pass").unwrap_or("");
        if Pass::named(pass).is_none() {
            return Err(Fault::new(
                "L07",
                format!("line {}: the configuration pass {pass:?} does not exist", settings.line),
            ));
        }
        for component in &settings.children {
            if component.name != "component" {
                return Err(Fault::new(
                    "L11",
                    format!("line {}: <{}> below <settings> does not exist", component.line, component.name),
                ));
            }
            let name = component.attribute("name").unwrap_or("");
            let architecture = component.attribute("processorArchitecture").unwrap_or("");
            if seen.contains(&(pass, name, architecture)) {
                return Err(Fault::new(
                    "L08",
                    format!("line {}: a component or non-list setting is specified more than once: {name} in pass {pass}", component.line),
                )
                .of(name));
            }
            seen.push((pass, name, architecture));
        }
    }
    Ok(())
}

pub(super) fn settings(settings: &Element, pass: Pass, product: Product) -> Result<(), Fault> {
    settings.children.iter().filter(|component| applies(component)).try_for_each(|component| {
        let name = component.attribute("name").unwrap_or("");
        let line = component.line;
        if !schema::has_component(name, product) {
            return Err(Fault::new(
                "L09",
                format!("line {line}: the component {name} does not exist in this edition"),
            )
            .of(name));
        }
        if !schema::component_valid_in(name, pass) {
            return Err(Fault::new(
                "L10",
                format!("line {line}: the component {name} has no settings for the pass {}", pass.name()),
            )
            .of(name));
        }
        children(component, name, "", pass).map_err(|fault| fault.of(name))
    })
}

fn children(parent: &Element, component: &str, parent_path: &str, pass: Pass) -> Result<(), Fault> {
    let mut names: Vec<&str> = Vec::new();
    let mut orders: Vec<u32> = Vec::new();
    for child in parent.children.iter().filter(|child| child.namespace == UNATTEND_NAMESPACE) {
        let path =
            if parent_path.is_empty() { child.name.clone() } else { format!("{parent_path}/{}", child.name) };
        let line = child.line;
        let Some(setting) = schema::setting(component, &path) else {
            return Err(Fault::new("L11", format!("line {line}: the setting {path} does not exist")));
        };
        if !setting.valid_in(pass) {
            return Err(Fault::new(
                "L12",
                format!("line {line}: the setting {path} does not exist in the pass {}", pass.name()),
            ));
        }
        if matches!(setting.kind, Kind::ListItem | Kind::TextItem) {
            list_item(child, component, &path, &mut orders)?;
        } else if names.contains(&child.name.as_str()) {
            return Err(Fault::new(
                "L08",
                format!("line {line}: a component or non-list setting is specified more than once: {path}"),
            ));
        }
        names.push(&child.name);
        value(child, setting, &path)?;
        children(child, component, &path, pass)?;
    }
    Ok(())
}

fn list_item(item: &Element, component: &str, path: &str, orders: &mut Vec<u32>) -> Result<(), Fault> {
    let line = item.line;
    let action = item
        .attributes
        .iter()
        .find(|attribute| attribute.namespace == WCM_NAMESPACE && attribute.name == "action");
    if action.is_none_or(|action| !matches!(action.value.as_str(), "add" | "modify" | "remove")) {
        return Err(Fault::new(
            "L16",
            format!("line {line}: the list item {path} has no wcm:action=\"add\""),
        ));
    }
    if schema::setting(component, &format!("{path}/Order")).is_none() {
        return Ok(());
    }
    let text = item.text_at("Order").unwrap_or("");
    match text.parse::<u32>() {
        Ok(order) if (1..=ORDER_LIMIT).contains(&order) => {
            if orders.contains(&order) {
                return Err(Fault::new(
                    "L17",
                    format!("line {line}: Order {order} of {path} is there twice"),
                ));
            }
            orders.push(order);
            Ok(())
        }
        _ => Err(Fault::new(
            "L17",
            format!(
                "line {line}: the Order of {path} is {text:?}, but it must be a number from 1 to {ORDER_LIMIT}"
            ),
        )),
    }
}

fn value(element: &Element, setting: &Setting, path: &str) -> Result<(), Fault> {
    let text = element.value();
    let line = element.line;
    if matches!(setting.kind, Kind::Section | Kind::ListItem) {
        if !text.is_empty() {
            return Err(Fault::new(
                "L11",
                format!("line {line}: {path} holds settings and no text, but has {text:?}"),
            ));
        }
        return Ok(());
    }
    if text.is_empty() {
        return if setting.empty_allowed && setting.kind == Kind::Text {
            Ok(())
        } else {
            Err(Fault::new("L24", format!("line {line}: {path} must not be empty")))
        };
    }
    // GEN's measurements: a line break inside a command is kept and breaks it.
    if matches!(element.name.as_str(), "Path" | "CommandLine") && text.contains(['\n', '\r']) {
        return Err(Fault::new("L23", format!("line {line}: {path} has a line break")));
    }
    if let Some(limit) = setting.greatest_length {
        let length = text.encode_utf16().count();
        if length > limit {
            let rule = match element.name.as_str() {
                "Path" => "L19",
                "CommandLine" => "L21",
                "Description" => "L22",
                "ComputerName" => "L61",
                _ => "L24",
            };
            return Err(Fault::new(
                rule,
                format!("line {line}: {path} has {length} characters, but {limit} are allowed"),
            ));
        }
    }
    match &setting.kind {
        Kind::Boolean if !matches!(text, "true" | "false") => {
            Err(Fault::new("L26", format!("line {line}: {path} is {text:?}, but it must be true or false")))
        }
        Kind::Integer if text.parse::<u32>().is_err() => {
            Err(Fault::new("L27", format!("line {line}: {path} is {text:?}, but it must be a whole number")))
        }
        Kind::OneOf(values) if !values.contains(&text) => {
            let rule = if path.ends_with("MetaData/Key") { "L50" } else { "L27" };
            Err(Fault::new(
                rule,
                format!("line {line}: {path} is {text:?}, but it must be one of {}", values.join(", ")),
            ))
        }
        Kind::Section
        | Kind::ListItem
        | Kind::TextItem
        | Kind::Text
        | Kind::Boolean
        | Kind::Integer
        | Kind::OneOf(_) => Ok(()),
    }
}
