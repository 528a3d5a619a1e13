//! What can be said of a medium alone.

use super::Finding;
use crate::guest_os::is_evaluation;
use crate::windows_iso::{Architecture, Image, Platform, WindowsIso};

/// The field of the spec that names the medium.
const FIELD: &str = "installationMedium";

/// What is remarkable about a medium, whatever is installed from it.
#[must_use]
pub fn of_medium(iso: &WindowsIso) -> Vec<Finding> {
    let mut findings = Vec::new();
    let label = &iso.volume_label;
    if !iso.boots(Platform::Bios) && !iso.boots(Platform::Uefi) {
        findings.push(Finding::refusal(
            FIELD,
            label,
            "it has no boot entry, neither for UEFI nor for a BIOS".into(),
            "it may have been repacked wrongly: take an unchanged medium of Microsoft's".into(),
        ));
    }
    if iso.volume_bytes > iso.bytes {
        findings.push(Finding::warning(
            FIELD,
            label,
            format!("its volume has {} bytes, and the file {}", iso.volume_bytes, iso.bytes),
            "a download that stopped early leaves this: compare the file's checksum".into(),
        ));
    }
    if !iso.announces_udf {
        findings.push(Finding::warning(
            FIELD,
            label,
            "it has UDF, and no descriptor that announces it (`NSR02`): Windows may see ISO 9660 alone"
                .into(),
            "take an unchanged medium of Microsoft's".into(),
        ));
    }
    findings.extend(of_setup(iso));
    findings.extend(prepared(iso));
    findings
}

/// `boot.wim` and `lang.ini`.
fn of_setup(iso: &WindowsIso) -> Vec<Finding> {
    let mut findings = Vec::new();
    let label = &iso.volume_label;
    let mut warn = |problem: String, advice: &str| {
        findings.push(Finding::warning(FIELD, label, problem, advice.into()));
    };
    if iso.languages.is_empty() {
        warn(
            "it has no `sources/lang.ini` that lists a language, so that Setup's are not known".into(),
            "take an unchanged medium of Microsoft's",
        );
    }
    let Some(boot_wim) = &iso.boot_wim else {
        warn(
            "it has no `sources/boot.wim`, from which Windows PE and Setup start".into(),
            "take an unchanged medium of Microsoft's",
        );
        return findings;
    };
    let Some(setup) = boot_wim.setup() else { return findings };
    let known = |image: &Image| !matches!(image.architecture, Architecture::Other(_));
    if let Some(image) = iso
        .images
        .iter()
        .find(|image| known(image) && known(setup) && image.architecture != setup.architecture)
    {
        warn(
            format!(
                "its Setup is for {}, and the image `{}` for {}",
                setup.architecture, image.name, image.architecture
            ),
            "take an unchanged medium of Microsoft's",
        );
    }
    let newest = iso.images.iter().filter_map(|image| image.build).max();
    if let (Some(older), Some(newer)) = (setup.build, newest)
        && older < newer
    {
        let what = if iso.install_file.solid { "a solid image (ESD)" } else { "an image" };
        warn(
            format!("its Setup is of build {older}, which may not know {what} of build {newer}"),
            "take a medium whose `boot.wim` and install image belong together",
        );
    }
    findings
}

/// What somebody has put on the medium.
fn prepared(iso: &WindowsIso) -> Vec<Finding> {
    let mut findings = Vec::new();
    let label = &iso.volume_label;
    if let Some(path) = iso.foreign_answer_file {
        findings.push(Finding::note(
            FIELD,
            label,
            format!("it has an answer file of its own, `{path}`"),
            if path.contains('/') {
                "Setup comes to it after all removable media".into()
            } else {
                "only a `floppy` or a `usb` stick comes before it".into()
            },
        ));
    }
    if iso.has_oem_folder {
        findings.push(Finding::note(
            FIELD,
            label,
            "it has a folder `sources/$OEM$`, whose files Setup may copy to the disk".into(),
            "look into it".into(),
        ));
    }
    if iso.product_key.is_some() {
        findings.push(Finding::note(
            FIELD,
            label,
            "it has a product key, in `sources/pid.txt`".into(),
            "an answer file makes Setup ignore it".into(),
        ));
    }
    findings
}

/// What is remarkable about an image.
#[must_use]
pub fn of_image(image: &Image) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Image { name, edition_id, .. } = image;
    match image.architecture {
        Architecture::Amd64 => {}
        Architecture::Other(None) => findings.push(Finding::warning(
            FIELD,
            name,
            format!("the image `{name}` does not say what it is for, and the machine is amd64"),
            String::new(),
        )),
        Architecture::Arm64 | Architecture::X86 | Architecture::Other(Some(_)) => {
            findings.push(Finding::refusal(
                FIELD,
                name,
                format!("the image `{name}` is for {}, and the machine is amd64", image.architecture),
                "take the medium for 64-bit PCs".into(),
            ));
        }
    }
    if is_evaluation(edition_id) {
        findings.push(Finding::note(
            "image",
            name,
            format!("`{name}` is an evaluation, which takes no product key and ends after some months"),
            String::new(),
        ));
    }
    if is_n_edition(edition_id) {
        findings.push(Finding::note(
            "image",
            name,
            format!("`{name}` is an N edition: it has no media player and no media codecs"),
            "the Media Feature Pack has them".into(),
        ));
    }
    if image.installation_type == "Server Core" {
        findings.push(Finding::note(
            "image",
            name,
            format!("`{name}` is a Server Core: it has no desktop"),
            String::new(),
        ));
    }
    findings
}

/// `ProfessionalN`, `EnterpriseSN`, `EnterpriseNEval`.
fn is_n_edition(edition_id: &str) -> bool {
    edition_id.trim_end_matches("Eval").ends_with('N')
}
