//! Reads a tar archive as bsdtar, GNU tar and others write it: ustar, pax and GNU's own, with
//! long names and sparse files. The archive is a stream: nothing of it is held but a header.

use std::io::Read;

use super::{
    error::OutputError,
    growth::{Piece, Source},
    header::{self, BLOCK, Kind, Pieces, Records, Said, Sparse, number},
    sparse::{MOST_PIECES, Map, Part},
};

/// Bytes read at once.
const PIECE: usize = 256 << 10;
/// Bytes of a pax header or a long name.
const ADDED: u64 = 1 << 20;
/// Headers that add to one member.
const MOST_ADDED: usize = 8;
/// Members of an archive, whatever becomes of them.
const MOST_MEMBERS: usize = 1 << 24;
/// Zeros that may follow the end: a block of the largest kind, and more.
const BEHIND: u64 = 64 << 20;

/// A file, directory or link of an archive.
pub(super) struct Member {
    pub(super) path: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) kind: Kind,
    pub(super) map: Map,
}

/// An archive that is being read.
pub(super) struct Archive<R> {
    reader: R,
    output: String,
    members: usize,
    /// Bytes of the present member that are still to come, and of the block that they end in.
    left: u64,
    padding: u64,
    buffer: Vec<u8>,
}

impl<R: Read> Archive<R> {
    /// An archive from its beginning.
    pub(super) fn new(reader: R, output: &str) -> Self {
        Self { reader, output: output.into(), members: 0, left: 0, padding: 0, buffer: vec![0; PIECE] }
    }

    /// Bytes of the present member that were not read.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// The bytes of the present member.
    pub(super) fn stored<'a>(&'a mut self, map: &'a mut Map) -> Stored<'a, R> {
        Stored { archive: self, map }
    }

    fn damaged(&self, problem: impl Into<String>) -> OutputError {
        OutputError::Archive { output: self.output.clone(), problem: problem.into() }
    }

    /// The next member, in front of its bytes.
    pub(super) fn next(&mut self) -> Result<Option<Member>, OutputError> {
        self.skip(self.left.saturating_add(self.padding))?;
        (self.left, self.padding) = (0, 0);
        // A directory may come more than once, and what is left out is none of an output's entries.
        self.members += 1;
        if self.members > MOST_MEMBERS {
            return Err(self.damaged(format!("it has more than {MOST_MEMBERS} members")));
        }
        let mut records = Records::default();
        for _ in 0..=MOST_ADDED {
            let block = self.block()?;
            if block.iter().all(|byte| *byte == 0) {
                return self.end().map(|()| None);
            }
            let said = header::header(&block).map_err(|problem| self.damaged(problem))?;
            match said.kind {
                Kind::Records => {
                    let bytes = self.added(said.stored)?;
                    records.take(&bytes).map_err(|problem| self.damaged(problem))?;
                }
                Kind::RecordsForAll => {
                    let bytes = self.added(said.stored)?;
                    let mut global = Records::default();
                    global.take(&bytes).map_err(|problem| self.damaged(problem))?;
                    if !global.is_empty() {
                        return Err(self.damaged("a header gives all members one name or size"));
                    }
                }
                Kind::LongPath => records.path = Some(self.text(said.stored)?),
                Kind::LongTarget => records.link = Some(self.text(said.stored)?),
                Kind::File
                | Kind::SparseFile
                | Kind::Directory
                | Kind::SymbolicLink
                | Kind::HardLink
                | Kind::Special(_) => return self.member(said, records).map(Some),
            }
        }
        Err(self.damaged(format!("a member has more than {MOST_ADDED} headers")))
    }

    fn member(&mut self, said: Said, records: Records) -> Result<Member, OutputError> {
        // A link may have its file's size, and has none of its bytes.
        let is_link = matches!(said.kind, Kind::HardLink | Kind::SymbolicLink);
        let stored = if is_link { 0 } else { records.stored.unwrap_or(said.stored) };
        self.expect(stored);
        let map = match (said.sparse, records.sparse) {
            (Some(sparse), _) => self.old_sparse(sparse),
            (None, Some(bytes)) => self.sparse(bytes),
            (None, None) => Ok(Map::whole(stored)),
        }?;
        let path = records.path.unwrap_or(said.path);
        Ok(Member { path, link: records.link.unwrap_or(said.link), kind: said.kind, map })
    }

    fn expect(&mut self, stored: u64) {
        self.left = stored;
        self.padding = (BLOCK as u64 - stored % BLOCK as u64) % BLOCK as u64;
    }

    /// GNU's old way: the pieces stand in the header and in blocks behind it that do not count.
    fn old_sparse(&mut self, sparse: Sparse) -> Result<Map, OutputError> {
        let Sparse { mut pieces, bytes, mut more } = sparse;
        let mut blocks = 0;
        while more {
            blocks += 1;
            let block = self.block()?;
            let (others, still) = header::more_pieces(&block).map_err(|problem| self.damaged(problem))?;
            pieces.extend(others);
            more = still;
            if blocks > MOST_PIECES / 16 {
                return Err(self.damaged("a sparse file has too many pieces"));
            }
        }
        Map::new(pieces, bytes, self.left).map_err(|problem| self.damaged(problem))
    }

