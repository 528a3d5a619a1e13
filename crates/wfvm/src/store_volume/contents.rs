//! The bytes of the host's files.

use std::{
    collections::HashMap,
    io,
    os::unix::fs::FileExt as _,
    sync::{Arc, Mutex, PoisonError},
};

use rustix::fs::OFlags;

use super::{
    tree::{NodeId, Tree},
    volume::Piece,
};

/// Files that are kept open, of the 1024 that a process may have.
const MOST_OPEN: usize = 256;

/// Where the host's files are, and those that were read last.
#[derive(Debug)]
pub(super) struct Contents {
    tree: Tree,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    files: HashMap<NodeId, (Arc<fs_err::File>, u64)>,
    /// Rises with each use of a file.
    now: u64,
}

impl Contents {
    pub(super) fn new(tree: Tree) -> Self {
        Self { tree, open: Mutex::default() }
    }

    /// Puts a piece at the start of `target`; how many bytes that were.
    pub(super) fn fill(&self, piece: &Piece<'_>, target: &mut [u8]) -> io::Result<usize> {
        let room = |length: usize| move |target: &'_ mut [u8]| length.min(target.len());
        let length = match piece {
            Piece::Bytes(bytes) => room(bytes.len())(target),
            Piece::Zeros(length) | Piece::File { length, .. } => room(*length)(target),
        };
        let target = target.get_mut(..length).unwrap_or_default();
        match piece {
            Piece::Bytes(bytes) => target.copy_from_slice(bytes.get(..length).unwrap_or_default()),
            Piece::Zeros(_) => target.fill(0),
            Piece::File { node, offset, of, .. } => {
                self.file(*node, *of)?.file().read_exact_at(target, *offset)?;
            }
        }
        Ok(length)
    }

    /// A file, which must still be what was planned.
    fn file(&self, node: NodeId, bytes: u64) -> io::Result<Arc<fs_err::File>> {
        if let Some(file) = self.open.lock().unwrap_or_else(PoisonError::into_inner).known(node) {
            return Ok(file);
        }
        // What came into the file's place must not send us elsewhere, or keep us waiting.
        let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).unwrap_or_default();
        let mut options = fs_err::OpenOptions::new();
        fs_err::os::unix::fs::OpenOptionsExt::custom_flags(options.read(true), flags);
        let file = options.open(self.tree.path(node))?;
        let metadata = file.metadata()?;
        if !metadata.is_file() || metadata.len() != bytes {
            return Err(io::Error::other("the file is not what it was when the volume was planned"));
        }
        let file = Arc::new(file);
        self.open.lock().unwrap_or_else(PoisonError::into_inner).add(node, Arc::clone(&file));
        Ok(file)
    }
}

impl Open {
    fn known(&mut self, node: NodeId) -> Option<Arc<fs_err::File>> {
        self.now += 1;
        let (file, used) = self.files.get_mut(&node)?;
        *used = self.now;
        Some(Arc::clone(file))
    }

    fn add(&mut self, node: NodeId, file: Arc<fs_err::File>) {
        if self.files.len() >= MOST_OPEN {
            let oldest = self.files.iter().min_by_key(|(_, (_, used))| *used).map(|(node, _)| *node);
            oldest.map(|oldest| self.files.remove(&oldest));
        }
        self.files.insert(node, (file, self.now));
    }
}
