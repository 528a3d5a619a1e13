//! The document: bytes, XML, the root.

use roxmltree::{Document, Error, ParsingOptions};

use super::{
    Findings, bounds, encoding,
    rule::rules,
    tree::{self, Answers, elements},
};
use crate::answer_schema::{NAMESPACE, Pass, WCM_NAMESPACE};

/// Answer files have some tens of kilobytes; those that carry programs as text have a few hundred.
const MOST_BYTES: usize = 4 << 20;
const MOST_NODES: u32 = 50_000;
/// A file for three architectures has some fifty.
const MOST_COMPONENTS: usize = 1000;

rules! {
    TOO_LARGE = Error "too-large" {
        says: "The file is larger than any answer file: more than 4 MiB, 50,000 nodes, 1000 components, or 200 attributes of one element.",
        consequence: "None is known. The linter does not read such a file.",
        advice: "Look at what it is; put programs and scripts beside the answer file.",
        source: "this linter's own bound",
        basis: Documented, needs: File,
    }
    NOT_WELL_FORMED = Error "not-well-formed" "L01" {
        says: "The file is not well-formed XML.",
        consequence: "Setup says that it could not parse or process the answer file, in a box that waits for a person, and ends.",
        advice: "Correct the place. In values write `&amp;` for `&` and `&lt;` for `<`.",
        source: "XML 1.0; the words of Setup's box stand in many reports",
        basis: Documented, needs: File,
    }
    UNDECLARED_PREFIX = Error "undeclared-prefix" "L05" {
        says: "A prefix such as `wcm` is used and not declared.",
        consequence: "The file is not well-formed for a parser that knows namespaces, as Setup's does: it could not parse the answer file.",
        advice: "Declare it on the root: `xmlns:wcm=\"http://schemas.microsoft.com/WMIConfig/2002/State\"`.",
        source: "Namespaces in XML 1.0",
        basis: Documented, needs: File,
    }
    MALFORMED_COMMENT = Error "malformed-comment" "L89" {
        says: "A comment holds `--`.",
        consequence: "The file is not well-formed: Setup could not parse the answer file.",
        advice: "Write something else than two hyphens in comments; options such as `--quiet` get there easily.",
        source: "XML 1.0, section 2.5",
        basis: Documented, needs: File,
    }
    CONTROL_CHARACTER = Error "control-character" "L89" {
        says: "The file holds a control character that XML does not have.",
        consequence: "The file is not well-formed: Setup could not parse the answer file.",
        advice: "Remove it; it often comes with a text that was pasted from a terminal.",
        source: "XML 1.0, section 2.2",
        basis: Documented, needs: File,
    }
    DOCUMENT_TYPE = Error "document-type" "L01" {
        says: "The file has a document type declaration.",
        consequence: "No answer file has one. The linter does not expand entities, so it does not read further.",
        advice: "Remove `<!DOCTYPE …>` and write out what its entities stand for.",
        source: "this linter's own bound",
        basis: Documented, needs: File,
    }
    ENCODING_MISMATCH = Error "encoding-mismatch" "L02" {
        says: "The bytes are not what the XML declaration says.",
        consequence: "Setup could not parse the answer file.",
        advice: "Save the file as UTF-8 and declare `encoding=\"utf-8\"`.",
        source: "XML 1.0, section 4.3.3",
        basis: Documented, needs: File,
    }
    ENCODING_UNDECLARED = Warning "encoding-unclear" "L03" {
        says: "Byte order mark, declaration and letters beyond ASCII do not settle the encoding together.",
        consequence: "Usually accepted; a parser may also refuse the file or read other letters.",
        advice: "Save the file as UTF-8 and declare `encoding=\"utf-8\"`.",
        source: "XML 1.0, section 4.3.3",
        basis: Inferred, needs: File,
    }
    ENCODING_UNUSUAL = Note "encoding-unusual" {
        says: "The file is in an encoding that XML parsers need not know.",
        consequence: "Windows reads its own code pages; others who read the file may not.",
        advice: "Save the file as UTF-8 and declare `encoding=\"utf-8\"`.",
        source: "XML 1.0, section 4.3.3",
        basis: Documented, needs: File,
    }
    WRONG_ROOT = Error "wrong-root" "L04" {
        says: "The root element is not `unattend` in the namespace of answer files.",
        consequence: "Setup takes the file for none or for an invalid one.",
        advice: "Begin with `<unattend xmlns=\"urn:schemas-microsoft-com:unattend\">`.",
        source: "schema of answer files",
        basis: Documented, needs: File,
    }
    WCM_NAMESPACE_WRONG = Error "wcm-namespace" "L06" {
        says: "The prefix `wcm` stands for another namespace.",
        consequence: "`wcm:action` means nothing then: items of lists collide.",
        advice: "Write `xmlns:wcm=\"http://schemas.microsoft.com/WMIConfig/2002/State\"`.",
        source: "schema of answer files",
        basis: Documented, needs: File,
    }
    UNKNOWN_PASS = Error "unknown-pass" "L07" {
        says: "A configuration pass does not exist.",
        consequence: "Setup says that the answer file is invalid.",
        advice: "Write one of windowsPE, offlineServicing, generalize, specialize, auditSystem, auditUser, oobeSystem; case counts.",
        source: "schema of answer files",
        basis: Documented, needs: File,
    }
    MISPLACED_ELEMENT = Error "misplaced-element" "L11" {
        says: "An element stands where none of that name can.",
        consequence: "Setup says that the answer file is invalid, or passes over the element.",
        advice: "`unattend` has `settings` (and `servicing`), `settings` has `component`, `component` has settings.",
        source: "schema of answer files",
        basis: Documented, needs: File,
    }
    NO_NAMESPACE = Error "no-namespace" "L04" {
        says: "An element has left the namespace of answer files, as by `xmlns=\"\"`.",
        consequence: "Setup does not take it for a setting.",
        advice: "Remove `xmlns=\"\"`; programs that put elements of no namespace into the document write it.",
        source: "schema of answer files",
        basis: Documented, needs: File,
    }
    EMPTY_SETTINGS = Note "empty-element" "L25" {
        says: "A pass or a component has nothing in it.",
        consequence: "None: it is passed over.",
        advice: "Remove it.",
        source: "cschneegans/unattend-generator leaves them out",
        basis: Reported, needs: File,
    }
}

