//! What stands before a member of a tar archive: a header, and what others add to it.

use tar::{EntryType, Header};

/// Bytes of everything in an archive.
pub(super) const BLOCK: usize = 512;

/// What a header stands before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    /// GNU's old way of writing a sparse file.
    SparseFile,
    Directory,
    SymbolicLink,
    HardLink,
    /// What no output has.
    Special(&'static str),
    /// Records for the next header.
    Records,
    /// Records for all headers from here on.
    RecordsForAll,
    /// The path of the next header.
    LongPath,
    /// The target of the next header.
    LongTarget,
}

/// Pieces of a sparse file, by offset and length.
pub(super) type Pieces = Vec<(u64, u64)>;

/// What GNU's old header says of a sparse file.
#[derive(Debug)]
pub(super) struct Sparse {
    pub(super) pieces: Pieces,
    /// The size of the file.
    pub(super) bytes: u64,
    /// Whether blocks with more pieces follow.
    pub(super) more: bool,
}

/// What a header says of its member by itself.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) path: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) kind: Kind,
    /// Bytes that follow in the archive.
    pub(super) stored: u64,
    pub(super) sparse: Option<Sparse>,
}

/// What a header says; its sum must be right.
pub(super) fn header(block: &[u8; BLOCK]) -> Result<Said, String> {
    let header = Header::from_byte_slice(block);
    // The sum is of all bytes, with blanks where it stands itself.
    let own = 148..156;
    let bytes = block.iter().enumerate();
    let sum: u32 = bytes.map(|(at, byte)| u32::from(if own.contains(&at) { b' ' } else { *byte })).sum();
    match header.cksum() {
        Ok(said) if said == sum => {}
        Ok(_) | Err(_) => return Err("a header has another sum than it says".into()),
    }
    let path = header.path_bytes().into_owned();
    let kind = kind(header.entry_type(), &path);
    let stored = header.entry_size().map_err(|_| "a header has no size")?;
    let sparse = match header.as_gnu().filter(|_| kind == Kind::SparseFile) {
        Some(gnu) => {
            let bytes = gnu.real_size().map_err(|_| "a sparse file has no size")?;
            Some(Sparse { pieces: pieces(&gnu.sparse)?, bytes, more: gnu.is_extended() })
        }
        None if kind == Kind::SparseFile => return Err("a sparse file is not GNU's".into()),
        None => None,
    };
    let link = header.link_name_bytes().map_or_else(Vec::new, std::borrow::Cow::into_owned);
    Ok(Said { path, link, kind, stored, sparse })
}

fn kind(said: EntryType, path: &[u8]) -> Kind {
    match said {
        // Before there was a mark for directories, their names ended like this.
        EntryType::Regular if path.ends_with(b"/") => Kind::Directory,
        EntryType::Regular | EntryType::Continuous => Kind::File,
        EntryType::GNUSparse => Kind::SparseFile,
        EntryType::Directory => Kind::Directory,
        EntryType::Symlink => Kind::SymbolicLink,
        EntryType::Link => Kind::HardLink,
        EntryType::XHeader => Kind::Records,
        EntryType::XGlobalHeader => Kind::RecordsForAll,
        EntryType::GNULongName => Kind::LongPath,
        EntryType::GNULongLink => Kind::LongTarget,
        EntryType::Char | EntryType::Block => Kind::Special("a device"),
        EntryType::Fifo => Kind::Special("a named pipe"),
        _ => Kind::Special("of a kind that is not known"),
    }
}

/// More pieces of a sparse file, and whether still more follow.
pub(super) fn more_pieces(block: &[u8; BLOCK]) -> Result<(Pieces, bool), String> {
    let mut header = tar::GnuExtSparseHeader::new();
    *header.as_mut_bytes() = *block;
    Ok((pieces(header.sparse())?, header.is_extended()))
}

fn pieces(headers: &[tar::GnuSparseHeader]) -> Result<Pieces, String> {
    let piece = |header: &tar::GnuSparseHeader| Some((header.offset().ok()?, header.length().ok()?));
    let pieces: Option<Vec<_>> = headers.iter().filter(|header| !header.is_empty()).map(piece).collect();
    pieces.ok_or_else(|| "a sparse file has a piece without a place".into())
}

/// The records of a pax header that change what the header says.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) stored: Option<u64>,
    /// The size of a sparse file whose pieces stand before its bytes.
    pub(super) sparse: Option<u64>,
}

impl Records {
    /// Takes `<length> <key>=<value>\n` after one another; a later one counts.
    pub(super) fn take(&mut self, mut bytes: &[u8]) -> Result<(), String> {
        while !bytes.is_empty() {
            let (key, value, rest) = record(bytes).ok_or("a pax header has a record that is none")?;
            self.record(key, value)?;
            bytes = rest;
        }
        Ok(())
    }

    /// Whether nothing in it changes a header.
    pub(super) fn is_empty(&self) -> bool {
        self.path.is_none() && self.link.is_none() && self.stored.is_none() && self.sparse.is_none()
    }

    fn record(&mut self, key: &[u8], value: &[u8]) -> Result<(), String> {
        match key {
            b"path" | b"GNU.sparse.name" => self.path = Some(value.into()),
            b"linkpath" => self.link = Some(value.into()),
            b"size" => self.stored = Some(number(value).ok_or("a pax header has no size")?),
            b"GNU.sparse.realsize" => {
                self.sparse = Some(number(value).ok_or("a sparse file has no size")?);
            }
            b"GNU.sparse.major" if value == b"1" => {}
            b"GNU.sparse.minor" if value == b"0" => {}
            key if key.starts_with(b"GNU.sparse.") => {
                return Err(format!(
                    "a sparse file is written in another way than GNU's 1.0: {}",
                    String::from_utf8_lossy(key)
                ));
            }
            _ => {}
        }
        Ok(())
    }
}

fn record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = bytes.iter().take(20).position(|byte| *byte == b' ')?;
    let length = usize::try_from(number(bytes.get(..blank)?)?).ok()?;
    let inside = bytes.get(blank + 1..length)?.strip_suffix(b"\n")?;
    let equals = inside.iter().position(|byte| *byte == b'=')?;
    Some((inside.get(..equals)?, inside.get(equals + 1..)?, bytes.get(length..)?))
}

/// A number of decimal digits.
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits).ok().filter(|_| plain)?.parse().ok()
}
