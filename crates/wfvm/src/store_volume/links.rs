//! Where a symbolic link leads, as the host would follow it, without leaving the closure.

use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use super::{
    LeftOut,
    tree::{Kind, NodeId, Tree},
};

/// As many links as Linux follows for one path, `path_resolution(7)`.
const MOST_LINKS: usize = 40;

/// Where the walk along a path is.
enum At {
    Node(NodeId),
    /// Above the closure: an absolute path.
    Outside(PathBuf),
}

/// The directory or file that a link leads to.
pub(super) fn resolve(tree: &Tree, link: NodeId) -> Result<NodeId, LeftOut> {
    let Some(node) = tree.node(link) else { return Err(LeftOut::Dangling) };
    let mut at = node.parent.map_or_else(|| above(tree, link), At::Node);
    let mut pending: Vec<&[u8]> = Vec::new();
    let mut followed = 0;
    let mut next = Some(link);
    loop {
        if let Some(found) = next.take() {
            match tree.node(found).map(|node| &node.kind) {
                Some(Kind::Link { target }) => {
                    followed += 1;
                    if followed > MOST_LINKS {
                        return Err(LeftOut::Cyclic);
                    }
                    if target.starts_with(b"/") {
                        at = At::Outside(PathBuf::from("/"));
                    }
                    pending.extend(target.rsplit(|byte| *byte == b'/'));
                }
                Some(Kind::Special) => return Err(LeftOut::Special),
                Some(Kind::Directory { .. } | Kind::File { .. }) => at = At::Node(found),
                None => return Err(LeftOut::Dangling),
            }
        }
        let Some(name) = pending.pop() else { break };
        match (name, &mut at) {
            (b"" | b".", _) => {}
            (b"..", At::Node(node)) => {
                let parent = tree.node(*node).and_then(|node| node.parent);
                at = parent.map_or_else(|| above(tree, *node), At::Node);
            }
            (b"..", At::Outside(path)) => {
                path.pop();
            }
            (name, At::Node(node)) => next = Some(tree.child(*node, name).ok_or(LeftOut::Dangling)?),
            (name, At::Outside(path)) => {
                let inside = path.join(OsStr::from_bytes(name));
                next = tree.root_at(&inside);
                if next.is_none() {
                    *path = inside;
                }
            }
        }
    }
    match at {
        At::Node(node) => Ok(node),
        At::Outside(_) => Err(LeftOut::OutOfClosure),
    }
}

fn above(tree: &Tree, root: NodeId) -> At {
    let parent = tree.root_path(root).and_then(Path::parent);
    At::Outside(parent.unwrap_or(Path::new("/")).to_path_buf())
}
