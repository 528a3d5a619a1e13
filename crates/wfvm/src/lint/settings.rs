//! Settings: whether they exist, where, and how often.

use std::collections::BTreeMap;

use super::{
    Findings, document,
    rule::rules,
    similar::similar,
    tree::{self, Answers, Node, elements, raw_text, text_at},
    values,
};
use crate::answer_schema::{self, Component, Kind, Pass, WCM_NAMESPACE};

rules! {
    SETTING_TWICE = Error "setting-twice" "L08" {
        says: "A setting stands twice below the same parent.",
        consequence: "Setup ends: \"a component or non-list setting is specified more than once\".",
        advice: "Keep one of them.",
        source: "reports with Setup's message, such as boxcutter/windows-batch issue 50",
        basis: Reported, needs: File,
    }
    MISSPELT_SETTING = Error "misspelt-setting" "L11" {
        says: "A setting's name is almost that of another one.",
        consequence: "Setup ends: \"a component or setting specified in the answer file does not exist\".",
        advice: "Write the name as Microsoft's reference has it; case counts.",
        source: "unattend reference",
        basis: Documented, needs: File,
    }
    MISPLACED_SETTING = Error "misplaced-setting" "L11" {
        says: "A setting of the component stands below the wrong parent.",
        consequence: "Setup ends: \"a component or setting specified in the answer file does not exist\".",
        advice: "Move it to the parent that the reference gives it.",
        source: "unattend reference, Parent Hierarchy",
        basis: Documented, needs: File,
    }
    UNKNOWN_SETTING = Warning "unknown-setting" "L11" {
        says: "A setting does not stand in Microsoft's reference of its component.",
        consequence: "If the image does not know it, Setup ends: \"a component or setting specified in the answer file does not exist\".",
        advice: "Look it up in the catalogue of the image. The reference here is of Windows 10, version 1809.",
        source: "unattend reference",
        basis: Documented, needs: File,
    }
    SETTING_PASS = Error "setting-pass" "L12" {
        says: "A setting stands in a pass in which it cannot be set.",
        consequence: "Setup ends: \"a component or setting specified in the answer file does not exist\".",
        advice: "Move it to one of its passes.",
        source: "unattend reference, Valid Configuration Passes",
        basis: Documented, needs: File,
    }
    UNEXPECTED_TEXT = Error "unexpected-text" "L11" {
        says: "Text stands where settings belong.",
        consequence: "Setup says that the answer file is invalid.",
        advice: "Put the text into the setting it was meant for.",
        source: "unattend reference",
        basis: Documented, needs: File,
    }
    UNEXPECTED_CHILDREN = Error "unexpected-children" "L11" {
        says: "A setting that holds a text has elements in it.",
        consequence: "Setup says that the answer file is invalid.",
        advice: "Write the value as text; `<` in a value is `&lt;`.",
        source: "unattend reference",
        basis: Documented, needs: File,
    }
    ITEM_WITHOUT_ADD = Error "item-without-add" "L16" {
        says: "An item of a list lacks `wcm:action=\"add\"`.",
        consequence: "The item is passed over, or taken for a setting that stands twice.",
        advice: "Write `wcm:action=\"add\"` on every item.",
        source: "unattend reference, every example of a list",
        basis: Documented, needs: File,
    }
    ITEM_ACTION = Warning "item-action" "L16" {
        says: "An item of a list has another `wcm:action` than `add`.",
        consequence: "There is nothing that it could modify or remove in a new installation; what Setup makes of it is in no document.",
        advice: "Write `wcm:action=\"add\"`.",
        source: "unattend reference, whose examples have `add` alone",
        basis: Inferred, needs: File,
    }
    ADD_ON_SETTING = Warning "add-on-setting" {
        says: "`wcm:action` stands on a setting that is no item of a list.",
        consequence: "It means nothing there.",
        advice: "Remove the attribute.",
        source: "unattend reference",
        basis: Inferred, needs: File,
    }
    KEY_VALUE_TWICE = Warning "key-value-twice" "L78" {
        says: "Two items of a list have the same `wcm:keyValue`.",
        consequence: "They collide: one of them is lost.",
        advice: "Number them from 1.",
        source: "unattend reference, PathAndCredentials and IpAddress",
        basis: Inferred, needs: File,
    }
    KEY_VALUE_MISSING = Error "key-value-missing" "L78" {
        says: "An item of a keyed list lacks `wcm:keyValue`.",
        consequence: "Setup does not know the item by its key: the list is invalid.",
        advice: "Write `wcm:keyValue=\"1\"` and so on.",
        source: "unattend reference, PathAndCredentials, IpAddress and DomainName: the key must not be empty",
        basis: Documented, needs: File,
    }
    ORDER_MISSING = Error "order-missing" "L17" {
        says: "An item of an ordered list has no `Order`.",
        consequence: "The pass fails.",
        advice: "Give it the next number.",
        source: "unattend reference, the lists' examples",
        basis: Documented, needs: File,
    }
    ORDER_RANGE = Error "order-range" "L17" {
        says: "`Order` is not a number from 1 to 500.",
        consequence: "The pass fails.",
        advice: "Number from 1; put what is more than 500 commands into a script.",
        source: "unattend reference, Order",
        basis: Documented, needs: File,
    }
    ORDER_TWICE = Error "order-twice" "L17" {
        says: "Two items of a list have the same `Order`.",
        consequence: "The pass fails, or one of the two is lost.",
        advice: "Number them one by one.",
        source: "unattend reference, Order: each value once",
        basis: Documented, needs: File,
    }
    ORDER_GAP = Note "order-gap" "L18" {
        says: "The numbers in `Order` leave one out.",
        consequence: "None for commands, which run by their numbers. For partitions a number may be taken for that of the partition.",
        advice: "Number without gaps.",
        source: "unattend reference, Order",
        basis: Documented, needs: File,
    }
}

