//! The findings of a spec and its medium, for people and for programs.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Finding, Severity};

/// The version of the JSON.
const VERSION: u32 = 1;

/// What came of laying a spec beside its medium.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Version of this format: 1.
    pub wfvm_preflight: u32,
    /// What will be installed, in one line.
    pub summary: String,
    /// Everything that was found, refusals first.
    pub findings: Vec<Finding>,
}

impl Verdict {
    /// Refusals come before warnings, and these before notes; otherwise the order is kept.
    #[must_use]
    pub fn new(summary: String, mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        Self { wfvm_preflight: VERSION, summary, findings }
    }

    /// Whether no machine may start.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Refusal)
    }

    /// Lines for people.
    #[must_use]
    pub fn page(&self) -> String {
        let told =
            if self.findings.is_empty() { "\nnothing to say against it\n".into() } else { self.lines() };
        format!("{}\n{told}", self.summary)
    }

    /// A line for each finding, and one for its advice.
    #[must_use]
    pub fn lines(&self) -> String {
        let lines = self.findings.iter().map(|finding| match finding.advice.as_str() {
            "" => format!("{}: {finding}\n", finding.severity.word()),
            advice => format!("{}: {finding}\n    {advice}\n", finding.severity.word()),
        });
        lines.collect()
    }

    /// JSON for programs.
    #[must_use]
    pub fn json(&self) -> String {
        // Strings and lists, which JSON always holds.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

/// The JSON schema of [`Verdict`], as text.
#[must_use]
pub fn schema() -> String {
    crate::spec::schema::<Verdict>()
}
