//! From the bytes of an image file to pixels of the size that the network takes.
//!
//! Training and serving both go through [`Picture::decode`], so that the network sees the same in both.

use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits};
use std::io::Cursor;

/// Images of more pixels are refused before they are decoded: a few hundred bytes can claim gigabytes.
const MAX_PIXELS: u64 = 64_000_000;

/// Memory that a decoder may take.
const MAX_DECODER_BYTES: u64 = 512 << 20;

/// The sides that a model's input may have, in pixels.
pub const SIDES: std::ops::RangeInclusive<usize> = 1..=4096;

/// Height and width in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

/// An RGB image in the size that the network takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// `height * width * 3` values, row by row, the three colours of a pixel side by side.
    pub rgb: Vec<u8>,
}

/// Why bytes are not a picture.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// There are no bytes.
    #[error("the image is empty (0 bytes)")]
    Empty,
    /// No decoder knows the format.
    #[error("this is not an image in a format that is read here (PNG, JPEG, WebP, GIF, BMP, TIFF)")]
    NotAnImage,
    /// The header claims too many pixels.
    #[error("the image has {width} x {height} pixels; at most {MAX_PIXELS} are decoded")]
    TooLarge {
        /// Columns, as the header says.
        width: u32,
        /// Rows, as the header says.
        height: u32,
    },
    /// The decoder gave up.
    #[error("the image can't be decoded: {0}")]
    Broken(ImageError),
}

impl Picture {
    /// Decodes a file, turns it upright (EXIF), scales it until it covers `size`, and cuts away what sticks out.
    pub fn decode(bytes: &[u8], size: Size) -> Result<Self, PictureError> {
        let image = decode(bytes)?;
        let (width, height) = (size.width as u32, size.height as u32);
        let fitted = match (image.width(), image.height()) == (width, height) {
            true => image,
            false => image.resize_to_fill(width, height, FilterType::Triangle),
        };
        Ok(Self {
            rgb: fitted.into_rgb8().into_raw(),
        })
    }
}

fn decode(bytes: &[u8]) -> Result<DynamicImage, PictureError> {
    if bytes.is_empty() {
        return Err(PictureError::Empty);
    }
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|_| PictureError::NotAnImage)?;
    if reader.format().is_none() {
        return Err(PictureError::NotAnImage);
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| match error {
        ImageError::Unsupported(_) => PictureError::NotAnImage,
        error => PictureError::Broken(error),
    })?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(PictureError::TooLarge { width, height });
    }
    // An unreadable orientation is no reason to refuse a readable image.
    let orientation = decoder.orientation();
    let mut image = DynamicImage::from_decoder(decoder).map_err(PictureError::Broken)?;
    if let Ok(orientation) = orientation {
        image.apply_orientation(orientation);
    }
    Ok(image)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageFormat, Rgb, RgbImage};

    const SIZE: Size = Size {
        height: 4,
        width: 4,
    };

    fn encode(image: &RgbImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Vec::new();
        image
            .write_to(&mut Cursor::new(&mut bytes), format)
            .unwrap();
        bytes
    }

    /// A PNG whose header claims a size that its few bytes don't have.
    fn bomb(width: u32, height: u32) -> Vec<u8> {
        let mut png = encode(&RgbImage::new(1, 1), ImageFormat::Png);
        png[16..20].copy_from_slice(&width.to_be_bytes());
        png[20..24].copy_from_slice(&height.to_be_bytes());
        let mut checksum = flate2::Crc::new();
        checksum.update(&png[12..29]);
        png[29..33].copy_from_slice(&checksum.sum().to_be_bytes());
        png
    }

    fn check_error(bytes: &[u8], expected: &str) {
        let error = Picture::decode(bytes, SIZE).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn an_image_of_the_right_size_keeps_its_pixels() {
        let image = RgbImage::from_fn(4, 4, |x, y| Rgb([x as u8, y as u8, 7]));
        let picture = Picture::decode(&encode(&image, ImageFormat::Png), SIZE).unwrap();
        assert_eq!(picture.rgb, image.into_raw());
    }

    #[test]
    fn a_wide_image_loses_its_sides() {
        let image = RgbImage::from_fn(16, 4, |x, _| {
            if (6..10).contains(&x) {
                Rgb([255; 3])
            } else {
                Rgb([0; 3])
            }
        });
        let picture = Picture::decode(&encode(&image, ImageFormat::Png), SIZE).unwrap();
        assert!(picture.rgb.iter().all(|value| *value == 255));
    }

    #[test]
    fn every_format_that_is_promised_is_read() {
        for format in [
            ImageFormat::Png,
            ImageFormat::Jpeg,
            ImageFormat::Gif,
            ImageFormat::Bmp,
            ImageFormat::Tiff,
        ] {
            let bytes = encode(&RgbImage::from_pixel(9, 5, Rgb([200, 10, 10])), format);
            let picture = Picture::decode(&bytes, SIZE).unwrap();
            assert!(picture.rgb[0].abs_diff(200) < 8, "{format:?}");
        }
    }

    #[test]
    fn what_is_not_a_picture_is_refused_with_its_reason() {
        let png = encode(&RgbImage::new(8, 8), ImageFormat::Png);
        check_error(b"", "0 bytes");
        check_error(b"hello, world, this is text", "not an image");
        check_error(&png[..png.len() - 20], "can't be decoded");
        check_error(&bomb(60_000, 60_000), "60000 x 60000 pixels");
    }
}
