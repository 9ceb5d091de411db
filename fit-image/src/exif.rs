//! Reads the orientation of an image from its EXIF data.

use image::metadata::Orientation;

/// JPEG puts this before the EXIF of its APP1 segment. Programs that copy metadata also write it
/// into WebP and PNG chunks, where the specifications have none.
const PREFIX: &[u8] = b"Exif\0\0";

/// Returns the orientation that a file's EXIF gives. Broken metadata is no reason to refuse an
/// image.
pub(super) fn orientation(exif: Option<&[u8]>) -> Orientation {
    exif.map(|exif| exif.strip_prefix(PREFIX).unwrap_or(exif))
        .and_then(Orientation::from_exif_chunk)
        .unwrap_or(Orientation::NoTransforms)
}

/// Returns the orientation of the EXIF value of TIFF's own tag 274.
pub(super) fn of_tag(value: Option<u16>) -> Orientation {
    value
        .and_then(|value| u8::try_from(value).ok())
        .and_then(Orientation::from_exif)
        .unwrap_or(Orientation::NoTransforms)
}
