//! The JSON between Nix and the binary: one versioned object per subcommand.
//!
//! Nix describes, the binary does. A field that this version does not know is
//! refused with its path, so that a misspelt option can never be silently lost.

mod answer_file;
#[cfg(feature = "run")]
mod build;
#[cfg(feature = "run")]
mod clones;
mod install;
#[cfg(feature = "layer")]
mod layer;
#[cfg(feature = "linux")]
mod linux;
mod machine;
mod network;
#[cfg(feature = "run")]
mod run;
mod settings;
#[cfg(feature = "run")]
mod template;

pub use answer_file::{Account, AnswerFile, RunCommand, WillReboot};
#[cfg(feature = "run")]
pub use build::{Build, BuildTimeouts, Command, Letters, OutputPlace, WindowsShell};
#[cfg(feature = "run")]
pub use clones::{CloneCommand, CloneFile, Clones, ClonesTimeouts};
pub use install::{
    AnswerMedium, GuestOsName, ImageSelection, Install, InstallTimeouts, Login, PayloadFile, Strategy,
};
#[cfg(feature = "layer")]
pub use layer::{Layer, LayerTimeouts};
#[cfg(feature = "linux")]
pub use linux::{LINUX_BOOT_TIMEOUT_SECONDS, Linux};
pub use machine::{Accelerator, DiskBus, Firmware, Machine, NetworkCard, Tools};
pub(crate) use network::GUEST_NETWORK;
pub use network::{Forward, Network, Reachable};
#[cfg(feature = "run")]
pub use run::{Run, RunTimeouts};
pub use settings::{Interface, Networking, PlacedFile, RegistryData, RegistryValue, Settings};
#[cfg(feature = "run")]
pub use template::{Template, TemplateTimeouts};

use serde::de::DeserializeOwned;

/// The version of the format that this binary reads and writes.
pub const VERSION: u32 = 1;

/// Why a spec was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SpecError {
    /// The text is not JSON, or a field is unknown, missing or of another type.
    #[error("{path}: {problem}")]
    Field {
        /// Where, as in `machine.memoryMib`; `.` is the whole object.
        path: String,
        /// What serde found there.
        problem: String,
    },
    /// The spec was written for another version of the format.
    #[error("wfvmSpec: this is version {found}, but this binary reads version {VERSION}")]
    Version {
        /// The version that the spec names.
        found: String,
    },
    /// A field has the right type and an impossible value.
    #[error("{path}: {problem}")]
    Value {
        /// Where, as in `diskMib`.
        path: &'static str,
        /// What is wrong with it, and what would be right.
        problem: String,
    },
}

/// A spec that can say whether its values make sense together.
pub trait Spec: DeserializeOwned {
    /// Values that types alone cannot refuse.
    ///
    /// # Errors
    /// [`SpecError::Value`] for the first of them.
    fn check(&self) -> Result<(), SpecError>;
}

/// Reads a spec, refusing unknown fields with their path.
///
/// # Errors
/// [`SpecError`], which names the field.
pub fn parse<S: Spec>(json: &str) -> Result<S, SpecError> {
    let document: serde_json::Value = serde_json::from_str(json).map_err(|error| SpecError::Field {
        path: ".".into(),
        problem: format!("this is not JSON: {error}"),
    })?;
    // The version is read before the fields: another version's fields are not mistakes.
    match document.get("wfvmSpec") {
        Some(version) if *version == VERSION => {}
        Some(other) => return Err(SpecError::Version { found: other.to_string() }),
        None => return Err(SpecError::Version { found: "absent".into() }),
    }
    let spec: S = serde_path_to_error::deserialize(&document).map_err(|error| SpecError::Field {
        path: error.path().to_string(),
        problem: error.into_inner().to_string(),
    })?;
    spec.check()?;
    Ok(spec)
}

/// The JSON schema of a spec, as text.
#[must_use]
pub fn schema<S: schemars::JsonSchema>() -> String {
    // A schema is made of strings, numbers and maps with string keys, which JSON always holds.
    serde_json::to_string_pretty(&schemars::schema_for!(S)).unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests;
