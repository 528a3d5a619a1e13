//! What came out of a guest becomes store paths: from the exchange area, or from an archive that
//! the guest streams.
//!
//! Nothing of it is believed. A name, a link, a kind of file or an amount that an output cannot
//! have is refused with the file's name; what grew until then is taken away.

mod archive;
mod error;
mod growth;
mod header;
mod rules;
mod sparse;
#[cfg(test)]
mod tests;
mod tree;
mod unpack;

use std::{
    collections::BTreeMap,
    io::Read,
    path::{Path, PathBuf},
};

use self::growth::{Growth, Piece, Source};
use crate::exchange::{Contents, Kind, Limits, Volume, fold};

pub use error::{Instead, OutputError};
pub use rules::{OutputLimits, Rules};

/// Warnings that are kept one by one.
const WARNINGS: usize = 100;

/// Outputs in their places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placed {
    /// Each output by its name.
    pub outputs: BTreeMap<String, PlacedOutput>,
    /// What was left out, the first hundred.
    pub warnings: Vec<Warning>,
    /// How many more warnings there are.
    pub more_warnings: usize,
}

/// An output in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedOutput {
    /// The place.
    pub path: PathBuf,
    /// Whether it is a directory; else it is a file.
    pub is_directory: bool,
    /// Files, directories and links, itself counted.
    pub entries: usize,
    /// Bytes of all files; a hole counts like what is written.
    pub bytes: u64,
}

/// What came out of a guest and is in no output.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// An alternate data stream, which no other file system has.
    #[error("`{path}` is an alternate stream of a file, which a store path cannot have: it is left out")]
    AlternateStream {
        /// The file and the stream.
        path: String,
    },
    /// Something beside the outputs.
    #[error("`{path}` is the name of no output: it is left out")]
    NoOutput {
        /// Its path in the exchange area.
        path: String,
    },
    /// A guest that kept the volume until its end.
    #[error("the guest did not dismount the exchange area: what it wrote last may be missing")]
    NotDismounted,
}

impl Placed {
    fn warn(&mut self, warning: Warning) {
        if self.warnings.len() < WARNINGS {
            self.warnings.push(warning);
        } else {
            self.more_warnings += 1;
        }
    }
}

/// Puts outputs in their places that lie in a directory of an exchange area, each a file or a
/// directory with the output's name. All are placed, or none.
///
/// # Errors
/// [`OutputError`]
pub fn from_exchange(
    volume: &Volume,
    directory: &str,
    outputs: &BTreeMap<String, PathBuf>,
    rules: &Rules,
) -> Result<Placed, OutputError> {
    let mut placed = Placed::default();
    if !volume.was_dismounted() {
        placed.warn(Warning::NotDismounted);
    }
    let no_directory = || OutputError::NoDirectory { directory: directory.into() };
    let there = volume.list(directory)?.ok_or_else(no_directory)?;
    let mut growing = BTreeMap::new();
    for (output, destination) in outputs {
        if !there.iter().any(|entry| fold(entry.name()) == fold(output)) {
            let entries = there.iter().map(|entry| (entry.name().to_owned(), entry.kind()));
            return Err(OutputError::Missing { output: output.clone(), instead: Instead::of(entries) });
        }
        let growth = Growth::new(output, destination, rules)?;
        if let Some(other) = growing.insert(fold(output), growth) {
            return Err(OutputError::SameOutput { output: output.clone(), other: other.into_output() });
        }
    }
    let limits = Limits {
        entries: rules.limits.entries.saturating_mul(outputs.len().saturating_add(1)),
        // An output says by itself what is too deep in it.
        depth: rules.limits.depth.saturating_add(2),
    };
    let walk = volume.walk(directory, limits)?.ok_or_else(no_directory)?;
    // As the volume writes it, behind which an output's name comes.
    let own = volume.find(directory)?.map_or_else(String::new, |entry| entry.path());
    for entry in walk {
        let entry = entry?;
        let path = entry.path();
        let below = path.get(own.len()..).unwrap_or_default().trim_start_matches('/');
        let (name, path) = below.split_once('/').unwrap_or((below, ""));
        match (growing.get_mut(&fold(name)), entry.kind()) {
            (Some(growth), Kind::Directory) => growth.directory(path)?,
            (Some(growth), Kind::File { bytes }) => {
                growth.file(path, bytes, &mut volume.contents(&entry))?;
            }
            (None, _) if path.is_empty() => placed.warn(Warning::NoOutput { path: entry.path() }),
            (None, _) => {}
        }
    }
    let grown: Result<_, _> = growing.into_values().map(Growth::finish).collect();
    growth::put_in_place(grown?, &mut placed)?;
    Ok(placed)
}

/// Puts an output in its place that comes as a tar archive. All of the archive is in one entry
/// with the output's name, or in `.`; a file of the output's name is an output as well.
///
/// # Errors
/// [`OutputError`]
pub fn from_tar(
    reader: impl Read,
    output: &str,
    destination: &Path,
    rules: &Rules,
) -> Result<Placed, OutputError> {
    let mut placed = Placed::default();
    let mut growth = Growth::new(output, destination, rules)?;
    unpack::unpack(reader, output, &mut growth, &mut placed)?;
    growth::put_in_place(vec![growth.finish()?], &mut placed)?;
    Ok(placed)
}

impl Source for Contents<'_> {
    fn piece(&mut self) -> Result<Option<Piece<'_>>, OutputError> {
        Ok(Self::piece(self)?.map(Piece::Bytes))
    }
}
