//! What Nix gives a builder, as the guest's command gets it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::nix::{
    store_path::{ParseStorePathError, StorePath},
    structured_attrs::StructuredAttrs,
};

/// Variables that Nix sets for a builder on Linux, or that say something about it alone.
const OF_THE_HOST: [&str; 19] = [
    "PATH",
    "HOME",
    "PWD",
    "OLDPWD",
    "SHLVL",
    "_",
    "TMP",
    "TMPDIR",
    "TEMP",
    "TEMPDIR",
    "NIX_BUILD_TOP",
    "NIX_STORE",
    "SHELL",
    "TERM",
    "NIX_LOG_FD",
    "NIX_ATTRS_JSON_FILE",
    "NIX_ATTRS_SH_FILE",
    "builder",
    "LINENO",
];

/// Variables without which Windows' programs do not start, or start elsewhere.
const OF_THE_GUEST: [&str; 12] = [
    "path",
    "pathext",
    "systemroot",
    "windir",
    "systemdrive",
    "comspec",
    "temp",
    "tmp",
    "userprofile",
    "programfiles",
    "programdata",
    "nix_build_top",
];

/// The longest value of a variable, in UTF-16 units (Microsoft, "Environment Variables").
const LONGEST_VALUE: usize = 32_767;

/// Attributes of our own that lead the builder, not the command.
const PASS_AS_FILE: &str = "passAsFile";

/// A derivation as its builder finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derivation {
    /// Its outputs, by their names.
    pub outputs: BTreeMap<String, StorePath>,
    /// Variables for the command; store paths are the host's.
    pub variables: BTreeMap<String, String>,
    /// Files on the host of attributes that are passed so, by their attributes.
    pub files: BTreeMap<String, PathBuf>,
    /// The structured attributes.
    pub structured: Option<Value>,
}

/// Why no command can be made of a derivation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DerivationError {
    /// No outputs.
    #[error("the environment has no path for each of its outputs: this runs as the builder of a derivation")]
    NoOutputs,
    /// An output that is no store path.
    #[error("the output `{name}` is no store path: {problem}")]
    Output {
        /// The output.
        name: String,
        /// What is wrong with it.
        problem: ParseStorePathError,
    },
    /// Two names that are one to Windows.
    #[error(
        "the attributes `{first}` and `{second}` differ in case alone, and are one variable in Windows: rename one"
    )]
    SameVariable {
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
    /// A name that Windows needs.
    #[error("the attribute `{name}` would replace a variable that Windows needs: rename it")]
    Reserved {
        /// The attribute.
        name: String,
    },
    /// A value that is too long.
    #[error(
        "the attribute `{name}` has {units} UTF-16 units, and a variable of Windows has {LONGEST_VALUE} at most: pass it as a file (`passAsFile`)"
    )]
    TooLong {
        /// The attribute.
        name: String,
        /// How many it has.
        units: usize,
    },
}

impl Derivation {
    /// From the environment of a builder without structured attributes.
    ///
    /// # Errors
    /// [`DerivationError`].
    pub fn from_environment(environment: &[(String, String)]) -> Result<Self, DerivationError> {
        let mut variables: BTreeMap<String, String> = environment.iter().cloned().collect();
        // A derivation that names none has this one.
        let names = variables.get("outputs").cloned().unwrap_or_else(|| "out".into());
        let mut outputs = BTreeMap::new();
        for name in names.split_whitespace() {
            let Some(path) = variables.get(name) else { return Err(DerivationError::NoOutputs) };
            outputs.insert(name.to_owned(), output(name, path)?);
        }
        let mut files = BTreeMap::new();
        for name in variables.remove(PASS_AS_FILE).unwrap_or_default().split_whitespace() {
            if let Some(file) = variables.remove(&format!("{name}Path")) {
                files.insert(name.to_owned(), PathBuf::from(file));
            }
        }
        Self { outputs, variables, files, structured: None }.checked()
    }

    /// From structured attributes: scalars are variables as Nix would set them without such attributes.
    ///
    /// # Errors
    /// [`DerivationError`].
    pub fn from_structured(attributes: &StructuredAttrs) -> Result<Self, DerivationError> {
        let document = attributes.all();
        let mut outputs = BTreeMap::new();
        let mut variables = BTreeMap::new();
        for (name, path) in attributes.outputs() {
            let path = path.to_string_lossy();
            outputs.insert(name.clone(), output(name, &path)?);
            variables.insert(name.clone(), path.into_owned());
        }
        for (name, value) in document.iter().filter(|(name, _)| *name != "outputs") {
            if let Some(text) = scalar(value) {
                variables.insert(name.clone(), text);
            }
        }
        let of_the_guest = document.iter().filter(|(name, _)| !OF_THE_HOST.contains(&name.as_str()));
        let of_the_guest = of_the_guest.map(|(name, value)| (name.clone(), value.clone())).collect();
        let structured = Some(Value::Object(of_the_guest));
        Self { outputs, variables, files: BTreeMap::new(), structured }.checked()
    }

