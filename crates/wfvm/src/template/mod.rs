//! A template: a guest that has booted, with its memory, in a directory. Its clones go on from there, as
//! many as are wanted, and leave it as it is.

mod host_cpu;
mod manifest;
mod sums;

use std::{
    fmt::Write as _,
    io,
    path::{Path, PathBuf},
};

use sha2::Digest as _;

pub use host_cpu::HostCpu;
pub use manifest::{Difference, Manifest, VERSION, Wanted, real};
pub use sums::{Extent, dig};

use crate::{blame::Blame, disk, machine::Memory, progress::Progress};

/// What makes a directory a template.
pub const MANIFEST: &str = "manifest.json";
/// The guest's memory, with holes.
pub const MEMORY: &str = "memory";
/// Checksums of the memory.
pub const SUMS: &str = "memory.sums";
/// The state of the devices.
pub const STATE: &str = "state";
/// What the guest has written since it booted, over the image.
pub const DISK: &str = "disk.qcow2";

/// Why a template is none.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// A file of it cannot be read.
    #[error(transparent)]
    File(#[from] io::Error),
    /// The manifest is not this program's.
    #[error("{file}: {problem}")]
    Foreign {
        /// The manifest.
        file: PathBuf,
        /// Why.
        problem: String,
    },
    /// A file is not as it was written.
    #[error("{file} is damaged: {problem}")]
    Damaged {
        /// Which one.
        file: PathBuf,
        /// What was seen.
        problem: String,
    },
}

impl TemplateError {
    /// Whose move it is.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            // Most often it is not there at all.
            Self::File(_) | Self::Foreign { .. } => Blame::Input,
            Self::Damaged { .. } => Blame::Host,
        }
    }

    /// What may help.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::File(_) => None,
            Self::Foreign { .. } => Some("a template of this version is made by `reviveWindowsVM`"),
            Self::Damaged { .. } => Some(
                "`nix store verify --repair` or `nix-store --repair-path` makes a store path whole again",
            ),
        }
    }
}

/// A template that can be read.
#[derive(Debug, Clone)]
pub struct Template {
    directory: PathBuf,
    /// What it says of itself.
    pub manifest: Manifest,
}

/// What a machine is started from.
#[derive(Debug)]
pub enum Origin {
    /// An image, which boots.
    Image {
        /// Its file.
        file: PathBuf,
        /// What belongs to its machine besides the disk, if that was kept.
        state: Option<PathBuf>,
    },
    /// A template, which goes on.
    Template(Box<Template>),
}

impl Origin {
    /// What a path, what was kept of its machine, and a machine come to. Why a template is not gone on from
    /// is told, with all reasons.
    ///
    /// # Errors
    /// [`TemplateError`]; of an image only that there is none.
    pub fn of(
        (path, state): (&Path, Option<&Path>),
        wanted: Wanted<'_>,
        progress: &Progress,
    ) -> Result<Self, TemplateError> {
        let Some(template) = Template::at(path)? else {
            let file = fs_err::canonicalize(disk::file_of(path))?;
            return Ok(Self::Image { file, state: disk::state_of(path, state) });
        };
        let differences = template.manifest.differences(wanted, HostCpu::read);
        if differences.is_empty() {
            template.lengths()?;
            return Ok(Self::Template(Box::new(template)));
        }
        let reasons: Vec<String> = differences.iter().map(ToString::to_string).collect();
        progress.warning(&format!(
            "a cold boot, since {} is no template of this machine: {}",
            template.manifest.name,
            reasons.join("; ")
        ));
        let file = fs_err::canonicalize(&template.manifest.image)?;
        Ok(Self::Image { file, state: template.manifest.image_state })
    }

    /// The disk that the machine begins with.
    #[must_use]
    pub fn disk(&self) -> PathBuf {
        match self {
            Self::Image { file, .. } => file.clone(),
            Self::Template(template) => template.directory.join(DISK),
        }
    }

    /// What else it begins with.
    #[must_use]
    pub fn state(&self) -> Option<PathBuf> {
        match self {
            Self::Image { state, .. } => state.clone(),
            // What its TPM knows is in the state of the devices.
            Self::Template(template) => Some(template.directory.clone()),
        }
    }

