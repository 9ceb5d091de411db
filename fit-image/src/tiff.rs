//! TIFF and BigTIFF: converts the decoder's samples to pixels.

use std::io::{Cursor, ErrorKind};

use image::{DynamicImage, ImageBuffer};
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::{PhotometricInterpretation, Tag};
use tiff::{ColorType, TiffError, TiffUnsupportedError};

use super::decode::DecodedImage;
use super::jpeg;
use super::size::Size;
use super::{MAX_BYTES, UnusableImage, exif};

const NAME: &str = "TIFF";

/// `Compression`: JPEG as Technical Note 2 has it.
const JPEG: u16 = 7;

/// `FillOrder`: the first pixel is in a byte's lowest bits.
const REVERSED: u16 = 2;

/// `ExtraSamples`: colors have been multiplied by alpha.
const ASSOCIATED_ALPHA: u16 = 1;

/// `ExtraSamples`: colors are as they are.
const UNASSOCIATED_ALPHA: u16 = 2;

type Reader<'a> = Decoder<Cursor<&'a [u8]>>;

pub(super) fn decode(file: &[u8]) -> Result<DecodedImage, UnusableImage> {
    let mut decoder = Decoder::new(Cursor::new(file)).map_err(unusable)?;
    let (width, height) = decoder.dimensions().map_err(unusable)?;
    let color = decoder.colortype().map_err(unusable)?;
    if tag(&mut decoder, Tag::FillOrder) == Some(REVERSED) {
        return Err(UnusableImage::Unsupported(
            "TIFF images with reversed bits".to_owned(),
        ));
    }
    let mut size = size(&mut decoder, color, (width, height));
    size.check(file)?;
    if tag(&mut decoder, Tag::Compression) == Some(JPEG) {
        size.decoder += largest_jpeg(&mut decoder, file)?;
        size.check(file)?;
    }
    let orientation = exif::of_tag(tag(&mut decoder, Tag::Orientation));
    let extra = tag(&mut decoder, Tag::ExtraSamples);
    let mut limits = Limits::default();
    limits.decoding_buffer_size = MAX_BYTES as usize;
    limits.intermediate_buffer_size = file.len();
    let mut samples = DecodingResult::U8(Vec::new());
    let layout = decoder
        .with_limits(limits)
        .read_image_to_buffer(&mut samples)
        .map_err(unusable)?;
    let image = Samples {
        color,
        planes: layout.planes,
        extra,
    };
    let image = image.into_pixels(samples, (width, height)).ok_or_else(|| {
        UnusableImage::Unsupported(format!(
            "TIFF images of {} channels with {} bits ({:?})",
            color.num_samples(),
            color.bit_depth(),
            layout.sample_format
        ))
    })?;
    Ok(DecodedImage {
        image,
        orientation,
        format: NAME,
    })
}

/// Returns the first value of a tag, or `None` if it is missing or out of range.
fn tag(decoder: &mut Reader<'_>, tag: Tag) -> Option<u16> {
    let values = decoder.find_tag_unsigned_vec::<u16>(tag).ok()??;
    values.first().copied()
}

/// Counts the samples as they are read, once more where they are copied into another order or
/// depth, and one row of a strip or tile, which may be wider than the image.
fn size(decoder: &mut Reader<'_>, color: ColorType, (width, height): (u32, u32)) -> Size {
    let channels = u64::from(color.num_samples());
    let is_planar = tag(decoder, Tag::PlanarConfiguration) == Some(2);
    let copies = 1 + u64::from(is_planar || color == ColorType::CMYK(16));
    // Fewer than 8 bits become 8.
    let bits = u64::from(color.bit_depth()).max(8) + u64::from(color.bit_depth() % 8);
    let mut size = Size::of_pixels(width, height, copies * channels * bits / 2);
    let in_file = u64::from(tag(decoder, Tag::SamplesPerPixel).unwrap_or(1));
    let row = u64::from(decoder.chunk_dimensions().0).saturating_mul(in_file * bits / 8);
    size.decoder = size.decoder.saturating_add(row);
    size
}

