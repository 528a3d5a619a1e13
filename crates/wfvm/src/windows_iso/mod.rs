//! What a Windows installation medium contains, read through `Read + Seek` in a few
//! hundred kilobytes however large it is.
//!
//! The file comes from anywhere, so nothing in it is believed: every length has a
//! bound, every chain a limit, all of it together a budget, and what is wrong is said
//! with its place.

mod configuration;
mod el_torito;
mod error;
pub(crate) mod medium;
mod udf;
mod udf_descriptor;
mod wim;

pub use configuration::{BuildInfo, EiCfg};
pub use el_torito::{BootEntry, Platform};
pub use error::IsoError;
pub use wim::{Architecture, Compression, Image, ImageFile, Version};

use std::io::{Read, Seek};

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use medium::Medium;
use udf::{Entry, Udf};
use wim::Parts;

/// What was found on the medium.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WindowsIso {
    /// The label of its ISO 9660 volume, such as `CCCOMA_X64FRE_EN-US_DV9`.
    pub volume_label: String,
    /// The label of its UDF volume, which Windows shows.
    pub udf_label: String,
    /// The revision of UDF, such as `1.02`.
    pub udf_revision: String,
    /// Whether the descriptors from block 16 on announce UDF; Windows looks there for it.
    pub announces_udf: bool,
    /// The size of the file.
    pub bytes: u64,
    /// How long the ISO 9660 volume says it is; a longer one than the file was cut.
    pub volume_bytes: u64,
    /// How much of it was read to know all this.
    pub bytes_read: u64,
    /// The boot catalog's entries in its order.
    pub boot_entries: Vec<BootEntry>,
    /// How the medium starts under UEFI without asking for a key; absent: it has no such boot image.
    pub no_prompt: Option<CatalogPatch>,
    /// The file that holds the images, such as `sources/install.wim`.
    pub install_image: &'static str,
    /// What kind of file that is.
    pub install_file: ImageFile,
    /// The images that can be installed, in the order of their indexes.
    pub images: Vec<Image>,
    /// What Setup starts from; absent: the medium has no `sources/boot.wim`.
    pub boot_wim: Option<BootWim>,
    /// Languages that Setup speaks, from `sources/lang.ini`.
    pub languages: Vec<String>,
    /// The one that it begins with, where the file says so.
    pub default_language: Option<String>,
    /// What `sources/ei.cfg` says; many media have none.
    pub ei_cfg: Option<EiCfg>,
    /// The product key in `sources/pid.txt`; written down with its last group alone.
    #[serde(serialize_with = "without_its_secret")]
    pub product_key: Option<String>,
    /// What `sources/idwbinfo.txt` says.
    pub build_info: Option<BuildInfo>,
    /// An answer file that somebody put on the medium.
    pub foreign_answer_file: Option<&'static str>,
    /// Whether somebody put files for Setup to copy into `sources/$OEM$`.
    pub has_oem_folder: bool,
}

/// `sources/boot.wim`: Windows PE, and Setup in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BootWim {
    /// What kind of file it is.
    pub file: ImageFile,
    /// Usually Windows PE alone and Windows PE with Setup.
    pub images: Vec<Image>,
}

impl BootWim {
    /// The image that the medium starts: the one that the header names, or else the last.
    #[must_use]
    pub fn setup(&self) -> Option<&Image> {
        let named = self.images.iter().find(|image| image.index == self.file.boot_index);
        named.or_else(|| self.images.last())
    }
}

/// Four bytes of the boot catalog that choose another boot image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CatalogPatch {
    /// Byte offset of the entry's block address.
    pub offset: u64,
    /// The address that belongs there: little-endian, in blocks of 2048 bytes.
    pub lba: u32,
}

/// The names under which Setup looks for its images.
pub const INSTALL_IMAGES: [&str; 3] = ["sources/install.wim", "sources/install.esd", "sources/install.swm"];
const BOOT_WIM: &str = "sources/boot.wim";
const LANG_INI: &str = "sources/lang.ini";
const EI_CFG: &str = "sources/ei.cfg";
const PID_TXT: &str = "sources/pid.txt";
const BUILD_INFO: &str = "sources/idwbinfo.txt";
const OEM_FOLDER: &str = "sources/$OEM$";
const NO_PROMPT: &str = "efi/microsoft/boot/efisys_noprompt.bin";
const ANSWER_FILES: [&str; 2] = ["autounattend.xml", "sources/autounattend.xml"];

