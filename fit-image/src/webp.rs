//! Estimates the memory that decoding a WebP file takes, which its headers do not say.
//!
//! A lossless image has groups of five prefix codes, up to 65,536 of them, and a code of eight
//! bytes becomes tables of 50 kB: a file of a megabyte would take gigabytes. So the codes are read
//! once before, as [RFC 9649] has them, and not kept.
//!
//! [RFC 9649]: https://www.rfc-editor.org/rfc/rfc9649#section-3

use super::MAX_BYTES;

/// Returns what an image takes for each pixel, in quarters of a byte, from its first chunk and
/// flags.
///
/// The output has 3 bytes, with alpha 4. Lossy: 1.5 for Y'CbCr 4:2:0. Lossless: 4, and up to 0.75
/// for its transforms. Alpha of its own: a lossless image and a plane. Animated: a canvas beside
/// the frame.
pub(super) fn quarter_bytes(file: &[u8]) -> u64 {
    const ALPHA: u8 = 0x10;
    const ANIMATION: u8 = 0x02;
    match (file.get(12..16), file.get(20)) {
        (Some(b"VP8 "), _) => 18,
        (Some(b"VP8X"), Some(flags)) if flags & ANIMATION != 0 => 61,
        (Some(b"VP8X"), Some(flags)) if flags & ALPHA != 0 => 45,
        _ => 31,
    }
}

/// Returns true if the end of the file's one RIFF chunk is missing, whose length comes after
/// `RIFF`.
pub(super) fn is_truncated(file: &[u8]) -> bool {
    let length = file.get(4..8).and_then(|bytes| bytes.try_into().ok());
    length
        .and_then(|length| {
            usize::try_from(u32::from_le_bytes(length))
                .ok()?
                .checked_add(8)
        })
        .is_none_or(|length| length > file.len())
}

/// Returns the bytes that the prefix codes of an image take at most, or something over
/// [`MAX_BYTES`]. Of an animation that is its first frame.
pub(super) fn code_bytes(file: &[u8], size: (u32, u32)) -> u64 {
    let chunks = file.get(12..).unwrap_or_default();
    let frame = first(chunks, b"ANMF").map_or(0, |frame| {
        let side = |at: usize| Some(1 + (number(frame.get(at..at + 4)?) & 0xFF_FFFF));
        let size = side(6).zip(side(9)).unwrap_or(size);
        code_bytes_of(frame.get(16..).unwrap_or_default(), size)
    });
    code_bytes_of(chunks, size).max(frame)
}

fn code_bytes_of(chunks: &[u8], size: (u32, u32)) -> u64 {
    let lossless = first(chunks, b"VP8L").map_or(0, |stream| Stream::new(stream).code_bytes(None));
    let alpha = match first(chunks, b"ALPH") {
        // Compressed as a lossless image is, without its header.
        Some([flags, stream @ ..]) if flags & 3 == 1 => Stream::new(stream).code_bytes(Some(size)),
        _ => 0,
    };
    lossless.max(alpha)
}

/// Returns the first chunk of a name, as far as it is there.
fn first<'a>(mut chunks: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    loop {
        let (found, rest) = chunks.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        if found == name {
            return Some(rest.get(..length).unwrap_or(rest));
        }
        chunks = rest.get(length.checked_next_multiple_of(2)?..)?;
    }
}

fn number(bytes: &[u8]) -> u32 {
    let mut number = [0; 4];
    number[..bytes.len()].copy_from_slice(bytes);
    u32::from_le_bytes(number)
}

/// A lossless bit stream, least significant bit first.
struct Stream<'a> {
    bytes: &'a [u8],
    /// The position in bits.
    at: usize,
}

