//! Looks at the host's files: one `readdir` for each directory, one `lstat` for each file.

use std::{
    fs::{FileType, Metadata},
    io,
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::{Component, Path, PathBuf},
};

use super::{
    PlanError,
    tree::{Found, Kind, NodeId, Tree, UNREAD},
};

/// The tree of the store paths. One that is named twice is there once.
pub(super) fn walk(store_paths: &[PathBuf], most: usize) -> Result<Tree, PlanError> {
    let mut tree = Tree::default();
    for path in store_paths {
        if !is_plain(path) {
            return Err(PlanError::NotAbsolute { path: path.clone() });
        }
        if tree.root_at(path).is_none() {
            let metadata = fs_err::symlink_metadata(path).map_err(host)?;
            tree.add_root(path, kind(metadata.file_type(), path, || Ok(metadata)).map_err(host)?);
        }
    }
    // Those of a directory come behind all that were there before.
    let mut next: NodeId = 0;
    while let Some(node) = tree.node(next) {
        if node.kind == UNREAD {
            let found = directory(&tree.path(next)).map_err(host)?;
            tree.fill(next, found);
            if tree.len() > most {
                return Err(PlanError::TooManyNames { most });
            }
        }
        next += 1;
    }
    Ok(tree)
}

fn host(source: io::Error) -> PlanError {
    PlanError::Host { source }
}

/// Absolute, with a name at the end and without ways back.
fn is_plain(path: &Path) -> bool {
    let mut components = path.components();
    components.next() == Some(Component::RootDir)
        && path.file_name().is_some()
        && components.all(|component| matches!(component, Component::Normal(_)))
}

fn directory(path: &Path) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name().into_vec().into();
        let kind = kind(entry.file_type()?, &entry.path(), || entry.metadata())?;
        found.push(Found { name, kind });
    }
    Ok(found)
}

fn kind(
    file_type: FileType,
    path: &Path,
    metadata: impl FnOnce() -> io::Result<Metadata>,
) -> io::Result<Kind> {
    Ok(if file_type.is_dir() {
        UNREAD
    } else if file_type.is_file() {
        Kind::File { bytes: metadata()?.len() }
    } else if file_type.is_symlink() {
        Kind::Link { target: fs_err::read_link(path)?.as_os_str().as_bytes().into() }
    } else {
        Kind::Special
    })
}