/// Lists whose items have a key as an attribute.
const KEYED: [&str; 3] = ["PathAndCredentials", "IpAddress", "DomainName"];

pub(super) fn check(answers: &Answers, findings: &mut Findings) {
    for component in &answers.components {
        if let Some(known) = answer_schema::component(component.name).filter(|known| !known.is_opaque()) {
            if !known.passes().any(|pass| pass == component.pass) {
                // Told of the component; each of its settings would only repeat it.
                continue;
            }
            children(component.node, known, "", component.pass, findings);
        }
    }
}

/// Walks as deep as the reference goes, so a file made deep on purpose does not lead on.
fn children(parent: Node, component: &Component, parent_path: &str, pass: Pass, findings: &mut Findings) {
    let mut seen: Vec<&str> = Vec::new();
    let mut lists: BTreeMap<&str, Vec<Node>> = BTreeMap::new();
    for child in elements(parent) {
        if !tree::is_ours(child) {
            if tree::is_of_no_namespace(child) {
                document::no_namespace(child, findings);
            }
            continue;
        }
        let name = child.tag_name().name();
        let path = if parent_path.is_empty() { name.to_owned() } else { format!("{parent_path}/{name}") };
        let Some(setting) = component.setting(&path) else {
            unknown(child, component, parent_path, &path, findings);
            continue;
        };
        if !setting.is_valid_in(pass) {
            let passes: Vec<&str> = setting.passes().map(Pass::name).collect();
            findings.add_with_hint(
                &SETTING_PASS,
                child,
                format!("{path} cannot be set in the pass {}", pass.name()),
                format!("its passes are {}", passes.join(", ")),
            );
            continue;
        }
        let action = child.attribute((WCM_NAMESPACE, "action"));
        if setting.kind.is_item() {
            match action {
                Some("add") => {}
                Some(other) => findings.add(&ITEM_ACTION, child, format!("`wcm:action` is `{other}`")),
                None => findings.add(&ITEM_WITHOUT_ADD, child, "`wcm:action=\"add\"` is missing"),
            }
            lists.entry(name).or_default().push(child);
        } else {
            if seen.contains(&name) {
                findings.add(&SETTING_TWICE, child, format!("{path} stands twice"));
            }
            if action.is_some() {
                findings.add(&ADD_ON_SETTING, child, format!("{path} is no item of a list"));
            }
        }
        seen.push(name);
        content(child, &setting.kind, &path, findings);
        values::check(child, setting, &path, findings);
        if setting.kind.is_container() {
            children(child, component, &path, pass, findings);
        }
    }
    for (name, items) in lists {
        let path = if parent_path.is_empty() { name.to_owned() } else { format!("{parent_path}/{name}") };
        if component.setting(&format!("{path}/Order")).is_some() {
            orders(&items, findings);
        }
        if KEYED.contains(&name) && component.setting(&format!("{path}/IpAddress")).is_none() {
            keys(&items, findings);
        }
    }
}

