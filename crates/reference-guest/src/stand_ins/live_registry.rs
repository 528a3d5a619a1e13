//! The registry of the running system, through the program that asked: Wine's server holds it, and its
//! files are only written when Wine stops.

use std::io::{self, Read as _};

use super::Program;

const REG_SZ: u32 = 1;
const REG_EXPAND_SZ: u32 = 2;
const REG_BINARY: u32 = 3;
const REG_DWORD: u32 = 4;
const REG_MULTI_SZ: u32 = 7;
const REG_QWORD: u32 = 11;
// More than any value that a registry holds.
const LONGEST_VALUE: u32 = 16 << 20;

pub(crate) const ERROR_SUCCESS: u32 = 0;
pub(crate) const ERROR_FILE_NOT_FOUND: u32 = 2;

/// A predefined key and a path below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    root: char,
    path: String,
}

impl Key {
    pub(crate) fn machine(path: impl Into<String>) -> Self {
        Self { root: 'm', path: path.into() }
    }

    /// `HKLM:\x`, `HKEY_LOCAL_MACHINE\x` or `Registry::HKEY_…\x`, as PowerShell writes keys.
    pub(crate) fn of_powershell(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        let provider = ["registry::", "microsoft.powershell.core\\registry::"];
        let skipped =
            provider.iter().find(|prefix| lower.starts_with(**prefix)).map_or(0, |prefix| prefix.len());
        let text = text.get(skipped..)?;
        let (root, path) = text.split_once(['\\', '/']).unwrap_or((text, ""));
        let (name, is_drive) = root.strip_suffix(':').map_or((root, false), |name| (name, true));
        // PowerShell has drives for two of the predefined keys only.
        let root = match (name.to_ascii_uppercase().as_str(), is_drive, skipped > 0) {
            ("HKLM", true, false) | ("HKEY_LOCAL_MACHINE", false, true) => 'm',
            ("HKCU", true, false) | ("HKEY_CURRENT_USER", false, true) => 'u',
            ("HKEY_CLASSES_ROOT", false, true) => 'c',
            ("HKEY_USERS", false, true) => 'a',
            _ => return None,
        };
        Some(Self { root, path: path.replace('/', "\\").trim_end_matches('\\').to_owned() })
    }

    fn payload(&self, operation: char, kind: u32, name: &str, data: &[u8]) -> Vec<u8> {
        let mut payload = format!("{operation}{}", self.root).into_bytes();
        payload.extend(kind.to_le_bytes());
        for text in [self.path.as_str(), name] {
            payload.extend(text.bytes());
            payload.push(0);
        }
        payload.extend(data);
        payload
    }
}

/// What a value holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Data {
    Text(String),
    Expandable(String),
    Several(Vec<String>),
    Number(u32),
    LongNumber(u64),
    Bytes(Vec<u8>),
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

fn of_utf16(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    String::from_utf16_lossy(&units).trim_end_matches('\0').to_owned()
}

impl Data {
    fn encode(&self) -> (u32, Vec<u8>) {
        match self {
            Self::Text(text) => (REG_SZ, utf16(text)),
            Self::Expandable(text) => (REG_EXPAND_SZ, utf16(text)),
            Self::Several(texts) => {
                let mut bytes: Vec<u8> = texts.iter().flat_map(|text| utf16(text)).collect();
                bytes.extend([0, 0]);
                (REG_MULTI_SZ, bytes)
            }
            Self::Number(number) => (REG_DWORD, number.to_le_bytes().to_vec()),
            Self::LongNumber(number) => (REG_QWORD, number.to_le_bytes().to_vec()),
            Self::Bytes(bytes) => (REG_BINARY, bytes.clone()),
        }
    }

    fn decode(kind: u32, bytes: &[u8]) -> Self {
        match (kind, bytes) {
            (REG_SZ, _) => Self::Text(of_utf16(bytes)),
            (REG_EXPAND_SZ, _) => Self::Expandable(of_utf16(bytes)),
            (REG_MULTI_SZ, _) => Self::Several(
                of_utf16(bytes).split('\0').filter(|text| !text.is_empty()).map(str::to_owned).collect(),
            ),
            (REG_DWORD, &[a, b, c, d]) => Self::Number(u32::from_le_bytes([a, b, c, d])),
            (REG_QWORD, _) => bytes.try_into().map_or_else(
                |_| Self::Bytes(bytes.to_vec()),
                |bytes| Self::LongNumber(u64::from_le_bytes(bytes)),
            ),
            _ => Self::Bytes(bytes.to_vec()),
        }
    }