/// Returns the memory of the most expensive strip or tile. Each is a JPEG file of its own, which
/// may claim any size: the decoder would believe it.
fn largest_jpeg(decoder: &mut Reader<'_>, file: &[u8]) -> Result<u64, UnusableImage> {
    let [offsets, lengths] = if decoder.get_tag_u64_vec(Tag::TileOffsets).is_ok() {
        [Tag::TileOffsets, Tag::TileByteCounts]
    } else {
        [Tag::StripOffsets, Tag::StripByteCounts]
    };
    let offsets = decoder.get_tag_u64_vec(offsets).map_err(unusable)?;
    let lengths = decoder.get_tag_u64_vec(lengths).map_err(unusable)?;
    // Tables that all share end with a marker, and the strips begin with one, which go where they
    // meet.
    let tables = decoder.get_tag_u8_vec(Tag::JPEGTables).unwrap_or_default();
    let (most_width, most_height) = decoder.chunk_dimensions();
    if lengths
        .iter()
        .try_fold(0, |sum: u64, length| sum.checked_add(*length))
        > Some(file.len() as u64)
    {
        return Err(UnusableImage::Corrupt(
            NAME,
            "its strips overlap".to_owned(),
        ));
    }
    let mut largest = 0;
    for (offset, length) in offsets.into_iter().zip(lengths) {
        let strip = usize::try_from(offset)
            .ok()
            .zip(usize::try_from(length).ok())
            .and_then(|(start, length)| file.get(start..start.checked_add(length)?))
            .ok_or(UnusableImage::Truncated(NAME))?;
        let joined = match tables.len() {
            0..2 => strip.to_vec(),
            end => [&tables[..end - 2], strip.get(2..).unwrap_or_default()].concat(),
        };
        let corrupt = |why: String| UnusableImage::Corrupt(NAME, why);
        let size = jpeg::Header::read(&joined)?.size;
        if size.width > most_width || size.height > most_height {
            return Err(corrupt(format!(
                "a JPEG strip of {} x {} pixels in the place of {most_width} x {most_height}",
                size.width, size.height
            )));
        }
        // Its file, and its pixels once more: the decoder does not convert colors, so there may be
        // a fourth.
        let pixels = 4 * u64::from(size.width) * u64::from(size.height);
        largest = largest.max(size.decoder + pixels + joined.len() as u64);
    }
    Ok(largest)
}

/// The samples of a TIFF, and how to interpret them.
struct Samples {
    color: ColorType,
    /// More than one if each channel is stored by itself.
    planes: usize,
    /// The meaning of the channels besides the colors (`ExtraSamples`).
    extra: Option<u16>,
}

impl Samples {
    /// Converts the samples to an image; `None` for an unsupported combination.
    fn into_pixels(
        self,
        samples: DecodingResult,
        (width, height): (u32, u32),
    ) -> Option<DynamicImage> {
        use ColorType::{CMYK, Gray, Multiband, RGB, RGBA, YCbCr};
        use DecodingResult::{F32, U8, U16};
        let samples = match samples {
            U8(samples) => U8(self.in_order(samples, |value| value as u8, u8::MAX)),
            U16(samples) => U16(self.in_order(samples, |value| value as u16, u16::MAX)),
            F32(samples) => F32(self.in_order(samples, |value| value as f32, 1.0)),
            _ => return None,
        };
        match (self.color, samples) {
            (Gray(bits @ (1 | 2 | 4)), U8(packed)) => {
                of(width, height, unpack(&packed, bits, width)).map(DynamicImage::ImageLuma8)
            }
            (Gray(8), U8(gray)) => of(width, height, gray).map(DynamicImage::ImageLuma8),
            (Gray(16), U16(gray)) => of(width, height, gray).map(DynamicImage::ImageLuma16),
            (Multiband { .. }, U8(gray)) if self.is_gray_with_alpha() => {
                of(width, height, gray).map(DynamicImage::ImageLumaA8)
            }
            (Multiband { .. }, U16(gray)) if self.is_gray_with_alpha() => {
                of(width, height, gray).map(DynamicImage::ImageLumaA16)
            }
            (RGB(8), U8(rgb)) => of(width, height, rgb).map(DynamicImage::ImageRgb8),
            (RGB(16), U16(rgb)) => of(width, height, rgb).map(DynamicImage::ImageRgb16),
            (RGB(32), F32(rgb)) => of(width, height, rgb).map(DynamicImage::ImageRgb32F),
            (RGBA(8), U8(rgba)) => of(width, height, rgba).map(DynamicImage::ImageRgba8),
            (RGBA(16), U16(rgba)) => of(width, height, rgba).map(DynamicImage::ImageRgba16),
            (RGBA(32), F32(rgba)) => of(width, height, rgba).map(DynamicImage::ImageRgba32F),
            (CMYK(8), U8(cmyk)) => {
                of(width, height, rgb_of_cmyk(cmyk)).map(DynamicImage::ImageRgb8)
            }
            (CMYK(16), U16(cmyk)) => {
                let cmyk = cmyk.into_iter().map(|value| (value >> 8) as u8).collect();
                of(width, height, rgb_of_cmyk(cmyk)).map(DynamicImage::ImageRgb8)
            }
            (YCbCr(8), U8(ycbcr)) => {
                of(width, height, rgb_of_ycbcr(ycbcr)).map(DynamicImage::ImageRgb8)
            }
            _ => None,
        }
    }

