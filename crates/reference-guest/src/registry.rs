//! Edits of the registry's text files while no Wine runs: a `reg.exe` costs seconds, this costs none.
//!
//! The format is Wine's (server/registry.c): sections with an escaped key
//! name, values one a line, long ones continued by a backslash.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

/// One hive file, edited in memory.
#[derive(Debug)]
pub(crate) struct Hive {
    path: PathBuf,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Text(&'a str),
    Number(u32),
}

impl Hive {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), text: fs::read_to_string(path)? })
    }

    /// The file is the old one or the new one, whenever the machine is killed.
    pub(crate) fn save(&self) -> io::Result<()> {
        let new = self.path.with_extension("new");
        fs::write(&new, &self.text)?;
        fs::File::open(&new)?.sync_all()?;
        fs::rename(&new, &self.path)
    }

    /// Takes out a key's subkeys with all that is in them, but those named; whether there was anything.
    pub(crate) fn remove_below(&mut self, key: &str, kept: &[&str]) -> bool {
        let header = |key: &str| format!("[{}", escaped(key, ']')).to_ascii_lowercase();
        let below = format!("{}\\\\", header(key));
        let kept: Vec<String> = kept.iter().map(|name| header(&format!("{key}\\{name}")) + "]").collect();
        let is_removed = |section: &str| {
            let section = section.to_ascii_lowercase();
            section.starts_with(&below) && !kept.iter().any(|header| section.starts_with(header))
        };
        // A section begins at the beginning of a line, which no line of a value does with a bracket.
        let mut text = String::with_capacity(self.text.len());
        let mut removing = false;
        for line in self.text.split_inclusive('\n') {
            if line.starts_with('[') {
                removing = is_removed(line);
            }
            if !removing {
                text.push_str(line);
            }
        }
        let any = text.len() < self.text.len();
        self.text = text;
        any
    }

    /// The bytes of a section's lines, without its header.
    fn section(&self, key: &str) -> Option<(usize, usize)> {
        let header = format!("[{}]", escaped(key, ']'));
        let mut at = 0;
        for line in self.text.split_inclusive('\n') {
            let next = at + line.len();
            let found = line.get(..header.len()).is_some_and(|start| start.eq_ignore_ascii_case(&header));
            if found {
                let rest = self.text.get(next..).unwrap_or("");
                let length = if rest.starts_with('[') {
                    0
                } else {
                    rest.find("\n[").map_or(rest.len(), |end| end + 1)
                };
                return Some((next, next + length));
            }
            at = next;
        }
        None
    }

    pub(crate) fn has_key(&self, key: &str) -> bool {
        self.section(key).is_some()
    }

    /// The raw text of a value, as it stands behind the equals sign, joined to one line.
    pub(crate) fn raw(&self, key: &str, name: &str) -> Option<String> {
        let (start, end) = self.section(key)?;
        let body = self.text.get(start..end)?;
        let (value_start, value_end) = value_range(body, name)?;
        let value = body.get(value_start..value_end)?;
        Some(value.replace("\\\n", "").split_once('=')?.1.chars().filter(|c| *c != '\n').collect())
    }

    pub(crate) fn text(&self, key: &str, name: &str) -> Option<String> {
        let raw = self.raw(key, name)?;
        let quoted = raw.strip_prefix('"')?.strip_suffix('"')?;
        Some(quoted.replace("\\\\", "\u{0}").replace("\\\"", "\"").replace('\u{0}', "\\"))
    }

    pub(crate) fn number(&self, key: &str, name: &str) -> Option<u32> {
        u32::from_str_radix(self.raw(key, name)?.strip_prefix("dword:")?, 16).ok()
    }

    /// The bytes of a binary value.
    pub(crate) fn bytes(&self, key: &str, name: &str) -> Option<Vec<u8>> {
        let raw = self.raw(key, name)?;
        raw.strip_prefix("hex:")?.split(',').map(|byte| u8::from_str_radix(byte.trim(), 16).ok()).collect()
    }

    /// Sets a value; the key is made where it does not exist.
    pub(crate) fn set(&mut self, key: &str, name: &str, value: Value<'_>) {
        let value = match value {
            Value::Text(text) => format!("\"{}\"", escaped(text, '"')),
            Value::Number(number) => format!("dword:{number:08x}"),
        };
        let line = format!("{}={value}\n", quoted_name(name));
        let Some((start, end)) = self.section(key) else {
            // Writing to a String cannot fail.
            let _ = write!(self.text, "\n[{}]\n{line}", escaped(key, ']'));
            return;
        };
        let body = self.text.get(start..end).unwrap_or("");
        if let Some((from, to)) = value_range(body, name) {
            self.text.replace_range(start + from..start + to, &line);
        } else {
            // After the #time and #class lines, before the blank line at the end.
            let length = body.trim_end_matches('\n').len();
            let newline = usize::from(length > 0);
            self.text.replace_range(
                start + length..(start + length + newline).min(end),
                &format!("{}{line}", if newline == 1 { "\n" } else { "" }),
            );
        }
    }
}

