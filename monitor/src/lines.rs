//! From the bytes of an object, which come in pieces, to its lines.

/// The longest line: InvokeEndpoint takes 25 MB (26,214,400 bytes), of which base64 makes 34,952,534 characters, and the
/// answer may be as long.
pub(crate) const MAX_LINE: usize = 72 << 20;

/// The beginning of a line whose end has not come yet.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    beginning: Vec<u8>,
    /// It is too long already: what there still is of it is not kept.
    is_too_long: bool,
}

/// A line without its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    Whole(&'a [u8]),
    /// It has more than [`MAX_LINE`] bytes.
    TooLong,
}

impl Lines {
    /// Takes the next bytes, and hands out each line that they end. A line within the piece is not copied.
    pub(crate) fn add(&mut self, mut piece: &[u8], mut each: impl FnMut(Line<'_>)) {
        while let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            let (rest, next) = piece.split_at(end);
            piece = &next[1..];
            if self.beginning.is_empty() && !self.is_too_long {
                hand_out(rest, &mut each);
            } else {
                self.keep(rest);
                self.end(&mut each);
            }
        }
        self.keep(piece);
    }

    /// There are no more bytes: what is left is a line.
    pub(crate) fn end(&mut self, mut each: impl FnMut(Line<'_>)) {
        match std::mem::take(&mut self.is_too_long) {
            true => each(Line::TooLong),
            false => hand_out(&self.beginning, &mut each),
        }
        self.beginning.clear();
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.is_too_long || self.beginning.len() + bytes.len() > MAX_LINE {
            self.is_too_long = true;
            self.beginning = Vec::new();
        } else {
            self.beginning.extend_from_slice(bytes);
        }
    }
}

/// Empty lines are none.
fn hand_out(line: &[u8], each: &mut impl FnMut(Line<'_>)) {
    match line {
        line if line.len() > MAX_LINE => each(Line::TooLong),
        line if line.trim_ascii().is_empty() => {}
        line => each(Line::Whole(line)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(pieces: &[&[u8]]) -> Vec<Option<Vec<u8>>> {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        let mut each = |line: Line<'_>| {
            found.push(match line {
                Line::Whole(line) => Some(line.to_vec()),
                Line::TooLong => None,
            });
        };
        for piece in pieces {
            lines.add(piece, &mut each);
        }
        lines.end(&mut each);
        found
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(text in "[a\n ]{0,40}", cuts in prop::collection::vec(0usize..40, 0..6)) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &text.as_bytes()[pair[0]..pair[1]]).collect();
            let expected: Vec<Option<Vec<u8>>> = text
                .split('\n')
                .filter(|line| !line.trim().is_empty())
                .map(|line| Some(line.as_bytes().to_vec()))
                .collect();
            prop_assert_eq!(split(&pieces), expected);
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_told_and_not_kept() {
        let much = vec![b'x'; MAX_LINE / 2 + 1];
        let expected = [Some(b"one".to_vec()), None, Some(b"two".to_vec())];
        assert_eq!(split(&[b"one\n", &much, &much, &much, b"x\ntwo"]), expected);
        let whole = [much.clone(), much, b"\n".to_vec()].concat();
        assert_eq!(split(&[b"one\n", &whole, b"two"]), expected);
    }
}