    fn checked(mut self) -> Result<Self, DerivationError> {
        if self.outputs.is_empty() {
            return Err(DerivationError::NoOutputs);
        }
        self.variables.retain(|name, _| !OF_THE_HOST.contains(&name.as_str()));
        let mut known: BTreeMap<String, &str> = BTreeMap::new();
        for (name, value) in &self.variables {
            let folded = name.to_lowercase();
            if OF_THE_GUEST.contains(&folded.as_str()) {
                return Err(DerivationError::Reserved { name: name.clone() });
            }
            if let Some(first) = known.insert(folded, name) {
                return Err(DerivationError::SameVariable { first: first.to_owned(), second: name.clone() });
            }
            let units = value.encode_utf16().count();
            if units > LONGEST_VALUE {
                return Err(DerivationError::TooLong { name: name.clone(), units });
            }
        }
        Ok(self)
    }

    /// The text of an attribute, if it is not passed as a file.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let structured = || self.structured.as_ref()?.get(name)?.as_str();
        self.variables.get(name).map(String::as_str).or_else(structured)
    }

    /// The host's file of an attribute that is passed so.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&Path> {
        self.files.get(name).map(PathBuf::as_path)
    }
}

fn output(name: &str, path: &str) -> Result<StorePath, DerivationError> {
    StorePath::from_absolute_path(path.as_bytes())
        .map_err(|problem| DerivationError::Output { name: name.to_owned(), problem })
}

/// As Nix makes a variable of a value; none of a list or a set.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Bool(false) => Some(String::new()),
        Value::Bool(true) => Some("1".into()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUT: &str = "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-hello";

    fn of(pairs: &[(&str, &str)]) -> Result<Derivation, DerivationError> {
        let given = [("outputs", "out"), ("out", OUT), ("PATH", "/path-not-set"), ("TMP", "/build")];
        let all: Vec<_> = given
            .iter()
            .chain(pairs)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Derivation::from_environment(&all)
    }

    #[test]
    fn the_hosts_variables_stay_behind() {
        let derivation =
            of(&[("FLAG", "1"), ("HOME", "/homeless-shelter"), ("NIX_BUILD_CORES", "2")]).unwrap();
        let names: Vec<_> = derivation.variables.keys().map(String::as_str).collect();
        assert_eq!(names, ["FLAG", "NIX_BUILD_CORES", "out", "outputs"]);
        assert_eq!(derivation.outputs["out"].name(), "hello");
    }

    #[test]
    fn names_that_windows_cannot_tell_apart_are_refused_before_a_boot() {
        let error = of(&[("Flag", "a"), ("FLAG", "b")]).unwrap_err();
        assert_eq!(error, DerivationError::SameVariable { first: "FLAG".into(), second: "Flag".into() });
        assert_eq!(of(&[("Path", "a")]).unwrap_err(), DerivationError::Reserved { name: "Path".into() });
        assert!(matches!(of(&[("ComSpec", "a")]), Err(DerivationError::Reserved { .. })));
        let long = "é".repeat(LONGEST_VALUE + 1);
        assert!(matches!(of(&[("long", &long)]), Err(DerivationError::TooLong { units: 32_768, .. })));
    }

    #[test]
    fn attributes_that_are_files_are_known_as_such() {
        let derivation =
            of(&[("passAsFile", "buildCommand other"), ("buildCommandPath", "/build/.attr-1")]).unwrap();
        assert_eq!(derivation.file("buildCommand"), Some(Path::new("/build/.attr-1")));
        assert!(!derivation.variables.contains_key("buildCommandPath"));
        assert_eq!(derivation.file("other"), None);
    }

    #[test]
    fn an_output_must_be_a_store_path() {
        let error = of(&[("out", "/tmp/out")]).unwrap_err();
        assert!(matches!(error, DerivationError::Output { .. }), "{error}");
        assert_eq!(Derivation::from_environment(&[]).unwrap_err(), DerivationError::NoOutputs);
    }

    #[test]
    fn structured_scalars_are_variables_as_nix_writes_them() {
        let json = format!(
            r#"{{"outputs":{{"out":"{OUT}"}},"yes":true,"no":false,"none":null,"n":7,"list":["a","b"],"text":"a\nb"}}"#
        );
        let attributes = StructuredAttrs::from_json_str(&json).unwrap();
        let derivation = Derivation::from_structured(&attributes).unwrap();
        let told: Vec<_> =
            derivation.variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(told, ["n=7", "no=", "none=", &format!("out={OUT}"), "text=a\nb", "yes=1"]);
    }
}
