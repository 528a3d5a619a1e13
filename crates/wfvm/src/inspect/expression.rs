//! The Nix expression that installs a medium.

use crate::{
    spec::{AnswerMedium, Firmware},
    windows_iso::{Image, Platform, WindowsIso},
};

/// What of a machine and an answer file a medium decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fitting {
    /// UEFI, if the medium starts by it without a key press.
    pub firmware: Firmware,
    /// The medium whose answer file Setup finds before the installation medium's own.
    pub answer_medium: AnswerMedium,
    /// A language that both Setup and the image speak, if there is one.
    pub language: Option<String>,
}

impl Fitting {
    /// For an image of a medium, or for any.
    #[must_use]
    pub fn of(image: Option<&Image>, medium: &WindowsIso) -> Self {
        let uefi = medium.boots(Platform::Uefi) && medium.no_prompt.is_some();
        // Ours comes first only from a medium that can be written to; a floppy is small.
        let hidden = medium.foreign_answer_file.is_some_and(|path| !path.contains('/'));
        Self {
            firmware: if uefi { Firmware::Uefi } else { Firmware::Bios },
            answer_medium: if hidden { AnswerMedium::Usb } else { AnswerMedium::Iso },
            language: language(image, medium).map(Into::into),
        }
    }
}

/// `wfvm.makeWindowsImage { … }` with what differs from the defaults.
pub(super) fn of(file: &str, chosen: Option<&Image>, medium: &WindowsIso) -> String {
    let mut lines = vec![format!("windowsImage = {};", path(file))];
    let image = chosen.or_else(|| medium.images.first());
    if let Some(image) = image {
        lines.push(format!("imageSelection = {};", selection(image, medium)));
    }
    let fitting = Fitting::of(image, medium);
    if fitting.firmware == Firmware::Bios {
        lines.push("firmware = \"bios\";".into());
    }
    if fitting.answer_medium == AnswerMedium::Usb {
        lines.push("answerMedium = \"usb\";".into());
    }
    if let Some(language) = fitting.language.filter(|language| language != "en-US") {
        for argument in ["uiLanguage", "inputLocale", "userLocale", "systemLocale"] {
            lines.push(format!("{argument} = {};", string(&language)));
        }
    }
    format!("wfvm.makeWindowsImage {{\n  {}\n}}", lines.join("\n  "))
}

/// The edition's name is the same in every language; two images of one edition have numbers.
fn selection(image: &Image, medium: &WindowsIso) -> String {
    let core = image.installation_type == "Server Core";
    let alike = medium.images.iter().filter(|other| {
        other.edition_id == image.edition_id && (other.installation_type == "Server Core") == core
    });
    if image.edition_id.is_empty() || alike.count() > 1 {
        return format!("{{ index = {}; }}", image.index);
    }
    format!("{{ edition = {}; }}", string(&format!("{}{}", image.edition_id, if core { "Core" } else { "" })))
}

/// A language that both Setup and the image speak, the default one first.
fn language<'m>(image: Option<&'m Image>, medium: &'m WindowsIso) -> Option<&'m str> {
    let of_image = image.map(|image| image.languages.as_slice()).unwrap_or_default();
    let has = |list: &[String], wanted: &str| list.iter().any(|known| known.eq_ignore_ascii_case(wanted));
    let candidates = image
        .and_then(|image| image.default_language.as_ref())
        .into_iter()
        .chain(of_image)
        .chain(&medium.default_language)
        .chain(&medium.languages);
    candidates.map(String::as_str).find(|wanted| {
        (medium.languages.is_empty() || has(&medium.languages, wanted))
            && (of_image.is_empty() || has(of_image, wanted))
    })
}

/// Nix's paths have no blanks and few signs; of others the text is put behind the root.
fn path(file: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-+/".contains(c);
    let whole = !file.is_empty() && !file.ends_with('/');
    match file.strip_prefix('/') {
        _ if !whole => string(file),
        None if file.chars().all(plain) => {
            if file.starts_with("./") || file.starts_with("../") {
                file.into()
            } else {
                format!("./{file}")
            }
        }
        None => format!("./. + {}", string(&format!("/{file}"))),
        Some(_) if file.chars().all(plain) => file.into(),
        Some(_) => format!("/. + {}", string(file)),
    }
}

fn string(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "\\${");
    format!("\"{escaped}\"")
}
