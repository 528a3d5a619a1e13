//! What would stop Setup, found in a second by laying the spec beside the medium.
//!
//! All findings are given at once: whoever corrects a spec should not have to run it
//! once per mistake.

mod choice;

pub use choice::{release, selected};

use crate::answer_file;
use crate::guest_os::{GuestOs, Hardware};
use crate::spec::{AnswerMedium, DiskBus, Firmware, Install};
use crate::windows_iso::{Architecture, Image, Platform, WindowsIso};

/// Something in the spec that cannot go well with this medium.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct Finding {
    /// The field of the spec.
    pub field: String,
    /// Its value, as the spec has it; empty if the problem says it.
    pub value: String,
    /// What is wrong.
    pub problem: String,
    /// What would be right; what the medium offers.
    pub advice: String,
}

/// Everything that would stop the installation, in the order of the spec's fields.
#[must_use]
pub fn findings(spec: &Install, os: &GuestOs, iso: &WindowsIso) -> Vec<Finding> {
    let mut findings: Vec<Finding> = release(spec, iso).1.into_iter().collect();
    findings.extend(answer_file::problems(spec, os).into_iter().map(|error| Finding {
        field: error.field,
        value: String::new(),
        problem: error.problem,
        advice: String::new(),
    }));
    findings.extend(boot(spec, iso));
    findings.extend(foreign_answer_file(spec, iso));
    match selected(spec, os, iso) {
        Ok(image) => findings.extend(of_image(spec, os, iso, image)),
        Err(finding) => findings.push(finding),
    }
    findings.extend(memory(spec, os));
    findings.extend(disk_bus(spec, os));
    findings
}

/// The key that the answer file gives: the spec's, or else a published one of the image's
/// edition, since without any Setup stops at the page that asks for it on most media.
#[must_use]
pub fn product_key<'k>(spec: &'k Install, os: &GuestOs, iso: &WindowsIso) -> Option<&'k str> {
    let given = spec.answer_file.product_key.as_deref();
    given.or_else(|| {
        let edition = &selected(spec, os, iso).ok()?.edition_id;
        if is_volume(iso) { os.volume_key(edition) } else { os.generic_key(edition) }
    })
}

/// Whether the medium is of the volume channel, whose images take other keys.
fn is_volume(iso: &WindowsIso) -> bool {
    let channel = iso.ei_cfg.as_ref().and_then(|ei_cfg| ei_cfg.channel.as_deref());
    channel.is_some_and(|channel| channel.eq_ignore_ascii_case("Volume"))
}

fn boot(spec: &Install, iso: &WindowsIso) -> Option<Finding> {
    let (platform, name, other) = match spec.machine.firmware {
        Firmware::Uefi => (Platform::Uefi, "uefi", Platform::Bios),
        Firmware::Bios => (Platform::Bios, "bios", Platform::Uefi),
    };
    let finding = |problem: &str, advice: &str| {
        Some(Finding {
            field: "machine.firmware".into(),
            value: name.into(),
            problem: format!("the medium `{}` {problem}", iso.volume_label),
            advice: advice.into(),
        })
    };
    if !iso.boots(platform) {
        return finding(
            &format!("has no boot entry for {name}"),
            match (iso.boots(other), other) {
                (false, _) => "it has no boot entry at all: it may have been repacked wrongly",
                (true, Platform::Bios) => "it starts under `bios`",
                (true, Platform::Uefi | Platform::Other(_)) => "it starts under `uefi`",
            },
        );
    }
    if spec.machine.firmware == Firmware::Uefi && iso.no_prompt.is_none() {
        return finding(
            "has no boot image that starts without a key press (`efi/microsoft/boot/efisys_noprompt.bin`)",
            "use an unchanged medium of Microsoft's, or `bios`",
        );
    }
    None
}

/// The medium is itself removable and read-only, and its letter comes before that of our CD.
fn foreign_answer_file(spec: &Install, iso: &WindowsIso) -> Option<Finding> {
    let path = iso.foreign_answer_file.filter(|path| !path.contains('/'))?;
    (spec.answer_medium == AnswerMedium::Iso).then(|| Finding {
        field: "answerMedium".into(),
        value: "iso".into(),
        problem: format!(
            "the medium `{}` has an answer file of its own (`{path}`), which Setup would take first",
            iso.volume_label
        ),
        advice: "Setup searches a `floppy` or a `usb` stick before any CD".into(),
    })
}

fn of_image(spec: &Install, os: &GuestOs, iso: &WindowsIso, image: &Image) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |field: &str, value: String, problem: String, advice: String| {
        findings.push(Finding { field: field.into(), value, problem, advice });
    };
    if image.architecture != Architecture::Amd64 {
        add(
            "installationMedium",
            spec.installation_medium.display().to_string(),
            format!("the image `{}` is for {}, and the machine is amd64", image.name, image.architecture),
            "take the medium for 64-bit PCs".into(),
        );
    }
    findings.extend(language(spec, iso, image));
    findings.extend(key_of_another_edition(spec, os, image));
    findings.extend(disk(spec, os, image));
    findings.extend(cpu_model(spec, os, image));
    findings
}

