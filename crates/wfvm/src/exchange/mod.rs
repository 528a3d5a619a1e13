//! The exchange area: a disk with one FAT32 volume, on which a host leaves files for a guest and
//! a guest for its host.
//!
//! [`create`] writes a new one. [`Volume`] reads what a guest made of it, and believes nothing of
//! it: what cannot be is a [`Damage`] of a file that is named.

mod bytes;
mod damage;
mod geometry;
mod names;
mod plan;
mod slots;
mod table;
#[cfg(test)]
mod tests;
mod volume;

use std::{
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use fs_err::os::unix::fs::FileExt as _;

use self::{
    geometry::{BOUNDS, Geometry},
    plan::{FILE_BYTES, Wanted},
};
use crate::{blame::Blame, unfinished::Unfinished};

pub use damage::Damage;
pub(crate) use names::fold;
pub use volume::{Contents, Entry, Kind, Limits, Room, Volume, Walk};

/// The size of an exchange area that nobody asked for another: that of the largest volume that
/// Windows itself formats with FAT32. The file is sparse and takes what is written.
pub const DEFAULT_BYTES: u64 = 32 << 30;

/// Its label where nothing else is asked for.
pub const DEFAULT_LABEL: &str = "WFVM_XCHG";

/// The only size that may be given: a multiple of this.
const STEP: u64 = 1 << 20;
/// Bytes copied at once.
const PIECE: usize = 1 << 20;

/// A file or directory of a new exchange area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// Names separated by `/`. Directories on the way are made as well.
    pub path: String,
    /// What it is.
    pub contents: NewContents,
}

/// What is in an entry of a new exchange area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewContents {
    /// A directory.
    Directory,
    /// A file of these bytes.
    Bytes(Vec<u8>),
    /// A copy of a file of the host.
    File(PathBuf),
}

impl NewEntry {
    /// A directory, which may be empty.
    #[must_use]
    pub fn directory(path: impl Into<String>) -> Self {
        Self { path: path.into(), contents: NewContents::Directory }
    }

    /// A file of these bytes.
    #[must_use]
    pub fn bytes(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), contents: NewContents::Bytes(bytes.into()) }
    }

    /// A copy of a file of the host.
    #[must_use]
    pub fn file(path: impl Into<String>, host: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), contents: NewContents::File(host.into()) }
    }
}

/// Why an exchange area cannot be made or read.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// What the host did not let us do.
    #[error("{source}")]
    Host {
        /// What the system said, with the path.
        source: io::Error,
    },
    /// A size that is none.
    #[error("the exchange area shall have {bytes} bytes: it has a whole number of MiB, from {} MiB to {} MiB", BOUNDS.start() >> 20, BOUNDS.end() >> 20)]
    Size {
        /// What was asked for.
        bytes: u64,
    },
    /// A label that FAT has no room for.
    #[error("the label {label:?} is not of 1 to 11 of the characters A-Z, 0-9, `_` and `-`")]
    Label {
        /// What was asked for.
        label: String,
    },
    /// A path that Windows does not take.
    #[error("`{path}` cannot be in the exchange area: {problem}")]
    Name {
        /// The path.
        path: String,
        /// Which name of it, and what is wrong with it.
        problem: String,
    },
    /// Two entries with one path, as Windows compares them.
    #[error(
        "`{path}` cannot be in the exchange area: something else has this path, or one that differs in case alone"
    )]
    Twice {
        /// The path.
        path: String,
    },
    /// A file that has no room in its entry.
    #[error("`{path}` has {bytes} bytes, and the largest file of the exchange area has {FILE_BYTES}")]
    FileTooLarge {
        /// The path.
        path: String,
        /// Its size.
        bytes: u64,
    },
    /// A directory that has no room for its entries.
    #[error(
        "`{path}` has more entries than a directory of the exchange area can have: 65536, of which a long name takes several"
    )]
    DirectoryTooLarge {
        /// The path.
        path: String,
    },
    /// A file of the host that changed while it was copied.
    #[error("`{}` changed while it was copied into the exchange area", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// More than there is room for.
    #[error("the files for the exchange area take {needed} bytes, and it has room for {room}")]
    Room {
        /// What they take.
        needed: u64,
        /// What there is.
        room: u64,
    },
    /// A file that is larger than the reader wants.
    #[error("`{path}` in the exchange area has {bytes} bytes, and {limit} at most are expected")]
    TooMuch {
        /// The path.
        path: String,
        /// Its size.
        bytes: u64,
        /// What was wanted at most.
        limit: u64,
    },
    /// A directory where there should be a file, or the other way round.
    #[error("`{path}` in the exchange area is no {wanted}")]
    Unlike {
        /// The path.
        path: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// What a guest made of it cannot be read.
    #[error("the exchange area is damaged at `{path}`: {damage}")]
    Damaged {
        /// The file or directory; `/` for the volume.
        path: String,
        /// What is wrong.
        damage: Damage,
    },
}

