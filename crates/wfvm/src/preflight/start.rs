//! Whether and how the medium starts under the spec's firmware, and whose answer file it takes.

use super::{Finding, Severity};
use crate::spec::{AnswerMedium, Firmware, Install};
use crate::windows_iso::{Platform, WindowsIso};

const FIELD: &str = "machine.firmware";

pub(super) fn findings(spec: &Install, iso: &WindowsIso) -> Vec<Finding> {
    boot(spec, iso).into_iter().chain(foreign_answer_file(spec, iso)).collect()
}

/// Whether a finding about the medium alone stands here already, as one about the spec.
pub(super) fn says_the_same(of_medium: &Finding, spec: &Install, iso: &WindowsIso) -> bool {
    let starts_nowhere = of_medium.severity == Severity::Refusal;
    let foreign = foreign_answer_file(spec, iso).is_some();
    starts_nowhere || foreign && of_medium.problem.contains("answer file of its own")
}

fn boot(spec: &Install, iso: &WindowsIso) -> Option<Finding> {
    let (platform, other) = match spec.machine.firmware {
        Firmware::Uefi => (Platform::Uefi, Platform::Bios),
        Firmware::Bios => (Platform::Bios, Platform::Uefi),
    };
    if !iso.boots(platform) {
        let advice = if iso.boots(other) {
            format!("it starts under `{other}`")
        } else {
            "it has no boot entry at all: it may have been repacked wrongly".into()
        };
        let problem = format!("the medium `{}` has no boot entry for {platform}", iso.volume_label);
        return Some(Finding::refusal(FIELD, platform.to_string(), problem, advice));
    }
    (platform == Platform::Uefi && iso.no_prompt.is_none()).then(|| no_prompt(iso))
}

/// That a medium waits for a key under UEFI.
#[must_use]
pub fn no_prompt(iso: &WindowsIso) -> Finding {
    Finding::refusal(
        FIELD,
        Platform::Uefi.to_string(),
        format!(
            "the medium `{}` has no boot image that starts without a key press \
             (`efi/microsoft/boot/efisys_noprompt.bin`)",
            iso.volume_label
        ),
        "use an unchanged medium of Microsoft's, or `bios`".into(),
    )
}

/// The medium is itself removable and read-only, and its letter comes before that of our CD.
fn foreign_answer_file(spec: &Install, iso: &WindowsIso) -> Option<Finding> {
    let path = iso.foreign_answer_file.filter(|path| !path.contains('/'))?;
    (spec.answer_medium == AnswerMedium::Iso).then(|| {
        Finding::refusal(
            "answerMedium",
            "iso",
            format!(
                "the medium `{}` has an answer file of its own (`{path}`), which Setup would take first",
                iso.volume_label
            ),
            "Setup searches a `floppy` or a `usb` stick before any CD".into(),
        )
    })
}
