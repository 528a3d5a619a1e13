//! Programs and firmware of a host that no spec names: what is on PATH, and the UEFI that QEMU's own
//! descriptions of firmware name.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::spec::Tools;

/// Where descriptions of firmware lie (QEMU, `docs/interop/firmware.json`); what is in front goes first.
const DESCRIPTIONS: [&str; 2] = ["/etc/qemu/firmware", "/usr/share/qemu/firmware"];
/// The machine type of every guest, by the pattern that descriptions have for it.
const MACHINE: &str = "pc-q35-";
/// What needs a machine that guests do not have, or a key that Windows' media are not signed with.
const UNWANTED: [&str; 3] = ["secure-boot", "requires-smm", "enrolled-keys"];

/// A description of firmware, as far as it is asked for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Description {
    interface_types: Vec<String>,
    mapping: Mapping,
    targets: Vec<Target>,
    features: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Mapping {
    executable: Option<Image>,
    nvram_template: Option<Image>,
}

#[derive(Debug, Deserialize)]
struct Image {
    filename: PathBuf,
    format: String,
}

#[derive(Debug, Deserialize)]
struct Target {
    architecture: String,
    machines: Vec<String>,
}

impl Description {
    /// Code and variables, if guests can have them.
    fn flash(self) -> Option<(PathBuf, PathBuf)> {
        let uefi = self.interface_types.iter().any(|kind| kind == "uefi");
        let mut targets = self.targets.iter().filter(|target| target.architecture == "x86_64");
        let fits = targets.any(|target| target.machines.iter().any(|machine| machine.starts_with(MACHINE)));
        let plain = !self.features.iter().any(|feature| UNWANTED.contains(&feature.as_str()));
        let (code, variables) = (self.mapping.executable?, self.mapping.nvram_template?);
        let raw = code.format == "raw" && variables.format == "raw";
        (uefi && fits && plain && raw).then_some((code.filename, variables.filename))
    }
}

/// What a verification needs, from the directories of PATH.
///
/// # Errors
/// What is not there, in words.
pub fn find(qemu: &Path, path: &[PathBuf]) -> Result<Tools, String> {
    let find = |name: &Path| on(path, name);
    let needed = |name: &Path| find(name).ok_or_else(|| format!("{}: not on PATH", name.display()));
    let qemu = needed(qemu)?;
    let (code, variables) = firmware(&directories(&qemu)).ok_or_else(|| {
        format!(
            "no UEFI firmware is described in {}; install OVMF, or name it by `--tools`",
            DESCRIPTIONS.join(" or ")
        )
    })?;
    let tools = serde_json::json!({
        "qemu": qemu,
        "qemuImg": needed(Path::new("qemu-img"))?,
        "bash": needed(Path::new("bash"))?,
        "swtpm": find(Path::new("swtpm")),
        "tesseract": find(Path::new("tesseract")),
        "ovmfCode": code,
        "ovmfVars": variables,
    });
    serde_json::from_value(tools).map_err(|error| error.to_string())
}

/// Tools that somebody named, and what an installation has no use for and a script has.
#[must_use]
pub fn complete(tools: Tools, path: &[PathBuf]) -> Tools {
    let find = |name: &str| on(path, Path::new(name));
    Tools {
        bash: tools.bash.or_else(|| find("bash")),
        tesseract: tools.tesseract.or_else(|| find("tesseract")),
        ..tools
    }
}

fn on(path: &[PathBuf], name: &Path) -> Option<PathBuf> {
    path.iter().map(|directory| directory.join(name)).find(|file| file.is_file())
}

/// The system's, and those that came with this QEMU.
fn directories(qemu: &Path) -> Vec<PathBuf> {
    let real = fs_err::canonicalize(qemu).unwrap_or_else(|_| qemu.into());
    let own = real.ancestors().nth(2).map(|prefix| prefix.join("share/qemu/firmware"));
    DESCRIPTIONS.into_iter().map(PathBuf::from).chain(own).collect()
}

/// The first that fits, by the names of the descriptions, which begin with a number for that end.
fn firmware(directories: &[PathBuf]) -> Option<(PathBuf, PathBuf)> {
    directories.iter().find_map(|directory| {
        let entries = fs_err::read_dir(directory).ok()?.flatten();
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        files.sort();
        files.into_iter().find_map(|file| {
            let description: Description = serde_json::from_slice(&fs_err::read(file).ok()?).ok()?;
            description.flash().filter(|(code, variables)| code.is_file() && variables.is_file())
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_description_is_taken_that_guests_can_have() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let describe = |name: &str, features: &[&str], machine: &str, code: &str| {
            let file = |name: &str| json!({ "filename": at(name), "format": "raw" });
            let description = json!({
                "description": "x",
                "interface-types": ["uefi"],
                "mapping": { "device": "flash", "executable": file(code), "nvram-template": file("vars.fd") },
                "targets": [{ "architecture": "x86_64", "machines": [machine] }],
                "features": features,
                "tags": [],
            });
            fs_err::write(at(name), description.to_string()).unwrap();
        };
        for file in ["code.fd", "vars.fd"] {
            fs_err::write(at(file), b"").unwrap();
        }
        fs_err::write(at("00-no.json"), b"{").unwrap();
        fs_err::write(at("05-bios.json"), json!({ "interface-types": ["bios"] }).to_string()).unwrap();
        describe("10-secure.json", &["secure-boot", "requires-smm"], "pc-q35-*", "code.fd");
        describe("20-other-machine.json", &[], "virt-*", "code.fd");
        describe("30-gone.json", &[], "pc-q35-*", "gone.fd");
        assert_eq!(firmware(&[at(""), at("nowhere")]), None);
        describe("60-plain.json", &["acpi-s3"], "pc-q35-*", "code.fd");
        let found = Some((at("code.fd"), at("vars.fd")));
        assert_eq!(firmware(&[at("nowhere"), at("")]), found);
        // As a package has it: the program two levels below what is shared.
        let share = at("share/qemu/firmware");
        fs_err::create_dir_all(&share).unwrap();
        fs_err::create_dir(at("bin")).unwrap();
        fs_err::write(at("bin/qemu"), b"").unwrap();
        assert_eq!(directories(&at("bin/qemu")).last(), Some(&fs_err::canonicalize(share).unwrap()));
    }

    #[test]
    fn what_is_not_there_is_named() {
        assert_eq!(find(Path::new("qemu-x"), &[]).unwrap_err(), "qemu-x: not on PATH");
    }
}
