//! A file or directory that appears under its name only when it is whole.

use std::{
    io,
    path::{Path, PathBuf},
};

/// The place where a result grows. Dropped before it is finished, what is there goes away.
#[derive(Debug)]
pub struct Unfinished(PathBuf);

impl Unfinished {
    /// In the directory of the result, so that putting it in its place copies nothing.
    #[must_use]
    pub fn beside(out: &Path) -> Self {
        let mut path = out.as_os_str().to_owned();
        path.push(".unfinished");
        Self(path.into())
    }

    /// Where it grows.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Puts it into its place.
    ///
    /// # Errors
    /// The host's.
    pub fn finish(&self, out: &Path) -> io::Result<()> {
        fs_err::rename(&self.0, out)
    }

    /// Takes away what is there.
    pub fn clear(&self) {
        // It may not exist, be finished, or be gone with its directory. No link is followed.
        let _ = fs_err::remove_file(&self.0).or_else(|_| fs_err::remove_dir_all(&self.0));
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.clear();
    }
}
