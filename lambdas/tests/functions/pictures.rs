//! Image files as people upload them, drawn here.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageEncoder, ImageFormat, Rgb, RgbImage};

/// Left red, right blue.
pub(crate) fn drawn(width: u32, height: u32) -> DynamicImage {
    let color = |x| {
        if 2 * x < width {
            [220, 20, 20]
        } else {
            [20, 20, 210]
        }
    };
    RgbImage::from_fn(width, height, |x, _| Rgb(color(x))).into()
}

pub(crate) fn file(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, format).expect("an image file");
    file.into_inner()
}

/// A photograph as a telephone makes it: stored on its side, with an EXIF orientation of 6 (turn it
/// clockwise).
pub(crate) fn photograph(width: u32, height: u32) -> Vec<u8> {
    let image = drawn(width, height);
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new(&mut file);
    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    encoder
        .set_exif_metadata(exif.to_vec())
        .expect("JPEG has EXIF");
    encoder
        .write_image(image.as_bytes(), width, height, image.color().into())
        .expect("a JPEG");
    file
}

/// A PNG file of some dozens of bytes that says it has 3.6 thousand million pixels.
pub(crate) fn bomb() -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 60_000, 60_000);
    encoder.set_color(png::ColorType::Rgb);
    drop(encoder.write_header().expect("a header"));
    file
}
