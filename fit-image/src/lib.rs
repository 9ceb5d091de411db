//! Fits images of any common format to the input of a model: the one decoder and the one geometry,
//! in training as in serving.
//!
//! The image is stretched to the model's width and height; nothing is cut off. The object that
//! matters often reaches from edge to edge, as bicycles do: cutting a 4:3 photograph to a square
//! would take an eighth off each end. An image that already has the size, as the training images
//! have, goes through with every pixel as it is.

mod decode;
mod exif;
mod jpeg;
mod markers;
mod resize;
mod shape;
mod size;
#[cfg(test)]
mod tests;
mod tiff;
mod webp;

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, RgbImage};

pub use shape::{InvalidShape, MAX_SIDE, Shape};

/// The maximum number of pixels of an image.
pub const MAX_PIXELS: u64 = 50_000_000;

/// The maximum memory in bytes for decoding an image: the file, the decoder's peak and the pixels.
/// A function has 512 MB: its program takes 40 of them, and glibc may retain 64 that are free.
pub const MAX_BYTES: u64 = 400_000_000;

/// An error of a file that can't be decoded as an image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableImage {
    /// It is not an image.
    #[error("not an image: PNG, JPEG, WebP, GIF, BMP and TIFF are read")]
    NotAnImage,
    /// It is an image of an unsupported kind, which is named, as in `HEIC images`.
    #[error("{0} are not read: convert it to JPEG or PNG")]
    Unsupported(String),
    /// It has more than [`MAX_PIXELS`], or takes more than [`MAX_BYTES`]. Found from its header,
    /// before it is decoded.
    #[error(
        "the image is too large: {width} x {height} pixels, {bytes} bytes to decode it; the \
         limits are {MAX_PIXELS} pixels and {MAX_BYTES} bytes"
    )]
    TooLarge {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
        /// The memory that decoding it would take.
        bytes: u64,
    },
    /// Its end is missing.
    #[error("the {0} image is truncated: its end is missing; upload it again")]
    Truncated(&'static str),
    /// Its decoder failed.
    #[error("the {0} image is corrupt: {1}")]
    Corrupt(&'static str, String),
}

/// An image that is fitted to a model's input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FittedImage {
    /// A PNG file, 8-bit RGB, of the model's width and height.
    pub png: Vec<u8>,
    /// The format of the uploaded file.
    pub format: &'static str,
    /// The stored width in pixels, before the orientation is applied.
    pub width: u32,
    /// The stored height in pixels, before the orientation is applied.
    pub height: u32,
}

/// Decodes an image file and turns it upright: 8-bit RGB, composited over white.
///
/// # Errors
/// The file can't be decoded as an image, or is too large: see [`UnusableImage`].
pub fn upright(file: &[u8]) -> Result<RgbImage, UnusableImage> {
    let decoded = decode::decode(file)?;
    let mut image = DynamicImage::from(decode::into_rgb(decoded.image));
    image.apply_orientation(decoded.orientation);
    Ok(image.into_rgb8())
}

/// Decodes an image file, turns it upright, and scales it to `shape`: the pixels that a model sees,
/// in training as in serving.
///
/// # Errors
/// The file can't be decoded as an image, or is too large: see [`UnusableImage`].
pub fn pixels(file: &[u8], shape: Shape) -> Result<RgbImage, UnusableImage> {
    Ok(scale(decode::decode(file)?, shape))
}

/// Does what [`pixels`] does, and encodes them as PNG.
///
/// # Errors
/// The file can't be decoded as an image, or is too large: see [`UnusableImage`].
pub fn fit(file: &[u8], shape: Shape) -> Result<FittedImage, UnusableImage> {
    let decoded = decode::decode(file)?;
    let (width, height) = (decoded.image.width(), decoded.image.height());
    let format = decoded.format;
    let mut png = Cursor::new(Vec::new());
    scale(decoded, shape)
        .write_to(&mut png, ImageFormat::Png)
        .map_err(|error| UnusableImage::Corrupt("PNG", error.to_string()))?;
    Ok(FittedImage {
        png: png.into_inner(),
        format,
        width,
        height,
    })
}

/// Scales an image to `shape`, then applies the orientation: the result is the same, and turning a
/// small image is faster.
fn scale(decoded: decode::DecodedImage, shape: Shape) -> RgbImage {
    let target = decode::before_turning(decoded.orientation, shape.dimensions());
    let mut image = DynamicImage::from(resize::resize(decoded.image, target));
    image.apply_orientation(decoded.orientation);
    image.into_rgb8()
}