    fn is_gray_with_alpha(&self) -> bool {
        self.color.num_samples() == 2
            && matches!(self.extra, Some(ASSOCIATED_ALPHA | UNASSOCIATED_ALPHA))
    }

    /// Interleaves the channels, and divides colors by an associated alpha.
    fn in_order<T: Copy + Into<f64>>(
        &self,
        samples: Vec<T>,
        from: impl Fn(f64) -> T,
        max: T,
    ) -> Vec<T> {
        let channels = usize::from(self.color.num_samples());
        let mut samples = if self.planes > 1 && channels > 0 {
            let pixels = samples.len() / channels;
            (0..pixels * channels)
                .map(|at| samples[at % channels * pixels + at / channels])
                .collect()
        } else {
            samples
        };
        if self.extra == Some(ASSOCIATED_ALPHA) && matches!(channels, 2 | 4) {
            for pixel in samples.chunks_exact_mut(channels) {
                let (alpha, max): (f64, f64) = (pixel[channels - 1].into(), max.into());
                for value in &mut pixel[..channels - 1] {
                    if alpha > 0.0 {
                        *value = from(((*value).into() * max / alpha).min(max));
                    }
                }
            }
        }
        samples
    }
}

fn of<P: image::Pixel>(
    width: u32,
    height: u32,
    samples: Vec<P::Subpixel>,
) -> Option<ImageBuffer<P, Vec<P::Subpixel>>> {
    ImageBuffer::from_raw(width, height, samples)
}

/// Unpacks samples of fewer than 8 bits; each row begins at a byte.
fn unpack(packed: &[u8], bits: u8, width: u32) -> Vec<u8> {
    let width = width as usize;
    let max = u8::MAX >> (8 - bits);
    let of_row = |row: &[u8]| -> Vec<u8> {
        let samples = row.iter().flat_map(|byte| {
            let shifts = (0..8).step_by(bits.into()).rev();
            shifts.map(move |shift| (byte >> shift & max) * (u8::MAX / max))
        });
        samples.take(width).collect()
    };
    packed
        .chunks((width * usize::from(bits)).div_ceil(8))
        .flat_map(of_row)
        .collect()
}

/// Converts CMYK without a profile as PostScript and Pillow do: each ink takes away its color, and
/// black all of them.
fn rgb_of_cmyk(mut samples: Vec<u8>) -> Vec<u8> {
    let pixels = samples.len() / 4;
    for pixel in 0..pixels {
        let [inks @ .., black] = [0, 1, 2, 3].map(|ink| 255 - u16::from(samples[4 * pixel + ink]));
        for (channel, ink) in inks.into_iter().enumerate() {
            samples[3 * pixel + channel] = ((ink * black + 127) / 255) as u8;
        }
    }
    samples.truncate(3 * pixels);
    samples
}

/// Converts YCbCr of ITU-R BT.601 with the full range, as in JFIF, which are TIFF's defaults.
fn rgb_of_ycbcr(mut samples: Vec<u8>) -> Vec<u8> {
    for pixel in samples.as_chunks_mut::<3>().0 {
        let [y, cb, cr] = pixel.map(f32::from);
        let (cb, cr) = (cb - 128.0, cr - 128.0);
        // A cast of a float saturates.
        *pixel = [
            y + 1.402 * cr,
            y - 0.344_136 * cb - 0.714_136 * cr,
            y + 1.772 * cb,
        ]
        .map(|value| value.round() as u8);
    }
    samples
}

fn unusable(error: TiffError) -> UnusableImage {
    let unsupported = match error {
        TiffError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            return UnusableImage::Truncated(NAME);
        }
        TiffError::UnsupportedError(unsupported) => unsupported,
        other => return UnusableImage::Corrupt(NAME, other.to_string()),
    };
    let what = match unsupported {
        TiffUnsupportedError::InterpretationWithBits(PhotometricInterpretation::RGBPalette, _) => {
            "with a palette".to_owned()
        }
        TiffUnsupportedError::InterpretationWithBits(colors, bits) => {
            format!("in {colors:?} of {} channels", bits.len())
        }
        TiffUnsupportedError::UnsupportedCompressionMethod(method) => {
            format!("with {method:?} compression")
        }
        TiffUnsupportedError::ChromaSubsampling => "with subsampled YCbCr colors".to_owned(),
        other => format!("of this kind ({other})"),
    };
    UnusableImage::Unsupported(format!("TIFF images {what}"))
}
