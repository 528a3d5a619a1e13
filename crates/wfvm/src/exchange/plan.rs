//! What is written where, for a new volume. Files lie in one piece each, behind all directories.

use std::collections::HashMap;

use super::{
    ExchangeError,
    bytes::put,
    geometry::Geometry,
    names::{LONGEST, Named, SLOT, ShortName, fold, named},
};
use crate::session::file_name;

/// 1980-01-01, the first day that FAT knows.
const DAY: [u8; 2] = [0x21, 0x00];
pub(super) const DIRECTORY: u8 = 0x10;
pub(super) const VOLUME_LABEL: u8 = 0x08;
const ARCHIVE: u8 = 0x20;
/// Of an entry's size.
pub(super) const FILE_BYTES: u64 = u32::MAX as u64;
/// A directory has 65,536 entries at most.
pub(super) const DIRECTORY_BYTES: u64 = (SLOT as u64) << 16;
const END: u32 = 0x0FFF_FFFF;

/// What an entry of a new volume is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Directory,
    /// A file, and its number among the given entries.
    File {
        bytes: u64,
        entry: usize,
    },
}

/// The bytes of a new volume but for those of its files.
#[derive(Debug)]
pub(super) struct Plan {
    /// What is written, and where.
    pub(super) segments: Vec<(u64, Vec<u8>)>,
    pub(super) files: Vec<Placed>,
}

/// Where the bytes of a file go.
#[derive(Debug)]
pub(super) struct Placed {
    /// Its number among the given entries.
    pub(super) entry: usize,
    pub(super) offset: u64,
    pub(super) bytes: u64,
}

struct Node {
    name: String,
    parent: usize,
    wanted: Wanted,
    children: Vec<usize>,
    first: u32,
}

/// The directories and files of a volume.
struct Tree {
    nodes: Vec<Node>,
    known: HashMap<(usize, String), usize>,
}

impl Tree {
    fn new() -> Self {
        let root = Node {
            name: String::new(),
            parent: 0,
            wanted: Wanted::Directory,
            children: Vec::new(),
            first: 0,
        };
        Self { nodes: vec![root], known: HashMap::new() }
    }

    fn add(&mut self, path: &str, wanted: Wanted) -> Result<(), ExchangeError> {
        let mut parent = 0;
        let mut parts = path.split('/').peekable();
        while let Some(name) = parts.next() {
            let wanted = if parts.peek().is_some() { Wanted::Directory } else { wanted };
            let problem = file_name::refusal(name).or_else(|| {
                let units = name.encode_utf16().count();
                (units > LONGEST).then(|| format!("has {units} characters, and {LONGEST} are possible"))
            });
            if let Some(problem) = problem {
                return Err(ExchangeError::Name {
                    path: path.into(),
                    problem: format!("{name:?} {problem}"),
                });
            }
            let key = (parent, fold(name));
            if let Some(there) = self.known.get(&key).copied() {
                // A directory may be named as often as one likes, in one way of writing it.
                let same = self.nodes.get(there).is_some_and(|node| node.name == name);
                let both = self.nodes.get(there).is_some_and(|node| node.wanted == Wanted::Directory);
                if !(same && both && wanted == Wanted::Directory) {
                    return Err(ExchangeError::Twice { path: path.into() });
                }
                parent = there;
                continue;
            }
            let id = self.nodes.len();
            self.nodes.push(Node { name: name.into(), parent, wanted, children: Vec::new(), first: 0 });
            self.known.insert(key, id);
            if let Some(node) = self.nodes.get_mut(parent) {
                node.children.push(id);
            }
            parent = id;
        }
        Ok(())
    }

    fn path(&self, mut id: usize) -> String {
        let mut names = Vec::new();
        while let Some(node) = self.nodes.get(id).filter(|_| id != 0) {
            names.push(node.name.as_str());
            id = node.parent;
        }
        names.reverse();
        names.join("/")
    }

    fn names(&self, node: &Node) -> Vec<Named> {
        let names: Vec<&str> = node
            .children
            .iter()
            .filter_map(|id| self.nodes.get(*id))
            .map(|node| node.name.as_str())
            .collect();
        named(&names)
    }

    /// The entries of a directory.
    fn entries(&self, id: usize, label: &ShortName) -> Vec<u8> {
        let Some(node) = self.nodes.get(id) else { return Vec::new() };
        let mut slots = if id == 0 {
            vec![slot(label, VOLUME_LABEL, 0, 0)]
        } else {
            // A parent that is the root is cluster 0.
            let parent = if node.parent == 0 { 0 } else { self.first(node.parent) };
            vec![slot(b".          ", DIRECTORY, node.first, 0), slot(b"..         ", DIRECTORY, parent, 0)]
        };
        for (child, named) in node.children.iter().zip(self.names(node)) {
            slots.extend(named.long);
            let Some(child) = self.nodes.get(*child) else { continue };
            slots.push(match child.wanted {
                Wanted::Directory => slot(&named.short, DIRECTORY, child.first, 0),
                Wanted::File { bytes, .. } => {
                    slot(&named.short, ARCHIVE, child.first, u32::try_from(bytes).unwrap_or(u32::MAX))
                }
            });
        }
        slots.concat()
    }

