//! Store paths as the medium of a CD drive, without a copy.
//!
//! A walk over the paths gives a tree; the tree gives a volume of UDF 1.02 whose structures are
//! computed and whose files' bytes are the host's own files; and the volume is served to QEMU by
//! NBD on a unix socket. Everything between the walk and the server is pure.

mod arrange;
mod contents;
mod links;
mod names;
mod nbd;
#[cfg(test)]
mod tests;
mod tree;
mod udf;
mod volume;
mod walk;

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::net::UnixListener;

use self::{contents::Contents, tree::Tree, volume::Volume};
use crate::blame::Blame;

pub use nbd::Until;

/// Names that a volume may have. A link to a directory shows its contents once more, so that a
/// small tree can have any number.
const MOST_NAMES: usize = 1 << 22;

/// Why store paths cannot be shown as a volume.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A path that is none of a store.
    #[error("`{}` is not an absolute path with a name at its end", path.display())]
    NotAbsolute {
        /// The path.
        path: PathBuf,
    },
    /// What the host did not let us see.
    #[error("{source}")]
    Host {
        /// What the system said, with the path.
        source: io::Error,
    },
    /// More names than a volume may have.
    #[error("the closure shows more than {most} names, counting those behind links to directories again")]
    TooManyNames {
        /// How many there may be.
        most: usize,
    },
    /// A file that has no room in its entry.
    #[error("`{}` has {bytes} bytes, and the largest file of the volume has {}", path.display(), udf::FILE_BYTES)]
    FileTooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// More than the numbers of UDF's blocks can say.
    #[error("the closure wants {bytes} bytes and more, and a volume has 8 TiB")]
    TooLarge {
        /// How many it has at least.
        bytes: u64,
    },
}

impl PlanError {
    /// Whose move it is.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::NotAbsolute { .. }
            | Self::TooManyNames { .. }
            | Self::FileTooLarge { .. }
            | Self::TooLarge { .. } => Blame::Input,
            Self::Host { source } if source.kind() == io::ErrorKind::NotFound => Blame::Input,
            Self::Host { .. } => Blame::Host,
        }
    }
}

/// Why a name of the closure is not on the volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// A link that leads out of the given store paths.
    OutOfClosure,
    /// A link to what is not there.
    Dangling,
    /// A link that leads back to itself, or to a directory that it is in.
    Cyclic,
    /// A socket, a pipe or a device.
    Special,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::OutOfClosure => "leads out of the closure",
            Self::Dangling => "leads to nothing",
            Self::Cyclic => "leads back to where it is",
            Self::Special => "is no file",
        })
    }
}

/// What is not on the volume: how many names, and the first of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOuts {
    /// How many there are.
    pub count: usize,
    /// The first of them.
    pub first: Vec<(PathBuf, LeftOut)>,
}

impl LeftOuts {
    const MOST: usize = 20;

    /// In words: each of the first ones, and how many more there are.
    #[must_use]
    pub fn told(&self) -> Vec<String> {
        let mut told: Vec<String> =
            self.first.iter().map(|(path, why)| format!("{} {why}", path.display())).collect();
        let more = self.count - self.first.len();
        if more > 0 {
            told.push(format!("{more} more"));
        }
        told
    }

    fn add(&mut self, why: LeftOut, path: impl FnOnce() -> PathBuf) {
        self.count += 1;
        if self.first.len() < Self::MOST {
            self.first.push((path(), why));
        }
    }
}

/// Store paths as a volume.
#[derive(Debug)]
pub struct StoreVolume {
    volume: Volume,
    contents: Contents,
    left_out: LeftOuts,
}

impl StoreVolume {
    /// Looks at store paths and all that is below them, and reads no file.
    ///
    /// # Errors
    /// [`PlanError`]
    pub fn plan(store_paths: &[PathBuf]) -> Result<Self, PlanError> {
        let tree = walk::walk(store_paths, MOST_NAMES)?;
        Self::of(tree, MOST_NAMES)
    }

    fn of(tree: Tree, most: usize) -> Result<Self, PlanError> {
        let arrangement = arrange::arrange(&tree, most)?;
        let volume = Volume::new(&arrangement)?;
        Ok(Self { volume, contents: Contents::new(tree), left_out: arrangement.left_out })
    }

    /// The size of the medium.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.volume.bytes()
    }

    /// What is kept in memory of it, about.
    #[must_use]
    pub fn metadata_bytes(&self) -> u64 {
        self.volume.metadata_bytes()
    }

    /// What is not on it.
    #[must_use]
    pub fn left_out(&self) -> &LeftOuts {
        &self.left_out
    }

    /// Makes a unix socket that did not exist. Who connects is answered as soon as it is served.
    ///
    /// # Errors
    /// The socket cannot be made.
    pub fn bind(self, socket: &Path) -> io::Result<Export> {
        let listener = UnixListener::bind(socket)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", socket.display())))?;
        Ok(Export { volume: Arc::new(self), listener, _socket: Socket(socket.to_path_buf()) })
    }

    /// Reads from the volume; as many bytes as were asked for.
    fn read(&self, mut offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        let mut rest = bytes.as_mut_slice();
        while !rest.is_empty() {
            let read = self.contents.fill(&self.volume.piece(offset, rest.len()), rest)?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            offset += read as u64;
            rest = rest.get_mut(read..).unwrap_or_default();
        }
        Ok(bytes)
    }

    /// Whether nothing of a part is in a file of the host.
    fn is_in_memory(&self, offset: u64, length: usize) -> bool {
        let end = offset.saturating_add(length as u64);
        !self.volume.has_files(offset..end)
    }
}

/// A volume with a socket, which goes away with it.
#[derive(Debug)]
pub struct Export {
    volume: Arc<StoreVolume>,
    listener: UnixListener,
    _socket: Socket,
}

impl Export {
    /// Serves the volume to everybody who connects.
    ///
    /// # Errors
    /// The socket takes no more connections.
    pub async fn serve(&self, until: Until) -> io::Result<()> {
        nbd::serve(&self.listener, &self.volume, until).await
    }
}

/// The file of a socket, which goes away with its server.
#[derive(Debug)]
struct Socket(PathBuf);

impl Drop for Socket {
    fn drop(&mut self) {
        // Somebody else may have removed it.
        let _ = fs_err::remove_file(&self.0);
    }
}
