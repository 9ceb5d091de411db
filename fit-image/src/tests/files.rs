//! Files that no encoder at hand writes: of any size, in a few bytes, and with the tags that a test
//! needs.

/// A JPEG without a coefficient: each block is two bits, or one where its frame is progressive.
pub(super) struct Jpeg {
    pub(super) progressive: bool,
    pub(super) components: u8,
    /// Each component in a scan of its own.
    pub(super) apart: bool,
    /// Sampling of the first component, horizontally and vertically; the others have 1.
    pub(super) sampling: (u8, u8),
}

impl Jpeg {
    pub(super) fn file(&self, (width, height): (u32, u32)) -> Vec<u8> {
        let ids: Vec<u8> = (1..=self.components).collect();
        let mut frame = vec![8];
        frame.extend((height as u16).to_be_bytes());
        frame.extend((width as u16).to_be_bytes());
        frame.push(self.components);
        for id in &ids {
            let (horizontal, vertical) = if *id == 1 { self.sampling } else { (1, 1) };
            frame.extend([*id, horizontal << 4 | vertical, 0]);
        }
        let mut file = vec![0xFF, 0xD8];
        segment(&mut file, 0xDB, &[&[0][..], &[1; 64]].concat());
        segment(
            &mut file,
            if self.progressive { 0xC2 } else { 0xC0 },
            &frame,
        );
        for table in [0x00, 0x10] {
            // One code of one bit, for no coefficient.
            segment(&mut file, 0xC4, &[&[table, 1][..], &[0; 15], &[0]].concat());
        }
        if self.apart {
            ids.iter()
                .for_each(|id| self.scan(&mut file, &[*id], (width, height)));
        } else {
            self.scan(&mut file, &ids, (width, height));
        }
        file.extend([0xFF, 0xD9]);
        file
    }

    fn scan(&self, file: &mut Vec<u8>, ids: &[u8], (width, height): (u32, u32)) {
        let mut header = vec![ids.len() as u8];
        ids.iter().for_each(|id| header.extend([*id, 0]));
        header.extend([0, if self.progressive { 0 } else { 63 }, 0]);
        segment(file, 0xDA, &header);
        let (horizontal, vertical) = self.sampling;
        let blocks = width.div_ceil(8 * u32::from(horizontal)) as usize
            * height.div_ceil(8 * u32::from(vertical)) as usize
            * (ids.len() - 1 + usize::from(horizontal * vertical));
        let bits = if self.progressive { blocks } else { 2 * blocks };
        file.resize(file.len() + bits.div_ceil(8), 0);
    }
}

fn segment(file: &mut Vec<u8>, marker: u8, content: &[u8]) {
    file.extend([0xFF, marker]);
    file.extend((content.len() as u16 + 2).to_be_bytes());
    file.extend(content);
}

/// A TIFF of one strip, or of one tile of 16 x 16. Each tag has one value.
pub(super) struct Tiff {
    pub(super) size: (u32, u32),
    pub(super) bits: u32,
    pub(super) samples: u32,
    pub(super) compression: u32,
    pub(super) photometric: u32,
    pub(super) more: Vec<(u16, u32)>,
    pub(super) big: bool,
    pub(super) tiled: bool,
}

impl Default for Tiff {
    /// A gray one, not compressed.
    fn default() -> Self {
        Self {
            size: (4, 4),
            bits: 8,
            samples: 1,
            compression: 1,
            photometric: 1,
            more: Vec::new(),
            big: false,
            tiled: false,
        }
    }
}

impl Tiff {
    pub(super) fn file(&self, strip: &[u8]) -> Vec<u8> {
        let (width, height) = self.size;
        let header: &[u8] = if self.big {
            b"II\x2B\0\x08\0\0\0"
        } else {
            b"II\x2A\0"
        };
        let offset = header.len() + if self.big { 8 } else { 4 };
        let mut tags = vec![
            (256, width),
            (257, height),
            (258, self.bits),
            (259, self.compression),
            (262, self.photometric),
            (277, self.samples),
        ];
        let (offset_in_file, length) = (offset as u32, strip.len() as u32);
        if self.tiled {
            tags.extend([(322, 16), (323, 16), (324, offset_in_file), (325, length)]);
        } else {
            tags.extend([(273, offset_in_file), (278, height), (279, length)]);
        }
        tags.extend(&self.more);
        tags.sort_unstable();
        let mut file = header.to_vec();
        let number = |file: &mut Vec<u8>, value: u64| {
            let bytes = value.to_le_bytes();
            file.extend(if self.big { &bytes[..] } else { &bytes[..4] });
        };
        number(&mut file, (offset + strip.len()) as u64);
        file.extend(strip);
        let count = (tags.len() as u64).to_le_bytes();
        file.extend(if self.big { &count[..] } else { &count[..2] });
        for (tag, value) in tags {
            file.extend(u16::to_le_bytes(tag));
            // SHORT or LONG.
            file.extend([if value < 1 << 16 { 3 } else { 4 }, 0]);
            number(&mut file, 1);
            number(&mut file, value.into());
        }
        number(&mut file, 0);
        file
    }
}

