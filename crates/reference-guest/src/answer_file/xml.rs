//! Well-formed XML with namespaces as a tree that knows where its words stand.

use std::ops::Range;

use quick_xml::NsReader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;

/// An element, its namespace resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
    pub(crate) line: usize,
    /// Bytes of the start tag in the decoded document.
    pub(crate) start_tag: Range<usize>,
    /// Bytes between the start tag and the end tag.
    pub(crate) content: Range<usize>,
}

/// An attribute other than a namespace declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attribute {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) value: String,
}

/// Why a document is not well-formed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub(crate) struct NotWellFormed {
    pub(crate) line: usize,
    pub(crate) problem: String,
}

impl Element {
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The element below a path of names, the first of each.
    pub(crate) fn at(&self, path: &str) -> Option<&Self> {
        path.split('/').try_fold(self, |element, name| element.child(name))
    }

    pub(crate) fn text_at(&self, path: &str) -> Option<&str> {
        self.at(path).map(Self::value)
    }

    /// All elements below a path, the last step repeated.
    pub(crate) fn all(&self, path: &str) -> Vec<&Self> {
        let (parents, name) = path.rsplit_once('/').map_or(("", path), |split| split);
        let parent = if parents.is_empty() { Some(self) } else { self.at(parents) };
        parent.map_or_else(Vec::new, |parent| {
            parent.children.iter().filter(|child| child.name == name).collect()
        })
    }

    pub(crate) fn value(&self) -> &str {
        self.text.trim()
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name)
            .map(|attribute| attribute.value.as_str())
    }
}

/// The text of a document: UTF-8 or UTF-16 by its byte order mark, as XML 1.0 appendix F tells them apart.
pub(crate) fn decode(bytes: &[u8]) -> Result<String, NotWellFormed> {
    let problem = |problem: &str| NotWellFormed { line: 1, problem: problem.to_owned() };
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(problem("the document has half a UTF-16 character at its end"));
        }
        String::from_utf16(&pairs.iter().map(|pair| unit(*pair)).collect::<Vec<_>>())
            .map_err(|_| problem("the document is not UTF-16, but its byte order mark says so"))
    };
    let (text, encoding) = match bytes {
        [0xFF, 0xFE, rest @ ..] => (utf16(rest, u16::from_le_bytes)?, "utf-16"),
        [0xFE, 0xFF, rest @ ..] => (utf16(rest, u16::from_be_bytes)?, "utf-16"),
        [0xEF, 0xBB, 0xBF, rest @ ..] | rest => (
            String::from_utf8(rest.to_vec()).map_err(|_| problem("the document is not valid UTF-8"))?,
            "utf-8",
        ),
    };
    if let Some(declared) = declared_encoding(&text) {
        let declared = declared.to_ascii_lowercase();
        let fits = declared == encoding
            || (encoding == "utf-16" && declared.starts_with("utf-16"))
            || (declared == "us-ascii" && text.is_ascii());
        if !fits {
            return Err(problem(&format!(
                "the XML declaration says encoding {declared:?}, but the bytes are {encoding}"
            )));
        }
    }
    Ok(text)
}

fn declared_encoding(text: &str) -> Option<&str> {
    let declaration = text.strip_prefix("<?xml")?.split_once("?>")?.0;
    let after = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    after.get(1..)?.split_once(quote).map(|(value, _)| value)
}

