//! The answer medium and the overlay over the installation medium, as bytes in memory.
//!
//! The same input gives the same bytes on any day: times are fixed, and serial
//! numbers come from the contents.

mod fat;
mod iso;
mod prompt_free;

pub use prompt_free::{PatchOutside, PromptFree};

use crate::spec::AnswerMedium;

/// A file of a medium.
#[derive(Debug, Clone, Copy)]
pub struct MediumFile<'a> {
    /// Its name, of up to 64 characters; on an ISO a path with `/` between names.
    pub name: &'a str,
    /// Its bytes.
    pub contents: &'a [u8],
}

/// A medium. Whatever is in no segment is zero, so that a large empty stick costs nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Medium {
    /// The size of the whole medium.
    pub bytes: u64,
    /// What is written, in rising order.
    pub segments: Vec<Segment>,
}

/// A run of bytes of a medium.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Where it begins.
    pub offset: u64,
    /// What stands there.
    pub data: Vec<u8>,
}

/// Why a medium cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// A name that the medium or Windows cannot hold.
    #[error("the file `{name}` cannot be put on the answer medium: {problem}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// More than the medium holds.
    #[error("the files of the answer medium have {needed} bytes, and {medium} has room for {room}")]
    Room {
        /// The medium in words.
        medium: &'static str,
        /// The sum of the files.
        needed: u64,
        /// What fits.
        room: u64,
    },
    /// A file system was not written; a mistake of ours.
    #[error("{file_system} was not written")]
    FileSystem {
        /// Which.
        file_system: &'static str,
        /// What its writer said.
        #[source]
        source: std::io::Error,
    },
}

/// A medium of this kind with these files in its root.
///
/// # Errors
/// [`MediaError`] if a name is impossible or the files do not fit.
pub fn answer_medium(kind: AnswerMedium, files: &[MediumFile]) -> Result<Medium, MediaError> {
    names(kind, files)?;
    let bytes = match kind {
        AnswerMedium::Iso => iso::image(files)?,
        AnswerMedium::Floppy => fat::floppy(files)?,
        AnswerMedium::Usb => fat::stick(files)?,
    };
    Ok(Medium::of(&bytes))
}

/// What the rules of ISO 9660 with Joliet, of FAT and of Windows together leave of names.
fn names(kind: AnswerMedium, files: &[MediumFile]) -> Result<(), MediaError> {
    for (at, file) in files.iter().enumerate() {
        let refuse = |problem| Err(MediaError::Name { name: file.name.into(), problem });
        if kind == AnswerMedium::Iso {
            file.name.split('/').try_for_each(|name| one_name(file.name, name))?;
        } else {
            one_name(file.name, file.name)?;
        }
        if files.iter().take(at).any(|earlier| earlier.name.eq_ignore_ascii_case(file.name)) {
            return refuse("it stands there twice; Windows does not tell case apart");
        }
    }
    Ok(())
}

fn one_name(path: &str, name: &str) -> Result<(), MediaError> {
    let refuse = |problem| Err(MediaError::Name { name: path.into(), problem });
    if name.is_empty() || name.len() > 64 {
        return refuse("a name has from 1 to 64 characters");
    }
    if !name.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return refuse("only ASCII letters, digits and signs are safe on all media");
    }
    if name.contains(['"', '*', '/', ':', ';', '<', '>', '?', '\\', '|']) {
        return refuse(r#"none of `"*/:;<>?\|` can stand in a name"#);
    }
    if name.starts_with(' ') || name.ends_with([' ', '.']) {
        return refuse("a name cannot begin with a space, nor end with one or with a full stop");
    }
    Ok(())
}

impl Medium {
    fn of(bytes: &[u8]) -> Self {
        const BLOCK: usize = 4096;
        let mut segments: Vec<Segment> = Vec::new();
        for (block, offset) in bytes.chunks(BLOCK).zip((0_u64..).step_by(BLOCK)) {
            if block.iter().all(|byte| *byte == 0) {
                continue;
            }
            match segments.last_mut() {
                Some(last) if last.offset + last.data.len() as u64 == offset => {
                    last.data.extend_from_slice(block);
                }
                _ => segments.push(Segment { offset, data: block.into() }),
            }
        }
        Self { bytes: bytes.len() as u64, segments }
    }

    /// How many bytes have to be written.
    #[must_use]
    pub fn written_bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.data.len() as u64).sum()
    }
}

/// A serial number that follows from names and contents alone.
fn serial_number(files: &[MediumFile]) -> u32 {
    use sha2::Digest;
    let mut hash = sha2::Sha256::new();
    for file in files {
        // Lengths first, so that a byte cannot move from one field to the next unseen.
        hash.update((file.name.len() as u64).to_le_bytes());
        hash.update(file.name);
        hash.update((file.contents.len() as u64).to_le_bytes());
        hash.update(file.contents);
    }
    hash.finalize().iter().take(4).fold(0, |serial, byte| serial << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests;
