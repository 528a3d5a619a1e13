//! Which image of the medium is installed: `ImageInstall`, the product key, the language.

pub(crate) mod apply;
pub(crate) mod wim;

use std::collections::BTreeMap;

use crate::answer_file::{Component, Fault};
use crate::page::Page;
use wim::ImageDescription;

/// The product keys of the medium's editions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProductKeys(BTreeMap<String, String>);

impl ProductKeys {
    /// Lines of an edition and its key.
    pub(crate) fn parse(text: &str) -> Self {
        Self(
            text.lines()
                .filter_map(|line| line.trim().split_once(' '))
                .map(|(edition, key)| (key.trim().to_owned(), edition.to_owned()))
                .collect(),
        )
    }

    /// Those of the medium that this system is on or comes from.
    pub(crate) fn of_the_medium() -> Self {
        Self::parse(&fs_err::read_to_string("/usr/lib/reference-guest/product-keys").unwrap_or_default())
    }

    fn edition(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }
}

fn image_fault(cause: String) -> Page {
    Page::new(
        "Windows Setup",
        "Windows could not apply the unattend answer file's <ImageInstall> setting. The specified image cannot be selected for installation.",
        cause,
    )
    .from("IBSLIB")
}

fn key_fault(message: &str, cause: String) -> Page {
    Page::new("Windows Setup", message, cause).from("PIDX")
}

/// Chooses the image as Setup does: by `MetaData`, else by the key's edition.
pub(crate) fn choose<'a>(
    setup: &Component<'_>,
    images: &'a [ImageDescription],
    keys: &ProductKeys,
) -> Result<&'a ImageDescription, Page> {
    let named = selected(setup, images)?;
    let key = setup.text("UserData/ProductKey/Key").filter(|key| !key.is_empty());
    let keyed = key.map(|key| edition_of_key(key, keys)).transpose()?;
    match (named, keyed) {
        (Some(image), Some(edition)) if image.edition != edition => Err(key_fault(
            "The product key entered does not match any of the Windows images available for installation. Enter a different product key.",
            format!("L53: the key is of the edition {edition}, but the image {:?} is {}", image.name, image.edition),
        )),
        (Some(image), _) => Ok(image),
        (None, Some(edition)) => images.iter().find(|image| image.edition == edition).ok_or_else(|| {
            key_fault(
                "The product key entered does not match any of the Windows images available for installation. Enter a different product key.",
                format!("L53: no image is of the key's edition {edition}"),
            )
        }),
        (None, None) => match images {
            [only] => Ok(only),
            _ => Err(Page::new(
                "Select the operating system you want to install",
                images.iter().map(|image| format!("  {}  {}", image.index, image.name)).collect::<Vec<_>>().join("\n"),
                "L55: the answer file gives neither a product key nor an image of this medium",
            )
            .from("IBS")),
        },
    }
}

fn selected<'a>(
    setup: &Component<'_>,
    images: &'a [ImageDescription],
) -> Result<Option<&'a ImageDescription>, Page> {
    let mut candidates: Vec<&ImageDescription> = images.iter().collect();
    let metadata = setup.list("ImageInstall/OSImage/InstallFrom/MetaData");
    if metadata.is_empty() {
        return Ok(None);
    }
    for item in metadata {
        let (key, value) = (item.text_at("Key").unwrap_or(""), item.text_at("Value").unwrap_or(""));
        candidates.retain(|image| match key {
            "/IMAGE/INDEX" => image.index.to_string() == value,
            "/IMAGE/NAME" => image.name == value,
            _ => image.description == value,
        });
        if candidates.is_empty() {
            let has: Vec<String> =
                images.iter().map(|image| format!("{} {:?}", image.index, image.name)).collect();
            return Err(image_fault(format!(
                "L51: no image has {key} = {value:?}; the medium has {}",
                has.join(", ")
            )));
        }
    }
    Ok(candidates.first().copied())
}

/// A key to activate an installed system with must be of its edition (Microsoft: Shell-Setup, `ProductKey`: "If
/// the product key is invalid … Windows Setup fails").
pub(crate) fn check_key(key: &str, edition: &str, keys: &ProductKeys) -> Result<(), Fault> {
    let fault = |problem: String| Fault {
        component: Some("Microsoft-Windows-Shell-Setup".to_owned()),
        ..Fault::new("L53", problem)
    };
    match edition_of_key(key, keys) {
        Ok(of) if of == edition => Ok(()),
        Ok(of) => Err(fault(format!("the key is of the edition {of}, and {edition} is installed"))),
        Err(page) => Err(fault(page.cause)),
    }
}

fn edition_of_key<'a>(key: &str, keys: &'a ProductKeys) -> Result<&'a str, Page> {
    let groups: Vec<&str> = key.split('-').collect();
    let well_formed = groups.len() == 5
        && groups.iter().all(|group| {
            group.len() == 5 && group.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        });
    if !well_formed {
        return Err(key_fault(
            "The unattend answer file contains an invalid product key. Either remove the invalid key or provide a valid product key in the unattend answer file to proceed with Windows installation.",
            format!("L52: {key:?} is not five groups of five letters and digits"),
        ));
    }
    keys.edition(key).ok_or_else(|| {
        key_fault(
            "Setup has failed to validate the product key.",
            format!("L53: {key} is the key of no edition of this medium"),
        )
    })
}

/// The language page appears where `UILanguage` is not one of the medium's.
pub(crate) fn check_language(language: Option<&str>, lang_ini: &str) -> Result<(), Page> {
    let available = available_languages(lang_ini);
    let Some(language) = language else { return Ok(()) };
    if available.iter().any(|one| one.eq_ignore_ascii_case(language)) {
        return Ok(());
    }
    Err(Page::new(
        "Select language settings",
        "Language to install:\nTime and currency format:\nKeyboard or input method:\n\nEnter your language and other preferences and click \"Next\" to continue.",
        format!("L57: UILanguage {language:?} is not on this medium; sources/lang.ini lists {}", available.join(", ")),
    )
    .from("IBS"))
}

/// The languages of `sources/lang.ini`: any line of the section counts, whatever its number.
fn available_languages(lang_ini: &str) -> Vec<&str> {
    lang_ini
        .lines()
        .map(str::trim)
        .skip_while(|line| !line.eq_ignore_ascii_case("[Available UI Languages]"))
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('=').map(|(language, _)| language.trim()))
        .collect()
}

#[cfg(test)]
mod tests;
