//! From a file to pixels, with every limit checked before anything is decoded.

use std::io::{Cursor, ErrorKind};

use image::metadata::Orientation;
use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, Rgb, RgbImage,
};

use super::{MAX_DECODED_BYTES, MAX_PIXELS, Unusable, jpeg};

/// An image, not yet upright.
pub(super) struct Decoded {
    pub(super) image: DynamicImage,
    pub(super) orientation: Orientation,
    pub(super) format: &'static str,
}

pub(super) fn decode(file: &[u8]) -> Result<Decoded, Unusable> {
    let (format, name) = recognise(file)?;
    let unusable = |error: ImageError| unusable(name, &error);
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    reader.limits(limits());
    let mut decoder = reader.into_decoder().map_err(unusable)?;
    check_size(&decoder)?;
    if format == ImageFormat::Jpeg && !jpeg::is_complete(file) {
        return Err(Unusable::Truncated(name));
    }
    // Broken metadata is no reason to refuse an image.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder).map_err(unusable)?;
    Ok(Decoded {
        image,
        orientation,
        format: name,
    })
}

/// The format by the file's first bytes: names and content types of uploads are often wrong.
fn recognise(file: &[u8]) -> Result<(ImageFormat, &'static str), Unusable> {
    if let Some(name) = iso_media(file) {
        return Err(Unusable::Unsupported(name.into()));
    }
    let format = image::guess_format(file).map_err(|_| Unusable::NotAnImage)?;
    let name = match format {
        ImageFormat::Png => "PNG",
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::WebP => "WebP",
        ImageFormat::Gif => "GIF",
        ImageFormat::Bmp => "BMP",
        ImageFormat::Tiff => "TIFF",
        other => return Err(Unusable::Unsupported(format!("{other:?}"))),
    };
    Ok((format, name))
}

/// Telephones' own formats, which `image` can't tell from films.
fn iso_media(file: &[u8]) -> Option<&'static str> {
    match (file.get(4..8)?, file.get(8..12)?) {
        (b"ftyp", b"heic" | b"heix" | b"heim" | b"heis" | b"mif1" | b"msf1") => Some("HEIC"),
        (b"ftyp", b"avif" | b"avis") => Some("AVIF"),
        _ => None,
    }
}

fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    // What a decoder itself may take, beside the pixels that are checked by their number.
    limits.max_alloc = Some(2 * MAX_DECODED_BYTES);
    limits
}

fn check_size(decoder: &impl ImageDecoder) -> Result<(), Unusable> {
    let (width, height) = decoder.dimensions();
    let bytes = decoder.total_bytes();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PIXELS || bytes > MAX_DECODED_BYTES {
        return Err(Unusable::TooLarge {
            width,
            height,
            bytes,
        });
    }
    Ok(())
}

fn unusable(format: &'static str, error: &ImageError) -> Unusable {
    match error {
        ImageError::IoError(io) if io.kind() == ErrorKind::UnexpectedEof => {
            Unusable::Truncated(format)
        }
        ImageError::Unsupported(what) => Unusable::Unsupported(what.to_string()),
        other => Unusable::Corrupt(format, other.to_string()),
    }
}

/// 8-bit RGB. What is transparent becomes white, as the page it was made for.
pub(super) fn into_rgb(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let image = image.into_rgba8();
    let mut opaque = RgbImage::new(image.width(), image.height());
    for (to, from) in opaque.pixels_mut().zip(image.pixels()) {
        let [red, green, blue, alpha] = from.0;
        *to = Rgb([red, green, blue].map(|channel| over_white(channel, alpha)));
    }
    opaque
}

fn over_white(channel: u8, alpha: u8) -> u8 {
    let (channel, alpha) = (u32::from(channel), u32::from(alpha));
    let sum = channel * alpha + 255 * (255 - alpha);
    // At most 255 * 255, so the quotient is at most 255.
    u8::try_from((sum + 127) / 255).unwrap_or(u8::MAX)
}

/// The width and height that an image must have before it is turned, to have `target` after.
pub(super) fn before_turning(orientation: Orientation, target: (u32, u32)) -> (u32, u32) {
    match orientation {
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => (target.1, target.0),
        _ => target,
    }
}
