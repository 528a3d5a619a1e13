//! Store paths: `/nix/store/`, 32 digits, a dash, a name.

use super::nixbase32;

/// Where the store is. As in nix-compat it is a constant.
pub const STORE_DIR: &str = "/nix/store";
/// Bytes of the digest in a path.
pub const DIGEST_SIZE: usize = 20;
/// A name is no longer, so that file names have room for suffixes.
const NAME_LENGTH: usize = 211;

/// A path directly below the store's directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StorePath {
    digest: [u8; DIGEST_SIZE],
    name: String,
}

/// Why a path is not a store path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseStorePathError {
    /// It lies elsewhere.
    #[error("it does not begin with `{STORE_DIR}/`")]
    MissingStoreDir,
    /// It ends within the digest.
    #[error("it has no dash after 32 digits")]
    MissingDash,
    /// The digest is not one.
    #[error("its digest is wrong: {0}")]
    InvalidHashEncoding(nixbase32::DecodeError),
    /// A name that Nix would not give.
    #[error("`{name}` is no name of a store path")]
    InvalidName {
        /// The name.
        name: String,
    },
}

impl StorePath {
    /// A path of the store itself, not of something inside.
    ///
    /// # Errors
    /// [`ParseStorePathError`], by the part that is wrong.
    pub fn from_absolute_path(path: &[u8]) -> Result<Self, ParseStorePathError> {
        let below = path
            .strip_prefix(STORE_DIR.as_bytes())
            .and_then(|rest| rest.strip_prefix(b"/"))
            .ok_or(ParseStorePathError::MissingStoreDir)?;
        Self::from_bytes(below)
    }

    /// The last part of a store path.
    ///
    /// # Errors
    /// [`ParseStorePathError`], by the part that is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ParseStorePathError> {
        let digits = nixbase32::encode_len(DIGEST_SIZE);
        let (digest, rest) = bytes.split_at_checked(digits).ok_or(ParseStorePathError::MissingDash)?;
        let name = rest.strip_prefix(b"-").ok_or(ParseStorePathError::MissingDash)?;
        let decoded = nixbase32::decode(digest).map_err(ParseStorePathError::InvalidHashEncoding)?;
        let mut fixed = [0; DIGEST_SIZE];
        for (target, byte) in fixed.iter_mut().zip(decoded) {
            *target = byte;
        }
        Ok(Self { digest: fixed, name: validate_name(name)? })
    }

    /// The store path that a path lies in, and the rest below it.
    ///
    /// # Errors
    /// [`ParseStorePathError`], by the part that is wrong.
    pub fn from_absolute_path_full(path: &str) -> Result<(Self, &str), ParseStorePathError> {
        let below = path
            .strip_prefix(STORE_DIR)
            .and_then(|rest| rest.strip_prefix('/'))
            .ok_or(ParseStorePathError::MissingStoreDir)?;
        let (first, rest) = below.split_once('/').unwrap_or((below, ""));
        Ok((Self::from_bytes(first.as_bytes())?, rest))
    }

    /// The digest.
    #[must_use]
    pub fn digest(&self) -> &[u8; DIGEST_SIZE] {
        &self.digest
    }

    /// The name: what a person would call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole path.
    #[must_use]
    pub fn to_absolute_path(&self) -> String {
        format!("{STORE_DIR}/{self}")
    }
}

impl std::fmt::Display for StorePath {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}-{}", nixbase32::encode(&self.digest), self.name)
    }
}

/// The rules of Nix's `checkName`: its own characters, and neither `.` nor `..` alone or before a dash.
fn validate_name(name: &[u8]) -> Result<String, ParseStorePathError> {
    let known = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-._?=".contains(byte);
    let dots =
        |dots: &[u8]| name == dots || name.strip_prefix(dots).is_some_and(|rest| rest.starts_with(b"-"));
    let text = String::from_utf8_lossy(name).into_owned();
    if name.is_empty() || name.len() > NAME_LENGTH || !name.iter().all(known) || dots(b".") || dots(b"..") {
        return Err(ParseStorePathError::InvalidName { name: text });
    }
    Ok(text)
}
