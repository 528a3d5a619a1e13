//! What a guest may send, and what it must not.

mod exchanged;
mod garbage;
mod hostile;
mod streamed;

use std::{
    collections::BTreeMap,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use tar::{Builder, EntryType, Header};

use super::{OutputError, OutputLimits, Placed, Rules, from_exchange, from_tar};
use crate::exchange::{self, NewEntry, Volume};

/// A store, and a place for an exchange area.
struct Store(tempfile::TempDir);

impl Store {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// What lies in the store.
    fn names(&self) -> Vec<String> {
        let entries = fs_err::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The outputs of a new exchange area, each placed under its own name.
    fn exchange(&self, entries: &[NewEntry], outputs: &[&str], rules: &Rules) -> Result<Placed, OutputError> {
        let image = tempfile::tempdir().unwrap();
        let image = image.path().join("x.img");
        exchange::create(&image, 64 << 20, "X", entries).unwrap();
        let outputs: BTreeMap<_, _> =
            outputs.iter().map(|output| ((*output).to_owned(), self.path(output))).collect();
        from_exchange(&Volume::open(&image).unwrap(), "out", &outputs, rules)
    }

    /// Why an exchange area is refused in which bytes were changed: each time the place where the
    /// first ones stand in the first directories gets the second ones.
    fn refused_disk(&self, entries: &[NewEntry], changes: &[(&[u8], &[u8])]) -> String {
        use fs_err::os::unix::fs::FileExt as _;
        let image = tempfile::tempdir().unwrap();
        let image = image.path().join("x.img");
        exchange::create(&image, 64 << 20, "X", entries).unwrap();
        let file = fs_err::OpenOptions::new().read(true).write(true).open(&image).unwrap();
        // The clusters begin at 2 MiB.
        let start = 2 << 20;
        for (from, to) in changes {
            let mut directories = vec![0; 8 << 10];
            file.read_exact_at(&mut directories, start).unwrap();
            let at = directories.windows(from.len()).position(|window| window == *from).unwrap();
            file.write_all_at(to, start + at as u64).unwrap();
        }
        let outputs = BTreeMap::from([("out".to_owned(), self.path("out"))]);
        let volume = Volume::open(&image).unwrap();
        let error = from_exchange(&volume, "out", &outputs, &Rules::default()).unwrap_err();
        assert_eq!(error.blame(), crate::blame::Blame::Guest, "{error}");
        assert_eq!(self.names(), Vec::<String>::new());
        error.to_string()
    }

    /// The output `out` of an archive.
    fn tar(&self, archive: &[u8], rules: &Rules) -> Result<Placed, OutputError> {
        from_tar(archive, "out", &self.path("out"), rules)
    }

    /// Why an archive is refused. Nothing is left of it then.
    fn refusal(&self, archive: &[u8]) -> String {
        let error = self.tar(archive, &Rules::default()).unwrap_err();
        assert_eq!(error.blame(), crate::blame::Blame::Guest, "{error}");
        assert_eq!(self.names(), Vec::<String>::new());
        error.to_string()
    }
}

/// An archive in the making, whose names and targets may be anything.
struct Archive(Builder<Vec<u8>>);

impl Archive {
    fn new() -> Self {
        Self(Builder::new(Vec::new()))
    }

    fn add(mut self, kind: EntryType, path: &str, link: &str, contents: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_size(contents.len() as u64);
        header.set_cksum();
        self.0.append(&header, contents).unwrap();
        self
    }

    fn file(self, path: &str, contents: &[u8]) -> Self {
        self.add(EntryType::Regular, path, "", contents)
    }

    fn directory(self, path: &str) -> Self {
        self.add(EntryType::Directory, path, "", b"")
    }

    fn symlink(self, path: &str, target: &str) -> Self {
        self.add(EntryType::Symlink, path, target, b"")
    }

    fn hard_link(self, path: &str, target: &str) -> Self {
        self.add(EntryType::Link, path, target, b"")
    }

    fn bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }
}

fn mode(path: &Path) -> u32 {
    fs_err::metadata(path).unwrap().permissions().mode() & 0o777
}

fn limited(limits: OutputLimits) -> Rules {
    Rules { limits, ..Rules::default() }
}

/// The sum of a header, as it stands in it.
fn sum(block: &[u8]) -> [u8; 8] {
    let own = block[148..156].iter().map(|byte| u32::from(*byte)).sum::<u32>();
    let sum = block.iter().map(|byte| u32::from(*byte)).sum::<u32>() - own + 8 * 32;
    format!("{sum:06o}\0 ").into_bytes().try_into().unwrap()
}
