use std::{collections::BTreeSet, path::PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Login, Machine, Network, Spec, SpecError, Tools};

/// Names in the result that are no command's.
const OURS: [&str; 3] = ["nix-support", "report.json", "report.xml"];

/// `wfvm-nix-builder clones`: each of many commands in a guest of its own, from one template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Clones {
    /// Version of this format: 1.
    pub wfvm_spec: u32,
    /// For messages, and of the suite in `report.xml`.
    pub name: String,
    /// A template, or a disk image, which each guest boots. It is only read.
    pub image: PathBuf,
    /// What was kept of that image's machine besides the disk: a directory with `uefi-variables.fd` and `tpm`;
    /// absent: `state` in the image's directory, or new.
    #[serde(default)]
    pub state: Option<PathBuf>,
    /// How many guests run at once.
    #[serde(default = "two")]
    pub clones: usize,
    /// What runs, begun in this order.
    pub commands: Vec<CloneCommand>,
    /// What each guest is given before its command.
    #[serde(default)]
    pub files: Vec<CloneFile>,
    /// Whether commands are begun after one that failed.
    #[serde(default = "yes")]
    pub keep_going: bool,
    /// Whether commands that failed leave a result, with `nix-support/failed`.
    #[serde(default)]
    pub keep_failed: bool,
    /// What each guest runs on.
    pub machine: Machine,
    /// The account that commands run as.
    pub login: Login,
    /// What each guest can reach.
    #[serde(default)]
    pub network: Network,
    /// How long each part may take.
    #[serde(default)]
    pub timeouts: ClonesTimeouts,
    /// Programs and firmware.
    pub tools: Tools,
}

/// A command for a guest of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CloneCommand {
    /// Its directory in the result: letters, digits, `.`, `_` and `-`.
    pub name: String,
    /// A command line, run in the account's home.
    pub command: String,
}

/// A file or a directory for each guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CloneFile {
    /// Its name in the account's home.
    pub name: String,
    /// Where it is on the host.
    pub source: PathBuf,
}

/// Deadlines in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ClonesTimeouts {
    /// From QEMU's start to the authenticated session, and from there until the files are in the guest.
    pub boot_seconds: u64,
    /// Each command; 0 is no limit.
    pub command_seconds: u64,
}

impl Default for ClonesTimeouts {
    fn default() -> Self {
        Self { boot_seconds: 1200, command_seconds: 0 }
    }
}

fn two() -> usize {
    2
}

fn yes() -> bool {
    true
}

impl Spec for Clones {
    fn check(&self) -> Result<(), SpecError> {
        let refused = |path, problem: String| Err(SpecError::Value { path, problem });
        if self.clones == 0 {
            return refused("clones", "0 guests at once run nothing: 1 at least".into());
        }
        if self.commands.is_empty() {
            return refused("commands", "there are none, so nothing would be run".into());
        }
        let mut names = BTreeSet::new();
        for CloneCommand { name, .. } in &self.commands {
            if !is_directory(name) {
                let problem = format!(
                    "`{name}` is no name of a directory of the result: it begins with a letter or a digit, has \
                     only these, `.`, `_` and `-`, and is none of {}",
                    OURS.join(", ")
                );
                return refused("commands.name", problem);
            }
            if !names.insert(name) {
                return refused("commands.name", format!("`{name}` is the name of two commands"));
            }
        }
        self.machine.check()?;
        self.tools.check(&self.machine)?;
        self.network.check()
    }
}

fn is_directory(name: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(inside) && !OURS.contains(&name)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::spec::parse;

    fn parsed(change: impl FnOnce(&mut Value)) -> Result<Clones, SpecError> {
        let mut spec = json!({
            "wfvmSpec": 1, "name": "tests", "image": "/template",
            "commands": [ { "name": "a", "command": "ver" }, { "name": "b-1.x_y", "command": "ver" } ],
            "machine": { "firmware": "bios", "accelerator": "tcg", "cores": 1, "memoryMib": 1024 },
            "login": { "user": "wfvm", "password": "1234" },
            "tools": { "qemu": "/q", "qemuImg": "/i" }
        });
        change(&mut spec);
        parse(&spec.to_string())
    }

    #[test]
    fn what_is_not_said_has_its_default() {
        let spec = parsed(|_| {}).unwrap();
        assert_eq!((spec.clones, spec.keep_going, spec.keep_failed), (2, true, false));
        assert_eq!(spec.timeouts, ClonesTimeouts::default());
    }

    #[test]
    fn a_name_is_that_of_a_directory_and_of_one_command() {
        for name in ["", "a b", "../a", "-a", ".a", "a/b", "ä", "report.json", "report.xml", "nix-support"] {
            let error = parsed(|spec| spec["commands"][0]["name"] = name.into()).unwrap_err().to_string();
            assert!(error.starts_with(&format!("commands.name: `{name}` is no name")), "{error}");
        }
        let error = parsed(|spec| spec["commands"][1]["name"] = "a".into()).unwrap_err().to_string();
        assert_eq!(error, "commands.name: `a` is the name of two commands");
    }

    #[test]
    fn nothing_to_run_and_nobody_to_run_it_are_mistakes() {
        let error = parsed(|spec| spec["commands"] = json!([])).unwrap_err().to_string();
        assert!(error.starts_with("commands: there are none"), "{error}");
        let error = parsed(|spec| spec["clones"] = 0.into()).unwrap_err().to_string();
        assert!(error.starts_with("clones: 0 guests"), "{error}");
    }
}
