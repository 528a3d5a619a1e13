//! From bytes to text, as an XML parser finds out how: by the byte order mark, then by the declaration.

use super::{
    Findings,
    document::{ENCODING_MISMATCH, ENCODING_UNDECLARED, ENCODING_UNUSUAL},
};

/// How the bytes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Utf8,
    Utf16 { little_endian: bool },
}

/// The text, or what of it can be read; a replaced character has a finding.
pub(super) fn decode(bytes: &[u8], findings: &mut Findings) -> String {
    let (form, mark) = match bytes {
        [0xEF, 0xBB, 0xBF, ..] => (Form::Utf8, 3),
        [0xFF, 0xFE, ..] => (Form::Utf16 { little_endian: true }, 2),
        [0xFE, 0xFF, ..] => (Form::Utf16 { little_endian: false }, 2),
        [b'<', 0, ..] => (Form::Utf16 { little_endian: true }, 0),
        [0, b'<', ..] => (Form::Utf16 { little_endian: false }, 0),
        _ => (Form::Utf8, 0),
    };
    let body = bytes.get(mark..).unwrap_or_default();
    let text = match form {
        Form::Utf8 => return utf_8(body, mark > 0, findings),
        Form::Utf16 { little_endian } => utf_16(body, little_endian, findings),
    };
    if mark == 0 {
        findings.add_at(
            &ENCODING_MISMATCH,
            0,
            "the file is UTF-16 without a byte order mark, which UTF-16 must have in XML",
        );
    }
    if let Some(declared) = declared(&text).filter(|declared| !declared.starts_with("utf-16")) {
        findings.add_at(
            &ENCODING_UNDECLARED,
            0,
            format!("the declaration says `{declared}`, the byte order mark says UTF-16"),
        );
    }
    text
}

fn utf_8(body: &[u8], marked: bool, findings: &mut Findings) -> String {
    // What the declaration says is in ASCII in every encoding that is left.
    let head = String::from_utf8_lossy(body.get(..200).unwrap_or(body)).into_owned();
    let declared = declared(&head);
    let said = declared.as_deref().unwrap_or("utf-8");
    if said.starts_with("utf-16") || said.starts_with("ucs-2") || said.starts_with("utf-32") {
        findings.add_at(
            &ENCODING_MISMATCH,
            0,
            format!("the declaration says `{said}`, but the bytes are one per letter, as in UTF-8"),
        );
        return String::from_utf8_lossy(body).into_owned();
    }
    match std::str::from_utf8(body) {
        Ok(text) => {
            if declared.is_none() && !body.is_ascii() {
                findings.add_at(&ENCODING_UNDECLARED, 0, "no encoding is declared; XML takes it for UTF-8");
            } else if marked && said != "utf-8" {
                findings.add_at(
                    &ENCODING_UNDECLARED,
                    0,
                    format!("the declaration says `{said}`, the byte order mark says UTF-8"),
                );
            } else if said != "utf-8" && !body.is_ascii() {
                findings.add_at(
                    &ENCODING_UNUSUAL,
                    0,
                    format!("the file is declared as `{said}`; it was read as UTF-8"),
                );
            }
            text.to_owned()
        }
        Err(error) if said == "utf-8" => {
            let text = String::from_utf8_lossy(body).into_owned();
            findings.add_at(
                &ENCODING_MISMATCH,
                error.valid_up_to(),
                "a byte here is not UTF-8, which the file is declared or taken to be",
            );
            text
        }
        Err(_) => {
            findings.add_at(
                &ENCODING_UNUSUAL,
                0,
                format!("the file is declared as `{said}`; letters beyond ASCII are not judged"),
            );
            // One character for each byte, so that columns are right for Latin letters.
            body.iter().map(|byte| char::from(*byte)).collect()
        }
    }
}

fn utf_16(body: &[u8], little_endian: bool, findings: &mut Findings) -> String {
    let units = body.chunks(2).map(|pair| match pair {
        [one, other] if little_endian => u16::from_le_bytes([*one, *other]),
        [one, other] => u16::from_be_bytes([*one, *other]),
        // Half a character at the end.
        _ => 0xD800,
    });
    let mut text = String::with_capacity(body.len() / 2);
    let mut wrong = None;
    for character in char::decode_utf16(units) {
        if character.is_err() {
            wrong.get_or_insert(text.len());
        }
        text.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    if let Some(offset) = wrong {
        findings.add_at(&ENCODING_MISMATCH, offset, "here the bytes are not UTF-16");
    }
    text
}

/// The encoding that the XML declaration names, in lower case.
fn declared(text: &str) -> Option<String> {
    let declaration = text.trim_start().strip_prefix("<?xml")?.split("?>").next()?;
    let rest = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    Some(rest.get(1..)?.split(quote).next()?.to_ascii_lowercase())
}
