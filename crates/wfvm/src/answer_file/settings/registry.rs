//! Files for `reg.exe import`, which takes any text without a shell's quotation.

use crate::spec::{RegistryData, RegistryValue};

const ROOTS: [(&str, &str); 2] = [("HKLM", "HKEY_LOCAL_MACHINE"), ("HKCU", "HKEY_CURRENT_USER")];

/// What is wrong with a key.
pub(in crate::answer_file) fn key_problem(key: &str) -> Option<String> {
    let Some((_, rest)) = split(key) else {
        return Some(format!("`{key}` begins neither with `HKLM\\` nor with `HKCU\\`"));
    };
    if rest.split('\\').any(str::is_empty) {
        return Some(format!("`{key}` has a part without a name"));
    }
    // A line of the file ends at the bracket that follows its key.
    rest.contains([']', '[']).then(|| format!("`{key}` holds a bracket"))
}

/// The root's long name, and what follows it.
fn split(key: &str) -> Option<(&'static str, &str)> {
    let (root, rest) = key.split_once('\\')?;
    let (_, long) = ROOTS
        .iter()
        .find(|(short, long)| root.eq_ignore_ascii_case(short) || root.eq_ignore_ascii_case(long))?;
    Some((long, rest))
}

pub(super) fn is_of_user(key: &str) -> bool {
    split(key).is_some_and(|(root, _)| root == "HKEY_CURRENT_USER")
}

pub(super) fn long_key(key: &str) -> String {
    split(key).map_or_else(|| key.into(), |(root, rest)| format!("{root}\\{rest}"))
}

/// A user's key below another root.
pub(super) fn user_key_below(key: &str, root: &str) -> String {
    split(key).map_or_else(|| key.into(), |(_, rest)| format!("{root}\\{rest}"))
}

/// As the command line has it.
pub(super) fn short_key(key: &str) -> String {
    key.replacen("HKEY_USERS", "HKU", 1)
}

/// The file: UTF-16 with its mark, version 5, the values of a key together.
pub(super) fn file(values: &[RegistryValue], key_of: impl Fn(&str) -> String) -> Vec<u8> {
    let mut lines = vec!["Windows Registry Editor Version 5.00".to_owned()];
    let mut last = String::new();
    for value in values {
        let key = key_of(&value.key);
        if key != last {
            lines.extend([String::new(), format!("[{key}]")]);
            last = key;
        }
        let name = if value.name.is_empty() { "@".into() } else { format!("\"{}\"", escaped(&value.name)) };
        lines.push(format!("{name}={}", data(&value.data)));
    }
    lines.push(String::new());
    let text = lines.join("\r\n");
    [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn data(data: &RegistryData) -> String {
    match data {
        RegistryData::String(text) => format!("\"{}\"", escaped(text)),
        RegistryData::Dword(number) => format!("dword:{number:08x}"),
        RegistryData::ExpandString(text) => format!("hex(2):{}", bytes(&utf16(&[text]))),
        RegistryData::MultiString(texts) => {
            let mut all = utf16(&texts.iter().collect::<Vec<_>>());
            all.extend([0, 0]);
            format!("hex(7):{}", bytes(&all))
        }
        RegistryData::Qword(number) => format!("hex(b):{}", bytes(&number.to_le_bytes())),
        RegistryData::Binary(digits) => {
            let pairs: Vec<String> = digits
                .as_bytes()
                .chunks(2)
                .map(|pair| String::from_utf8_lossy(pair).to_lowercase())
                .collect();
            format!("hex:{}", pairs.join(","))
        }
    }
}

/// Each text with the zero that ends it.
fn utf16(texts: &[&String]) -> Vec<u8> {
    texts.iter().flat_map(|text| text.encode_utf16().chain([0])).flat_map(u16::to_le_bytes).collect()
}

fn bytes(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(",")
}
