//! A WIM file: its header, its images' XML metadata, and where a file's bytes lie.
//!
//! Layout as Microsoft's "Windows Imaging File Format (WIM)" white paper gives it.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use fs_err as fs;

use crate::answer_file::xml::{self, Element};

const HEADER_BYTES: usize = 208;
const LOOKUP_TABLE_AT: usize = 0x30;
const XML_AT: usize = 0x48;
const LOOKUP_ENTRY_BYTES: usize = 50;
const RESOURCE_METADATA: u8 = 0x02;
const RESOURCE_COMPRESSED: u8 = 0x04;
const RESOURCE_SPANNED: u8 = 0x08;
const DENTRY_FIXED_BYTES: usize = 102;
// Far more than the metadata of any image that this guest is made of.
const LARGEST_TABLE_BYTES: u64 = 64 << 20;

/// What the XML says of one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ImageDescription {
    pub(crate) index: u32,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) edition: String,
    /// `Client`, `Server`, `Server Core`.
    pub(crate) installation_type: String,
    pub(crate) build: Option<u32>,
    pub(crate) languages: Vec<String>,
}

/// Bytes inside the WIM file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Blob {
    pub(crate) offset: u64,
    pub(crate) size: u64,
}

#[derive(Debug, Clone, Copy)]
struct Resource {
    blob: Blob,
    flags: u8,
}

#[derive(Debug)]
struct LookupEntry {
    resource: Resource,
    sha1: [u8; 20],
}

/// An opened WIM file.
#[derive(Debug)]
pub(crate) struct Wim {
    pub(crate) images: Vec<ImageDescription>,
    lookup: Vec<LookupEntry>,
    metadata: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum WimError {
    #[error("cannot be read")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Malformed(&'static str),
    #[error("its XML: {0}")]
    Xml(#[from] xml::NotWellFormed),
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    array(bytes, at).map(u64::from_le_bytes)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_le_bytes)
}

fn resource(bytes: &[u8], at: usize) -> Option<Resource> {
    let word = u64_at(bytes, at)?;
    let flags = array::<8>(bytes, at)?[7];
    Some(Resource {
        blob: Blob { offset: u64_at(bytes, at + 8)?, size: word & 0x00FF_FFFF_FFFF_FFFF },
        flags,
    })
}

impl Wim {
    pub(crate) fn open(path: &Path) -> Result<Self, WimError> {
        Self::read(&mut fs::File::open(path)?)
    }

    pub(crate) fn read(file: &mut (impl Read + Seek)) -> Result<Self, WimError> {
        let header = read_blob(file, Blob { offset: 0, size: HEADER_BYTES as u64 })?;
        if !header.starts_with(b"MSWIM\0\0\0") {
            return Err(WimError::Malformed("it does not begin as a WIM file"));
        }
        let short = || WimError::Malformed("its header is too short");
        let table = read_blob(file, resource(&header, LOOKUP_TABLE_AT).ok_or_else(short)?.blob)?;
        let xml = read_blob(file, resource(&header, XML_AT).ok_or_else(short)?.blob)?;
        let lookup: Vec<LookupEntry> = table
            .chunks_exact(LOOKUP_ENTRY_BYTES)
            .filter_map(|entry| Some(LookupEntry { resource: resource(entry, 0)?, sha1: array(entry, 30)? }))
            .collect();
        let metadata = lookup
            .iter()
            .find(|entry| entry.resource.flags & RESOURCE_METADATA != 0)
            .ok_or(WimError::Malformed("it holds no image"))?
            .resource;
        if metadata.flags & RESOURCE_COMPRESSED != 0 {
            return Err(WimError::Malformed("its metadata is compressed, which this guest does not read"));
        }
        let metadata = read_blob(file, metadata.blob)?;
        Ok(Self { images: descriptions(&xml::parse(&xml::decode(&xml)?)?), lookup, metadata })
    }

    /// Where the bytes of a file in the root directory of the first image lie.
    pub(crate) fn blob(&self, name: &str) -> Result<Blob, WimError> {
        let sha1 = root_file(&self.metadata, name)
            .ok_or(WimError::Malformed("the image does not hold the root file system"))?;
        let entry = self
            .lookup
            .iter()
            .find(|entry| entry.sha1 == sha1 && entry.resource.flags & RESOURCE_METADATA == 0)
            .ok_or(WimError::Malformed("the lookup table does not know the root file system"))?;
        if entry.resource.flags & (RESOURCE_COMPRESSED | RESOURCE_SPANNED) != 0 {
            return Err(WimError::Malformed("the root file system is compressed or spanned"));
        }
        Ok(entry.resource.blob)
    }
}

fn read_blob(file: &mut (impl Read + Seek), blob: Blob) -> Result<Vec<u8>, WimError> {
    if blob.size > LARGEST_TABLE_BYTES {
        return Err(WimError::Malformed("one of its tables is impossibly large"));
    }
    let mut bytes = vec![0; usize::try_from(blob.size).unwrap_or(0)];
    file.seek(SeekFrom::Start(blob.offset))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// The hash of a file in the image's root directory.
fn root_file(metadata: &[u8], name: &str) -> Option<[u8; 20]> {
    let security_bytes = usize::try_from(u32::from_le_bytes(array(metadata, 0)?)).ok()?;
    let root = security_bytes.next_multiple_of(8).max(8);
    let mut at = usize::try_from(u64_at(metadata, root + 16)?).ok()?;
    loop {
        let length = usize::try_from(u64_at(metadata, at)?).ok()?;
        if length < DENTRY_FIXED_BYTES {
            return None;
        }
        let name_bytes = usize::from(u16_at(metadata, at + 100)?);
        let units: Vec<u16> = metadata
            .get(at + DENTRY_FIXED_BYTES..at + DENTRY_FIXED_BYTES + name_bytes)?
            .chunks_exact(2)
            .filter_map(|pair| u16_at(pair, 0))
            .collect();
        if String::from_utf16_lossy(&units).eq_ignore_ascii_case(name) {
            return array(metadata, at + 64);
        }
        let streams = u16_at(metadata, at + 96)?;
        at += length.next_multiple_of(8);
        for _ in 0..streams {
            at += usize::try_from(u64_at(metadata, at)?).ok()?.next_multiple_of(8);
        }
    }
}

fn descriptions(wim: &Element) -> Vec<ImageDescription> {
    wim.all("IMAGE")
        .into_iter()
        .map(|image| {
            let text = |path: &str| image.text_at(path).unwrap_or("").to_owned();
            ImageDescription {
                index: image.attribute("INDEX").and_then(|index| index.parse().ok()).unwrap_or(0),
                name: text("NAME"),
                description: text("DESCRIPTION"),
                edition: text("WINDOWS/EDITIONID"),
                installation_type: text("WINDOWS/INSTALLATIONTYPE"),
                build: text("WINDOWS/VERSION/BUILD").parse().ok(),
                languages: image
                    .all("WINDOWS/LANGUAGES/LANGUAGE")
                    .into_iter()
                    .map(|language| language.value().to_owned())
                    .collect(),
            }
        })
        .collect()
}