impl WindowsIso {
    /// Reads what there is to know.
    ///
    /// # Errors
    /// [`IsoError`], by what is wrong with the file.
    pub fn read(reader: impl Read + Seek) -> Result<Self, IsoError> {
        let mut medium = Medium::new(reader)?;
        let volume = el_torito::volume(&mut medium)?;
        let volume_label = volume.label;
        let boot_entries = match volume.boot_catalog_lba {
            Some(lba) => el_torito::boot_entries(&mut medium, lba)?,
            None => Vec::new(),
        };
        let Some(mut udf) = Udf::mount(&mut medium)? else {
            return Err(IsoError::NoUdf { volume_label });
        };

        let (install_image, file) = install_image(&mut udf, &volume_label)?;
        let parts = if install_image.ends_with("swm") { Parts::Several } else { Parts::One };
        let install_file = wim::file(&mut udf, install_image, &file, parts)?;
        let images = wim::images(&mut udf, install_image, &file, &install_file)?;
        let boot_wim = boot_wim(&mut udf)?;

        let languages = text(&mut udf, LANG_INI, configuration::languages)?.unwrap_or_default();
        let ei_cfg = text(&mut udf, EI_CFG, configuration::ei_cfg)?;
        let product_key = text(&mut udf, PID_TXT, configuration::product_key)?.flatten();
        let build_info = text(&mut udf, BUILD_INFO, configuration::build_info)?;
        let mut foreign_answer_file = None;
        for path in ANSWER_FILES {
            if udf.file(path)?.is_some() {
                foreign_answer_file.get_or_insert(path);
            }
        }
        let no_prompt = match udf.file(NO_PROMPT)? {
            Some(file) => catalog_patch(&boot_entries, &file),
            None => None,
        };
        let has_oem_folder = udf.has_directory(OEM_FOLDER)?;
        Ok(Self {
            volume_label,
            udf_label: udf.label().to_owned(),
            udf_revision: format!("{:x}.{:02x}", udf.revision() >> 8, udf.revision() & 0xFF),
            announces_udf: volume.announces_udf,
            bytes: udf.medium_bytes(),
            volume_bytes: volume.bytes,
            bytes_read: udf.bytes_read(),
            boot_entries,
            no_prompt,
            install_image,
            install_file,
            images,
            boot_wim,
            languages: languages.available,
            default_language: languages.default,
            ei_cfg,
            product_key,
            build_info,
            foreign_answer_file,
            has_oem_folder,
        })
    }

    /// Whether the boot catalog has an entry for this firmware.
    #[must_use]
    pub fn boots(&self, platform: Platform) -> bool {
        self.boot_entries.iter().any(|entry| entry.bootable && entry.platform == platform)
    }
}

/// The one file that can be installed from.
fn install_image<R: Read + Seek>(
    udf: &mut Udf<R>,
    volume_label: &str,
) -> Result<(&'static str, Entry), IsoError> {
    let mut found = Vec::new();
    for path in INSTALL_IMAGES {
        if let Some(file) = udf.file(path)? {
            found.push((path, file));
        }
    }
    let volume_label = volume_label.to_owned();
    if found.len() > 1 {
        let found = found.into_iter().map(|(path, _)| path).collect();
        return Err(IsoError::SeveralInstallImages { volume_label, found });
    }
    found.pop().ok_or(IsoError::NoInstallImage { volume_label })
}

fn boot_wim<R: Read + Seek>(udf: &mut Udf<R>) -> Result<Option<BootWim>, IsoError> {
    let Some(entry) = udf.file(BOOT_WIM)? else { return Ok(None) };
    let file = wim::file(udf, BOOT_WIM, &entry, Parts::One)?;
    let images = wim::images(udf, BOOT_WIM, &entry, &file)?;
    Ok(Some(BootWim { file, images }))
}

/// What a text file says, if it is there.
fn text<R: Read + Seek, T>(
    udf: &mut Udf<R>,
    path: &str,
    says: impl FnOnce(&str) -> T,
) -> Result<Option<T>, IsoError> {
    let Some(file) = udf.file(path)? else { return Ok(None) };
    Ok(Some(says(&udf.text(&file)?)))
}

/// A report may be given to others, and whose key it is can be seen from its end.
#[expect(clippy::ref_option, reason = "serde hands over a field by its reference")]
fn without_its_secret<S: Serializer>(key: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    let end = key.as_deref().map(|key| key.rsplit('-').next().unwrap_or_default());
    end.map(|end| format!("…-{end}")).serialize(serializer)
}

/// A boot image is named by its first block, so it has to lie in one piece.
fn catalog_patch(boot_entries: &[BootEntry], boot_image: &Entry) -> Option<CatalogPatch> {
    let entry = boot_entries.iter().find(|entry| entry.bootable && entry.platform == Platform::Uefi)?;
    Some(CatalogPatch { offset: entry.lba_offset, lba: boot_image.only_lba()? })
}

#[cfg(test)]
mod tests;
