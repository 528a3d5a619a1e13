use schemars::JsonSchema;
use serde::Serialize;

/// Something about a spec and its medium that whoever starts an installation should know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, JsonSchema)]
#[error("{field}: {problem}")]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What follows from it.
    pub severity: Severity,
    /// The field of the spec.
    pub field: String,
    /// Its value, as the spec has it; empty if the problem says it.
    pub value: String,
    /// What is wrong.
    pub problem: String,
    /// What would be right; what the medium offers.
    pub advice: String,
}

/// What follows from a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Nothing: it is as it was asked for, and worth knowing.
    Note,
    /// It may go wrong, by what is reported or inferred and stands in no document.
    Warning,
    /// No machine starts: by its documents or its bytes, Setup would stop.
    Refusal,
}

impl Severity {
    /// As it stands in front of a finding.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Refusal => "refused",
        }
    }
}

impl Finding {
    fn new(severity: Severity, field: &str, value: String, problem: String, advice: String) -> Self {
        Self { severity, field: field.into(), value, problem, advice }
    }

    pub(crate) fn refusal(field: &str, value: impl Into<String>, problem: String, advice: String) -> Self {
        Self::new(Severity::Refusal, field, value.into(), problem, advice)
    }

    pub(super) fn warning(field: &str, value: impl Into<String>, problem: String, advice: String) -> Self {
        Self::new(Severity::Warning, field, value.into(), problem, advice)
    }

    pub(super) fn note(field: &str, value: impl Into<String>, problem: String, advice: String) -> Self {
        Self::new(Severity::Note, field, value.into(), problem, advice)
    }
}