/// The text of the file; empty where it cannot be read.
pub(super) fn text(bytes: &[u8], findings: &mut Findings) -> String {
    if bytes.len() > MOST_BYTES {
        findings.add_at(&TOO_LARGE, 0, format!("the file has {} bytes", bytes.len()));
        return String::new();
    }
    let text = encoding::decode(bytes, findings);
    if text.trim().is_empty() && findings.0.is_empty() {
        findings.add_at(&NOT_WELL_FORMED, 0, "the file is empty");
    }
    text
}

/// Parses the text and hands its answers on, if it is an answer file.
pub(super) fn with_answers(text: &str, findings: &mut Findings, judge: impl FnOnce(&Answers, &mut Findings)) {
    // What cannot be decoded has been told; what the parser says of it would only repeat that.
    if text.is_empty() || findings.0.iter().any(|(_, finding)| finding.rule == &ENCODING_MISMATCH) {
        return;
    }
    if let Some((offset, problem)) = bounds::broken(text) {
        findings.add_at(&TOO_LARGE, offset, problem);
        return;
    }
    let options = ParsingOptions { nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    let document = match Document::parse_with_options(text, options) {
        Ok(document) => document,
        Err(error) => return not_parsed(text, &error, findings),
    };
    let root = document.root_element();
    if root.tag_name().name() != "unattend" || !tree::is_ours(root) {
        let name = root.tag_name();
        let problem = match name.namespace() {
            Some(namespace) if !namespace.is_empty() => {
                format!("the root is <{}> of the namespace `{namespace}`", name.name())
            }
            _ => format!("the root is <{}> of no namespace", name.name()),
        };
        findings.add(&WRONG_ROOT, root, problem);
        return;
    }
    structure(root, findings);
    namespaces(root, findings);
    let answers = Answers::new(root);
    if answers.components.len() > MOST_COMPONENTS {
        findings.add(&TOO_LARGE, root, format!("it has {} components", answers.components.len()));
        return;
    }
    judge(&answers, findings);
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a foreign enum: what has no rule of its own is not well-formed"
)]
fn not_parsed(text: &str, error: &Error, findings: &mut Findings) {
    let (rule, problem) = match error {
        Error::NodesLimitReached | Error::AttributesLimitReached | Error::NamespacesLimitReached => {
            (&TOO_LARGE, "it has more elements than any answer file".to_owned())
        }
        Error::DtdDetected => (&DOCUMENT_TYPE, "`<!DOCTYPE` stands in it".to_owned()),
        Error::UnknownNamespace(prefix, _) => {
            (&UNDECLARED_PREFIX, format!("the prefix `{prefix}` is not declared"))
        }
        Error::InvalidComment(_) => (&MALFORMED_COMMENT, "this comment holds `--`".to_owned()),
        Error::NonXmlChar(character, _) => {
            (&CONTROL_CHARACTER, format!("U+{:04X} stands here", u32::from(*character)))
        }
        other => (&NOT_WELL_FORMED, without_position(&other.to_string())),
    };
    let position = error.pos();
    let offset = match error {
        Error::UnclosedRootNode | Error::NoRootNode | Error::UnexpectedEndOfStream => text.len(),
        Error::DtdDetected => text.find("<!DOCTYPE").unwrap_or(0),
        _ => offset(text, position.row, position.col),
    };
    findings.add_at(rule, offset, problem);
}

