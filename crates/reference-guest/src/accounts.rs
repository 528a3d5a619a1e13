//! Local accounts: who exists, with which password and groups. The file stands where Windows keeps its SAM.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::answer_file::Element;

const FILE: &str = "/c/Windows/system32/config/SAM.json";
// The SAM's limit; the schema's 256 is only the schema's.
const NAME_LIMIT: usize = 20;
// Characters that Microsoft's reference forbids in a local account's name.
const FORBIDDEN: &str = "\"/[]:|<>+=;,?*%@\\";
const RESERVED: [&str; 8] = [
    "Administrator",
    "Guest",
    "DefaultAccount",
    "WDAGUtilityAccount",
    "SYSTEM",
    "NONE",
    "LOCAL SERVICE",
    "NETWORK SERVICE",
];
const PROFILE_DIRECTORIES: [&str; 10] = [
    "AppData/Local/Temp",
    "AppData/LocalLow",
    "AppData/Roaming",
    "Contacts",
    "Desktop",
    "Documents",
    "Downloads",
    "Music",
    "Pictures",
    "Videos",
];

pub(crate) const ADMINISTRATOR: &str = "Administrator";
const ADMINISTRATORS: &str = "Administrators";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) full_name: String,
    pub(crate) description: String,
    pub(crate) groups: Vec<String>,
    pub(crate) enabled: bool,
    pub(crate) password_expires: bool,
    password: Option<PasswordHash>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PasswordHash {
    salt: [u8; 16],
    sha256: [u8; 32],
}

impl PasswordHash {
    fn of(password: &str, salt: [u8; 16]) -> Self {
        let digest = Sha256::new().chain_update(salt).chain_update(password).finalize();
        Self { salt, sha256: digest.into() }
    }
}

impl Account {
    pub(crate) fn new(name: &str, groups: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            full_name: String::new(),
            description: String::new(),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            enabled: true,
            password_expires: true,
            password: None,
        }
    }

    pub(crate) fn set_password(&mut self, password: &str) -> io::Result<()> {
        let mut salt = [0; 16];
        fs::File::open("/dev/urandom")?.read_exact(&mut salt)?;
        self.password = (!password.is_empty()).then(|| PasswordHash::of(password, salt));
        Ok(())
    }

    pub(crate) fn has_password(&self, password: &str) -> bool {
        self.password
            .as_ref()
            .map_or(password.is_empty(), |hash| *hash == PasswordHash::of(password, hash.salt))
    }

    pub(crate) fn has_any_password(&self) -> bool {
        self.password.is_some()
    }

    pub(crate) fn is_administrator(&self) -> bool {
        self.groups.iter().any(|group| group.eq_ignore_ascii_case(ADMINISTRATORS))
    }

    pub(crate) fn profile(&self) -> PathBuf {
        profile(&self.name)
    }
}

/// `C:\Users\NAME`.
pub(crate) fn profile(name: &str) -> PathBuf {
    Path::new("/c/Users").join(name)
}

/// Makes a profile's directories.
pub(crate) fn make_profile(name: &str) -> io::Result<()> {
    PROFILE_DIRECTORIES.iter().try_for_each(|directory| fs::create_dir_all(profile(name).join(directory)))
}

/// All accounts of the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Accounts {
    accounts: Vec<Account>,
    /// `net accounts /maxpwage`: days, or none for "unlimited".
    pub(crate) greatest_password_age_days: Option<u32>,
}

impl Accounts {
    /// What a fresh installation has: the built-in accounts, disabled.
    pub(crate) fn built_in() -> Self {
        let disabled = |name: &str, groups: &[&str]| Account { enabled: false, ..Account::new(name, groups) };
        Self {
            accounts: vec![disabled(ADMINISTRATOR, &[ADMINISTRATORS]), disabled("Guest", &["Guests"])],
            greatest_password_age_days: Some(42),
        }
    }

    pub(crate) fn load() -> Self {
        fs::read(FILE)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_else(Self::built_in)
    }

    pub(crate) fn save(&self) -> io::Result<()> {
        fs::write(FILE, serde_json::to_vec_pretty(self)?)
    }

