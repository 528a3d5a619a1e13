//! What Setup would stop at, found in the spec instead.
//!
//! Lengths are those of Microsoft's "Unattended Windows Setup Reference", counted as
//! Windows counts: in UTF-16 units.

mod names;
mod settings;
mod values;

use super::AnswerFileError;
use crate::guest_os::GuestOs;
use crate::spec::{Firmware, ImageSelection, Install};

/// Everything in the spec that the answer file cannot say, in the order of its fields.
#[must_use]
pub fn problems(spec: &Install, os: &GuestOs) -> Vec<AnswerFileError> {
    let mut problems = Problems(Vec::new());
    match &spec.image {
        None | Some(ImageSelection::Index(_)) => {}
        Some(ImageSelection::Name(name)) => problems.text("image.name", name, 1..=256),
        Some(ImageSelection::Description(text)) => problems.text("image.description", text, 1..=256),
        Some(ImageSelection::Edition(edition)) => problems.text("image.edition", edition, 1..=256),
    }
    disk(spec, &mut problems);
    values::check(&spec.answer_file, &mut problems);
    names::check(&spec.answer_file, &mut problems);
    settings::check(spec, os, &mut problems);
    login(spec, &mut problems);
    payload(spec, os, &mut problems);
    problems.0
}

/// The problems found so far.
struct Problems(Vec<AnswerFileError>);

impl Problems {
    fn add(&mut self, field: impl Into<String>, problem: impl Into<String>) {
        self.0.push(AnswerFileError { field: field.into(), problem: problem.into() });
    }

    /// Text whose length is within limits and which XML can carry on one line.
    fn text(&mut self, field: &str, text: &str, length: std::ops::RangeInclusive<usize>) {
        let units = text.encode_utf16().count();
        // Windows reads a text of blanks as none.
        if text.trim().is_empty() && *length.start() > 0 {
            self.add(field, "is empty");
        } else if !length.contains(&units) {
            self.add(field, format!("has {units} characters; Windows takes up to {}", length.end()));
        }
        // XML 1.0 has no way to write most control characters, and a line break ends a command.
        if let Some(bad) = text.chars().find(|c| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}')) {
            self.add(field, format!("holds the control character U+{:04X}", u32::from(bad)));
        }
    }
}

fn disk(spec: &Install, problems: &mut Problems) {
    // 32-bit sector numbers of 512 bytes.
    if spec.machine.firmware == Firmware::Bios && spec.disk_mib > 2 << 20 {
        problems.add(
            "diskMib",
            format!("{} MiB; under BIOS a disk has an MBR, which reaches 2 TiB", spec.disk_mib),
        );
    }
}

fn login(spec: &Install, problems: &mut Problems) {
    let account = spec.answer_file.accounts.iter().find(|account| account.name == spec.login.user);
    if account.is_some_and(|account| account.password != spec.login.password) {
        problems.add("login.password", format!("is not the password of the account `{}`", spec.login.user));
    }
}

fn payload(spec: &Install, os: &GuestOs, problems: &mut Problems) {
    if let Some(wanted) = os.sshd.payload
        && !spec.payload.iter().any(|file| file.name.eq_ignore_ascii_case(wanted))
    {
        problems.add("payload", format!("{} has no SSH server of its own: `{wanted}` is missing", os.title));
    }
}