fn content(node: Node, kind: &Kind, path: &str, findings: &mut Findings) {
    if kind.is_container() {
        let text = raw_text(node);
        if !text.trim().is_empty() {
            findings.add(&UNEXPECTED_TEXT, node, format!("{path} holds settings, and here a text"));
        }
    } else if *kind != Kind::Anything && elements(node).next().is_some() {
        findings.add(&UNEXPECTED_CHILDREN, node, format!("{path} holds a text, and here elements"));
    }
}

fn unknown(node: Node, component: &Component, parent_path: &str, path: &str, findings: &mut Findings) {
    let name = node.tag_name().name();
    let siblings = component.paths().filter_map(|known| {
        let (parent, name) = known.rsplit_once('/').unwrap_or(("", known));
        (parent == parent_path).then_some(name)
    });
    let problem = format!("{path} does not exist in {}", component.name);
    if let Some(meant) = similar(name, siblings) {
        findings.add_with_hint(&MISSPELT_SETTING, node, problem, format!("did you mean `{meant}`?"));
        return;
    }
    let elsewhere = component.paths().find(|known| known.rsplit('/').next() == Some(name));
    if let Some(known) = elsewhere {
        let hint = match known.rsplit_once('/') {
            Some((parent, _)) => format!("it belongs below {parent}"),
            None => "it belongs directly below the component".to_owned(),
        };
        findings.add_with_hint(&MISPLACED_SETTING, node, problem, hint);
    } else {
        findings.add(&UNKNOWN_SETTING, node, format!("no page describes {path} of {}", component.name));
    }
}

fn orders(items: &[Node], findings: &mut Findings) {
    const LAST: u64 = 500;
    let mut seen: Vec<u64> = Vec::new();
    for item in items {
        let Some(text) = text_at(*item, "Order") else {
            findings.add(&ORDER_MISSING, *item, "`Order` is missing");
            return;
        };
        let order = tree::at(*item, "Order").unwrap_or(*item);
        match text.parse::<u64>() {
            Ok(number) if !(1..=LAST).contains(&number) => {
                findings.add(&ORDER_RANGE, order, format!("`Order` is {number}"));
            }
            Ok(number) if seen.contains(&number) => {
                findings.add(&ORDER_TWICE, order, format!("`Order` is {number} for the second time"));
            }
            Ok(number) => seen.push(number),
            // Told as a value that is no number.
            Err(_) => return,
        }
    }
    let (Some(first), Some(greatest)) = (items.first(), seen.iter().max()) else { return };
    if seen.len() == items.len() && usize::try_from(*greatest) != Ok(seen.len()) {
        let missing = (1..*greatest).find(|number| !seen.contains(number)).unwrap_or(1);
        findings.add(&ORDER_GAP, *first, format!("`Order` {missing} is left out"));
    }
}

fn keys(items: &[Node], findings: &mut Findings) {
    let mut seen: Vec<&str> = Vec::new();
    for item in items {
        match item.attribute((WCM_NAMESPACE, "keyValue")).filter(|key| !key.trim().is_empty()) {
            None => findings.add(&KEY_VALUE_MISSING, *item, "`wcm:keyValue` is missing"),
            Some(key) if seen.contains(&key) => {
                findings.add(
                    &KEY_VALUE_TWICE,
                    *item,
                    format!("`wcm:keyValue` is `{key}` for the second time"),
                );
            }
            Some(key) => seen.push(key),
        }
    }
}