fn language(spec: &Install, iso: &WindowsIso, image: &Image) -> Option<Finding> {
    let wanted = &spec.answer_file.ui_language;
    let missing = |list: &[String]| {
        !list.is_empty() && !list.iter().any(|language| language.eq_ignore_ascii_case(wanted))
    };
    let (list, place) = if missing(&iso.languages) {
        (&iso.languages, "the medium's Setup")
    } else if missing(&image.languages) {
        (&image.languages, "the image")
    } else {
        return None;
    };
    Some(Finding {
        field: "answerFile.uiLanguage".into(),
        value: wanted.clone(),
        problem: format!("{place} has no language `{wanted}`, and Setup would ask for one"),
        advice: format!("it has {}", list.join(", ")),
    })
}

fn key_of_another_edition(spec: &Install, os: &GuestOs, image: &Image) -> Option<Finding> {
    let key = spec.answer_file.product_key.as_ref()?;
    let finding = |problem, advice| {
        Some(Finding { field: "answerFile.productKey".into(), value: key.clone(), problem, advice })
    };
    if image.is_evaluation() {
        return finding(
            format!("the image `{}` is an evaluation ({}), which takes no key", image.name, image.edition_id),
            "leave the key out".into(),
        );
    }
    // A key that is not published may be of any edition.
    let edition = os.edition_of_key(key).filter(|edition| edition.id != image.edition_id)?;
    let advice = os.generic_key(&image.edition_id).map_or_else(
        || format!("take an image with edition {}", edition.id),
        |generic| format!("the generic key of {} is {generic}", image.edition_id),
    );
    finding(
        format!(
            "it is a key of edition {}, and the image `{}` is {}",
            edition.id, image.name, image.edition_id
        ),
        advice,
    )
}

/// The content, a quarter more for the first boot's own files, and the page file.
fn disk(spec: &Install, os: &GuestOs, image: &Image) -> Option<Finding> {
    let content_mib = image.content_bytes.div_ceil(1 << 20);
    let needed = content_mib.saturating_add(content_mib / 4).saturating_add(spec.machine.memory_mib);
    let minimum = needed.max(os.minimal_disk_mib);
    (spec.disk_mib < minimum).then(|| Finding {
        field: "diskMib".into(),
        value: spec.disk_mib.to_string(),
        problem: format!(
            "{} MiB are too few for the image `{}`, whose files have {content_mib} MiB",
            spec.disk_mib, image.name
        ),
        advice: format!("give at least {minimum} MiB; what is not used takes no space"),
    })
}

fn cpu_model(spec: &Install, os: &GuestOs, image: &Image) -> Option<Finding> {
    let model = spec.machine.cpu_model.as_ref()?;
    let build = image.build.filter(|build| *build >= os.old_cpu_models.from_build)?;
    // Flags follow a comma, a version a `-v`.
    let name = model.split(',').next().unwrap_or_default();
    let name = name.split_once("-v").map_or(name, |(name, _)| name);
    os.old_cpu_models.models.contains(&name).then(|| Finding {
        field: "machine.cpuModel".into(),
        value: model.clone(),
        problem: format!("build {build} does not start on a `{name}`, which lacks SSE 4.2 or POPCNT"),
        advice: "`Nehalem` is the oldest model that it starts on; `max` and `host` are the defaults".into(),
    })
}

/// Setup would stop at its page "Where do you want to install Windows?", which shows no disk.
fn disk_bus(spec: &Install, os: &GuestOs) -> Option<Finding> {
    let bus = spec.machine.disk_bus;
    if os.disk_buses.contains(&bus) || !spec.answer_file.driver_paths.is_empty() {
        return None;
    }
    Some(Finding {
        field: "machine.diskBus".into(),
        value: match bus {
            DiskBus::Sata => "sata".into(),
            DiskBus::Virtio => "virtio".into(),
        },
        problem: format!("the Setup of {} has no driver for this disk, so that it would find none", os.title),
        advice: "give `answerFile.driverPaths` with the driver, or take `sata`".into(),
    })
}

fn memory(spec: &Install, os: &GuestOs) -> Option<Finding> {
    let memory_mib = spec.machine.memory_mib;
    (memory_mib < os.minimal_memory_mib).then(|| Finding {
        field: "machine.memoryMib".into(),
        value: memory_mib.to_string(),
        problem: format!("{memory_mib} MiB are too few for {}", os.title),
        advice: format!("give at least {} MiB{}", os.minimal_memory_mib, wanted_memory(os)),
    })
}

fn wanted_memory(os: &GuestOs) -> String {
    let wanted = os.requirements.iter().find_map(|requirement| match requirement.hardware {
        Hardware::MemoryMib(mib) => Some(mib),
        Hardware::Tpm | Hardware::SecureBoot | Hardware::DiskMib(_) => None,
    });
    wanted.map_or_else(String::new, |mib| format!("; Microsoft names {mib} MiB"))
}

#[cfg(test)]
mod tests;
