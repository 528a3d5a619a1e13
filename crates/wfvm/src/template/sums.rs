//! Checksums of a large sparse file, block by block, so that a look at some of it says something.

use std::{
    io::{self, Read as _, Seek as _, SeekFrom},
    path::Path,
};

use rustix::fs::{FallocateFlags, fallocate};
use sha2::{Digest as _, Sha256};

/// Bytes of a block.
const BLOCK: usize = 64 << 10;
/// Bytes of a checksum: the beginning of the block's SHA-256, zeros for a block of zeros.
const SUM: usize = 8;
/// How many blocks with contents are looked at, and how many of zeros.
const LOOKED_AT: [usize; 2] = [96, 16];

/// The checksums of a file. Blocks of zeros become holes in it, which take no room.
///
/// # Errors
/// The host's.
pub fn dig(file: &Path) -> io::Result<Vec<u8>> {
    let mut file = fs_err::OpenOptions::new().read(true).write(true).open(file)?;
    let length = file.metadata()?.len();
    let mut sums = Vec::new();
    let mut block = vec![0; BLOCK];
    let mut at = 0;
    while at < length {
        let data = next_data(&file, at, length)?;
        // A hole has blocks of zeros alone.
        let whole = (data - at) / BLOCK as u64;
        sums.resize(sums.len() + usize::try_from(whole).unwrap_or(0) * SUM, 0);
        at += whole * BLOCK as u64;
        if at >= length {
            break;
        }
        let bytes = read_block(&mut file, at, length, &mut block)?;
        let sum = sum(bytes);
        if sum == [0; SUM] {
            let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
            match fallocate(&file, flags, at, bytes.len() as u64) {
                // A file system without holes keeps the zeros.
                Ok(()) | Err(rustix::io::Errno::OPNOTSUPP) => {}
                Err(error) => return Err(error.into()),
            }
        }
        sums.extend(sum);
        at += bytes.len() as u64;
    }
    Ok(sums)
}

/// The first block from `at` on that is not a hole, by its beginning; the file's end if there is none.
fn next_data(file: &fs_err::File, at: u64, length: u64) -> io::Result<u64> {
    match rustix::fs::seek(file, rustix::fs::SeekFrom::Data(at)) {
        Ok(data) => Ok(data - data % BLOCK as u64),
        Err(rustix::io::Errno::NXIO) => Ok(length.next_multiple_of(BLOCK as u64)),
        Err(error) => Err(error.into()),
    }
}

fn read_block<'a>(
    file: &mut fs_err::File,
    at: u64,
    length: u64,
    block: &'a mut [u8],
) -> io::Result<&'a [u8]> {
    let count = usize::try_from((length - at).min(BLOCK as u64)).unwrap_or(BLOCK);
    let bytes = block.get_mut(..count).unwrap_or_default();
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(bytes)?;
    Ok(bytes)
}

fn sum(bytes: &[u8]) -> [u8; SUM] {
    let mut sum = [0; SUM];
    if bytes.iter().any(|byte| *byte != 0) {
        for (target, byte) in sum.iter_mut().zip(Sha256::digest(bytes)) {
            *target = byte;
        }
        // Zero is for zeros.
        sum[0] |= 1;
    }
    sum
}

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Other blocks each time, a hundred or so.
    Sample,
    /// All of it.
    Whole,
}

/// The first block that is not what its checksum says, by its place in the file.
///
/// # Errors
/// The host's.
pub(super) fn damaged(file: &Path, sums: &[u8], extent: Extent) -> io::Result<Option<u64>> {
    let mut file = fs_err::File::open(file)?;
    let length = file.metadata()?.len();
    let mut block = vec![0; BLOCK];
    let (sums, _) = sums.as_chunks::<SUM>();
    let looked_at = match extent {
        Extent::Whole => (0..sums.len()).collect(),
        Extent::Sample => sample(sums)?,
    };
    for index in looked_at {
        let at = (index * BLOCK) as u64;
        if at >= length || sums.get(index) != Some(&sum(read_block(&mut file, at, length, &mut block)?)) {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// Blocks of both kinds, evenly spread from a beginning that is another one each time.
fn sample(sums: &[[u8; SUM]]) -> io::Result<Vec<usize>> {
    let mut seed = [0; 4];
    fs_err::File::open("/dev/urandom")?.read_exact(&mut seed)?;
    let seed = u32::from_le_bytes(seed) as usize;
    let (zeros, contents): (Vec<usize>, Vec<usize>) =
        (0..sums.len()).partition(|index| sums.get(*index) == Some(&[0; SUM]));
    let mut sample = Vec::new();
    for (blocks, count) in [contents, zeros].into_iter().zip(LOOKED_AT) {
        let step = (blocks.len() / count).max(1);
        sample.extend(blocks.into_iter().skip(seed % step).step_by(step));
    }
    Ok(sample)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{FileExt as _, MetadataExt as _};

    use super::*;

    fn file(blocks: &[u8], rest: usize) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let bytes: Vec<u8> = blocks.iter().flat_map(|byte| vec![*byte; BLOCK]).collect();
        fs_err::write(file.path(), [bytes, vec![7; rest]].concat()).unwrap();
        file
    }

    #[test]
    fn blocks_of_zeros_become_holes_and_the_contents_stay() {
        let file = file(&[1, 0, 0, 2, 0], 100);
        let before = fs_err::read(file.path()).unwrap();
        let sums = dig(file.path()).unwrap();
        assert_eq!(sums.len(), 6 * SUM);
        assert_eq!(fs_err::read(file.path()).unwrap(), before);
        let allocated = fs_err::metadata(file.path()).unwrap().blocks() * 512;
        assert!(allocated <= 3 * BLOCK as u64, "{allocated}");
        // The same of a file that has the holes already.
        assert_eq!(dig(file.path()).unwrap(), sums);
        assert_eq!(damaged(file.path(), &sums, Extent::Whole).unwrap(), None);
        assert_eq!(damaged(file.path(), &sums, Extent::Sample).unwrap(), None);
    }

    #[test]
    fn a_changed_byte_is_found_wherever_it_is() {
        for (block, byte) in [(0, 9), (2, 9), (3, 0), (5, 0)] {
            let file = file(&[1, 0, 0, 2, 0], 100);
            let sums = dig(file.path()).unwrap();
            let at = (block * BLOCK) as u64 + 50;
            file.as_file().write_all_at(&[byte], at).unwrap();
            let found = damaged(file.path(), &sums, Extent::Whole).unwrap();
            assert_eq!(found, Some((block * BLOCK) as u64));
        }
    }

    #[test]
    fn a_file_that_ends_early_is_damaged_also_in_a_sample() {
        let file = file(&[1; 8], 0);
        let sums = dig(file.path()).unwrap();
        file.as_file().set_len(4 * BLOCK as u64).unwrap();
        assert_eq!(damaged(file.path(), &sums, Extent::Sample).unwrap(), Some(4 * BLOCK as u64));
    }
}
