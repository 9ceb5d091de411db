//! The members of a tar, read in place.
//!
//! The `tar` crate parses the headers. Its entries only implement `Read`, which would copy every
//! pixel once more than needed, so the walk from member to member is done here, over `BufRead`.

use super::Error;
use std::io::{self, BufRead, Read};
use tar::Header;

const BLOCK: usize = 512;

pub(super) struct Members<R> {
    input: R,
    /// Bytes of the current member that were not read, and of the padding after them.
    left: u64,
    padding: u64,
}

/// The last component of a member's path, and whether it is a regular file.
pub(super) struct Entry {
    pub(super) name: Vec<u8>,
    pub(super) is_file: bool,
}

impl<R: BufRead> Members<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            left: 0,
            padding: 0,
        }
    }

    /// Advances to the next member and skips the rest of this one.
    pub(super) fn next(&mut self) -> Result<Option<Entry>, Error> {
        self.skip(self.left + self.padding)?;
        (self.left, self.padding) = (0, 0);
        let mut block = [0; BLOCK];
        if !self.block(&mut block)? || block == [0; BLOCK] {
            return Ok(None);
        }
        let header = Header::from_byte_slice(&block);
        if header.cksum().ok() != Some(checksum(&block)) {
            return Err(Error::Tar("a member's header has a wrong checksum"));
        }
        self.left = header
            .entry_size()
            .map_err(|_| Error::Tar("a member's size is not a number"))?;
        self.padding = self.left.wrapping_neg() % BLOCK as u64;
        let path = header.path_bytes();
        let name = path
            .rsplit(|byte| *byte == b'/')
            .next()
            .unwrap_or_default()
            .to_vec();
        Ok(Some(Entry {
            name,
            is_file: header.entry_type().is_file(),
        }))
    }

    /// The rest of the current member.
    pub(super) fn body(&mut self) -> Body<'_, R> {
        Body {
            input: &mut self.input,
            left: &mut self.left,
        }
    }

    /// Reads to the end of the input, so that its checksum is checked.
    pub(super) fn finish(mut self) -> Result<(), Error> {
        loop {
            let n = self.input.fill_buf()?.len();
            if n == 0 {
                return Ok(());
            }
            self.input.consume(n);
        }
    }

    /// Reads a header; false at the end of the input.
    fn block(&mut self, block: &mut [u8; BLOCK]) -> Result<bool, Error> {
        if self.input.fill_buf()?.is_empty() {
            return Ok(false);
        }
        self.input.read_exact(block).map_err(cut_off)?;
        Ok(true)
    }

    fn skip(&mut self, mut n: u64) -> Result<(), Error> {
        while n > 0 {
            let have = self.input.fill_buf()?.len();
            if have == 0 {
                return Err(Error::Tar("it ends within a member"));
            }
            let step = n.min(have as u64);
            self.input.consume(step as usize); // at most `have`
            n -= step;
        }
        Ok(())
    }
}

fn cut_off(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::Tar("it ends within a header"),
        _ => error.into(),
    }
}

/// The sum of a header's bytes, its checksum field taken as spaces.
fn checksum(block: &[u8; BLOCK]) -> u32 {
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    sum(&block[..148]) + 8 * u32::from(b' ') + sum(&block[156..])
}

/// Reads a member's bytes. An early end of the input ends them too; `next` then reports the
/// truncated tar.
pub(super) struct Body<'a, R> {
    input: &'a mut R,
    left: &'a mut u64,
}

impl<R: BufRead> BufRead for Body<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if *self.left == 0 {
            return Ok(&[]);
        }
        let buffer = self.input.fill_buf()?;
        let n = (buffer.len() as u64).min(*self.left) as usize; // at most `buffer.len()`
        Ok(&buffer[..n])
    }

    fn consume(&mut self, n: usize) {
        *self.left -= n as u64;
        self.input.consume(n);
    }
}

impl<R: BufRead> Read for Body<'_, R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(to)?;
        self.consume(n);
        Ok(n)
    }
}