    /// As PowerShell prints it.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Text(text) | Self::Expandable(text) => text.clone(),
            Self::Several(texts) => texts.join("\r\n"),
            Self::Number(number) => number.to_string(),
            Self::LongNumber(number) => number.to_string(),
            Self::Bytes(bytes) => bytes.iter().map(u8::to_string).collect::<Vec<_>>().join("\r\n"),
        }
    }
}

impl Program<'_> {
    fn registry(&mut self, key: &Key, operation: char, name: &str) -> io::Result<u32> {
        self.ask(b'k', &key.payload(operation, 0, name, &[]))
    }

    pub(crate) fn make_key(&mut self, key: &Key) -> io::Result<u32> {
        self.registry(key, 'n', "")
    }

    pub(crate) fn has_key(&mut self, key: &Key) -> io::Result<bool> {
        Ok(self.registry(key, 'o', "")? == ERROR_SUCCESS)
    }

    pub(crate) fn delete_value(&mut self, key: &Key, name: &str) -> io::Result<u32> {
        self.registry(key, 'd', name)
    }

    pub(crate) fn delete_key(&mut self, key: &Key) -> io::Result<u32> {
        self.registry(key, 't', "")
    }

    /// Sets a value; the key is made where there is none.
    pub(crate) fn set_value(&mut self, key: &Key, name: &str, data: &Data) -> io::Result<u32> {
        let (kind, bytes) = data.encode();
        self.ask(b'k', &key.payload('s', kind, name, &bytes))
    }

    pub(crate) fn set_number(&mut self, key: &str, name: &str, number: u32) -> io::Result<u32> {
        self.set_value(&Key::machine(key), name, &Data::Number(number))
    }

    pub(crate) fn set_text(&mut self, key: &str, name: &str, text: &str) -> io::Result<u32> {
        self.set_value(&Key::machine(key), name, &Data::Text(text.to_owned()))
    }

    /// A value, or nothing where key or value is missing.
    pub(crate) fn value(&mut self, key: &Key, name: &str) -> io::Result<Option<Data>> {
        if self.registry(key, 'g', name)? != ERROR_SUCCESS {
            return Ok(None);
        }
        let kind = self.receive_number()?;
        let bytes = self.receive_bytes(LONGEST_VALUE)?;
        Ok(Some(Data::decode(kind, &bytes)))
    }

    /// A variable of the program's environment; empty is the same as absent, as on Windows.
    pub(crate) fn variable(&mut self, name: &str) -> io::Result<String> {
        self.frame(b'v', name.as_bytes())?;
        Ok(String::from_utf8_lossy(&self.receive_bytes(LONGEST_VALUE)?).into_owned())
    }

    fn receive_number(&mut self) -> io::Result<u32> {
        let mut number = [0; 4];
        self.stream.read_exact(&mut number)?;
        Ok(u32::from_le_bytes(number))
    }

    fn receive_bytes(&mut self, most: u32) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; self.receive_number()?.min(most) as usize];
        self.stream.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powershell_names_keys_by_drive_or_by_provider() {
        let key = |root, path: &str| Some(Key { root, path: path.to_owned() });
        assert_eq!(Key::of_powershell("HKLM:\\Software\\A b\\"), key('m', "Software\\A b"));
        assert_eq!(Key::of_powershell("hkcu:/Console"), key('u', "Console"));
        assert_eq!(Key::of_powershell("Registry::HKEY_USERS\\.DEFAULT"), key('a', ".DEFAULT"));
        for unknown in ["HKLM\\Software", "HKCR:\\x", "C:\\x", "Registry::HKLM:\\x"] {
            assert_eq!(Key::of_powershell(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn values_come_back_as_they_were() {
        for data in [
            Data::Text("ä\\b".to_owned()),
            Data::Expandable("%TEMP%".to_owned()),
            Data::Several(vec!["a".to_owned(), "b c".to_owned()]),
            Data::Number(7),
            Data::LongNumber(1 << 40),
            Data::Bytes(vec![1, 2, 3]),
        ] {
            let (kind, bytes) = data.encode();
            assert_eq!(Data::decode(kind, &bytes), data);
        }
    }
}
