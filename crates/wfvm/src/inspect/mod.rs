//! What a medium is, and what will happen with it: for people a page, for programs JSON.

mod expression;
mod page;

pub use expression::Fitting;
use schemars::JsonSchema;
use serde::Serialize;

use crate::guest_os::{self, GuestOs, SetupGeneration};
use crate::preflight::{self, Finding, Severity};
use crate::windows_iso::{Image, Platform, WindowsIso};

/// The version of the JSON.
pub const VERSION: u32 = 1;

/// All that is known of a medium, and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Inspection {
    /// Version of this format: 1.
    pub wfvm_inspection: u32,
    /// The file, as it was named.
    pub file: String,
    /// The release that its images are of; absent: there are no data for it.
    pub release: Option<Release>,
    /// The Setup that the medium starts; absent: it has no `sources/boot.wim`.
    pub setup: Option<Setup>,
    /// Through which channel Microsoft gives it out; absent: nothing says so.
    pub channel: Option<Channel>,
    /// The number of the image that is installed unless another one is asked for; absent: one has to be named.
    pub chosen_image: Option<u32>,
    /// A Nix expression that installs it.
    pub expression: String,
    /// What is remarkable about the medium and its images.
    pub findings: Vec<Finding>,
    /// All that was read.
    pub medium: WindowsIso,
}

/// A release of Windows that there are data for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// What a spec calls it: `guestOs`.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// The build that it is known by.
    pub build: u32,
}

/// The Setup that a medium starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Setup {
    /// `classic`, or `conX` from 24H2 on; absent: there are no data for its build.
    pub generation: Option<String>,
    /// The build of its Windows PE.
    pub build: Option<u32>,
    /// What it runs on.
    pub architecture: String,
}

/// How a medium is given out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Channel {
    /// `retail`, `volume`, `evaluation`, or what `sources/ei.cfg` says.
    pub name: String,
    /// Where that stands.
    pub by: String,
}

/// The JSON schema of [`Inspection`], as text.
#[must_use]
pub fn schema() -> String {
    crate::spec::schema::<Inspection>()
}

impl Inspection {
    /// What follows from a medium that was read.
    #[must_use]
    pub fn new(file: &str, medium: WindowsIso) -> Self {
        let os = preflight::release_of(&medium);
        let chosen = os.and_then(|os| preflight::preferred(os, &medium).ok());
        let mut findings = preflight::of_medium(&medium);
        match os {
            Some(os) => findings.extend(unlisted_editions(os, &medium)),
            None => findings.push(preflight::unknown_release(&medium)),
        }
        findings.extend(medium.images.iter().flat_map(preflight::of_image));
        findings.extend(prompt(&medium));
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        Self {
            wfvm_inspection: VERSION,
            file: file.into(),
            release: os.map(|os| Release { name: os.name().text(), title: os.title.into(), build: os.build }),
            setup: setup(&medium),
            channel: channel(&medium),
            chosen_image: chosen.map(|image| image.index),
            expression: expression::of(file, chosen, &medium),
            findings,
            medium,
        }
    }

    /// Whether an installation from it is refused, whatever the spec says.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Refusal)
    }

    /// The page for people.
    #[must_use]
    pub fn page(&self) -> String {
        page::of(self)
    }

    /// The JSON for programs.
    #[must_use]
    pub fn json(&self) -> String {
        // Strings, numbers and lists, which JSON always holds.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

/// The generation is that of the release which Windows PE's build belongs to.
fn setup(medium: &WindowsIso) -> Option<Setup> {
    let image = medium.boot_wim.as_ref()?.setup()?;
    let release =
        image.build.and_then(|build| guest_os::RELEASES.into_iter().find(|os| os.builds.contains(&build)));
    let generation = release.map(|os| match os.setup {
        SetupGeneration::Classic => "classic",
        SetupGeneration::ConX => "conX",
    });
    Some(Setup {
        generation: generation.map(Into::into),
        build: image.build,
        architecture: image.architecture.to_string(),
    })
}

/// `sources/ei.cfg` says it, or the edition; the label is Microsoft's custom and no promise.
fn channel(medium: &WindowsIso) -> Option<Channel> {
    let said = |name: &str, by: &str| Some(Channel { name: name.into(), by: by.into() });
    if medium.images.iter().any(Image::is_evaluation) {
        return said("evaluation", "its editions");
    }
    if let Some(ei_cfg) = &medium.ei_cfg {
        const BY: &str = "sources/ei.cfg";
        if ei_cfg.volume_licence == Some(true) {
            return said("volume", BY);
        }
        match ei_cfg.channel.as_deref().map(str::to_lowercase).as_deref() {
            Some("eval") => return said("evaluation", BY),
            // What it says when it leaves the question open.
            None | Some("_default") => {}
            Some(other) => return said(other, BY),
        }
    }
    let known = [("CCCOMA_", "retail"), ("CPBA_", "volume"), ("CES_", "evaluation")];
    let (_, name) = known.iter().find(|(prefix, _)| medium.volume_label.starts_with(prefix))?;
    said(name, "its label, which promises nothing")
}

fn unlisted_editions(os: &GuestOs, medium: &WindowsIso) -> Vec<Finding> {
    let unlisted = medium.images.iter().filter(|image| os.edition(&image.edition_id).is_none());
    unlisted.map(|image| preflight::unlisted_edition(os, image)).collect()
}

/// Refused under UEFI; but it may start under a BIOS.
fn prompt(medium: &WindowsIso) -> Option<Finding> {
    let waits = medium.boots(Platform::Uefi) && medium.no_prompt.is_none();
    let severity = if medium.boots(Platform::Bios) { Severity::Warning } else { Severity::Refusal };
    waits.then(|| Finding { severity, ..preflight::no_prompt(medium) })
}

#[cfg(test)]
mod tests;
