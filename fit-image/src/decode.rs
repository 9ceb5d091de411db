//! Decodes a file to pixels. Every limit is checked before anything is decoded.

use std::io::{Cursor, ErrorKind};
use std::panic::catch_unwind;

use image::metadata::Orientation;
use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, Rgb, RgbImage, Rgba,
};

use super::size::Size;
use super::{UnusableImage, exif, jpeg, tiff, webp};

/// The limit on a decoder's metadata in bytes, such as a profile that it inflates.
const MAX_METADATA: u64 = 32 << 20;

/// A decoded image, before its orientation is applied.
pub(super) struct DecodedImage {
    pub(super) image: DynamicImage,
    pub(super) orientation: Orientation,
    pub(super) format: &'static str,
}

pub(super) fn decode(file: &[u8]) -> Result<DecodedImage, UnusableImage> {
    let (format, name) = recognize(file)?;
    let decoded = catch_unwind(|| match format {
        ImageFormat::Jpeg => jpeg::decode(file),
        ImageFormat::Tiff => tiff::decode(file),
        format => decode_by_image(file, format, name),
    });
    // A decoder that panics has met what its authors did not think of, which is no reason to end.
    decoded.unwrap_or_else(|_| {
        Err(UnusableImage::Unsupported(format!(
            "{name} images of this kind"
        )))
    })
}

/// PNG, WebP, GIF and BMP.
fn decode_by_image(
    file: &[u8],
    format: ImageFormat,
    name: &'static str,
) -> Result<DecodedImage, UnusableImage> {
    if format == ImageFormat::Png {
        png_header(file).map_or(Ok(()), |size| size.check(file))?;
    }
    let unusable = |error: ImageError| unusable(name, &error);
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_METADATA);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(unusable)?;
    let mut size = size(file, format, &decoder);
    size.check(file)?;
    if format == ImageFormat::WebP {
        size.decoder += webp::code_bytes(file, (size.width, size.height));
        size.check(file)?;
    }
    if format == ImageFormat::WebP && webp::is_truncated(file) {
        return Err(UnusableImage::Truncated(name));
    }
    decoder.set_limits(Limits::no_limits()).map_err(unusable)?;
    let orientation = exif::orientation(decoder.exif_metadata().ok().flatten().as_deref());
    let image = DynamicImage::from_decoder(decoder).map_err(unusable)?;
    Ok(DecodedImage {
        image,
        orientation,
        format: name,
    })
}

/// Detects the format by the file's first bytes: names and content types of uploads are often
/// wrong.
fn recognize(file: &[u8]) -> Result<(ImageFormat, &'static str), UnusableImage> {
    let unsupported = |name: &str| UnusableImage::Unsupported(format!("{name} images"));
    if let Some(name) = iso_media(file) {
        return Err(unsupported(name));
    }
    if matches!(file.get(..4), Some(b"II+\0" | b"MM\0+")) {
        // BigTIFF, which `image` does not recognize.
        return Ok((ImageFormat::Tiff, "TIFF"));
    }
    let format = image::guess_format(file).map_err(|_| UnusableImage::NotAnImage)?;
    let name = match format {
        ImageFormat::Png => "PNG",
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::WebP => "WebP",
        ImageFormat::Gif => "GIF",
        ImageFormat::Bmp => "BMP",
        ImageFormat::Tiff => "TIFF",
        other => return Err(unsupported(&format!("{other:?}"))),
    };
    Ok((format, name))
}

/// Detects telephones' own formats, which `image` can't tell from films.
fn iso_media(file: &[u8]) -> Option<&'static str> {
    match (file.get(4..8)?, file.get(8..12)?) {
        (b"ftyp", b"heic" | b"heix" | b"heim" | b"heis" | b"mif1" | b"msf1") => Some("HEIC"),
        (b"ftyp", b"avif" | b"avis") => Some("AVIF"),
        _ => None,
    }
}

fn size(file: &[u8], format: ImageFormat, decoder: &impl ImageDecoder) -> Size {
    let (width, height) = decoder.dimensions();
    let mut size = match format {
        ImageFormat::WebP => Size::of_pixels(width, height, webp::quarter_bytes(file)),
        _ => Size {
            width,
            height,
            decoder: decoder.total_bytes(),
        },
    };
    if format == ImageFormat::Gif {
        size.decoder += gif_frame(file).unwrap_or_default();
    }
    size
}

/// Returns the bytes of a GIF's first frame, its indices and its colors, which are decoded beside
/// the canvas that it is put on, and may be larger.
fn gif_frame(file: &[u8]) -> Option<u64> {
    let mut decoder = gif::DecodeOptions::new().read_info(file).ok()?;
    let frame = decoder.next_frame_info().ok()??;
    Some(5 * u64::from(frame.width) * u64::from(frame.height))
}

/// Reads a PNG's size from its first chunk: the decoder would inflate other chunks before it
/// reports it.
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
    Some(Size::of_pixels(
        width,
        height,
        4 * channels * bytes_a_sample,
    ))
}

fn unusable(format: &'static str, error: &ImageError) -> UnusableImage {
    match error {
        ImageError::IoError(io) if io.kind() == ErrorKind::UnexpectedEof => {
            UnusableImage::Truncated(format)
        }
        // `gif` has no kind of its own for it that `image` would let through.
        ImageError::Decoding(error) if error.to_string().ends_with("Unexpected End of File") => {
            UnusableImage::Truncated(format)
        }
        ImageError::Unsupported(what) => {
            UnusableImage::Unsupported(format!("{format} images of this kind ({what})"))
        }
        other => UnusableImage::Corrupt(format, other.to_string()),
    }
}

/// Converts to 8-bit RGB, composited over white.
pub(super) fn into_rgb(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let image = image.into_rgba8();
    let mut opaque = RgbImage::new(image.width(), image.height());
    for (to, from) in opaque.pixels_mut().zip(image.pixels()) {
        *to = over_white(*from);
    }
    opaque
}

/// Composites a pixel over white.
pub(super) fn over_white(Rgba([red, green, blue, alpha]): Rgba<u8>) -> Rgb<u8> {
    Rgb([red, green, blue].map(|channel| {
        let (channel, alpha) = (u32::from(channel), u32::from(alpha));
        let sum = channel * alpha + 255 * (255 - alpha);
        // At most 255 * 255, so the quotient is at most 255.
        u8::try_from((sum + 127) / 255).unwrap_or(u8::MAX)
    }))
}

/// Returns the width and height before the orientation is applied that give `target` after it.
pub(super) fn before_turning(orientation: Orientation, target: (u32, u32)) -> (u32, u32) {
    match orientation {
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => (target.1, target.0),
        _ => target,
    }
}