    fn first(&self, id: usize) -> u32 {
        self.nodes.get(id).map_or(0, |node| node.first)
    }
}

/// Clusters in a row, given away one after another.
struct Clusters {
    geometry: Geometry,
    next: u64,
    chains: Vec<(u32, u64)>,
}

impl Clusters {
    /// The first of those that so many bytes take; 0 for none.
    fn take(&mut self, bytes: u64) -> u32 {
        let count = self.geometry.clusters_for(bytes);
        let first = u32::try_from(self.next).unwrap_or(u32::MAX);
        self.next = self.next.saturating_add(count);
        if count == 0 {
            return 0;
        }
        self.chains.push((first, count));
        first
    }

    fn used(&self) -> u64 {
        self.next.saturating_sub(2)
    }

    /// The table of a volume on which everything lies in one piece.
    fn table(&self) -> Vec<u8> {
        let mut table: Vec<u32> = vec![0x0FFF_FFF8, END];
        for (first, count) in &self.chains {
            let after = (u64::from(*first) + 1)..(u64::from(*first) + count);
            table.extend(after.map(|cluster| u32::try_from(cluster).unwrap_or(END)));
            table.push(END);
        }
        table.into_iter().flat_map(u32::to_le_bytes).collect()
    }
}

/// The plan of a new volume.
pub(super) fn plan<'a>(
    geometry: Geometry,
    label: &ShortName,
    entries: impl IntoIterator<Item = (&'a str, Wanted)>,
) -> Result<Plan, ExchangeError> {
    let mut tree = Tree::new();
    for (path, wanted) in entries {
        tree.add(path, wanted)?;
        if let Wanted::File { bytes, .. } = wanted
            && bytes > FILE_BYTES
        {
            return Err(ExchangeError::FileTooLarge { path: path.into(), bytes });
        }
    }
    let mut clusters = Clusters { geometry, next: u64::from(geometry.root), chains: Vec::new() };
    for id in 0..tree.nodes.len() {
        // The sizes of directories do not depend on where anything lies.
        let Some(Wanted::Directory) = tree.nodes.get(id).map(|node| node.wanted) else { continue };
        let bytes = tree.entries(id, label).len() as u64;
        if bytes > DIRECTORY_BYTES {
            return Err(ExchangeError::DirectoryTooLarge { path: tree.path(id) });
        }
        let first = clusters.take(bytes.max(1));
        if let Some(node) = tree.nodes.get_mut(id) {
            node.first = first;
        }
    }
    let mut files = Vec::new();
    for node in &mut tree.nodes {
        if let Wanted::File { bytes, entry } = node.wanted {
            node.first = clusters.take(bytes);
            files.push(Placed { entry, offset: geometry.offset(node.first), bytes });
        }
    }
    if clusters.used() > u64::from(geometry.clusters()) {
        let cluster = u64::from(geometry.cluster_bytes());
        let (needed, room) = (clusters.used() * cluster, u64::from(geometry.clusters()) * cluster);
        return Err(ExchangeError::Room { needed, room });
    }
    let used = u32::try_from(clusters.used()).unwrap_or(u32::MAX);
    let mut segments = Vec::new();
    for id in 0..tree.nodes.len() {
        if tree.nodes.get(id).is_some_and(|node| node.wanted == Wanted::Directory) {
            segments.push((geometry.offset(tree.first(id)), tree.entries(id, label)));
        }
    }
    // Another tree is another volume, by which a system knows that a medium was changed.
    let volume_id = segments
        .iter()
        .flat_map(|(_, bytes)| bytes)
        .fold(0x811C_9DC5, |id: u32, byte| (id ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    segments.push((0, geometry.master_boot_record()));
    segments.push((Geometry::boot_offset(), geometry.reserved_sectors(label, volume_id, used)));
    let table = clusters.table();
    for index in 1..geometry.tables() {
        segments.push((geometry.table(index), table.clone()));
    }
    segments.push((geometry.table(0), table));
    Ok(Plan { segments, files })
}

fn slot(short: &ShortName, attributes: u8, first: u32, bytes: u32) -> [u8; SLOT] {
    let mut slot = [0; SLOT];
    let first = first.to_le_bytes();
    put(&mut slot, 0, short);
    put(&mut slot, 11, &[attributes]);
    // Made, read, written.
    for place in [16, 18, 24] {
        put(&mut slot, place, &DAY);
    }
    put(&mut slot, 20, first.get(2..).unwrap_or_default());
    put(&mut slot, 26, first.get(..2).unwrap_or_default());
    put(&mut slot, 28, &bytes.to_le_bytes());
    slot
}

/// Eleven bytes of a label.
pub(super) fn label(text: &str) -> Result<ShortName, ExchangeError> {
    let known = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    if !(1..=11).contains(&text.len()) || !text.chars().all(known) {
        return Err(ExchangeError::Label { label: text.into() });
    }
    let mut label = [b' '; 11];
    put(&mut label, 0, text.as_bytes());
    Ok(label)
}