/// Reads a document, which must have exactly one root element.
pub(crate) fn parse(text: &str) -> Result<Element, NotWellFormed> {
    let mut reader = NsReader::from_str(text);
    reader.config_mut().check_comments = true;
    let mut open: Vec<Element> = Vec::new();
    let mut root: Option<Element> = None;
    loop {
        let before = position(reader.buffer_position());
        let wrong = |at: usize, problem: String| NotWellFormed { line: line_of(text, at), problem };
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => return Err(wrong(position(reader.error_position()), error.to_string())),
        };
        let after = position(reader.buffer_position());
        match event {
            Event::Start(start) => {
                if root.is_some() {
                    return Err(wrong(before, "there is more than one root element".to_owned()));
                }
                let element = element(&reader, &start).map_err(|problem| wrong(before, problem))?;
                open.push(Element {
                    line: line_of(text, before),
                    start_tag: before..after,
                    content: after..after,
                    ..element
                });
            }
            Event::Empty(start) => {
                if root.is_some() {
                    return Err(wrong(before, "there is more than one root element".to_owned()));
                }
                let element = element(&reader, &start).map_err(|problem| wrong(before, problem))?;
                let element = Element {
                    line: line_of(text, before),
                    start_tag: before..after,
                    content: after..after,
                    ..element
                };
                close(&mut open, &mut root, element);
            }
            Event::End(_) => {
                if let Some(mut element) = open.pop() {
                    element.content.end = before;
                    close(&mut open, &mut root, element);
                }
            }
            Event::Text(content) => {
                add_text(&mut open, &content.xml10_content()).map_err(|problem| wrong(before, problem))?;
            }
            Event::CData(content) => {
                add_text(&mut open, &content.xml10_content()).map_err(|problem| wrong(before, problem))?;
            }
            Event::GeneralRef(reference) => {
                let resolved = match reference.resolve_char_ref() {
                    Ok(Some(character)) => Some(character.to_string()),
                    Ok(None) => quick_xml::escape::resolve_predefined_entity(&reference.xml10_content())
                        .map(str::to_owned),
                    Err(error) => return Err(wrong(before, error.to_string())),
                };
                let Some(resolved) = resolved else {
                    return Err(wrong(
                        before,
                        format!("the entity &{}; is not declared", reference.xml10_content()),
                    ));
                };
                add_text(&mut open, &resolved).map_err(|problem| wrong(before, problem))?;
            }
            Event::Decl(_) if before > 0 => {
                return Err(wrong(
                    before,
                    "the XML declaration is not at the start of the document".to_owned(),
                ));
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            Event::Eof => break,
        }
    }
    if let Some(element) = open.last() {
        return Err(NotWellFormed {
            line: element.line,
            problem: format!("the element <{}> is not closed", element.name),
        });
    }
    root.ok_or_else(|| NotWellFormed { line: 1, problem: "the document has no root element".to_owned() })
}

fn close(open: &mut [Element], root: &mut Option<Element>, element: Element) {
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None => *root = Some(element),
    }
}

fn add_text(open: &mut [Element], text: &str) -> Result<(), String> {
    if let Some(control) = text.chars().find(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
        return Err(format!("the control character U+{:04X} is not allowed in XML", u32::from(control)));
    }
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.chars().all(|c| c.is_ascii_whitespace() || c == '\u{feff}') => {}
        None => return Err("there is text outside the root element".to_owned()),
    }
    Ok(())
}

fn element(reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Result<Element, String> {
    let (namespace, name) = reader.resolver().resolve_element(start.name());
    let namespace = resolved(namespace)?;
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let (namespace, name) = reader.resolver().resolve_attribute(attribute.key);
        attributes.push(Attribute {
            namespace: resolved(namespace)?,
            name: name.as_ref().to_owned(),
            value: attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| error.to_string())?
                .into_owned(),
        });
    }
    Ok(Element {
        namespace,
        name: name.as_ref().to_owned(),
        attributes,
        text: String::new(),
        children: Vec::new(),
        line: 0,
        start_tag: 0..0,
        content: 0..0,
    })
}

fn resolved(namespace: ResolveResult<'_>) -> Result<String, String> {
    match namespace {
        ResolveResult::Bound(namespace) => Ok(namespace.0.to_owned()),
        ResolveResult::Unbound => Ok(String::new()),
        ResolveResult::Unknown(prefix) => Err(format!("the prefix {prefix:?} is not declared")),
    }
}

fn position(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}
