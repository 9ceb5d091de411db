//! From the bytes of an object, which come in pieces, to its lines.
//!
//! ```
//! let mut lines = lambdas::lines::Lines::default();
//! lines.add(b"one\ntw")?;
//! assert_eq!(lines.next_line(), Some(&b"one"[..]));
//! assert_eq!(lines.next_line(), None);
//! # Ok::<(), String>(())
//! ```

/// The longest line. A failed batch is described with its input, of up to 262,144 bytes, as JSON in JSON.
const MAX_LINE: usize = 4 << 20;

/// Lines that are not handed out yet, and the beginning of another.
#[derive(Debug, Default)]
pub struct Lines {
    buffer: Vec<u8>,
    /// Where the next line begins.
    start: usize,
    /// Up to where it is known to have no end.
    searched: usize,
}

impl Lines {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// A line is too long to be one of results.
    pub fn add(&mut self, piece: &[u8]) -> Result<(), String> {
        self.buffer.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        self.buffer.extend_from_slice(piece);
        if self.searched > MAX_LINE {
            return Err(format!("it has more than {MAX_LINE} bytes"));
        }
        Ok(())
    }

    /// There are no more bytes: what is left is a line.
    pub fn end(&mut self) {
        self.buffer.push(b'\n');
    }

    /// The next whole line that is not empty, without its end.
    pub fn next_line(&mut self) -> Option<&[u8]> {
        loop {
            let rest = &self.buffer[self.searched..];
            let Some(length) = rest.iter().position(|byte| *byte == b'\n') else {
                self.searched = self.buffer.len();
                return None;
            };
            let (from, to) = (self.start, self.searched + length);
            self.start = to + 1;
            self.searched = self.start;
            if !self.buffer[from..to].trim_ascii().is_empty() {
                return Some(&self.buffer[from..to]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pieces: &[&str], expected: &[&str]) {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        let mut take = |lines: &mut Lines| {
            while let Some(line) = lines.next_line() {
                found.push(String::from_utf8(line.to_vec()).expect("text"));
            }
        };
        for piece in pieces {
            lines.add(piece.as_bytes()).expect("short lines");
            take(&mut lines);
        }
        lines.end();
        take(&mut lines);
        assert_eq!(found, expected, "{pieces:?}");
    }

    #[test]
    fn pieces_make_no_difference() {
        let expected = &["one", "two", "three"];
        check(&["one\ntwo\nthree\n"], expected);
        check(&["one\ntwo\nthree"], expected);
        check(&["o", "ne\n", "\n", "tw", "o\nthr", "ee", "\n"], expected);
        check(&["one\n\n \ntwo", "\nthree"], expected);
        check(&[], &[]);
        check(&["\n"], &[]);
    }

    #[test]
    fn a_line_without_end_is_too_long() {
        let mut lines = Lines::default();
        let piece = vec![b'x'; 3 << 20];
        for _ in 0..2 {
            lines.add(&piece).expect("it may still end");
            assert_eq!(lines.next_line(), None);
        }
        assert!(lines.add(b"x").is_err());
    }
}
