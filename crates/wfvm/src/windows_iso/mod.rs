//! What a Windows installation medium contains, read through `Read + Seek` in a few
//! hundred kilobytes however large it is.
//!
//! The file comes from anywhere, so nothing in it is believed: every length has a
//! bound, every chain a limit, and what is wrong is said with its place.

mod configuration;
mod el_torito;
mod medium;
mod udf;
mod udf_descriptor;
mod wim;

pub use configuration::EiCfg;
pub use el_torito::{BootEntry, Platform};
pub use wim::{Architecture, Image};

use std::io::{self, Read, Seek};

use medium::Medium;
use udf::{Entry, Udf};

/// What was found on the medium.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowsIso {
    /// The volume's label, such as `CCCOMA_X64FRE_EN-US_DV9`.
    pub volume_label: String,
    /// The size of the file.
    pub bytes: u64,
    /// The boot catalog's entries in its order.
    pub boot_entries: Vec<BootEntry>,
    /// How the medium starts under UEFI without asking for a key; absent: it has no such boot image.
    pub no_prompt: Option<CatalogPatch>,
    /// The file that holds the images, such as `sources/install.wim`.
    pub install_image: &'static str,
    /// The images that can be installed, in the order of their indexes.
    pub images: Vec<Image>,
    /// Languages that Setup speaks, from `sources/lang.ini`.
    pub languages: Vec<String>,
    /// What `sources/ei.cfg` says; many media have none.
    pub ei_cfg: Option<EiCfg>,
    /// An answer file that somebody put on the medium.
    pub foreign_answer_file: Option<&'static str>,
}

/// Four bytes of the boot catalog that choose another boot image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CatalogPatch {
    /// Byte offset of the entry's block address.
    pub offset: u64,
    /// The address that belongs there: little-endian, in blocks of 2048 bytes.
    pub lba: u32,
}

/// Why a file is not an installation medium that can be used.
#[derive(Debug, thiserror::Error)]
pub enum IsoError {
    /// Something else than an ISO.
    #[error("this is not an ISO image: {found}")]
    NotAnIso {
        /// What stands where the volume descriptor should be.
        found: String,
    },
    /// The end is missing.
    #[error(
        "the ISO image is truncated: {what} ends at byte {expected_bytes}, the file at byte {actual_bytes}"
    )]
    Truncated {
        /// What lies beyond the end.
        what: &'static str,
        /// How long the file would have to be at least.
        expected_bytes: u64,
        /// How long it is.
        actual_bytes: u64,
    },
    /// An ISO of something else: Windows media have a UDF file system.
    #[error(
        "the ISO image `{volume_label}` has no UDF file system, so it is not a Windows installation medium"
    )]
    NoUdf {
        /// The label of its ISO 9660 volume.
        volume_label: String,
    },
    /// A structure that this reader does not know.
    #[error("the ISO image has {what}, which is not supported")]
    Unsupported {
        /// Which.
        what: String,
    },
    /// A structure that contradicts its format.
    #[error("the ISO image is damaged: {structure} at byte {offset}: {problem}")]
    Damaged {
        /// Which structure.
        structure: &'static str,
        /// Where it lies.
        offset: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// Nothing that could be installed.
    #[error("the ISO image `{volume_label}` has no install image: none of {INSTALL_IMAGES:?} is there")]
    NoInstallImage {
        /// The volume's label.
        volume_label: String,
    },
    /// The host could not read.
    #[error("cannot read {bytes} bytes at byte {offset}")]
    Read {
        /// Where.
        offset: u64,
        /// How many.
        bytes: u64,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// The names under which Setup looks for its images, in the order of preference.
pub const INSTALL_IMAGES: [&str; 3] = ["sources/install.wim", "sources/install.esd", "sources/install.swm"];
const LANG_INI: &str = "sources/lang.ini";
const EI_CFG: &str = "sources/ei.cfg";
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

        let mut install_image = None;
        for path in INSTALL_IMAGES {
            if let Some(file) = udf.find(path)? {
                install_image = Some((path, file));
                break;
            }
        }
        let Some((install_image, file)) = install_image else {
            return Err(IsoError::NoInstallImage { volume_label });
        };
        let images = wim::images(&mut udf, install_image, &file)?;

        let languages = match udf.find(LANG_INI)? {
            Some(file) => configuration::languages(&udf.text(&file)?),
            None => Vec::new(),
        };
        let ei_cfg = match udf.find(EI_CFG)? {
            Some(file) => Some(configuration::ei_cfg(&udf.text(&file)?)),
            None => None,
        };
        let mut foreign_answer_file = None;
        for path in ANSWER_FILES {
            if udf.find(path)?.is_some() {
                foreign_answer_file.get_or_insert(path);
            }
        }
        let no_prompt = match udf.find(NO_PROMPT)? {
            Some(file) => catalog_patch(&boot_entries, &file),
            None => None,
        };
        let bytes = udf.medium_bytes();
        Ok(Self {
            volume_label,
            bytes,
            boot_entries,
            no_prompt,
            install_image,
            images,
            languages,
            ei_cfg,
            foreign_answer_file,
        })
    }

    /// Whether the boot catalog has an entry for this firmware.
    #[must_use]
    pub fn boots(&self, platform: Platform) -> bool {
        self.boot_entries.iter().any(|entry| entry.bootable && entry.platform == platform)
    }
}

/// A boot image is named by its first block, so it has to lie in one piece.
fn catalog_patch(boot_entries: &[BootEntry], boot_image: &Entry) -> Option<CatalogPatch> {
    let entry = boot_entries.iter().find(|entry| entry.bootable && entry.platform == Platform::Uefi)?;
    Some(CatalogPatch { offset: entry.lba_offset, lba: boot_image.only_lba()? })
}

#[cfg(test)]
mod tests;
