//! The closure as it was found: directories, files and links, by number.

use std::{
    collections::HashMap,
    ffi::OsStr,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

/// A node's place in the tree.
pub(super) type NodeId = u32;

/// What was found under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    /// The directory that it is in; none: a root.
    pub(super) parent: Option<NodeId>,
    /// Its name, as the host has it.
    pub(super) name: Box<[u8]>,
    pub(super) kind: Kind,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Its children are neighbours, in the order of their names' bytes.
    Directory {
        first: NodeId,
        end: NodeId,
    },
    File {
        bytes: u64,
    },
    Link {
        target: Box<[u8]>,
    },
    /// A socket, a pipe, a device.
    Special,
}

/// What a directory holds, before it has a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) name: Box<[u8]>,
    pub(super) kind: Kind,
}

/// Store paths and all that is below them.
#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// The absolute paths of the roots, and their nodes.
    roots: HashMap<PathBuf, NodeId>,
    root_paths: Vec<PathBuf>,
}

impl Tree {
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(usize::try_from(id).ok()?)
    }

    /// The roots, by number.
    pub(super) fn roots(&self) -> impl Iterator<Item = NodeId> + use<> {
        0..u32::try_from(self.root_paths.len()).unwrap_or(u32::MAX)
    }

    /// The root at an absolute path.
    pub(super) fn root_at(&self, path: &Path) -> Option<NodeId> {
        self.roots.get(path).copied()
    }

    /// The absolute path of a root.
    pub(super) fn root_path(&self, id: NodeId) -> Option<&Path> {
        self.root_paths.get(usize::try_from(id).ok()?).map(PathBuf::as_path)
    }

    /// The children of a directory; of everything else there are none.
    pub(super) fn children(&self, id: NodeId) -> std::ops::Range<NodeId> {
        match self.node(id).map(|node| &node.kind) {
            Some(Kind::Directory { first, end }) => *first..*end,
            Some(Kind::File { .. } | Kind::Link { .. } | Kind::Special) | None => 0..0,
        }
    }

    /// The child of this name.
    pub(super) fn child(&self, id: NodeId, name: &[u8]) -> Option<NodeId> {
        let range = self.children(id);
        let all = usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?;
        let children = self.nodes.get(all)?;
        let at = children.binary_search_by(|child| child.name.as_ref().cmp(name)).ok()?;
        range.start.checked_add(u32::try_from(at).ok()?)
    }

    /// Where a node is on the host.
    pub(super) fn path(&self, id: NodeId) -> PathBuf {
        let (mut names, mut at) = (Vec::new(), id);
        while let Some(Node { parent: Some(parent), name, .. }) = self.node(at) {
            names.push(OsStr::from_bytes(name));
            at = *parent;
        }
        let mut path = self.root_path(at).map(Path::to_path_buf).unwrap_or_default();
        path.extend(names.iter().rev());
        path
    }

    /// Adds a root. All of them come first.
    pub(super) fn add_root(&mut self, path: &Path, kind: Kind) {
        let id = self.next();
        let name = path.file_name().map_or(&b""[..], OsStr::as_bytes);
        self.nodes.push(Node { parent: None, name: name.into(), kind });
        self.roots.insert(path.to_path_buf(), id);
        self.root_paths.push(path.to_path_buf());
    }

    /// Says what a directory holds.
    pub(super) fn fill(&mut self, directory: NodeId, mut found: Vec<Found>) {
        found.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        let first = self.next();
        let children =
            found.into_iter().map(|Found { name, kind }| Node { parent: Some(directory), name, kind });
        self.nodes.extend(children);
        let end = self.next();
        if let Some(node) = usize::try_from(directory).ok().and_then(|at| self.nodes.get_mut(at)) {
            node.kind = Kind::Directory { first, end };
        }
    }

    fn next(&self) -> NodeId {
        u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)
    }
}

/// A directory whose contents are not known yet.
pub(super) const UNREAD: Kind = Kind::Directory { first: 0, end: 0 };