/// A black BMP, run-length encoded.
pub(super) fn bmp((width, height): (u32, u32)) -> Vec<u8> {
    let mut row: Vec<u8> = [255, 0].repeat(width as usize / 255);
    row.extend([(width % 255) as u8, 0, 0, 0]);
    let pixels = row.repeat(height as usize);
    let mut file = b"BM".to_vec();
    let words: [u32; 11] = [
        54 + 8 + pixels.len() as u32,
        0,
        62,
        40,
        width,
        height,
        0x0008_0001,
        1,
        0,
        0,
        0,
    ];
    words
        .iter()
        .for_each(|word| file.extend(word.to_le_bytes()));
    for word in [2u32, 0, 0, 0x00FF_FFFF] {
        file.extend(word.to_le_bytes());
    }
    file.extend(pixels);
    file
}

/// A lossy WebP frame of zeros, which the arithmetic decoder reads as a gray image.
fn vp8((width, height): (u32, u32)) -> Vec<u8> {
    let macroblocks = width.div_ceil(16) * height.div_ceil(16);
    // Modes take some four bits for each; what is a whole byte is more than enough.
    let modes = macroblocks;
    // A key frame that is shown, and the length of its modes.
    let tag = 0x10 | modes << 5;
    let mut frame = tag.to_le_bytes()[..3].to_vec();
    frame.extend([0x9D, 0x01, 0x2A]);
    frame.extend((width as u16).to_le_bytes());
    frame.extend((height as u16).to_le_bytes());
    frame.resize(frame.len() + modes as usize + 8 * macroblocks as usize, 0);
    frame
}

/// A lossless WebP stream after its header: no transforms, no cache, one code for each channel,
/// which takes no bits.
fn vp8l_pixels(bits: u64, at: u32) -> Vec<u8> {
    let mut stream = bits;
    for code in 0..5 {
        // Simple, one symbol, of one bit, which is 0.
        stream |= 1 << (at + 3 + 4 * code);
    }
    [&stream.to_le_bytes()[..], &[0; 8]].concat()
}

fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut chunk = name.to_vec();
    chunk.extend((content.len() as u32).to_le_bytes());
    chunk.extend(content);
    chunk.resize(chunk.len().next_multiple_of(2), 0);
    chunk
}

fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    chunk(b"RIFF", &[&b"WEBP"[..], &chunks.concat()].concat())
}

fn three((width, height): (u32, u32)) -> Vec<u8> {
    let bytes = |side: u32| (side - 1).to_le_bytes()[..3].to_vec();
    [bytes(width), bytes(height)].concat()
}

fn vp8x(flags: u8, size: (u32, u32)) -> Vec<u8> {
    chunk(b"VP8X", &[&[flags, 0, 0, 0][..], &three(size)].concat())
}

fn alpha() -> Vec<u8> {
    chunk(b"ALPH", &[&[1][..], &vp8l_pixels(0, 0)].concat())
}

pub(super) fn webp_lossy(size: (u32, u32)) -> Vec<u8> {
    riff(&[chunk(b"VP8 ", &vp8(size))])
}

pub(super) fn webp_lossless((width, height): (u32, u32)) -> Vec<u8> {
    let header = u64::from(width - 1) | u64::from(height - 1) << 14;
    let content = [&[0x2F][..], &vp8l_pixels(header, 32)].concat();
    riff(&[chunk(b"VP8L", &content)])
}

