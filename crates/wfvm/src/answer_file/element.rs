//! XML as Setup's schema wants it: settings are elements, list items carry `wcm:action="add"`.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

/// An element with its attributes, and either text or children.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: &'static str,
    pub(super) attributes: Vec<(&'static str, String)>,
    pub(super) content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    Text(String),
    Children(Vec<Element>),
}

impl Element {
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    /// Marks an item of a list; without the mark Setup takes the second item for a contradiction of the first.
    pub(super) fn added(self) -> Self {
        self.with("wcm:action", "add")
    }

    /// The document: UTF-8 without a byte order mark, lines indented by two.
    pub(super) fn document(&self) -> std::io::Result<String> {
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
        self.write(&mut writer)?;
        let mut bytes = writer.into_inner();
        bytes.push(b'\n');
        String::from_utf8(bytes).map_err(std::io::Error::other)
    }

    fn write(&self, writer: &mut Writer<Vec<u8>>) -> std::io::Result<()> {
        let element = writer
            .create_element(self.name)
            .with_attributes(self.attributes.iter().map(|(name, value)| (*name, value.as_str())));
        match &self.content {
            Content::Text(text) => element.write_text_content(BytesText::new(text))?,
            Content::Children(children) => element
                .write_inner_content(|writer| children.iter().try_for_each(|child| child.write(writer)))?,
        };
        Ok(())
    }
}

/// A setting.
pub(super) fn text(name: &'static str, value: impl Into<String>) -> Element {
    Element { name, attributes: Vec::new(), content: Content::Text(value.into()) }
}

/// A number.
pub(super) fn number(name: &'static str, value: impl Into<u64>) -> Element {
    text(name, value.into().to_string())
}

/// A setting that is `true` or `false`, in these letters.
pub(super) fn flag(name: &'static str, value: bool) -> Element {
    text(name, if value { "true" } else { "false" })
}

/// A group of settings.
pub(super) fn group(name: &'static str, children: impl Into<Vec<Element>>) -> Element {
    Element { name, attributes: Vec::new(), content: Content::Children(children.into()) }
}