fn quoted_name(name: &str) -> String {
    if name.is_empty() { "@".to_owned() } else { format!("\"{}\"", escaped(name, '"')) }
}

fn value_range(body: &str, name: &str) -> Option<(usize, usize)> {
    let wanted = format!("{}=", quoted_name(name));
    let mut at = 0;
    let mut found = None;
    let mut continued = false;
    for line in body.split_inclusive('\n') {
        let next = at + line.len();
        if !continued {
            if let Some(start) = found {
                return Some((start, at));
            }
            if line.get(..wanted.len()).is_some_and(|start| start.eq_ignore_ascii_case(&wanted)) {
                found = Some(at);
            }
        }
        continued = line.ends_with("\\\n");
        at = next;
    }
    found.map(|start| (start, at))
}

// dump_strW of wine/server/unicode.c: backslash and the closing character are escaped, other characters as \xHHHH.
fn escaped(text: &str, closing: char) -> String {
    let mut escaped = String::new();
    for unit in text.encode_utf16() {
        match char::from_u32(u32::from(unit)) {
            Some('\\') => escaped.push_str("\\\\"),
            Some(c) if c == closing || (closing == ']' && c == '[') => escaped.extend(['\\', c]),
            Some(c) if c.is_ascii() && !c.is_ascii_control() => escaped.push(c),
            _ => drop(write!(escaped, "\\x{unit:04x}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const HIVE: &str = "WINE REGISTRY Version 2\n\n[System\\\\ControlSet001\\\\A] 17\n#time=1\n\"ComputerName\"=\"VM\"\n\"TZI\"=hex:c4,ff,\\\n  01,00\n\n[System\\\\ControlSet001\\\\Empty] 17\n#time=1\n\n[Z] 1\n#time=1\n\"x\"=dword:0000000a\n";

    fn hive() -> Hive {
        Hive { path: PathBuf::new(), text: HIVE.to_owned() }
    }

    #[test]
    fn values_are_read() {
        let hive = hive();
        assert_eq!(hive.text("system\\controlset001\\a", "computername").as_deref(), Some("VM"));
        assert_eq!(hive.bytes("System\\ControlSet001\\A", "TZI"), Some(vec![0xC4, 0xFF, 1, 0]));
        assert_eq!(hive.number("Z", "x"), Some(10));
        assert_eq!(hive.text("Z", "y"), None);
    }

    #[test]
    fn a_value_is_replaced_or_added_in_place() {
        let mut hive = hive();
        hive.set("System\\ControlSet001\\A", "ComputerName", Value::Text("B\\\"C"));
        hive.set("System\\ControlSet001\\A", "TZI", Value::Number(1));
        hive.set("System\\ControlSet001\\A", "New", Value::Number(2));
        hive.set("System\\ControlSet001\\Empty", "First", Value::Text("1"));
        hive.set("Z", "y", Value::Number(3));
        hive.set("New\\Key", "", Value::Text("default"));
        assert_eq!(hive.text("System\\ControlSet001\\A", "ComputerName").as_deref(), Some("B\\\"C"));
        assert_eq!(hive.number("Z", "y"), Some(3));
        assert_eq!(
            hive.text,
            "WINE REGISTRY Version 2\n\n[System\\\\ControlSet001\\\\A] 17\n#time=1\n\"ComputerName\"=\"B\\\\\\\"C\"\n\"TZI\"=dword:00000001\n\"New\"=dword:00000002\n\n[System\\\\ControlSet001\\\\Empty] 17\n#time=1\n\"First\"=\"1\"\n\n[Z] 1\n#time=1\n\"x\"=dword:0000000a\n\"y\"=dword:00000003\n\n[New\\\\Key]\n@=\"default\"\n"
        );
    }

    #[test]
    fn subkeys_are_removed_with_their_values_and_nothing_else_is() {
        let mut hive = Hive {
            path: PathBuf::new(),
            text: "W\n\n[HARDWARE\\\\ACPI] 1\n\n[Hardware\\\\A\\\\B] 1\n\"x\"=\"[y\"\n\n[HARDWARE\\\\acpi2] 1\n@=\"1\"\n\n[HardwareX\\\\Y] 1\n\"z\"=\"1\"\n"
                .to_owned(),
        };
        assert!(hive.remove_below("HARDWARE", &["ACPI"]));
        assert_eq!(hive.text, "W\n\n[HARDWARE\\\\ACPI] 1\n\n[HardwareX\\\\Y] 1\n\"z\"=\"1\"\n");
        assert!(!hive.remove_below("HARDWARE", &["ACPI"]));
    }

    #[test]
    fn saving_replaces_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("system.reg");
        fs::write(&path, HIVE).unwrap();
        let mut hive = Hive::open(&path).unwrap();
        hive.remove_below("System\\ControlSet001", &[]);
        hive.save().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), hive.text);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_name_outside_ascii_is_escaped_as_wine_does() {
        assert_eq!(escaped("Jürgen[1]", ']'), "J\\x00fcrgen\\[1\\]");
    }
}
