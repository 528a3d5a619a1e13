//! The header and the XML of a WIM, ESD or SWM file (Microsoft's "Windows Imaging File
//! Format (WIM)", 2007; solid files carry version 0xE00).

use std::io::{Read, Seek};

use serde::Deserialize;

use super::IsoError;
use super::medium::Fields;
use super::udf::{Entry, Udf};

const HEADER_BYTES: u64 = 208;
/// The XML of eleven editions has some tens of kilobytes.
const XML_BYTES: u64 = 16 << 20;
const COMPRESSED_OR_SPANNED: u8 = 0x04 | 0x08 | 0x10;

/// An image that can be installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Counted from 1; `/IMAGE/INDEX`.
    pub index: u32,
    /// `/IMAGE/NAME`.
    pub name: String,
    /// `/IMAGE/DESCRIPTION`.
    pub description: String,
    /// What Setup shows.
    pub display_name: String,
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
    /// Such as 26100.
    pub build: Option<u32>,
    /// What its files need on disk.
    pub content_bytes: u64,
}

/// `WINDOWS/ARCH`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

impl Image {
    /// Whether it is a time-limited evaluation, which takes no key.
    #[must_use]
    pub fn is_evaluation(&self) -> bool {
        self.edition_id.ends_with("Eval")
    }
}

pub(super) fn images<R: Read + Seek>(
    udf: &mut Udf<R>,
    path: &'static str,
    file: &Entry,
) -> Result<Vec<Image>, IsoError> {
    let damaged = |problem: String| IsoError::Damaged { structure: path, offset: 0, problem };
    if file.bytes() < HEADER_BYTES {
        return Err(damaged(format!("it has only {} bytes", file.bytes())));
    }
    let header = udf.read(path, file, 0, HEADER_BYTES)?;
    if header.piece(0, 8) != b"MSWIM\0\0\0" {
        return Err(damaged("it does not begin with `MSWIM`".into()));
    }
    let version = header.u32(12);
    if !matches!(version, 0x0001_0D00 | 0x0000_0E00) {
        return Err(IsoError::Unsupported { what: format!("an install image of version {version:#x}") });
    }
    parts(udf, path, header.u16(40), header.u16(42))?;
    // A resource header: 7 bytes of size, one of flags, offset, original size.
    let resource = header.piece(0x48, 24);
    let (size, flags, offset) = (resource.number(0, 7), resource.byte(7), resource.u64(8));
    if flags & COMPRESSED_OR_SPANNED != 0 || size > XML_BYTES {
        return Err(damaged(format!("its XML has {size} bytes and flags {flags:#x}")));
    }
    let bytes = udf.read(path, file, offset, size)?;
    let units: Vec<u16> =
        bytes.chunks(2).map(|pair| pair.u16(0)).skip_while(|unit| *unit == 0xFEFF).collect();
    let xml = String::from_utf16(&units).map_err(|_| damaged("its XML is not UTF-16".into()))?;
    let wim: Wim =
        quick_xml::de::from_str(&xml).map_err(|error| damaged(format!("its XML cannot be read: {error}")))?;
    let mut images: Vec<Image> = wim.images.into_iter().map(Image::from).collect();
    images.sort_by_key(|image| image.index);
    if images.is_empty() {
        return Err(damaged("it holds no image".into()));
    }
    Ok(images)
}

/// A split image needs all of its parts: `install.swm`, `install2.swm`, …
fn parts<R: Read + Seek>(
    udf: &mut Udf<R>,
    path: &'static str,
    part: u16,
    parts: u16,
) -> Result<(), IsoError> {
    let damaged = |problem: String| IsoError::Damaged { structure: path, offset: 40, problem };
    if part != 1 || parts == 0 || parts > 1000 {
        return Err(damaged(format!("it is part {part} of {parts}")));
    }
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    for number in 2..=parts {
        let next = format!("{stem}{number}.swm");
        if udf.find(&next)?.is_none() {
            return Err(damaged(format!("it has {parts} parts, and `{next}` is missing")));
        }
    }
    Ok(())
}

#[derive(Debug, Deserialize)]
struct Wim {
    #[serde(rename = "IMAGE", default)]
    images: Vec<XmlImage>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct XmlImage {
    #[serde(rename = "@INDEX")]
    index: u32,
    #[serde(default)]
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    displayname: String,
    #[serde(default)]
    flags: String,
    #[serde(default)]
    totalbytes: u64,
    #[serde(default)]
    hardlinkbytes: u64,
    windows: Option<XmlWindows>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct XmlWindows {
    arch: Option<u16>,
    #[serde(default)]
    editionid: String,
    #[serde(default)]
    installationtype: String,
    languages: Option<XmlLanguages>,
    version: Option<XmlVersion>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct XmlLanguages {
    #[serde(default)]
    language: Vec<String>,
    default: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct XmlVersion {
    build: Option<u32>,
}

impl From<XmlImage> for Image {
    fn from(image: XmlImage) -> Self {
        let windows = image.windows.unwrap_or_default();
        let (languages, default_language) =
            windows.languages.map_or((Vec::new(), None), |languages| (languages.language, languages.default));
        Self {
            index: image.index,
            name: image.name,
            description: image.description,
            display_name: image.displayname,
            edition_id: if windows.editionid.is_empty() { image.flags } else { windows.editionid },
            architecture: match windows.arch {
                Some(9) => Architecture::Amd64,
                Some(12) => Architecture::Arm64,
                Some(0) => Architecture::X86,
                other => Architecture::Other(other),
            },
            languages,
            default_language,
            installation_type: windows.installationtype,
            build: windows.version.and_then(|version| version.build),
            content_bytes: image.totalbytes.saturating_sub(image.hardlinkbytes),
        }
    }
}
