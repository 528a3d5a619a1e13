//! Passwords as System Image Manager writes them: not readable at a glance, not secret either.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::element::{Element, flag, group, text};

/// RFC 4648; the padding may be missing, as in examples of the reference.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The element of accounts and of the automatic logon.
pub(super) const PASSWORD: &str = "Password";
/// The element of the built-in account.
pub(super) const ADMINISTRATOR_PASSWORD: &str = "AdministratorPassword";

/// The password element `name`. Windows takes the element's own name off the end again.
pub(super) fn hidden(name: &'static str, password: &str) -> Element {
    let bytes: Vec<u8> =
        password.encode_utf16().chain(name.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    group(name, [text("Value", BASE64.encode(bytes)), flag("PlainText", false)])
}

/// The password behind the value of an element, if the value hides one.
#[must_use]
pub fn unhidden(value: &str, element: &str) -> Option<String> {
    let bytes = BASE64.decode(value.trim()).ok()?;
    let (units, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
    String::from_utf16(&units).ok()?.strip_suffix(element).filter(|_| rest.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::unhidden;

    #[test]
    fn hidden_passwords_are_read() {
        assert_eq!(unhidden("YQBkAG0AaQBuAFAAYQBzAHMAdwBvAHIAZAA=", "Password").as_deref(), Some("admin"));
        assert_eq!(unhidden("cAB3AFAAYQBzAHMAdwBvAHIAZAA", "Password").as_deref(), Some("pw"));
        assert_eq!(unhidden("UABhAHMAcwB3AG8AcgBkAA==", "Password").as_deref(), Some(""));
        for wrong in ["admin", "YWRtaW4=", "YQBkAG0AaQBuAA==", "A", ""] {
            assert_eq!(unhidden(wrong, "Password"), None, "{wrong}");
        }
        assert_eq!(unhidden("YQBkAG0AaQBuAFAAYQBzAHMAdwBvAHIAZAA=", "AdministratorPassword"), None);
    }
}
