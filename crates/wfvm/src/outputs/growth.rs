//! An output that grows beside its place. Nothing in it is a link while it grows, so that no path
//! can lead out of it: links are made at the end, once all are known.

use std::{
    fs::Permissions,
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use fs_err::{
    File, OpenOptions,
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
};

use super::{
    Placed, PlacedOutput,
    error::{OutputError, host},
    rules::Rules,
    tree::{Tree, What},
};
use crate::unfinished::Unfinished;

/// Nix keeps no more than whether a file is executable.
const EXECUTABLE: u32 = 0o755;
const PLAIN: u32 = 0o644;
/// What is all zeros in a block of this size becomes a hole.
const BLOCK: usize = 64 << 10;
/// Bytes that tell a script.
const BEGINNING: usize = 2;

/// A part of a file.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    Bytes(&'a [u8]),
    /// So many zeros.
    Hole(u64),
}

/// Where the bytes of a file come from.
pub(super) trait Source {
    /// The next part.
    fn piece(&mut self) -> Result<Option<Piece<'_>>, OutputError>;
}

/// An output that grows.
#[derive(Debug)]
pub(super) struct Growth<'r> {
    rules: &'r Rules,
    output: String,
    destination: PathBuf,
    unfinished: Unfinished,
    tree: Tree,
    bytes: u64,
}

/// An output that is whole, and not yet in its place.
#[derive(Debug)]
pub(super) struct Grown {
    output: String,
    unfinished: Unfinished,
    placed: PlacedOutput,
}

impl<'r> Growth<'r> {
    pub(super) fn new(output: &str, destination: &Path, rules: &'r Rules) -> Result<Self, OutputError> {
        if fs_err::symlink_metadata(destination).is_ok() {
            let problem = format!("{} is there already", destination.display());
            return Err(host(io::Error::new(io::ErrorKind::AlreadyExists, problem)));
        }
        let unfinished = Unfinished::beside(destination);
        // What a killed predecessor may have left.
        unfinished.clear();
        Ok(Self {
            rules,
            output: output.into(),
            destination: destination.into(),
            unfinished,
            tree: Tree::new(output, rules.limits.entries, rules.limits.depth),
            bytes: 0,
        })
    }

    /// What is there so far.
    pub(super) fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The output's name, once it is given up.
    pub(super) fn into_output(self) -> String {
        self.output
    }

    /// Makes a directory.
    pub(super) fn directory(&mut self, path: &str) -> Result<(), OutputError> {
        self.add(path, &What::Directory)
    }

    /// Makes a file.
    pub(super) fn file(
        &mut self,
        path: &str,
        bytes: u64,
        source: &mut impl Source,
    ) -> Result<(), OutputError> {
        self.charge(path, bytes)?;
        self.add(path, &What::File { bytes })?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        options.mode(PLAIN);
        let file = options.open(self.place(path)).map_err(host)?;
        let length = || OutputError::Length { path: self.tree.shown(path), bytes };
        let mut beginning = Vec::new();
        let mut at: u64 = 0;
        while let Some(piece) = source.piece()? {
            let length_of_piece = match &piece {
                Piece::Bytes(piece) => piece.len() as u64,
                Piece::Hole(bytes) => *bytes,
            };
            let next = at.checked_add(length_of_piece).filter(|next| *next <= bytes).ok_or_else(length)?;
            match piece {
                Piece::Bytes(piece) => {
                    if at == beginning.len() as u64 {
                        beginning.extend(piece.iter().take(BEGINNING.saturating_sub(beginning.len())));
                    }
                    write_sparse(&file, piece, at)?;
                }
                Piece::Hole(_) => {}
            }
            at = next;
        }
        if at != bytes {
            return Err(length());
        }
        file.set_len(bytes).map_err(host)?;
        let mode = if self.rules.is_executable(&self.judged(path), &beginning) { EXECUTABLE } else { PLAIN };
        file.set_permissions(Permissions::from_mode(mode)).map_err(host)
    }

