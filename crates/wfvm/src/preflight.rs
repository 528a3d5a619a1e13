//! What would stop Setup, found in a second by laying the spec beside the medium.
//!
//! All findings are given at once: whoever corrects a spec should not have to run it
//! once per mistake. What a document or the bytes say is refused; what is only reported
//! is a warning, and what is as it was asked for and yet surprising a note.

mod accounts;
mod answer_medium;
mod answers;
mod choice;
mod finding;
mod image;
mod language;
mod machine;
mod medium;
mod start;
mod verdict;

pub use answer_medium::answer_medium;
pub use answers::of_answer_files;
pub use choice::{preferred, release, release_of, selected, unknown_release};
pub use finding::{Finding, Severity};
pub use image::{product_key, unlisted_edition};
pub use medium::{of_image, of_medium};
pub use start::no_prompt;
pub use verdict::{Verdict, schema};

use crate::answer_file;
use crate::guest_os::GuestOs;
use crate::spec::Install;
use crate::windows_iso::WindowsIso;

/// Everything that whoever starts the installation should know, in the order of the spec's fields.
#[must_use]
pub fn findings(spec: &Install, os: &GuestOs, iso: &WindowsIso) -> Vec<Finding> {
    let mut findings: Vec<Finding> = release(spec, iso).1.into_iter().collect();
    findings.extend(
        answer_file::problems(spec, os)
            .into_iter()
            .map(|error| Finding::refusal(&error.field, "", error.problem, String::new())),
    );
    findings.extend(accounts::findings(spec, os));
    findings.extend(start::findings(spec, iso));
    match selected(spec, os, iso) {
        Ok(image) => findings.extend(image::findings(spec, os, iso, image)),
        Err(finding) => findings.push(finding),
    }
    findings.extend(machine::findings(spec, os));
    findings.extend(of_medium(iso).into_iter().filter(|finding| !start::says_the_same(finding, spec, iso)));
    findings
}

/// The same for an answer file of the user's own, which says for itself what is installed and how.
#[must_use]
pub fn findings_around(spec: &Install, os: &GuestOs, iso: &WindowsIso) -> Vec<Finding> {
    let mut findings: Vec<Finding> = release(spec, iso).1.into_iter().collect();
    findings.extend(start::findings(spec, iso));
    findings.extend(machine::memory(spec, os));
    findings.extend(of_medium(iso).into_iter().filter(|finding| !start::says_the_same(finding, spec, iso)));
    findings
}

#[cfg(test)]
mod tests;
