//! The XML of a WIM: what stands below `/WIM/IMAGE`.

use serde::Deserialize;

use super::{Architecture, Image, Version};

/// Images of one file; media have up to a dozen.
const IMAGES: usize = 512;
/// Characters of a name: more would only fill the screen.
const NAME_CHARACTERS: usize = 1024;
/// Seconds from 1601, where FILETIME begins, to 1970.
const UNIX_EPOCH: i64 = 11_644_473_600;

/// The images in the order of the document, or why there are none.
pub(super) fn images(text: &str) -> Result<Vec<Image>, String> {
    let wim: Wim = quick_xml::de::from_str(text).map_err(|error| error.to_string())?;
    if wim.images.len() > IMAGES {
        return Err(format!("it has {} images", wim.images.len()));
    }
    Ok(wim.images.into_iter().map(Image::from).collect())
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
    displaydescription: String,
    #[serde(default)]
    flags: String,
    #[serde(default)]
    dircount: u64,
    #[serde(default)]
    filecount: u64,
    #[serde(default)]
    totalbytes: u64,
    #[serde(default)]
    hardlinkbytes: u64,
    creationtime: Option<XmlTime>,
    windows: Option<XmlWindows>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct XmlTime {
    #[serde(default)]
    highpart: String,
    #[serde(default)]
    lowpart: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct XmlWindows {
    arch: Option<u16>,
    #[serde(default)]
    editionid: String,
    #[serde(default)]
    installationtype: String,
    #[serde(default)]
    producttype: String,
    #[serde(default)]
    productsuite: String,
    languages: Option<XmlLanguages>,
    version: Option<XmlVersion>,
    servicingdata: Option<XmlServicing>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct XmlLanguages {
    #[serde(default)]
    language: Vec<String>,
    default: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct XmlVersion {
    major: Option<u32>,
    minor: Option<u32>,
    build: Option<u32>,
    spbuild: Option<u32>,
    splevel: Option<u32>,
    branch: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct XmlServicing {
    pkeyconfigversion: Option<String>,
}

impl XmlTime {
    /// Two hexadecimal halves of a FILETIME, which counts 100 ns.
    fn unix_seconds(&self) -> Option<i64> {
        let half = |text: &str| u32::from_str_radix(text.trim().trim_start_matches("0x"), 16).ok();
        let ticks = u64::from(half(&self.highpart)?) << 32 | u64::from(half(&self.lowpart)?);
        i64::try_from(ticks / 10_000_000).ok().map(|seconds| seconds - UNIX_EPOCH)
    }
}

/// Without what would move a terminal's cursor or fill its screen.
fn plain(text: String) -> String {
    if text.chars().count() <= NAME_CHARACTERS && !text.contains(char::is_control) {
        return text;
    }
    text.chars().filter(|character| !character.is_control()).take(NAME_CHARACTERS).collect()
}

impl From<XmlImage> for Image {
    fn from(image: XmlImage) -> Self {
        let windows = image.windows.unwrap_or_default();
        let (languages, default_language) =
            windows.languages.map_or((Vec::new(), None), |languages| (languages.language, languages.default));
        let version = windows.version.unwrap_or_default();
        let flags = plain(image.flags);
        Self {
            index: image.index,
            name: plain(image.name),
            description: plain(image.description),
            display_name: plain(image.displayname),
            display_description: plain(image.displaydescription),
            edition_id: if windows.editionid.is_empty() { flags.clone() } else { plain(windows.editionid) },
            flags,
            architecture: match windows.arch {
                Some(9) => Architecture::Amd64,
                Some(12) => Architecture::Arm64,
                Some(0) => Architecture::X86,
                other => Architecture::Other(other),
            },
            languages: languages.into_iter().map(plain).collect(),
            default_language: default_language.map(plain),
            installation_type: plain(windows.installationtype),
            product_type: plain(windows.producttype),
            product_suite: plain(windows.productsuite),
            build: version.build,
            version: Version {
                major: version.major,
                minor: version.minor,
                service_pack_build: version.spbuild,
                service_pack_level: version.splevel,
                branch: version.branch.map(plain),
            },
            product_key_configuration: windows
                .servicingdata
                .and_then(|data| data.pkeyconfigversion)
                .map(plain),
            content_bytes: image.totalbytes.saturating_sub(image.hardlinkbytes),
            total_bytes: image.totalbytes,
            hard_link_bytes: image.hardlinkbytes,
            directories: image.dircount,
            files: image.filecount,
            created_unix_seconds: image.creationtime.and_then(|time| time.unix_seconds()),
        }
    }
}