impl ExchangeError {
    /// Whose move it is.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::Host { .. } => Blame::Host,
            Self::Size { .. }
            | Self::Label { .. }
            | Self::Name { .. }
            | Self::Twice { .. }
            | Self::FileTooLarge { .. }
            | Self::DirectoryTooLarge { .. }
            | Self::Changed { .. }
            | Self::Room { .. } => Blame::Input,
            Self::TooMuch { .. } | Self::Unlike { .. } | Self::Damaged { .. } => Blame::Guest,
        }
    }
}

fn host(source: io::Error) -> ExchangeError {
    ExchangeError::Host { source }
}

/// Makes an exchange area in a new sparse file. The same entries make the same bytes.
///
/// # Errors
/// [`ExchangeError`]; nothing is left behind then.
pub fn create(file: &Path, size_bytes: u64, label: &str, entries: &[NewEntry]) -> Result<(), ExchangeError> {
    let geometry = Some(size_bytes)
        .filter(|bytes| BOUNDS.contains(bytes) && bytes.is_multiple_of(STEP))
        .and_then(Geometry::of_size)
        .ok_or(ExchangeError::Size { bytes: size_bytes })?;
    let label = plan::label(label)?;
    let mut wanted = Vec::new();
    for (number, entry) in entries.iter().enumerate() {
        let file = |bytes| Wanted::File { bytes, entry: number };
        let what = match &entry.contents {
            NewContents::Directory => Wanted::Directory,
            NewContents::Bytes(bytes) => file(bytes.len() as u64),
            NewContents::File(path) => file(fs_err::metadata(path).map_err(host)?.len()),
        };
        wanted.push((entry.path.as_str(), what));
    }
    let plan = plan::plan(geometry, &label, wanted)?;
    let unfinished = Unfinished::beside(file);
    let image = fs_err::File::create(unfinished.path()).map_err(host)?;
    image.set_len(size_bytes).map_err(host)?;
    for (offset, bytes) in &plan.segments {
        write(&image, bytes, *offset)?;
    }
    for file in &plan.files {
        match entries.get(file.entry).map(|entry| &entry.contents) {
            Some(NewContents::Bytes(bytes)) => write(&image, bytes, file.offset)?,
            Some(NewContents::File(path)) => copy(path, &image, file.offset, file.bytes)?,
            Some(NewContents::Directory) | None => {}
        }
    }
    unfinished.finish(file).map_err(host)
}

fn write(image: &fs_err::File, bytes: &[u8], offset: u64) -> Result<(), ExchangeError> {
    image.write_all_at(bytes, offset).map_err(host)
}

/// Copies a file of the host, which must have as many bytes as were planned for it.
fn copy(path: &Path, image: &fs_err::File, mut offset: u64, bytes: u64) -> Result<(), ExchangeError> {
    // One byte more than there should be tells that it grew.
    let mut source = fs_err::File::open(path).map_err(host)?.take(bytes.saturating_add(1));
    let end = offset.saturating_add(bytes);
    let mut piece = vec![0; PIECE];
    loop {
        let read = source.read(&mut piece).map_err(host)?;
        let next = offset.saturating_add(read as u64);
        if next > end || read == 0 && next < end {
            return Err(ExchangeError::Changed { path: path.into() });
        }
        if read == 0 {
            return Ok(());
        }
        write(image, piece.get(..read).unwrap_or_default(), offset)?;
        offset = next;
    }
}
