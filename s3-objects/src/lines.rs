//! From the bytes of an object, which come in pieces, to its lines.
//!
//! ```
//! use s3_objects::{Line, Lines};
//!
//! let mut lines = Lines::new(100);
//! lines.add(b"one\ntw");
//! assert_eq!(lines.next_line(), Some(Line::Whole(b"one")));
//! assert_eq!(lines.next_line(), None);
//! ```

/// Lines that are not handed out yet, and the beginning of another.
///
/// Memory holds a piece and a line, if all lines are taken before the next piece is added.
#[derive(Debug)]
pub struct Lines {
    max: usize,
    buffer: Vec<u8>,
    /// The start of the next line.
    start: usize,
    /// Up to where it is known to have no end.
    searched: usize,
    /// The next line is too long already: what there still is of it is not kept.
    is_too_long: bool,
}

/// A line without its end.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// It, with something else than white space.
    Whole(&'a [u8]),
    /// It has more bytes than the longest line may have.
    TooLong,
}

impl Lines {
    /// Returns a reader of lines of up to `max` bytes.
    pub fn new(max: usize) -> Self {
        Self {
            max,
            buffer: Vec::new(),
            start: 0,
            searched: 0,
            is_too_long: false,
        }
    }

    /// Takes the next bytes.
    pub fn add(&mut self, piece: &[u8]) {
        self.buffer.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        self.buffer.extend_from_slice(piece);
    }

    /// Takes the end of the object: what is left is a line.
    pub fn end(&mut self) {
        self.add(b"\n");
    }

    /// Returns the next line that is not blank, if its end has come.
    pub fn next_line(&mut self) -> Option<Line<'_>> {
        loop {
            let rest = &self.buffer[self.searched..];
            let Some(length) = rest.iter().position(|byte| *byte == b'\n') else {
                self.searched = self.buffer.len();
                if self.is_too_long || self.searched - self.start > self.max {
                    self.is_too_long = true;
                    self.start = self.searched;
                }
                return None;
            };
            let (from, to) = (self.start, self.searched + length);
            self.start = to + 1;
            self.searched = self.start;
            if std::mem::take(&mut self.is_too_long) || to - from > self.max {
                return Some(Line::TooLong);
            }
            if !self.buffer[from..to].trim_ascii().is_empty() {
                return Some(Line::Whole(&self.buffer[from..to]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The lines of the pieces, of up to 9 bytes; `None` for one that is too long.
    fn split(pieces: &[&[u8]]) -> Vec<Option<Vec<u8>>> {
        let mut lines = Lines::new(9);
        let mut found = Vec::new();
        let mut take = |lines: &mut Lines| {
            while let Some(line) = lines.next_line() {
                found.push(match line {
                    Line::Whole(line) => Some(line.to_vec()),
                    Line::TooLong => None,
                });
            }
            assert!(lines.buffer.len() - lines.start <= 9, "kept: {lines:?}");
        };
        for piece in pieces {
            lines.add(piece);
            take(&mut lines);
        }
        lines.end();
        take(&mut lines);
        found
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(text in "[a\n ]{0,60}", cuts in prop::collection::vec(0usize..60, 0..6)) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &text.as_bytes()[pair[0]..pair[1]]).collect();
            let lines = text.split('\n').filter(|line| line.len() > 9 || !line.trim().is_empty());
            let expected: Vec<Option<Vec<u8>>> =
                lines.map(|line| (line.len() <= 9).then(|| line.as_bytes().to_vec())).collect();
            prop_assert_eq!(split(&pieces), expected);
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_told_and_not_kept() {
        let expected = [Some(b"one".to_vec()), None, Some(b"two".to_vec())];
        let much = b"xxxxxxx";
        assert_eq!(split(&[b"one\n", much, much, much, b"x\ntwo"]), expected);
        assert_eq!(split(&[b"one\nxxxxxxxxxx\ntwo"]), expected);
    }
}
