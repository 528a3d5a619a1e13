//! Passwords as System Image Manager writes them: not readable at a glance, not secret either.

use super::element::{Element, flag, group, text};

/// The element of accounts and of the automatic logon.
pub(super) const PASSWORD: &str = "Password";
/// The element of the built-in account.
pub(super) const ADMINISTRATOR_PASSWORD: &str = "AdministratorPassword";

/// The password element `name`. Windows takes the element's own name off the end again.
pub(super) fn hidden(name: &'static str, password: &str) -> Element {
    let bytes: Vec<u8> =
        password.encode_utf16().chain(name.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    group(name, [text("Value", base64(&bytes)), flag("PlainText", false)])
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits =
            (0..3).fold(0_usize, |bits, at| bits << 8 | usize::from(chunk.get(at).copied().unwrap_or(0)));
        for (at, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let letter = ALPHABET.get(bits >> shift & 63).copied().unwrap_or(b'=');
            text.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_agrees_with_rfc_4648() {
        let vectors = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (bytes, expected) in vectors {
            assert_eq!(base64(bytes.as_bytes()), expected);
        }
    }
}
