//! A reader of its own, which knows the volume by its bytes alone.

mod names;
mod reader;
mod served;
mod shapes;

use std::{os::unix::fs::symlink, path::PathBuf};

use super::{PlanError, StoreVolume, tree::Tree, walk};

/// Store paths of a test.
pub(super) struct Store {
    directory: tempfile::TempDir,
}

impl Store {
    pub(super) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Makes a file, and the directories that it is in.
    pub(super) fn file(&self, name: &str, contents: &[u8]) -> &Self {
        let path = self.path(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, contents).unwrap();
        self
    }

    pub(super) fn link(&self, name: &str, target: &str) -> &Self {
        let path = self.path(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
        self
    }

    pub(super) fn tree(&self, roots: &[&str]) -> Tree {
        let roots: Vec<PathBuf> = roots.iter().map(|root| self.path(root)).collect();
        walk::walk(&roots, 1 << 20).unwrap()
    }

    pub(super) fn plan(&self, roots: &[&str]) -> StoreVolume {
        self.plan_with(roots, 1 << 20).unwrap()
    }

    pub(super) fn plan_with(&self, roots: &[&str], most: usize) -> Result<StoreVolume, PlanError> {
        StoreVolume::of(self.tree(roots), most)
    }
}
