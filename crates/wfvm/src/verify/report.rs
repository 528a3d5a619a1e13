//! The report, as JSON has it.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::hidden::Hidden;
use crate::{blame::Blame, doctor::Check, inspect::Inspection, phase, preflight::Finding, spec::Machine};

/// The version of the JSON.
pub const VERSION: u32 = 1;

/// What came of a verification. It has no password, no name of a person or a host, and no path of theirs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Version of this format: 1.
    pub wfvm_verification: u32,
    /// `passed` if every phase has, else `failed`.
    pub outcome: Outcome,
    /// Of what took part.
    pub versions: Versions,
    /// What `doctor` says of the host.
    pub host: Vec<Check>,
    /// What the guest ran on; absent: it did not come to that.
    pub machine: Option<Machine>,
    /// What `inspect` says of the medium, whose file has no path here; absent: it could not be read.
    pub medium: Option<Inspection>,
    /// In the order in which they were performed.
    pub phases: Vec<Phase>,
}

/// Of what took part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Versions {
    /// This program's.
    pub wfvm: String,
    /// QEMU's, in its own words; absent: it does not say.
    pub qemu: Option<String>,
    /// The kernel's release.
    pub kernel: String,
}

/// A part of the verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// The medium is read, a spec made for it and laid beside it.
    Preflight,
    /// The answer medium and the overlay of the boot catalog are written.
    Media,
    /// Windows is installed.
    Install,
    /// A value is written to the registry of a layer.
    Layer,
    /// The layer's value is read, and a file goes in and comes back.
    Run,
    /// The layer is booted and frozen with its memory.
    Template,
    /// All of the template is held against its checksums.
    CheckTemplate,
    /// A clone of it has what stood only in the frozen guest's memory.
    Clone,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Self; 8] = [
        Self::Preflight,
        Self::Media,
        Self::Install,
        Self::Layer,
        Self::Run,
        Self::Template,
        Self::CheckTemplate,
        Self::Clone,
    ];

    /// As it stands in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Media => "media",
            Self::Install => "install",
            Self::Layer => "layer",
            Self::Run => "run",
            Self::Template => "template",
            Self::CheckTemplate => "checkTemplate",
            Self::Clone => "clone",
        }
    }

    /// Without which it cannot be performed.
    #[must_use]
    pub fn needs(self) -> Option<Self> {
        match self {
            Self::Preflight => None,
            Self::Media => Some(Self::Preflight),
            Self::Install => Some(Self::Media),
            Self::Layer => Some(Self::Install),
            Self::Run | Self::Template => Some(Self::Layer),
            Self::CheckTemplate => Some(Self::Template),
            Self::Clone => Some(Self::CheckTemplate),
        }
    }
}

/// How a phase, or all of them, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It went well.
    Passed,
    /// It did not.
    Failed,
    /// It was not tried.
    Skipped,
}

impl Outcome {
    /// As it stands in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// What came of a phase.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Phase {
    /// Which.
    pub name: Step,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it was skipped.
    pub because: Option<String>,
    /// How long it took.
    pub seconds: f64,
    /// Where the time went, by the phases of the task.
    pub parts: Vec<Part>,
    /// What can be told of one that went well.
    pub facts: Vec<String>,
    /// What `preflight` found.
    pub findings: Vec<Finding>,
    /// Why it failed.
    pub failure: Option<Failure>,
}

/// A phase of a task.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// Its word in all logs.
    pub phase: String,
    /// How long it took.
    pub seconds: f64,
}

/// Why a phase failed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// Whose move it is, by the number of the exit status: 1 a bug, 2 an input, 3 the host, 4 the guest, 5 a
    /// deadline.
    pub status: u8,
    /// Where the task was, by the phases of an installation or a run.
    pub during: Option<String>,
    /// What happened, and below it what caused it.
    pub causes: Vec<String>,
    /// All that the task says of it.
    pub page: String,
    /// The text on the guest's screen, as far as it could be read.
    pub screen_text: Option<String>,
    /// Windows Setup's last words.
    pub setup_log: Option<SetupLog>,
    /// Names of the files that were kept.
    pub evidence: Vec<String>,
    /// The guest's screen, PNG. It is in the HTML alone.
    #[serde(skip)]
    pub picture: Option<Vec<u8>>,
}

