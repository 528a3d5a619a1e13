//! Media of other people's programs, damaged everywhere: whatever stands in them, reading them ends,
//! within the reader's budget and without a panic.

use std::cell::Cell;
use std::io::{Cursor, Read, Seek, SeekFrom};

use wfvm::inspect::Inspection;
use wfvm::windows_iso::{IsoError, WindowsIso};

use crate::program::Place;
use crate::surgery::Surgery;
use crate::synthetic::{Build, PLAIN, iso};

/// How many damaged media are read of each kind.
const CASES: usize = 4000;
/// The reader's own limits, and the one piece by which it may pass them.
const BYTES: u64 = (16 << 20) + (8 << 20);
const READS: u64 = 20_001;

/// Counts what is read, and where it would begin beyond the end.
struct Counted<'a> {
    inner: Cursor<&'a [u8]>,
    bytes: &'a Cell<u64>,
    reads: &'a Cell<u64>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.inner.read(buffer)?;
        assert!(length > 0 || buffer.is_empty(), "it reads beyond the end");
        self.bytes.set(self.bytes.get() + length as u64);
        self.reads.set(self.reads.get() + 1);
        Ok(length)
    }
}

impl Seek for Counted<'_> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.inner.seek(to)
    }
}

fn judged(medium: &[u8]) -> Result<WindowsIso, IsoError> {
    let (bytes, reads) = (Cell::new(0), Cell::new(0));
    let found = WindowsIso::read(Counted { inner: Cursor::new(medium), bytes: &bytes, reads: &reads });
    assert!(bytes.get() <= BYTES && reads.get() <= READS, "{} bytes in {} reads", bytes.get(), reads.get());
    found
}

/// The same numbers in each run (Marsaglia's xorshift64, "Xorshift RNGs").
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap_or_default()
    }
}

/// Changes some bytes of one or two blocks; with a tag's sums made good again, so that the change
/// reaches what lies behind them.
fn damage(medium: &mut Surgery, blocks: &[usize], numbers: &mut Numbers) -> Vec<(usize, Vec<u8>)> {
    const VALUES: [u8; 8] = [0, 1, 2, 4, 0x7F, 0x80, 0xFE, 0xFF];
    let mut before = Vec::new();
    for _ in 0..=numbers.below(2) {
        let number = blocks[numbers.below(blocks.len())];
        before.push((number, medium.block(number).to_vec()));
        let block = medium.block(number);
        for _ in 0..=numbers.below(3) {
            // Most of what counts stands at the beginning of a block.
            let at = if numbers.below(2) == 0 { numbers.below(512) } else { numbers.below(2048) };
            block[at] = match numbers.below(3) {
                0 => block[at] ^ 1 << numbers.below(8),
                1 => VALUES[numbers.below(VALUES.len())],
                _ => u8::try_from(numbers.below(256)).unwrap_or_default(),
            };
        }
        let covered = usize::from(u16::from_le_bytes([block[10], block[11]]));
        if numbers.below(4) > 0 && covered <= 2032 {
            medium.change(number, |_| {});
        }
    }
    before
}

#[test]
fn reading_a_damaged_medium_ends_within_its_budget() {
    for build in [PLAIN, Build { split: true, ..PLAIN }] {
        let place = Place::new();
        let mut medium = Surgery::of(&iso(&place, &build));
        let whole = judged(&medium.0).unwrap();
        // All but what the image holds, which nobody reads.
        let blocks: Vec<usize> = (16..medium.0.len() / 2048)
            .filter(|number| {
                let block = &medium.0[number * 2048..(number + 1) * 2048];
                let structured = block.windows(32).any(|bytes| bytes == [0; 32]);
                structured && block.iter().any(|byte| *byte != 0)
            })
            .collect();
        assert!(blocks.len() > 40, "{}", blocks.len());
        let mut numbers = Numbers(0x2545_F491_4F6C_DD1D);
        let (mut read, mut refused) = (0, 0);
        for _ in 0..CASES {
            let before = damage(&mut medium, &blocks, &mut numbers);
            match judged(&medium.0) {
                Ok(found) => {
                    let inspection = Inspection::new("damaged.iso", found);
                    assert!(!inspection.page().is_empty() && !inspection.json().is_empty());
                    read += 1;
                }
                Err(error) => {
                    assert!(error.to_string().len() < 4000, "{error}");
                    refused += 1;
                }
            }
            for (number, block) in before.into_iter().rev() {
                medium.block(number).copy_from_slice(&block);
            }
        }
        println!("of {CASES} damaged media {read} were read and {refused} refused");
        assert!(read > CASES / 20 && refused > CASES / 20, "{read} read, {refused} refused");
        assert_eq!(judged(&medium.0).unwrap(), whole, "each was made whole again");
    }
}

#[test]
fn a_medium_cut_anywhere_is_read_or_refused() {
    let place = Place::new();
    let medium = Surgery::of(&iso(&place, &PLAIN));
    for length in (0..medium.0.len()).step_by(4999) {
        if let Err(error) = judged(&medium.0[..length]) {
            let said = error.to_string();
            let known = ["truncated", "is not an ISO image", "has no UDF", "is damaged"];
            assert!(known.iter().any(|words| said.contains(words)), "{length}: {said}");
        }
    }
}
