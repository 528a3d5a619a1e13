//! The elements of an answer file, and where they stand.

use crate::answer_schema::{NAMESPACE, Pass};

/// An element of the document.
pub(super) type Node<'d> = roxmltree::Node<'d, 'd>;

/// A document whose root is that of an answer file.
#[derive(Debug)]
pub(super) struct Answers<'d> {
    pub(super) root: Node<'d>,
    /// In the order of the file.
    pub(super) components: Vec<Placed<'d>>,
}

/// A component in a pass that exists.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed<'d> {
    pub(super) pass: Pass,
    pub(super) node: Node<'d>,
    pub(super) name: &'d str,
    /// As it is written; empty if it is missing.
    pub(super) architecture: &'d str,
}

impl<'d> Answers<'d> {
    pub(super) fn new(root: Node<'d>) -> Self {
        let mut components = Vec::new();
        for settings in elements(root).filter(|node| is(*node, "settings")) {
            let Some(pass) = settings.attribute("pass").and_then(Pass::named) else { continue };
            components.extend(elements(settings).filter(|node| is(*node, "component")).map(|node| Placed {
                pass,
                node,
                name: node.attribute("name").unwrap_or_default(),
                architecture: node.attribute("processorArchitecture").unwrap_or_default(),
            }));
        }
        Self { root, components }
    }
}

/// Whether it is an element of that name, in the namespace of answer files.
pub(super) fn is(node: Node<'_>, name: &str) -> bool {
    node.tag_name().name() == name && is_ours(node)
}

/// Whether the element is in the namespace of answer files.
pub(super) fn is_ours(node: Node<'_>) -> bool {
    node.tag_name().namespace() == Some(NAMESPACE)
}

/// Whether the element is in no namespace, by `xmlns=""` or for want of any.
pub(super) fn is_of_no_namespace(node: Node<'_>) -> bool {
    node.tag_name().namespace().is_none_or(str::is_empty)
}

/// The elements below another one.
pub(super) fn elements(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    node.children().filter(roxmltree::Node::is_element)
}

/// The element below a path of names, the first of each.
pub(super) fn at<'d>(node: Node<'d>, path: &str) -> Option<Node<'d>> {
    path.split('/').try_fold(node, |node, name| elements(node).find(|child| is(*child, name)))
}

/// All elements below a path, the last step repeated.
pub(super) fn all<'d>(node: Node<'d>, path: &str) -> Vec<Node<'d>> {
    let (parent, name) = match path.rsplit_once('/') {
        Some((parent, name)) => (at(node, parent), name),
        None => (Some(node), path),
    };
    parent.map_or_else(Vec::new, |parent| elements(parent).filter(|child| is(*child, name)).collect())
}

/// All text in an element as it stands, comments left out.
pub(super) fn raw_text(node: Node<'_>) -> String {
    node.children().filter(roxmltree::Node::is_text).filter_map(|text| text.text()).collect()
}

/// The text in an element, without blanks around it.
pub(super) fn text(node: Node<'_>) -> String {
    raw_text(node).trim().to_owned()
}

/// The text at a path, if the element is there.
pub(super) fn text_at(node: Node<'_>, path: &str) -> Option<String> {
    at(node, path).map(text)
}

/// The whole number at a path, if there is one.
pub(super) fn number_at(node: Node<'_>, path: &str) -> Option<u64> {
    text_at(node, path)?.parse().ok()
}

/// Whether the setting at a path is `true`, or the `1` that stands for it.
pub(super) fn is_true(node: Node<'_>, path: &str) -> bool {
    text_at(node, path).is_some_and(|text| matches!(text.as_str(), "true" | "1"))
}

/// Pass, component and path of an element, as far as it is within them.
pub(super) fn place(node: Node<'_>) -> String {
    let (mut pass, mut component, mut path) = ("", "", Vec::new());
    for ancestor in node.ancestors().filter(roxmltree::Node::is_element) {
        match ancestor.tag_name().name() {
            "unattend" => {}
            "settings" => pass = ancestor.attribute("pass").unwrap_or_default(),
            "component" => component = ancestor.attribute("name").unwrap_or_default(),
            name => path.push(name),
        }
    }
    path.reverse();
    let parts = [pass, component, &path.join("/")].map(str::to_owned);
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}