/// The parser's words; the finding has the position.
fn without_position(words: &str) -> String {
    words.rsplit_once(" at ").map_or(words, |(words, _)| words).to_owned()
}

/// The byte at which a line and a column stand.
fn offset(text: &str, row: u32, column: u32) -> usize {
    let before = usize::try_from(row.saturating_sub(1)).unwrap_or(0);
    let line: usize = text.split_inclusive('\n').take(before).map(str::len).sum();
    let skip = usize::try_from(column.saturating_sub(1)).unwrap_or(0);
    let within = text.get(line..).unwrap_or_default().chars().take(skip).map(char::len_utf8).sum::<usize>();
    line + within
}

/// The levels above the settings.
fn structure(root: tree::Node, findings: &mut Findings) {
    for settings in elements(root) {
        if !tree::is_ours(settings) {
            // Other namespaces are allowed here: generators keep their own data in the file.
            if tree::is_of_no_namespace(settings) {
                no_namespace(settings, findings);
            }
            continue;
        }
        match settings.tag_name().name() {
            "servicing" => continue,
            "settings" => {}
            name => {
                findings.add(&MISPLACED_ELEMENT, settings, format!("<{name}> below <unattend>"));
                continue;
            }
        }
        pass(settings, findings);
        let mut empty = true;
        for component in elements(settings) {
            empty = false;
            if tree::is_of_no_namespace(component) {
                no_namespace(component, findings);
            } else if tree::is_ours(component) && !tree::is(component, "component") {
                let name = component.tag_name().name();
                findings.add(&MISPLACED_ELEMENT, component, format!("<{name}> below <settings>"));
            }
        }
        if empty {
            findings.add(&EMPTY_SETTINGS, settings, "this pass has no component");
        }
    }
}

fn pass(settings: tree::Node, findings: &mut Findings) {
    let Some(pass) = settings.attribute("pass") else {
        findings.add(&UNKNOWN_PASS, settings, "<settings> does not say its pass");
        return;
    };
    if Pass::named(pass).is_some() || pass == "oobeUser" {
        return;
    }
    let problem = format!("the pass `{pass}` does not exist");
    match Pass::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(pass)) {
        Some(known) => findings.add_with_hint(
            &UNKNOWN_PASS,
            settings,
            problem,
            format!("write `{}`, in these letters", known.name()),
        ),
        None => findings.add(&UNKNOWN_PASS, settings, problem),
    }
}

/// The first of a subtree; its children have left the namespace with it.
pub(super) fn no_namespace(node: tree::Node, findings: &mut Findings) {
    let name = node.tag_name().name();
    findings.add(&NO_NAMESPACE, node, format!("<{name}> is of no namespace"));
}

/// What `wcm` stands for, wherever it is declared.
fn namespaces(root: tree::Node, findings: &mut Findings) {
    for node in root.descendants().filter(roxmltree::Node::is_element) {
        let above = node.parent_element().and_then(|parent| parent.lookup_namespace_uri(Some("wcm")));
        let here = node.lookup_namespace_uri(Some("wcm"));
        if let Some(uri) = here.filter(|uri| *uri != WCM_NAMESPACE && here != above) {
            findings.add(&WCM_NAMESPACE_WRONG, node, format!("`wcm` stands for `{uri}`"));
        }
        if let Some(uri) = node.tag_name().namespace().filter(|uri| {
            *uri != NAMESPACE && uri.eq_ignore_ascii_case(NAMESPACE) && node.tag_name().name() == "component"
        }) {
            findings.add(&NO_NAMESPACE, node, format!("the namespace is `{uri}`; its case counts"));
        }
    }
}
