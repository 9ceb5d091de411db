//! JPEG: checks the headers and decodes the pixels.

use std::io::Cursor;

use image::{DynamicImage, GrayImage, RgbImage};
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::{ZByteIoError, ZCursor};
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;
use zune_jpeg::{JpegDecoder, SampleRatios};

use super::decode::DecodedImage;
use super::size::Size;
use super::{UnusableImage, exif, markers};

const NAME: &str = "JPEG";

pub(super) fn decode(file: &[u8]) -> Result<DecodedImage, UnusableImage> {
    // The decoder fills what is missing with gray, and a model would answer for that.
    if !markers::is_complete(file) {
        return Err(UnusableImage::Truncated(NAME));
    }
    let header = Header::read(file)
        .map_err(|error| markers::unread_process(file).map_or(error, unsupported))?;
    header.size.check(file)?;
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options(header.colors));
    let pixels = decoder.decode().map_err(unusable)?;
    let orientation = exif::orientation(decoder.exif().map(Vec::as_slice));
    let Size { width, height, .. } = header.size;
    let image = if header.colors == ColorSpace::Luma {
        GrayImage::from_raw(width, height, pixels).map(DynamicImage::from)
    } else {
        RgbImage::from_raw(width, height, pixels).map(DynamicImage::from)
    };
    let image =
        image.ok_or_else(|| UnusableImage::Corrupt(NAME, "pixels are missing".to_owned()))?;
    Ok(DecodedImage {
        image,
        orientation,
        format: NAME,
    })
}

/// The contents of the headers.
pub(super) struct Header {
    /// Its dimensions, and the memory that decoding takes.
    pub(super) size: Size,
    /// The color space to decode to: gray stays gray.
    colors: ColorSpace,
}

impl Header {
    pub(super) fn read(file: &[u8]) -> Result<Self, UnusableImage> {
        let mut cursor = Cursor::new(file);
        let mut decoder = JpegDecoder::new_with_options(&mut cursor, options(ColorSpace::RGB));
        decoder.decode_headers().map_err(unusable)?;
        let info = decoder.info().ok_or(UnusableImage::Truncated(NAME))?;
        let colors = match decoder.input_colorspace() {
            Some(ColorSpace::Luma) => ColorSpace::Luma,
            _ => ColorSpace::RGB,
        };
        drop(decoder);
        let components = u64::from(info.components);
        let in_one_scan = first_scan(file, cursor.position()) >= components;
        let is_progressive = info.sof != Default::default();
        if !is_progressive
            && !in_one_scan
            && !matches!(info.sample_ratio, SampleRatios::None | SampleRatios::H)
        {
            // The decoder takes blocks of the wrong rows, and does not notice.
            return Err(unsupported(
                "colors of half the height in scans of their own",
            ));
        }
        // Coefficients of 16 bits wait for the last scan: at full resolution, unless chroma is
        // subsampled.
        let waits = is_progressive || !in_one_scan;
        let coefficients = if waits { 2 * components } else { 0 };
        let (width, height) = (u32::from(info.width), u32::from(info.height));
        let bytes_a_pixel = colors.num_components() as u64 + coefficients;
        let mut size = Size::of_pixels(width, height, 4 * bytes_a_pixel);
        // Rows of blocks, and what upsampling takes: 32 rows of 16 bits for each of four
        // components, twice.
        size.decoder += u64::from(width) * 512;
        Ok(Self { size, colors })
    }
}

/// Returns the number of components of the scan whose header ends at `end`; where it can't be told,
/// the least possible. The decoder, which knows it, does not say.
fn first_scan(file: &[u8], end: u64) -> u64 {
    let end = usize::try_from(end).unwrap_or(usize::MAX);
    let is_header = |components: &u8| {
        let length = 6 + 2 * usize::from(*components);
        let header = end
            .checked_sub(length)
            .and_then(|start| file.get(start..start + 3));
        header == Some(&[0, length as u8, *components])
    };
    (1..=4).find(is_header).map_or(0, u64::from)
}

fn options(colors: ColorSpace) -> DecoderOptions {
    DecoderOptions::default()
        .jpeg_set_out_colorspace(colors)
        .set_strict_mode(false)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX)
}

fn unsupported(what: &str) -> UnusableImage {
    UnusableImage::Unsupported(format!("JPEG images with {what}"))
}

fn unusable(error: DecodeErrors) -> UnusableImage {
    match error {
        DecodeErrors::ExhaustedData | DecodeErrors::IoErrors(ZByteIoError::NotEnoughBytes(..)) => {
            UnusableImage::Truncated(NAME)
        }
        // The decoder has no kind of its own for it.
        DecodeErrors::SofError(why) if why.contains("can only parse 8-bit images") => {
            unsupported("samples of more than 8 bits")
        }
        other => UnusableImage::Corrupt(NAME, other.to_string()),
    }
}
