//! Reads a volume that a guest wrote. Each chain is followed once and each cluster belongs to one
//! file, so that nothing takes longer or more memory than what is on the disk.

use std::{path::Path, rc::Rc};

use fs_err::{File, os::unix::fs::FileExt as _};

use super::{
    ExchangeError,
    damage::Damage,
    geometry::{self, Geometry, SECTOR, usize_of},
    host,
    names::{SLOT, fold},
    plan::DIRECTORY_BYTES,
    slots::{Found, Slot, Slots, Wrong},
    table::{Claims, Failure, Table},
};

/// Bytes that are given at once.
const PIECE: u64 = 1 << 20;

/// An exchange area, opened for reading.
#[derive(Debug)]
pub struct Volume {
    file: File,
    pub(super) geometry: Geometry,
    was_dismounted: bool,
}

/// A file or directory of an exchange area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    directory: Rc<str>,
    name: String,
    kind: Kind,
    pub(super) first: u32,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A file.
    File {
        /// Its size.
        bytes: u64,
    },
}

impl Entry {
    /// Its own name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its path from the root of the volume, with `/` between the names.
    #[must_use]
    pub fn path(&self) -> String {
        joined(&self.directory, &self.name)
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

/// How much there is room for on a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// For all files and directories, in whole clusters.
    pub bytes: u64,
    /// What is left of it.
    pub free: u64,
}

/// How much a walk takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Files and directories.
    pub entries: usize,
    /// Directories around one of them, counted from where the walk began.
    pub depth: usize,
}

impl Volume {
    /// Opens an exchange area that no guest has any more.
    ///
    /// # Errors
    /// [`ExchangeError::Damaged`] if it is none.
    pub fn open(path: &Path) -> Result<Self, ExchangeError> {
        let file = File::open(path).map_err(host)?;
        let bytes = file.metadata().map_err(host)?.len();
        let sector = |offset: u64| {
            let mut sector = vec![0; usize_of(SECTOR)];
            // A disk without so many bytes is none of ours; zeros say the same.
            if offset.saturating_add(SECTOR) <= bytes {
                file.read_exact_at(&mut sector, offset).map_err(host)?;
            }
            Ok(sector)
        };
        let boot = sector(Geometry::boot_offset())?;
        let geometry = Geometry::parse(&sector(0)?, &boot, bytes).map_err(|damage| damaged("/", damage))?;
        let was_dismounted =
            !geometry::is_marked_dirty(&boot) && Table::new(&file, geometry).is_in_order()?;
        Ok(Self { file, geometry, was_dismounted })
    }

    /// Whether the guest dismounted it. If not, what was written last may be missing.
    #[must_use]
    pub fn was_dismounted(&self) -> bool {
        self.was_dismounted
    }

    /// How much there is room for, and how much of it is left; directories take of it as well.
    ///
    /// # Errors
    /// The host's.
    pub fn room(&self) -> Result<Room, ExchangeError> {
        let bytes = |clusters: u32| u64::from(clusters) * u64::from(self.geometry.cluster_bytes());
        Ok(Room { bytes: bytes(self.geometry.clusters()), free: bytes(self.table().free()?) })
    }

    /// The bytes of a file, if there is one; case does not matter.
    ///
    /// # Errors
    /// [`ExchangeError`], also for a file of more than `limit` bytes and for a directory.
    pub fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, ExchangeError> {
        let (mut table, mut claims) = (self.table(), Claims::new(self.geometry));
        let Some(entry) = self.find_claiming(path, &mut table, &mut claims)? else { return Ok(None) };
        let Kind::File { bytes } = entry.kind else {
            return Err(ExchangeError::Unlike { path: entry.path(), wanted: "file" });
        };
        if bytes > limit {
            return Err(ExchangeError::TooMuch { path: entry.path(), bytes, limit });
        }
        self.check(&entry, &mut table, &mut claims)?;
        let mut contents = self.contents(&entry);
        let mut read = Vec::new();
        while let Some(piece) = contents.piece()? {
            read.extend_from_slice(piece);
        }
        Ok(Some(read))
    }

    /// The file or directory of a path, if there is one; case does not matter.
    ///
    /// # Errors
    /// [`ExchangeError`]
    pub fn find(&self, path: &str) -> Result<Option<Entry>, ExchangeError> {
        self.find_claiming(path, &mut self.table(), &mut Claims::new(self.geometry))
    }

