//! Where the bytes of a file lie of which only pieces are stored.

/// How many pieces a file may have.
pub(super) const MOST_PIECES: usize = 1 << 20;

/// The next part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Stored(u64),
    Hole(u64),
}

/// The pieces of a file that are stored, in order, and its size.
#[derive(Debug)]
pub(super) struct Map {
    pieces: std::vec::IntoIter<(u64, u64)>,
    bytes: u64,
    at: u64,
    ahead: Option<(u64, u64)>,
}

impl Map {
    /// A file all of which is stored.
    pub(super) fn whole(bytes: u64) -> Self {
        Self { pieces: vec![(0, bytes)].into_iter(), bytes, at: 0, ahead: None }
    }

    /// A file of which pieces are stored, so many bytes together.
    pub(super) fn new(pieces: Vec<(u64, u64)>, bytes: u64, stored: u64) -> Result<Self, String> {
        let mut end: u64 = 0;
        let mut sum: u64 = 0;
        for (offset, length) in &pieces {
            let next = offset.checked_add(*length).filter(|next| *offset >= end && *next <= bytes);
            end = next.ok_or("the pieces of a sparse file are not in order, or beyond its end")?;
            sum = sum.saturating_add(*length);
        }
        if sum != stored {
            return Err(format!("the pieces of a sparse file have {sum} bytes, and {stored} are stored"));
        }
        Ok(Self { pieces: pieces.into_iter(), bytes, at: 0, ahead: None })
    }

    /// The size of the file.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next part, of `most` bytes if they are stored.
    pub(super) fn part(&mut self, most: u64) -> Option<Part> {
        loop {
            let Some((offset, length)) = self.ahead.take().or_else(|| self.pieces.next()) else {
                let hole = self.bytes - self.at;
                self.at = self.bytes;
                return (hole > 0).then_some(Part::Hole(hole));
            };
            if offset > self.at {
                let hole = offset - self.at;
                self.ahead = Some((offset, length));
                self.at = offset;
                return Some(Part::Hole(hole));
            }
            let now = length.min(most);
            self.at += now;
            if length > now {
                self.ahead = Some((self.at, length - now));
            }
            if now > 0 {
                return Some(Part::Stored(now));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(mut map: Map) -> Vec<Part> {
        std::iter::from_fn(|| map.part(10)).collect()
    }

    #[test]
    fn holes_are_between_and_behind_the_pieces() {
        use Part::{Hole, Stored};
        let pieces = vec![(5, 15), (20, 0), (30, 1), (100, 0)];
        let map = Map::new(pieces, 100, 16).unwrap();
        assert_eq!(parts(map), [Hole(5), Stored(10), Stored(5), Hole(10), Stored(1), Hole(69)]);
        assert_eq!(parts(Map::whole(12)), [Stored(10), Stored(2)]);
        assert_eq!(parts(Map::whole(0)), []);
    }

    #[test]
    fn pieces_that_overlap_or_lie_beyond_the_end_are_refused() {
        for (pieces, bytes, stored) in [
            (vec![(0, 10), (9, 1)], 100, 11),
            (vec![(10, 1), (0, 1)], 100, 2),
            (vec![(95, 10)], 100, 10),
            (vec![(u64::MAX, 2)], 100, 2),
            (vec![(0, 10)], 100, 11),
        ] {
            assert!(Map::new(pieces.clone(), bytes, stored).is_err(), "{pieces:?}");
        }
    }
}
