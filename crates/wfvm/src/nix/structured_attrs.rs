//! Structured attributes: `.attrs.json` in the build's directory, written for derivations
//! with `__structuredAttrs = true`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::store_path::{ParseStorePathError, StorePath};

/// What the file holds: the derivation's attributes as JSON, with its outputs as paths.
#[derive(Debug, Clone)]
pub struct StructuredAttrs {
    attributes: serde_json::Map<String, serde_json::Value>,
    outputs: BTreeMap<String, PathBuf>,
}

/// Why the file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is not JSON.
    #[error("the structured attributes are not JSON: {problem}")]
    Json {
        /// What serde found.
        problem: String,
    },
    /// It is not an object with outputs.
    #[error("the structured attributes have no `outputs` that map names to paths")]
    Outputs,
    /// An output lies outside the store.
    #[error("the output `{name}` is not a store path ({path}): {problem}")]
    Output {
        /// The output's name.
        name: String,
        /// The path that was given.
        path: String,
        /// What is wrong with it.
        problem: ParseStorePathError,
    },
}

impl StructuredAttrs {
    /// Reads the file's text.
    ///
    /// # Errors
    /// [`Error`]
    pub fn from_json_str(json: &str) -> Result<Self, Error> {
        let attributes: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(json).map_err(|error| Error::Json { problem: error.to_string() })?;
        let found = attributes.get("outputs").and_then(serde_json::Value::as_object).ok_or(Error::Outputs)?;
        let mut outputs = BTreeMap::new();
        for (name, path) in found {
            let path = path.as_str().ok_or(Error::Outputs)?;
            StorePath::from_absolute_path(path.as_bytes()).map_err(|problem| Error::Output {
                name: name.clone(),
                path: path.into(),
                problem,
            })?;
            outputs.insert(name.clone(), path.into());
        }
        Ok(Self { attributes, outputs })
    }

    /// An attribute of the derivation.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&serde_json::Value> {
        self.attributes.get(name)
    }

    /// All of them, with the outputs.
    #[must_use]
    pub fn all(&self) -> &serde_json::Map<String, serde_json::Value> {
        &self.attributes
    }

    /// The outputs by their names.
    #[must_use]
    pub fn outputs(&self) -> &BTreeMap<String, PathBuf> {
        &self.outputs
    }
}