    /// Finds, and makes their clusters the directories' own that are on the way.
    fn find_claiming(
        &self,
        path: &str,
        table: &mut Table<'_>,
        claims: &mut Claims,
    ) -> Result<Option<Entry>, ExchangeError> {
        let mut at = self.root();
        for name in path.split('/') {
            if at.kind != Kind::Directory {
                return Ok(None);
            }
            let name = fold(name);
            let entries = self.entries(&at, table, claims)?;
            match entries.into_iter().find(|entry| fold(&entry.name) == name) {
                Some(entry) => at = entry,
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    /// What is in a directory, if there is one of this path; the root is the empty path.
    ///
    /// # Errors
    /// [`ExchangeError`], also for a file.
    pub fn list(&self, path: &str) -> Result<Option<Vec<Entry>>, ExchangeError> {
        let (mut table, mut claims) = (self.table(), Claims::new(self.geometry));
        let Some(directory) = self.directory(path, &mut table, &mut claims)? else { return Ok(None) };
        self.entries(&directory, &mut table, &mut claims).map(Some)
    }

    /// All that is below a directory, if there is one of this path. A directory comes before what
    /// is in it. The chains of all files are looked at on the way.
    ///
    /// # Errors
    /// [`ExchangeError`], also for a file.
    pub fn walk(&self, path: &str, limits: Limits) -> Result<Option<Walk<'_>>, ExchangeError> {
        let (mut table, mut claims) = (self.table(), Claims::new(self.geometry));
        let Some(directory) = self.directory(path, &mut table, &mut claims)? else { return Ok(None) };
        Ok(Some(Walk {
            volume: self,
            table,
            claims,
            limits,
            pending: vec![(directory, 0)],
            ready: Vec::new().into_iter(),
            depth: 0,
            left: limits.entries,
        }))
    }

    /// The bytes of a file that a walk gave; of a directory, none.
    #[must_use]
    pub fn contents(&self, entry: &Entry) -> Contents<'_> {
        let left = match entry.kind {
            Kind::Directory => 0,
            Kind::File { bytes } => bytes,
        };
        let next = Some(entry.first).filter(|_| left > 0);
        Contents {
            volume: self,
            table: self.table(),
            path: entry.path(),
            next,
            read: 0,
            bytes: left,
            piece: Vec::new(),
        }
    }

    fn root(&self) -> Entry {
        Entry {
            directory: Rc::from(""),
            name: String::new(),
            kind: Kind::Directory,
            first: self.geometry.root,
        }
    }

    fn directory(
        &self,
        path: &str,
        table: &mut Table<'_>,
        claims: &mut Claims,
    ) -> Result<Option<Entry>, ExchangeError> {
        if path.is_empty() {
            return Ok(Some(self.root()));
        }
        match self.find_claiming(path, table, claims)? {
            Some(entry) if entry.kind != Kind::Directory => {
                Err(ExchangeError::Unlike { path: entry.path(), wanted: "directory" })
            }
            found => Ok(found),
        }
    }

    fn table(&self) -> Table<'_> {
        Table::new(&self.file, self.geometry)
    }

    /// The entries of a directory, whose clusters become its own.
    fn entries(
        &self,
        directory: &Entry,
        table: &mut Table<'_>,
        claims: &mut Claims,
    ) -> Result<Vec<Entry>, ExchangeError> {
        let path: Rc<str> = directory.path().into();
        let shown = if path.is_empty() { "/" } else { &path };
        let failed = |failure| failure_at(shown, failure);
        let within =
            |wrong: Wrong| ExchangeError::Damaged { path: joined(&path, &wrong.name), damage: wrong.damage };
        let most = DIRECTORY_BYTES / SLOT as u64;
        let mut slots = Slots::default();
        let mut entries = Vec::new();
        let mut cluster = Some(table.existing(directory.first).map_err(failed)?);
        let mut bytes = 0;
        let mut buffer = vec![0; usize_of(self.geometry.cluster_bytes().into())];
        while let Some(number) = cluster {
            claims.claim(number).map_err(failed)?;
            if bytes >= DIRECTORY_BYTES {
                return Err(damaged(shown, Damage::DirectoryTooLarge { most }));
            }
            bytes += buffer.len() as u64;
            self.file.read_exact_at(&mut buffer, self.geometry.offset(number)).map_err(host)?;
            for slot in buffer.chunks_exact(SLOT) {
                match slots.next(slot).map_err(within)? {
                    Slot::Nothing => {}
                    Slot::End => return Ok(entries),
                    Slot::Found(found) => entries.push(entry(&path, found)),
                }
            }
            cluster = table.after(number).map_err(failed)?;
        }
        slots.end().map_err(within)?;
        Ok(entries)
    }

