//! What the volume shows: a tree without links, in which each name leads to a directory or to a
//! file's one entry.

use super::{
    LeftOut, LeftOuts, PlanError,
    links::resolve,
    names::{compressed, names},
    tree::{Kind, NodeId, Tree},
    udf::{FILE_BYTES, IcbId},
};

/// What has an entry of its own on the volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// A directory, by its place in [`Arrangement::directories`].
    Directory(usize),
    /// A file of the host.
    File { node: NodeId, bytes: u64 },
}

/// A directory of the volume. Links make several of one of the host's.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) icb: IcbId,
    pub(super) parent: IcbId,
    pub(super) entries: Vec<Entry>,
    /// The host's; none: the volume's root.
    node: Option<NodeId>,
    /// The directory that it is in.
    inside: Option<usize>,
}

/// A name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// As UDF writes it.
    pub(super) name: Box<[u8]>,
    pub(super) icb: IcbId,
    pub(super) is_directory: bool,
}

/// The whole volume, without places.
#[derive(Debug, Default)]
pub(super) struct Arrangement {
    /// What has an entry, by number, and how many names lead there.
    pub(super) shown: Vec<(Shown, u32)>,
    pub(super) directories: Vec<Directory>,
    pub(super) left_out: LeftOuts,
}

/// Arranges the tree, with at most `most` names: links to directories can multiply.
pub(super) fn arrange(tree: &Tree, most: usize) -> Result<Arrangement, PlanError> {
    let mut arranging =
        Arranging { tree, most, entries: 0, icbs: vec![None; tree.len()], result: Arrangement::default() };
    arranging.add_directory(None, None);
    let mut at = 0;
    while at < arranging.result.directories.len() {
        arranging.fill(at)?;
        at += 1;
    }
    Ok(arranging.result)
}

struct Arranging<'a> {
    tree: &'a Tree,
    most: usize,
    entries: usize,
    /// The entry of each file that has one.
    icbs: Vec<Option<IcbId>>,
    result: Arrangement,
}

impl Arranging<'_> {
    /// Fills a directory of the volume.
    fn fill(&mut self, at: usize) -> Result<(), PlanError> {
        let tree = self.tree;
        let node = self.result.directories.get(at).and_then(|directory| directory.node);
        let children: Vec<NodeId> = match node {
            Some(node) => tree.children(node).collect(),
            None => tree.roots().collect(),
        };
        let mut shown = Vec::with_capacity(children.len());
        for child in children {
            match self.leads_to(child, at) {
                Ok(target) => shown.push((child, target)),
                Err(why) => self.result.left_out.add(why, || tree.path(child)),
            }
        }
        self.entries += shown.len();
        if self.entries > self.most {
            return Err(PlanError::TooManyNames { most: self.most });
        }
        let hosts = shown.iter().map(|(child, _)| tree.node(*child).map_or(&b""[..], |node| &node.name));
        let names = names(hosts);
        let mut entries = Vec::with_capacity(names.len());
        for ((_, target), name) in shown.into_iter().zip(names) {
            let (icb, is_directory) = match tree.node(target).map(|node| &node.kind) {
                Some(Kind::Directory { .. }) => (self.add_directory(Some(target), Some(at)), true),
                Some(Kind::File { bytes }) => (self.file(target, *bytes)?, false),
                Some(Kind::Link { .. } | Kind::Special) | None => continue,
            };
            entries.push(Entry { name: compressed(&name).into(), icb, is_directory });
        }
        if let Some(directory) = self.result.directories.get_mut(at) {
            directory.entries = entries;
        }
        Ok(())
    }

    /// What the volume shows for a node in a directory.
    fn leads_to(&self, node: NodeId, at: usize) -> Result<NodeId, LeftOut> {
        match self.tree.node(node).map(|node| &node.kind) {
            Some(Kind::Directory { .. } | Kind::File { .. }) => Ok(node),
            Some(Kind::Link { .. }) => {
                let target = resolve(self.tree, node)?;
                if self.is_within(at, target) { Err(LeftOut::Cyclic) } else { Ok(target) }
            }
            Some(Kind::Special) => Err(LeftOut::Special),
            None => Err(LeftOut::Dangling),
        }
    }

    /// Whether a directory of the volume is a directory of the host, or is in it.
    fn is_within(&self, at: usize, node: NodeId) -> bool {
        let place = |at: usize| self.result.directories.get(at);
        let mut within = std::iter::successors(place(at), |directory| directory.inside.and_then(place));
        within.any(|directory| directory.node == Some(node))
    }

    fn add_directory(&mut self, node: Option<NodeId>, inside: Option<usize>) -> IcbId {
        let number = self.result.directories.len();
        let icb = self.add(Shown::Directory(number));
        // The root is its own parent.
        let parent =
            inside.and_then(|at| self.result.directories.get(at)).map_or(icb, |directory| directory.icb);
        // Its own record of its parent is a name of that.
        self.named(parent);
        if parent != icb {
            self.named(icb);
        }
        self.result.directories.push(Directory { icb, parent, entries: Vec::new(), node, inside });
        icb
    }

    fn file(&mut self, node: NodeId, bytes: u64) -> Result<IcbId, PlanError> {
        let known = |arranging: &Self| arranging.icbs.get(usize::try_from(node).ok()?).copied().flatten();
        let icb = match known(self) {
            Some(icb) => icb,
            None if bytes > FILE_BYTES => {
                return Err(PlanError::FileTooLarge { path: self.tree.path(node), bytes });
            }
            None => {
                let icb = self.add(Shown::File { node, bytes });
                if let Some(own) = usize::try_from(node).ok().and_then(|at| self.icbs.get_mut(at)) {
                    *own = Some(icb);
                }
                icb
            }
        };
        self.named(icb);
        Ok(icb)
    }

    fn add(&mut self, shown: Shown) -> IcbId {
        let id = u32::try_from(self.result.shown.len()).unwrap_or(u32::MAX);
        self.result.shown.push((shown, 0));
        id
    }

    fn named(&mut self, icb: IcbId) {
        if let Some((_, names)) = usize::try_from(icb).ok().and_then(|at| self.result.shown.get_mut(at)) {
            *names += 1;
        }
    }
}
