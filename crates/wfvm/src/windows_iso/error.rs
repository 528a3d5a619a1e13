use std::io;

use super::INSTALL_IMAGES;
use crate::blame::Blame;

/// Why a file is not an installation medium that can be used.
#[derive(Debug, thiserror::Error)]
pub enum IsoError {
    /// Something else than an ISO.
    #[error("this is not an ISO image: {found}")]
    NotAnIso {
        /// What stands where the volume descriptor should be.
        found: String,
    },
    /// The end is missing.
    #[error(
        "the ISO image is truncated: {what} ends at byte {expected_bytes}, the file at byte {actual_bytes}"
    )]
    Truncated {
        /// What lies beyond the end.
        what: &'static str,
        /// How long the file would have to be at least.
        expected_bytes: u64,
        /// How long it is.
        actual_bytes: u64,
    },
    /// An ISO of something else: Windows media have a UDF file system.
    #[error(
        "the ISO image `{volume_label}` has no UDF file system, so it is not a Windows installation medium"
    )]
    NoUdf {
        /// The label of its ISO 9660 volume.
        volume_label: String,
    },
    /// A structure that this reader does not know.
    #[error("the ISO image has {what}, which is not supported")]
    Unsupported {
        /// Which.
        what: String,
    },
    /// A structure that contradicts its format.
    #[error("the ISO image is damaged: {structure} at byte {offset}: {problem}")]
    Damaged {
        /// Which structure.
        structure: &'static str,
        /// Where it lies.
        offset: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// Structures that lead everywhere: no medium needs so much to be read.
    #[error("the ISO image is damaged: {limit} were read, and its structures lead to more")]
    Endless {
        /// The limit that was reached.
        limit: String,
    },
    /// Nothing that could be installed.
    #[error("the ISO image `{volume_label}` has no install image: none of {INSTALL_IMAGES:?} is there")]
    NoInstallImage {
        /// The volume's label.
        volume_label: String,
    },
    /// More than one file that could be installed from.
    #[error(
        "the ISO image `{volume_label}` has more than one install image: {}; Setup takes one, and which one \
         is not documented",
        found.join(", ")
    )]
    SeveralInstallImages {
        /// The volume's label.
        volume_label: String,
        /// Their paths.
        found: Vec<&'static str>,
    },
    /// The host could not read.
    #[error("cannot read {bytes} bytes at byte {offset}")]
    Read {
        /// Where.
        offset: u64,
        /// How many.
        bytes: u64,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl IsoError {
    /// Whose move it is: a file that cannot be read is the host's, whatever is in it.
    #[must_use]
    pub fn blame(&self) -> Blame {
        if matches!(self, Self::Read { .. }) { Blame::Host } else { Blame::Input }
    }
}