    /// Holds a file's chain against its size, and makes its clusters its own.
    fn check(&self, entry: &Entry, table: &mut Table<'_>, claims: &mut Claims) -> Result<(), ExchangeError> {
        let Kind::File { bytes } = entry.kind else { return Ok(()) };
        let failed = |failure| failure_at(&entry.path(), failure);
        // A file without bytes has cluster 0, which there is not.
        let mut cluster = match (entry.first, bytes) {
            (0, 0) => None,
            (first, _) => Some(table.existing(first).map_err(failed)?),
        };
        for clusters in 0..self.geometry.clusters_for(bytes) {
            let Some(number) = cluster else {
                return Err(damaged(&entry.path(), Damage::Short { clusters, bytes }));
            };
            claims.claim(number).map_err(failed)?;
            cluster = table.after(number).map_err(failed)?;
        }
        match cluster {
            Some(_) => Err(damaged(&entry.path(), Damage::Long { bytes })),
            None => Ok(()),
        }
    }
}

/// All that is below a directory.
#[derive(Debug)]
pub struct Walk<'v> {
    volume: &'v Volume,
    table: Table<'v>,
    claims: Claims,
    limits: Limits,
    /// Directories that were given, and how many names their paths have.
    pending: Vec<(Entry, usize)>,
    ready: std::vec::IntoIter<Entry>,
    depth: usize,
    left: usize,
}

impl Walk<'_> {
    fn step(&mut self) -> Result<Option<Entry>, ExchangeError> {
        loop {
            if let Some(entry) = self.ready.next() {
                self.take(&entry)?;
                return Ok(Some(entry));
            }
            let Some((directory, depth)) = self.pending.pop() else { return Ok(None) };
            self.depth = depth + 1;
            self.ready = self.volume.entries(&directory, &mut self.table, &mut self.claims)?.into_iter();
        }
    }

    fn take(&mut self, entry: &Entry) -> Result<(), ExchangeError> {
        let Limits { entries, depth } = self.limits;
        self.left = match self.left.checked_sub(1) {
            Some(left) => left,
            None => return Err(damaged(&entry.path(), Damage::TooMany { most: entries })),
        };
        if self.depth > depth {
            return Err(damaged(&entry.path(), Damage::TooDeep { most: depth }));
        }
        match entry.kind {
            Kind::Directory => self.pending.push((entry.clone(), self.depth)),
            Kind::File { .. } => self.volume.check(entry, &mut self.table, &mut self.claims)?,
        }
        Ok(())
    }
}

impl Iterator for Walk<'_> {
    type Item = Result<Entry, ExchangeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step();
        if step.is_err() {
            // What comes after an error would be about something else.
            self.pending.clear();
            self.ready = Vec::new().into_iter();
        }
        step.transpose()
    }
}

/// The bytes of a file, in pieces.
#[derive(Debug)]
pub struct Contents<'v> {
    volume: &'v Volume,
    table: Table<'v>,
    path: String,
    next: Option<u32>,
    read: u64,
    bytes: u64,
    piece: Vec<u8>,
}

impl Contents<'_> {
    /// The next bytes, 1 MiB at most.
    ///
    /// # Errors
    /// [`ExchangeError`]
    pub fn piece(&mut self) -> Result<Option<&[u8]>, ExchangeError> {
        let left = self.bytes.saturating_sub(self.read);
        if left == 0 {
            return Ok(None);
        }
        let cluster = u64::from(self.volume.geometry.cluster_bytes());
        let short = |read: u64, bytes| Damage::Short { clusters: read.div_ceil(cluster), bytes };
        let Some(first) = self.next else {
            return Err(damaged(&self.path, short(self.read, self.bytes)));
        };
        // Clusters that lie behind one another are read at once.
        let (mut run, mut last) = (cluster, first);
        loop {
            let after = if run < left { self.table.after(last) } else { Ok(None) };
            self.next = after.map_err(|failure| failure_at(&self.path, failure))?;
            match self.next {
                Some(next) if next == last + 1 && run < PIECE => (last, run) = (next, run + cluster),
                _ => break,
            }
        }
        self.piece.resize(usize_of(run.min(left)), 0);
        let offset = self.volume.geometry.offset(first);
        self.volume.file.read_exact_at(&mut self.piece, offset).map_err(host)?;
        self.read += self.piece.len() as u64;
        Ok(Some(&self.piece))
    }
}

fn entry(directory: &Rc<str>, found: Found) -> Entry {
    let kind = if found.is_directory { Kind::Directory } else { Kind::File { bytes: found.bytes.into() } };
    Entry { directory: Rc::clone(directory), name: found.name, kind, first: found.first }
}

fn joined(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}

fn damaged(path: &str, damage: Damage) -> ExchangeError {
    ExchangeError::Damaged { path: path.into(), damage }
}

fn failure_at(path: &str, failure: Failure) -> ExchangeError {
    match failure {
        Failure::Damage(damage) => damaged(path, damage),
        Failure::Host(error) => error,
    }
}
