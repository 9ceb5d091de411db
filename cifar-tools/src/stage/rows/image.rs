//! A row of the archive as a PNG.

use crate::archive::ROW;
use crate::stage::Error;
use png::{BitDepth, ColorType, Compression, Filter};

/// The side of an image in pixels.
pub(super) const SIDE: u32 = 32;
const PLANE: usize = ROW / 3;

/// Makes PNGs: 32x32, eight bits a channel, RGB. The same pixels give the same bytes.
#[derive(Debug)]
pub(super) struct Encoder {
    rgb: Box<[u8; ROW]>,
}

impl Default for Encoder {
    fn default() -> Self {
        Self {
            rgb: Box::new([0; ROW]),
        }
    }
}

impl Encoder {
    /// Encodes a row of red, green and blue planes.
    pub(super) fn encode(&mut self, planes: &[u8; ROW]) -> Result<Vec<u8>, Error> {
        let (red, rest) = planes.split_at(PLANE);
        let (green, blue) = rest.split_at(PLANE);
        for (rgb, ((r, g), b)) in self
            .rgb
            .chunks_exact_mut(3)
            .zip(red.iter().zip(green).zip(blue))
        {
            rgb.copy_from_slice(&[*r, *g, *b]);
        }
        let mut png = Vec::with_capacity(ROW);
        write(&mut png, &*self.rgb).map_err(|e| Error::Encode(e.to_string()))?;
        Ok(png)
    }
}

fn write(to: &mut Vec<u8>, rgb: &[u8]) -> Result<(), png::EncodingError> {
    let mut encoder = png::Encoder::new(to, SIDE, SIDE);
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    encoder.set_filter(Filter::Paeth); // one filter for all lines: choosing one for each costs more than it saves
    let mut writer = encoder.write_header()?;
    writer.write_image_data(rgb)?;
    writer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_become_pixels() {
        let mut planes = [0; ROW];
        for (at, byte) in planes.iter_mut().enumerate() {
            *byte = (at % PLANE % 251) as u8 ^ (at / PLANE) as u8;
        }
        let png = Encoder::default().encode(&planes).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(png))
            .read_info()
            .unwrap();
        let mut rgb = vec![0; ROW];
        let info = reader.next_frame(&mut rgb).unwrap();
        assert_eq!(
            (info.width, info.height, info.color_type, info.bit_depth),
            (32, 32, ColorType::Rgb, BitDepth::Eight)
        );
        for (at, pixel) in rgb.chunks(3).enumerate() {
            assert_eq!(
                pixel,
                [planes[at], planes[at + PLANE], planes[at + 2 * PLANE]]
            );
        }
    }
}