    pub(crate) fn all(&self) -> &[Account] {
        &self.accounts
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.name.eq_ignore_ascii_case(name))
    }

    pub(crate) fn find_mut(&mut self, name: &str) -> Option<&mut Account> {
        self.accounts.iter_mut().find(|account| account.name.eq_ignore_ascii_case(name))
    }

    pub(crate) fn add(&mut self, account: Account) {
        self.accounts.push(account);
    }

    pub(crate) fn remove(&mut self, name: &str) -> bool {
        let before = self.accounts.len();
        self.accounts.retain(|account| !account.name.eq_ignore_ascii_case(name));
        self.accounts.len() < before
    }
}

/// Why a name cannot be an account's.
pub(crate) fn name_fault(name: &str) -> Option<String> {
    let length = name.encode_utf16().count();
    if name.is_empty() || length > NAME_LIMIT {
        return Some(format!(
            "the account name {name:?} has {length} characters; 1 to {NAME_LIMIT} are allowed"
        ));
    }
    if let Some(bad) = name.chars().find(|c| FORBIDDEN.contains(*c) || c.is_control()) {
        return Some(format!("the account name {name:?} has the character {bad:?}, which is not allowed"));
    }
    if name.ends_with(['.', ' ']) {
        return Some(format!("the account name {name:?} ends in a full stop or a space"));
    }
    let reserved = RESERVED.iter().any(|one| one.eq_ignore_ascii_case(name));
    reserved.then(|| format!("the account name {name:?} is reserved"))
}

/// The password in a `Password`, `AdministratorPassword` or `AutoLogon/Password` element.
/// With `PlainText` false it is base64 of UTF-16LE text that ends in the element's name.
pub(crate) fn password(element: Option<&Element>) -> Result<String, String> {
    let Some(element) = element else { return Ok(String::new()) };
    let value = element.text_at("Value").unwrap_or("");
    // The reference: PlainText is true unless it says false.
    if element.text_at("PlainText") != Some("false") || value.is_empty() {
        return Ok(value.to_owned());
    }
    let hidden = || {
        format!(
            "L69: PlainText is false, but the Value of {} is not base64 of UTF-16 text that ends in {:?}",
            element.name, element.name
        )
    };
    let bytes = base64(value).ok_or_else(hidden)?;
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    let text = String::from_utf16(&units).ok().filter(|_| rest.is_empty()).ok_or_else(hidden)?;
    text.strip_suffix(element.name.as_str()).map(str::to_owned).ok_or_else(hidden)
}

/// Base64 with padding (RFC 4648, section 4).
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let (groups, rest) = digits.as_chunks::<4>();
    if !rest.is_empty() {
        return None;
    }
    let mut bytes = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        let padding = group.iter().rev().take_while(|byte| **byte == b'=').count();
        if padding > 2 || (padding > 0 && index + 1 < groups.len()) {
            return None;
        }
        let mut word = 0_u32;
        for byte in group {
            let digit = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                b'=' => 0,
                _ => return None,
            };
            word = (word << 6) | u32::from(digit);
        }
        let [_, a, b, c] = word.to_be_bytes();
        bytes.extend([a, b, c].into_iter().take(3 - padding));
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer_file::xml;

    #[test]
    fn names_that_windows_refuses_are_refused() {
        for name in ["", "a".repeat(21).as_str(), "a/b", "dot.", "space ", "administrator", "a@b", "x\\y"] {
            assert!(name_fault(name).is_some(), "{name:?}");
        }
        assert_eq!(name_fault("wfvm"), None);
    }

    #[test]
    fn a_hidden_password_is_revealed() {
        let element = |value: &str, plain: bool| {
            xml::parse(&format!("<Password><Value>{value}</Value><PlainText>{plain}</PlainText></Password>"))
                .unwrap()
        };
        assert_eq!(
            password(Some(&element("YQBkAG0AaQBuAFAAYQBzAHMAdwBvAHIAZAA=", false))).as_deref(),
            Ok("admin")
        );
        assert_eq!(password(Some(&element("admin", true))).as_deref(), Ok("admin"));
        assert!(password(Some(&element("admin", false))).unwrap_err().starts_with("L69"));
        assert!(password(Some(&element("YWJj", false))).is_err());
    }

    #[test]
    fn a_password_is_kept_as_a_salted_hash() {
        let mut account = Account::new("a", &["Users"]);
        assert!(account.has_password("") && !account.has_password("x"));
        account.set_password("secret").unwrap();
        assert!(
            account.has_password("secret") && !account.has_password("Secret") && !account.has_password("")
        );
        assert!(!serde_json::to_string(&account).unwrap().contains("secret"));
    }
}
