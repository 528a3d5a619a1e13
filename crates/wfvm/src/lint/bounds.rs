//! What a file may ask of the parser. It compares each attribute of an element with all others, and
//! each namespace with all that are in scope, so a file made to be read slowly is refused unread.

/// Elements of answer files have a handful.
const ATTRIBUTES: usize = 200;
/// Declarations of namespaces; some files repeat three on each component.
const NAMESPACES: usize = 2000;
/// Settings lie some ten levels deep.
const DEPTH: usize = 200;

/// The first byte at which a bound is broken, and which one. What is not well-formed is the parser's.
pub(super) fn broken(text: &str) -> Option<(usize, String)> {
    let (mut at, mut depth, mut namespaces) = (0, 0_usize, 0);
    while let Some(start) = text.get(at..)?.find('<').map(|found| at + found) {
        let rest = text.get(start..)?;
        let skipped =
            [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")].into_iter().find_map(|(open, close)| {
                let inside = rest.strip_prefix(open)?;
                Some(open.len() + inside.find(close).map_or(inside.len(), |end| end + close.len()))
            });
        if let Some(length) = skipped {
            at = start + length;
            continue;
        }
        let tag = Tag::read(rest);
        namespaces += tag.namespaces;
        if rest.starts_with("</") {
            depth = depth.saturating_sub(1);
        } else if !tag.closes_itself {
            depth += 1;
        }
        let what = [
            (tag.attributes > ATTRIBUTES, format!("an element has more than {ATTRIBUTES} attributes")),
            (namespaces > NAMESPACES, format!("more than {NAMESPACES} namespaces are declared")),
            (depth > DEPTH, format!("elements lie more than {DEPTH} deep")),
        ];
        if let Some((_, problem)) = what.into_iter().find(|(is_broken, _)| *is_broken) {
            return Some((start, problem));
        }
        at = start + tag.length.max(1);
    }
    None
}

/// A tag from its `<` to its `>`.
struct Tag {
    length: usize,
    attributes: usize,
    namespaces: usize,
    closes_itself: bool,
}

impl Tag {
    fn read(text: &str) -> Self {
        let mut tag = Self { length: text.len(), attributes: 0, namespaces: 0, closes_itself: false };
        let (mut quote, mut before) = (None, 0);
        for (at, byte) in text.bytes().enumerate() {
            match (quote, byte) {
                (Some(open), _) if byte == open => quote = None,
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b'=') => tag.attributes += 1,
                (None, b'>') => {
                    tag.length = at + 1;
                    tag.closes_itself = before == b'/';
                    break;
                }
                (None, b'x') if text.get(at..at + 5) == Some("xmlns") => tag.namespaces += 1,
                (Some(_) | None, _) => {}
            }
            before = byte;
        }
        tag
    }
}

#[cfg(test)]
mod tests {
    use super::broken;

    #[test]
    fn what_stands_in_texts_comments_and_values_is_not_counted() {
        let many = "a=\"<\" ".repeat(300);
        assert_eq!(broken(&format!("<a><!-- {many} --><![CDATA[{many}]]>{}</a>", "x=1 ".repeat(300))), None);
        assert_eq!(broken(&format!("<a b='{}'/>", "c=> ".repeat(300))), None);
    }

    #[test]
    fn each_bound_is_told_with_its_place() {
        let attributes = " a=\"\"".repeat(300);
        assert_eq!(broken(&format!("<a><b{attributes}/></a>")).unwrap().0, 3);
        assert!(broken(&"<a>".repeat(300)).unwrap().1.contains("deep"));
        assert!(broken(&"<a xmlns:b=\"c\"/>".repeat(3000)).unwrap().1.contains("namespaces"));
        assert_eq!(broken("<a b=\"c"), None);
    }
}
