//! What the answer file is for, as far as it is known.

use crate::spec::{AnswerMedium, DiskBus, Firmware};
use crate::windows_iso::{Image, WindowsIso};

/// What the answer file is for. What is absent is not judged.
#[derive(Debug, Default, Clone, Copy)]
pub struct Target<'t> {
    /// The file's name on its medium.
    pub file_name: Option<&'t str>,
    /// The installation medium.
    pub iso: Option<&'t WindowsIso>,
    /// The machine.
    pub machine: Machine,
}

/// The machine that Setup will run on, as far as it is known.
#[derive(Debug, Default, Clone, Copy)]
pub struct Machine {
    /// Its firmware.
    pub firmware: Option<Firmware>,
    /// How the disk is attached.
    pub disk_bus: Option<DiskBus>,
    /// The disk's size in MiB. It is new and empty.
    pub disk_mib: Option<u64>,
    /// How many disks Setup sees, an answer stick among them.
    pub disks: Option<u32>,
    /// What carries the answer file.
    pub answer_medium: Option<AnswerMedium>,
    /// In MiB.
    pub memory_mib: Option<u64>,
    /// Whether it has a TPM 2.0.
    pub tpm: Option<bool>,
    /// Whether Secure Boot is on.
    pub secure_boot: Option<bool>,
    /// Whether Setup reaches the internet.
    pub network: Option<bool>,
}

impl<'t> Target<'t> {
    /// The image that a key and a value of `MetaData` select, if they select one.
    pub(super) fn image(&self, selected: Option<(&str, &str)>) -> Option<&'t Image> {
        let images = &self.iso?.images;
        let Some((key, value)) = selected else {
            return if let [image] = images.as_slice() { Some(image) } else { None };
        };
        matching(images, key, value).next()
    }
}

/// The images that a key and a value of `MetaData` select.
pub(super) fn matching<'i>(images: &'i [Image], key: &str, value: &str) -> impl Iterator<Item = &'i Image> {
    images.iter().filter(move |image| match key {
        "/IMAGE/INDEX" => value.parse() == Ok(image.index),
        "/IMAGE/NAME" => image.name == value,
        "/IMAGE/DESCRIPTION" => image.description == value,
        _ => false,
    })
}
