//! The header and the XML of a WIM, ESD or SWM file (Microsoft's "Windows Imaging File
//! Format (WIM)", 2007; solid files carry version 0xE00).

mod header;
mod xml;

use std::io::{Read, Seek};

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

pub use header::{Compression, ImageFile};
pub(super) use header::{Parts, file};

use super::IsoError;
use super::medium::Fields;
use super::udf::{Entry, Udf};

/// The XML of eleven editions has some tens of kilobytes.
const XML_BYTES: u64 = 4 << 20;
/// A resource that is compressed, spans parts or is packed with others.
const COMPRESSED_OR_SPANNED: u8 = 0x04 | 0x08 | 0x10;

/// An image that can be installed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    /// Counted from 1; `/IMAGE/INDEX`.
    pub index: u32,
    /// `/IMAGE/NAME`.
    pub name: String,
    /// `/IMAGE/DESCRIPTION`.
    pub description: String,
    /// What Setup shows.
    pub display_name: String,
    /// What Setup shows below it.
    pub display_description: String,
    /// Often the edition; of a Server Core it has `Core` at its end.
    pub flags: String,
    /// `EDITIONID`, such as `Professional`.
    pub edition_id: String,
    /// What it runs on.
    pub architecture: Architecture,
    /// Languages inside the image.
    pub languages: Vec<String>,
    /// The one it starts with.
    pub default_language: Option<String>,
    /// `Client`, `Server`, `Server Core`, `WindowsPE`.
    pub installation_type: String,
    /// `WinNT`, `ServerNT`, `LanmanNT`.
    pub product_type: String,
    /// Such as `Terminal Server` or `Enterprise`.
    pub product_suite: String,
    /// Such as 26100.
    pub build: Option<u32>,
    /// All of the version.
    pub version: Version,
    /// The product key configuration that it was made with.
    pub product_key_configuration: Option<String>,
    /// What its files need on disk: [`Image::total_bytes`] without what hard links share.
    pub content_bytes: u64,
    /// All files, each counted as often as it has names.
    pub total_bytes: u64,
    /// What further names of a file count for in that sum.
    pub hard_link_bytes: u64,
    /// How many directories.
    pub directories: u64,
    /// How many files.
    pub files: u64,
    /// When the image was made, in seconds since 1970.
    pub created_unix_seconds: Option<i64>,
}

/// `WINDOWS/VERSION`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// 10, for Windows 11 as well.
    pub major: Option<u32>,
    /// 0.
    pub minor: Option<u32>,
    /// `SPBUILD`: the update that the image has, the last number of `10.0.26100.1742`.
    pub service_pack_build: Option<u32>,
    /// `SPLEVEL`.
    pub service_pack_level: Option<u32>,
    /// Where it was developed, such as `ge_release`.
    pub branch: Option<String>,
}

/// `WINDOWS/ARCH`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String")]
pub enum Architecture {
    /// 9.
    Amd64,
    /// 12.
    Arm64,
    /// 0.
    X86,
    /// Any other number, or none.
    Other(Option<u16>),
}

impl Default for Architecture {
    fn default() -> Self {
        Self::Other(None)
    }
}

impl std::fmt::Display for Architecture {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Amd64 => formatter.write_str("amd64"),
            Self::Arm64 => formatter.write_str("arm64"),
            Self::X86 => formatter.write_str("x86"),
            Self::Other(Some(number)) => write!(formatter, "architecture {number}"),
            Self::Other(None) => formatter.write_str("no known architecture"),
        }
    }
}

impl Serialize for Architecture {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Image {
    /// Whether it is a time-limited evaluation, which takes no key.
    #[must_use]
    pub fn is_evaluation(&self) -> bool {
        self.edition_id.ends_with("Eval")
    }

    /// Such as `10.0.26100.1742`, as far as it is known.
    #[must_use]
    pub fn full_version(&self) -> String {
        let numbers = [self.version.major, self.version.minor, self.build, self.version.service_pack_build];
        let known: Vec<String> = numbers.into_iter().flatten().map(|number| number.to_string()).collect();
        known.join(".")
    }
}

/// The images of a file, in the order of their indexes.
pub(super) fn images<R: Read + Seek>(
    udf: &mut Udf<R>,
    path: &'static str,
    entry: &Entry,
    file: &ImageFile,
) -> Result<Vec<Image>, IsoError> {
    let damaged = |problem: String| IsoError::Damaged { structure: path, offset: 0, problem };
    let (size, flags, offset) = file.xml;
    if flags & COMPRESSED_OR_SPANNED != 0 || size > XML_BYTES {
        return Err(damaged(format!(
            "its XML has {size} bytes and flags {flags:#x}, which should be up to {XML_BYTES} uncompressed bytes"
        )));
    }
    let bytes = udf.read(path, entry, offset, size)?;
    let units: Vec<u16> =
        bytes.chunks(2).map(|pair| pair.u16(0)).skip_while(|unit| *unit == 0xFEFF).collect();
    let text = String::from_utf16(&units).map_err(|_| damaged("its XML is not UTF-16".into()))?;
    let mut images =
        xml::images(&text).map_err(|problem| damaged(format!("its XML cannot be read: {problem}")))?;
    images.sort_by_key(|image| image.index);
    if images.is_empty() {
        return Err(damaged("it holds no image".into()));
    }
    if !images.iter().map(|image| image.index).eq(1..=file.images) {
        let found: Vec<String> = images.iter().take(20).map(|image| image.index.to_string()).collect();
        return Err(damaged(format!(
            "its header counts {} images, and its XML has those with the indexes {}",
            file.images,
            found.join(", ")
        )));
    }
    Ok(images)
}
