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
    if format == ImageFormat::Png {
        png_header(file).map_or(Ok(()), check_size)?;
    }
    let unusable = |error: ImageError| unusable(name, &error);
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    reader.limits(limits());
    let mut decoder = reader.into_decoder().map_err(unusable)?;
    check_size(Size::of(&decoder))?;
    if !is_complete(format, file) {
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

#[derive(Clone, Copy)]
struct Size {
    width: u32,
    height: u32,
    bytes: u64,
}

impl Size {
    fn of(decoder: &impl ImageDecoder) -> Self {
        let (width, height) = decoder.dimensions();
        Self {
            width,
            height,
            bytes: decoder.total_bytes(),
        }
    }
}

/// A PNG's size from its first chunk: its decoder inflates other chunks before it says anything.
fn png_header(file: &[u8]) -> Option<Size> {
    let number = |at: usize| Some(u32::from_be_bytes(file.get(at..at + 4)?.try_into().ok()?));
    let (width, height) = (number(16)?, number(20)?);
    let channels = match *file.get(25)? {
        0 => 1,
        4 => 2,
        6 => 4,
        _ => 3,
    };
    let bytes_a_sample = u64::from(*file.get(24)?).div_ceil(8);
    let pixels = u64::from(width) * u64::from(height);
    Some(Size {
        width,
        height,
        bytes: pixels.saturating_mul(channels * bytes_a_sample),
    })
}

fn check_size(size: Size) -> Result<(), Unusable> {
    let Size {
        width,
        height,
        bytes,
    } = size;
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
        // `gif` has no kind of its own for it that `image` would let through.
        ImageError::Decoding(error) if error.to_string().ends_with("Unexpected End of File") => {
            Unusable::Truncated(format)
        }
        ImageError::Unsupported(what) => Unusable::Unsupported(what.to_string()),
        other => Unusable::Corrupt(format, other.to_string()),
    }
}

/// Whether the end of the file is there, for formats whose decoders don't tell a missing end from other damage.
fn is_complete(format: ImageFormat, file: &[u8]) -> bool {
    match format {
        ImageFormat::Jpeg => jpeg::is_complete(file),
        ImageFormat::WebP => riff_length(file).is_some_and(|length| file.len() as u64 >= length),
        _ => true,
    }
}

/// A WebP file is one RIFF chunk: after `RIFF` comes the length of what follows.
fn riff_length(file: &[u8]) -> Option<u64> {
    let length = file.get(4..8)?.try_into().ok()?;
    Some(8 + u64::from(u32::from_le_bytes(length)))
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