/// The end of one of Windows Setup's logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SetupLog {
    /// Its path on the guest's disk.
    pub file: String,
    /// Its last lines.
    pub lines: Vec<String>,
}

impl From<(String, Vec<String>)> for SetupLog {
    fn from((file, lines): (String, Vec<String>)) -> Self {
        Self { file, lines }
    }
}

impl Failure {
    pub(super) fn new(causes: Vec<String>, blame: Blame, page: String) -> Self {
        Self {
            status: blame.exit_status(),
            during: None,
            causes,
            page,
            screen_text: None,
            setup_log: None,
            evidence: Vec::new(),
            picture: None,
        }
    }

    /// Without what is hidden.
    pub(super) fn without(self, hidden: &Hidden) -> Self {
        let all = |texts: Vec<String>| texts.iter().map(|text| hidden.text(text)).collect();
        Self {
            causes: all(self.causes),
            page: hidden.text(&self.page),
            screen_text: self.screen_text.map(|text| hidden.text(&text)),
            setup_log: self
                .setup_log
                .map(|log| SetupLog { file: hidden.text(&log.file), lines: all(log.lines) }),
            evidence: all(self.evidence),
            ..self
        }
    }
}

impl Phase {
    pub(super) fn skipped(name: Step, needed: Step) -> Self {
        let because = Some(format!("it needs `{}`, which has not passed", needed.word()));
        Self {
            name,
            outcome: Outcome::Skipped,
            because,
            seconds: 0.0,
            parts: Vec::new(),
            facts: Vec::new(),
            findings: Vec::new(),
            failure: None,
        }
    }

    /// What came of one, before anything is told of it but its time and its end.
    pub(super) fn performed(name: Step, took: Duration, failure: Option<Failure>) -> Self {
        let outcome = if failure.is_some() { Outcome::Failed } else { Outcome::Passed };
        Self {
            name,
            outcome,
            because: None,
            seconds: seconds(took),
            parts: Vec::new(),
            facts: Vec::new(),
            findings: Vec::new(),
            failure,
        }
    }
}

impl Part {
    pub(super) fn new((phase, took): (phase::Phase, Duration)) -> Self {
        Self { phase: phase.word().into(), seconds: seconds(took) }
    }
}

/// Milliseconds are more than anybody compares.
fn seconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 1000.0).round() / 1000.0
}

impl Report {
    pub(super) fn new(host: Vec<Check>) -> Self {
        let qemu = host.iter().find(|check| check.name == "qemu").map(|check| check.found.clone());
        let kernel = rustix::system::uname().release().to_string_lossy().into_owned();
        let versions = Versions { wfvm: env!("CARGO_PKG_VERSION").into(), qemu, kernel };
        Self {
            wfvm_verification: VERSION,
            outcome: Outcome::Failed,
            versions,
            host,
            machine: None,
            medium: None,
            phases: Vec::new(),
        }
    }

    /// What a phase needs and has not.
    pub(super) fn missing(&self, step: Step) -> Option<Step> {
        let passed = |needed: &Step| {
            self.phases.iter().any(|phase| phase.name == *needed && phase.outcome == Outcome::Passed)
        };
        step.needs().filter(|needed| !passed(needed))
    }

    pub(super) fn concluded(mut self) -> Self {
        let passed = self.phases.iter().all(|phase| phase.outcome == Outcome::Passed);
        self.outcome = if passed { Outcome::Passed } else { Outcome::Failed };
        self
    }

    /// The first failure, and where it was.
    #[must_use]
    pub fn failure(&self) -> Option<(Step, &Failure)> {
        self.phases.iter().find_map(|phase| phase.failure.as_ref().map(|failure| (phase.name, failure)))
    }

    /// The JSON for programs.
    #[must_use]
    pub fn json(&self) -> String {
        // Strings, numbers and lists, which JSON always holds.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

/// The JSON schema of [`Report`], as text.
#[must_use]
pub fn schema() -> String {
    crate::spec::schema::<Report>()
}