impl<'a> Stream<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Returns the next bits, at most 24, or `None` at the end of the stream.
    fn read(&mut self, bits: u32) -> Option<u32> {
        let end = self.at + bits as usize;
        let bytes = self.bytes.get(self.at / 8..end.div_ceil(8))?;
        let value = number(bytes) >> (self.at % 8) & ((1 << bits) - 1);
        self.at = end;
        Some(value)
    }

    /// Returns the bytes of all codes up to the end of the stream, or to what no decoder reads. An
    /// image without a header has `size`.
    fn code_bytes(mut self, size: Option<(u32, u32)>) -> u64 {
        let mut bytes = 0;
        let _end = self.read_codes(size, &mut bytes);
        bytes
    }

    fn read_codes(&mut self, size: Option<(u32, u32)>, bytes: &mut u64) -> Option<()> {
        let (mut width, height) = match size {
            Some(size) => size,
            None => {
                self.read(8).filter(|signature| *signature == 0x2F)?;
                let size = (self.read(14)? + 1, self.read(14)? + 1);
                self.read(4)?;
                size
            }
        };
        let mut transforms = 0;
        while self.read(1)? == 1 {
            // There are four kinds, and each comes once.
            transforms += 1;
            if transforms > 4 {
                return None;
            }
            match self.read(2)? {
                2 => {}
                3 => {
                    let colors = self.read(8)? + 1;
                    self.read_image(colors, 1)?;
                    let packed = [16, 4, 2].iter().filter(|max| colors <= **max).count();
                    width = width.div_ceil(1 << packed);
                }
                _ => {
                    let block = 1 << (self.read(3)? + 2);
                    self.read_image(width.div_ceil(block), height.div_ceil(block))?;
                }
            }
        }
        let cache = self.read_cache()?;
        let mut groups = 1;
        if self.read(1)? == 1 {
            let block = 1 << (self.read(3)? + 2);
            groups += self.read_image(width.div_ceil(block), height.div_ceil(block))?;
        }
        for _ in 0..groups {
            let codes = self.read_group(cache)?;
            *bytes += 1024 + codes.iter().map(Code::bytes).sum::<u64>();
            if *bytes > MAX_BYTES {
                return None;
            }
        }
        Some(())
    }

    /// Returns how many colors the cache has.
    fn read_cache(&mut self) -> Option<usize> {
        if self.read(1)? == 0 {
            return Some(0);
        }
        Some(1 << self.read(4).filter(|bits| *bits <= 11)?)
    }

    /// Returns the codes of green, lengths and the cache; of red, blue and alpha; and of distances.
    fn read_group(&mut self, cache: usize) -> Option<[Code; 5]> {
        Some([
            self.read_code(256 + 24 + cache)?,
            self.read_code(256)?,
            self.read_code(256)?,
            self.read_code(256)?,
            self.read_code(40)?,
        ])
    }

    /// Reads an image of one group, and returns the highest of its numbers, which are in red and
    /// green. What a pixel copies, from before or from the cache, has been one of them.
    fn read_image(&mut self, width: u32, height: u32) -> Option<u32> {
        let cache = self.read_cache()?;
        let [green, red, blue, alpha, distance] = self.read_group(cache)?;
        let (mut pixels, mut highest) = (width.checked_mul(height)?, 0);
        while pixels > 0 {
            let read = match green.read(self)? {
                low @ 0..256 => {
                    highest = highest.max(red.read(self)? << 8 | low);
                    blue.read(self)?;
                    alpha.read(self)?;
                    1
                }
                length @ 256..280 => {
                    let length = self.read_prefixed(length - 256)?;
                    let code = distance.read(self)?;
                    self.read_prefixed(code)?;
                    length
                }
                _ => 1,
            };
            pixels = pixels.saturating_sub(read);
        }
        Some(highest)
    }

    /// Returns a length or a distance from its prefix and the bits behind it.
    fn read_prefixed(&mut self, prefix: u32) -> Option<u32> {
        if prefix < 4 {
            return Some(prefix + 1);
        }
        let bits = (prefix - 2) >> 1;
        Some(((2 + (prefix & 1)) << bits) + self.read(bits)? + 1)
    }

    fn read_code(&mut self, symbols: usize) -> Option<Code> {
        const ORDER: [usize; 19] = [
            17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        ];
        if self.read(1)? == 1 {
            let is_pair = self.read(1)? == 1;
            let bits = if self.read(1)? == 1 { 8 } else { 1 };
            let mut pair = vec![self.read(bits)?];
            if is_pair {
                pair.push(self.read(8)?);
            }
            return Some(Code::of_equal_lengths(pair));
        }
        let mut lengths = [0; 19];
        for symbol in ORDER.iter().take(4 + self.read(4)? as usize) {
            lengths[*symbol] = self.read(3)?;
        }
        let code = Code::new(&lengths)?;
        self.read_lengths(&code, symbols)
            .and_then(|lengths| Code::new(&lengths))
    }

    fn read_lengths(&mut self, code: &Code, symbols: usize) -> Option<Vec<u32>> {
        let mut left = u32::MAX;
        if self.read(1)? == 1 {
            let bits = 2 + 2 * self.read(3)?;
            left = 2 + self.read(bits)?;
        }
        let (mut lengths, mut last) = (Vec::with_capacity(symbols), 8);
        while lengths.len() < symbols && left > 0 {
            left -= 1;
            let (length, times) = match code.read(self)? {
                16 => (last, 3 + self.read(2)?),
                17 => (0, 3 + self.read(3)?),
                18 => (0, 11 + self.read(7)?),
                length => (length, 1),
            };
            if length != 0 {
                last = length;
            }
            lengths.extend(std::iter::repeat_n(length, times as usize));
        }
        (lengths.len() <= symbols).then_some(lengths)
    }
}

/// A canonical prefix code, or the one symbol that takes no bits.
struct Code {
    /// The number of symbols of each code length.
    counts: [u32; 16],
    /// The symbols, sorted by code length, then by number.
    symbols: Vec<u32>,
}

impl Code {
    /// Builds a code from the length of each symbol; `None` if the lengths under- or oversubscribe
    /// it.
    fn new(lengths: &[u32]) -> Option<Self> {
        let mut counts = [0; 16];
        let mut symbols: Vec<u32> = (0..lengths.len() as u32).collect();
        symbols.retain(|symbol| lengths[*symbol as usize] != 0);
        symbols.sort_by_key(|symbol| lengths[*symbol as usize]);
        for symbol in &symbols {
            counts[lengths[*symbol as usize] as usize] += 1;
        }
        let filled = (1..16)
            .map(|length| counts[length] << (15 - length))
            .sum::<u32>();
        (symbols.len() == 1 || filled == 1 << 15).then_some(Self { counts, symbols })
    }

    fn of_equal_lengths(symbols: Vec<u32>) -> Self {
        let mut counts = [0; 16];
        counts[1] = symbols.len() as u32;
        Self { counts, symbols }
    }

    fn read(&self, stream: &mut Stream<'_>) -> Option<u32> {
        if let [symbol] = self.symbols[..] {
            return Some(symbol);
        }
        // The code and the first code of its length, and the index of the first symbol of that
        // length.
        let (mut code, mut first, mut index) = (0, 0, 0);
        for count in &self.counts[1..] {
            code |= stream.read(1)?;
            if code < first + count {
                return self.symbols.get((index + code - first) as usize).copied();
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }

    /// Returns the bytes that `image-webp` takes for it: a table for up to 10 bits, and two nodes
    /// for each longer symbol.
    fn bytes(&self) -> u64 {
        let longest = (1..16).rfind(|length| self.counts[*length] > 0);
        let table = 4 << longest.unwrap_or(0).min(10);
        let longer: u32 = self.counts[11..].iter().sum();
        table + 2 * 16 * u64::from(longer)
    }
}
