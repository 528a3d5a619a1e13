//! What commands write, as lines of a log that several of them share.

/// A line without an end is told in pieces of so many bytes.
const LONGEST: usize = 8 << 10;

/// The line of one stream that has not ended yet.
#[derive(Debug, Default)]
pub(super) struct Lines(Vec<u8>);

impl Lines {
    /// More was written; `tell` gets each line that is whole.
    pub(super) fn add(&mut self, bytes: &[u8], mut tell: impl FnMut(&str)) {
        for byte in bytes {
            if *byte == b'\n' || self.0.len() == LONGEST {
                self.end(&mut tell);
            }
            if *byte != b'\n' {
                self.0.push(*byte);
            }
        }
    }

    /// Nothing comes any more.
    pub(super) fn end_of_file(mut self, tell: impl FnMut(&str)) {
        if !self.0.is_empty() {
            self.end(tell);
        }
    }

    fn end(&mut self, mut tell: impl FnMut(&str)) {
        let text = String::from_utf8_lossy(&self.0);
        // For a terminal, which the log of a build is, a CR begins the line anew, and the name with it.
        let text = text.trim_end_matches('\r');
        tell(text.rsplit('\r').next().unwrap_or(text));
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pieces: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut told) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.add(piece, |line| told.push(line.to_owned()));
        }
        lines.end_of_file(|line| told.push(line.to_owned()));
        told
    }

    #[test]
    fn a_line_is_told_when_it_is_whole() {
        assert_eq!(told(&[b"on", b"e\r", b"\ntwo\n\nth", b"ree"]), ["one", "two", "", "three"]);
        assert!(told(&[]).is_empty());
    }

    #[test]
    fn of_a_line_that_began_anew_its_last_text_is_told() {
        assert_eq!(told(&[b"50 %\r60 %\r\r\n"]), ["60 %"]);
    }

    #[test]
    fn a_line_without_end_does_not_fill_the_memory() {
        let told = told(&[&vec![b'x'; LONGEST + 1], b"\n"]);
        assert_eq!(told.iter().map(String::len).collect::<Vec<_>>(), [LONGEST, 1]);
    }
}