/// A lossless WebP stream of up to 64 x 64 pixels, whose image of groups makes so many of codes,
/// each with a code of 2,048 symbols of 11 bits, which takes no bits for each.
fn vp8l_groups(header: &[(u32, u32)], groups: u32) -> Vec<u8> {
    let one = |symbol: u32| [(1, 1), (0, 1), (1, 1), (symbol, 8)];
    let mut fields = header.to_vec();
    // No transforms, a cache of 2,048 colors, and an image of one pixel, without a cache: its
    // groups.
    fields.extend([(0, 1), (1, 1), (11, 4), (1, 1), (0, 3), (0, 1)]);
    let last = groups - 1;
    for symbol in [last & 255, last >> 8, 0, 0, 0] {
        fields.extend(one(symbol));
    }
    for _ in 0..groups {
        // The lengths' own code has one symbol, 11, the fifteenth in its order; it says the first
        // 2,048 lengths.
        fields.extend([(0, 1), (11, 4)]);
        fields.extend((0..15).map(|place| (u32::from(place == 14), 3)));
        fields.extend([(1, 1), (5, 3), (2046, 12)]);
        (0..4).for_each(|_| fields.extend(one(0)));
    }
    let mut stream = Vec::new();
    let (mut word, mut bits) = (0u64, 0);
    for (value, width) in fields {
        word |= u64::from(value) << bits;
        bits += width;
        while bits >= 8 {
            stream.push(word as u8);
            word >>= 8;
            bits -= 8;
        }
    }
    // What is left, and pixels.
    stream.push(word as u8);
    stream.resize(stream.len() + 8192, 0);
    stream
}

pub(super) fn webp_of_groups(groups: u32) -> Vec<u8> {
    let header = [(0x2F, 8), (3, 14), (3, 14), (0, 4)];
    riff(&[chunk(b"VP8L", &vp8l_groups(&header, groups))])
}

/// The same in the alpha of a lossy image, and of an animation's first frame.
pub(super) fn webp_alpha_of_groups(groups: u32) -> [Vec<u8>; 2] {
    let size = (64, 64);
    let alpha = chunk(b"ALPH", &[&[1][..], &vp8l_groups(&[], groups)].concat());
    let frame = [
        &[0; 6][..],
        &three(size),
        &[0; 4],
        &alpha,
        &chunk(b"VP8 ", &vp8(size)),
    ];
    [
        riff(&[vp8x(0x10, size), alpha.clone(), chunk(b"VP8 ", &vp8(size))]),
        riff(&[
            vp8x(0x12, size),
            chunk(b"ANIM", &[0; 6]),
            chunk(b"ANMF", &frame.concat()),
        ]),
    ]
}

pub(super) fn webp_with_alpha(size: (u32, u32)) -> Vec<u8> {
    riff(&[vp8x(0x10, size), alpha(), chunk(b"VP8 ", &vp8(size))])
}

pub(super) fn webp_animated(size: (u32, u32)) -> Vec<u8> {
    let frame = [
        &[0; 6][..],
        &three(size),
        &[0; 4],
        &alpha(),
        &chunk(b"VP8 ", &vp8(size)),
    ];
    riff(&[
        vp8x(0x12, size),
        chunk(b"ANIM", &[0; 6]),
        chunk(b"ANMF", &frame.concat()),
    ])
}

/// A GIF whose one frame does not begin at the canvas's edge.
pub(super) fn gif((width, height): (u32, u32)) -> Vec<u8> {
    let mut file = Vec::new();
    let sides = (width as u16, height as u16);
    let mut encoder = gif::Encoder::new(&mut file, sides.0, sides.1, &[0; 6]).unwrap();
    let frame = gif::Frame {
        left: 1,
        width: sides.0 - 1,
        height: sides.1,
        buffer: vec![0; (width as usize - 1) * height as usize].into(),
        ..gif::Frame::default()
    };
    encoder.write_frame(&frame).unwrap();
    drop(encoder);
    file
}

pub(super) fn png(
    (width, height): (u32, u32),
    color: png::ColorType,
    depth: png::BitDepth,
) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(color);
    encoder.set_depth(depth);
    encoder.set_compression(png::Compression::Fastest);
    let mut writer = encoder.write_header().unwrap();
    let mut stream = writer.stream_writer().unwrap();
    let samples = color.samples() * (depth as usize / 8);
    let row = vec![0; width as usize * samples];
    for _ in 0..height {
        std::io::Write::write_all(&mut stream, &row).unwrap();
    }
    stream.finish().unwrap();
    drop(writer);
    file
}