    /// GNU's 1.0: a number in each line, in whole blocks before the bytes.
    fn sparse(&mut self, bytes: u64) -> Result<Map, OutputError> {
        let none = "the pieces of a sparse file are no numbers";
        let mut lines = Vec::new();
        let mut line = Vec::new();
        let mut wanted = 1;
        while lines.len() < wanted {
            if self.left < BLOCK as u64 {
                return Err(self.damaged(none));
            }
            let block = self.block()?;
            self.left -= BLOCK as u64;
            for byte in block {
                if byte != b'\n' {
                    line.push(byte);
                    continue;
                }
                let value = number(&line).ok_or_else(|| self.damaged(none))?;
                line.clear();
                if lines.is_empty() {
                    let count = usize::try_from(value).ok().filter(|count| *count <= MOST_PIECES);
                    wanted += 2 * count.ok_or_else(|| self.damaged("a sparse file has too many pieces"))?;
                }
                lines.push(value);
                if lines.len() == wanted {
                    break;
                }
            }
            if line.len() > 20 {
                return Err(self.damaged(none));
            }
        }
        let pairs = lines.get(1..).unwrap_or_default().chunks_exact(2);
        let pieces: Pieces = pairs.filter_map(|pair| Some((*pair.first()?, *pair.get(1)?))).collect();
        Map::new(pieces, bytes, self.left).map_err(|problem| self.damaged(problem))
    }

    /// The bytes of a header that adds to the next one.
    fn added(&mut self, bytes: u64) -> Result<Vec<u8>, OutputError> {
        if bytes > ADDED {
            return Err(self.damaged(format!("a header has {bytes} bytes, and {ADDED} are possible")));
        }
        self.expect(bytes);
        let mut added = vec![0; usize::try_from(bytes).unwrap_or_default()];
        self.exactly(&mut added)?;
        self.skip(self.padding)?;
        (self.left, self.padding) = (0, 0);
        Ok(added)
    }

    /// A name that ends with a zero, or with the header.
    fn text(&mut self, bytes: u64) -> Result<Vec<u8>, OutputError> {
        let mut text = self.added(bytes)?;
        text.truncate(text.iter().position(|byte| *byte == 0).unwrap_or(text.len()));
        Ok(text)
    }

    fn block(&mut self) -> Result<[u8; BLOCK], OutputError> {
        let mut block = [0; BLOCK];
        self.exactly(&mut block)?;
        Ok(block)
    }

    fn exactly(&mut self, buffer: &mut [u8]) -> Result<(), OutputError> {
        let output = &self.output;
        let broken = |source| OutputError::Stream { output: output.clone(), source };
        self.reader.read_exact(buffer).map_err(broken)
    }

    fn skip(&mut self, mut bytes: u64) -> Result<(), OutputError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        while bytes > 0 {
            let now = bytes.min(PIECE as u64);
            let part = buffer.get_mut(..usize::try_from(now).unwrap_or(PIECE)).unwrap_or_default();
            self.exactly(part)?;
            bytes -= now;
        }
        self.buffer = buffer;
        Ok(())
    }

    /// Reads what fills the last block, so that who writes it is not cut off.
    fn end(&mut self) -> Result<(), OutputError> {
        let mut read: u64 = 0;
        loop {
            let now = self
                .reader
                .read(&mut self.buffer)
                .map_err(|source| OutputError::Stream { output: self.output.clone(), source })?;
            read += now as u64;
            let part = self.buffer.get(..now).unwrap_or_default();
            if part.iter().any(|byte| *byte != 0) || read > BEHIND {
                return Err(self.damaged("something follows its end"));
            }
            if now == 0 {
                return Ok(());
            }
        }
    }
}

/// The bytes of a member.
pub(super) struct Stored<'a, R> {
    archive: &'a mut Archive<R>,
    map: &'a mut Map,
}

impl<R: Read> Source for Stored<'_, R> {
    fn piece(&mut self) -> Result<Option<Piece<'_>>, OutputError> {
        match self.map.part(PIECE as u64) {
            None => Ok(None),
            Some(Part::Hole(bytes)) => Ok(Some(Piece::Hole(bytes))),
            Some(Part::Stored(bytes)) => {
                let mut buffer = std::mem::take(&mut self.archive.buffer);
                let length = usize::try_from(bytes).unwrap_or(PIECE);
                self.archive.exactly(buffer.get_mut(..length).unwrap_or_default())?;
                self.archive.left = self.archive.left.saturating_sub(bytes);
                self.archive.buffer = buffer;
                Ok(Some(Piece::Bytes(self.archive.buffer.get(..length).unwrap_or_default())))
            }
        }
    }
}