    /// The template, if it is one.
    #[must_use]
    pub fn template(&self) -> Option<&Template> {
        match self {
            Self::Image { .. } => None,
            Self::Template(template) => Some(template),
        }
    }
}

/// In hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    sha2::Sha256::digest(bytes).iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}"); // into a string, which takes everything
        digits
    })
}

/// The file of an image with what was kept besides it, as [`Origin::Image`] has them; of a template, those of the
/// image below it.
///
/// # Errors
/// [`TemplateError`].
pub fn image_below(path: &Path, state: Option<&Path>) -> Result<(PathBuf, Option<PathBuf>), TemplateError> {
    let (file, state) = match Template::at(path)? {
        None => (disk::file_of(path), disk::state_of(path, state)),
        Some(template) => (template.manifest.image, template.manifest.image_state),
    };
    Ok((fs_err::canonicalize(file)?, state))
}

impl Template {
    /// The template in a directory; none if there is no manifest.
    ///
    /// # Errors
    /// [`TemplateError::Foreign`] and [`TemplateError::File`].
    pub fn at(path: &Path) -> Result<Option<Self>, TemplateError> {
        let file = path.join(MANIFEST);
        let text = match fs_err::read(&file) {
            Ok(text) => text,
            // Neither a directory nor a manifest in it.
            Err(error) if [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory].contains(&error.kind()) => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let value: serde_json::Value = serde_json::from_slice(&text)
            .map_err(|error| TemplateError::Foreign { file: file.clone(), problem: error.to_string() })?;
        let version = value.get("wfvmTemplate").cloned().unwrap_or_default();
        if version != VERSION {
            let problem =
                format!("this is version {version} of the format, but this program reads {VERSION}");
            return Err(TemplateError::Foreign { file, problem });
        }
        let manifest = serde_json::from_value(value)
            .map_err(|error| TemplateError::Foreign { file, problem: error.to_string() })?;
        // A clone's machine has another working directory.
        Ok(Some(Self { directory: fs_err::canonicalize(path)?, manifest }))
    }

    /// Where a clone finds its memory.
    #[must_use]
    pub fn memory(&self) -> Memory {
        let file = self.directory.join(MEMORY);
        let writable = rustix::fs::access(&file, rustix::fs::Access::WRITE_OK).is_ok();
        Memory::Revived { file, writable }
    }

    /// Whether the large files are as long as they were: QEMU's own words about a short one explain nothing.
    fn lengths(&self) -> Result<(), TemplateError> {
        for (name, wanted) in [(MEMORY, self.manifest.memory_bytes), (STATE, self.manifest.state_bytes)] {
            let file = self.directory.join(name);
            let length = fs_err::metadata(&file)?.len();
            if length != wanted {
                let problem = format!("it has {length} bytes instead of {wanted}");
                return Err(TemplateError::Damaged { file, problem });
            }
        }
        Ok(())
    }

    /// The state of the devices, if all is as it was written, as far as `extent` goes with the memory.
    ///
    /// # Errors
    /// [`TemplateError::Damaged`].
    pub fn state(&self, extent: Extent) -> Result<Vec<u8>, TemplateError> {
        let [memory, sums, state] = [MEMORY, SUMS, STATE].map(|name| self.directory.join(name));
        let damaged =
            |file: &Path, problem: String| Err(TemplateError::Damaged { file: file.to_owned(), problem });
        self.lengths()?;
        let contents = fs_err::read(&state)?;
        let sums_of_memory = fs_err::read(&sums)?;
        let known = [
            (&state, &contents, &self.manifest.state_sha256),
            (&sums, &sums_of_memory, &self.manifest.sums_sha256),
        ];
        for (file, bytes, wanted) in known {
            if sha256(bytes) != *wanted {
                return damaged(file, "its checksum is not the manifest's".into());
            }
        }
        match sums::damaged(&memory, &sums_of_memory, extent)? {
            Some(at) => damaged(&memory, format!("the block at byte {at} is not what was written")),
            None => Ok(contents),
        }
    }
}

#[cfg(test)]
mod tests;
