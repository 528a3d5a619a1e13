//! The host's processor as its kernel tells it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::sha256;

/// What a guest under KVM sees of the processor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostCpu {
    model: String,
    /// Of the list of features, which is long.
    features_sha256: String,
}

impl HostCpu {
    /// This host's; empty where the kernel tells nothing.
    #[must_use]
    pub fn read() -> Self {
        Self::parse(&fs_err::read_to_string("/proc/cpuinfo").unwrap_or_default())
    }

    pub(super) fn parse(text: &str) -> Self {
        let value = |name: &str| {
            let lines = text.lines().filter_map(|line| line.split_once(':'));
            lines
                .filter(|(field, _)| field.trim() == name)
                .map(|(_, value)| value.trim())
                .next()
                .unwrap_or_default()
        };
        let model = ["vendor_id", "cpu family", "model", "stepping"].map(value).join(" ");
        Self { model, features_sha256: sha256(value("flags").as_bytes()) }
    }
}

impl fmt::Display for HostCpu {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let features = self.features_sha256.get(..8).unwrap_or_default();
        write!(formatter, "{}, features {features}", self.model)
    }
}