    /// Makes another name of a file.
    pub(super) fn hard_link(&mut self, path: &str, target: &str) -> Result<(), OutputError> {
        let Some(What::File { bytes }) = self.tree.at(target).cloned() else {
            return Err(OutputError::Link {
                path: self.tree.shown(path),
                target: target.into(),
                problem: "is no file that came before it",
            });
        };
        // The store has the bytes of both.
        self.charge(path, bytes)?;
        self.add(path, &What::File { bytes })?;
        fs_err::hard_link(self.place(target), self.place(path)).map_err(host)?;
        if self.rules.is_executable(&self.judged(path), &[]) {
            let mode = Permissions::from_mode(EXECUTABLE);
            fs_err::set_permissions(self.place(path), mode).map_err(host)?;
        }
        Ok(())
    }

    /// Remembers a symbolic link.
    pub(super) fn symbolic_link(&mut self, path: &str, target: &str) -> Result<(), OutputError> {
        self.add(path, &What::Link { target: target.into() })
    }

    /// Counts bytes that come out, whether they are kept or not.
    pub(super) fn charge(&mut self, path: &str, bytes: u64) -> Result<(), OutputError> {
        let most = self.rules.limits.bytes;
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > most {
            let (output, path) = (self.output.clone(), self.tree.shown(path));
            return Err(OutputError::Limit { output, path, what: "bytes", most });
        }
        Ok(())
    }

    /// Makes the links, after which nothing can come any more.
    pub(super) fn finish(self) -> Result<Grown, OutputError> {
        for (path, target) in self.tree.links()? {
            fs_err::os::unix::fs::symlink(target, self.place(&path)).map_err(host)?;
        }
        let placed = PlacedOutput {
            path: self.destination,
            is_directory: self.tree.root() == Some(&What::Directory),
            entries: self.tree.len(),
            bytes: self.bytes,
        };
        Ok(Grown { output: self.output, unfinished: self.unfinished, placed })
    }

    fn add(&mut self, path: &str, what: &What) -> Result<(), OutputError> {
        for directory in self.tree.add(path, what)? {
            let place = self.place(&directory);
            fs_err::create_dir(&place).map_err(host)?;
            fs_err::set_permissions(place, Permissions::from_mode(EXECUTABLE)).map_err(host)?;
        }
        Ok(())
    }

    fn place(&self, path: &str) -> PathBuf {
        let root = self.unfinished.path();
        if path.is_empty() { root.into() } else { root.join(path) }
    }

    /// The path by which a file is judged: what is the output itself has its store path's name.
    fn judged(&self, path: &str) -> String {
        if path.is_empty() {
            self.destination.file_name().unwrap_or_default().to_string_lossy().into_owned()
        } else {
            path.into()
        }
    }
}

/// Writes what is not all zeros; the file is made as long as it should be afterwards.
fn write_sparse(file: &File, piece: &[u8], at: u64) -> Result<(), OutputError> {
    for (block, offset) in piece.chunks(BLOCK).zip((at..).step_by(BLOCK)) {
        if block.iter().any(|byte| *byte != 0) {
            file.write_all_at(block, offset).map_err(host)?;
        }
    }
    Ok(())
}

/// Puts outputs in their places: all of them, or none.
pub(super) fn put_in_place(outputs: Vec<Grown>, placed: &mut Placed) -> Result<(), OutputError> {
    let mut done: Vec<PathBuf> = Vec::new();
    for Grown { output, unfinished, placed: own } in outputs {
        if let Err(error) = unfinished.finish(&own.path) {
            for path in done {
                // The error that is told is the first one.
                let _ = fs_err::remove_dir_all(&path).or_else(|_| fs_err::remove_file(&path));
            }
            return Err(host(error));
        }
        done.push(own.path.clone());
        placed.outputs.insert(output, own);
    }
    Ok(())
}
