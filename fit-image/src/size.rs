//! The limits on an image, which are checked from its header, before anything is decoded.

use super::{MAX_BYTES, MAX_PIXELS, UnusableImage};

/// The dimensions of an image, and the memory that decoding takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    /// In pixels.
    pub(super) width: u32,
    /// In pixels.
    pub(super) height: u32,
    /// The decoder's peak memory in bytes, its output included.
    pub(super) decoder: u64,
}

impl Size {
    /// Computes the size of an image whose decoder takes `quarter_bytes` / 4 bytes for each pixel.
    pub(super) fn of_pixels(width: u32, height: u32, quarter_bytes: u64) -> Self {
        let pixels = u64::from(width) * u64::from(height);
        Self {
            width,
            height,
            decoder: pixels.saturating_mul(quarter_bytes) / 4,
        }
    }

    /// Checks it against [`MAX_PIXELS`] and [`MAX_BYTES`].
    pub(super) fn check(self, file: &[u8]) -> Result<(), UnusableImage> {
        let Self { width, height, .. } = self;
        // The file itself, and the metadata in it, which decoders copy: JPEG's in pieces and again
        // as a whole.
        let bytes = self.decoder.saturating_add(3 * file.len() as u64);
        if u64::from(width) * u64::from(height) > MAX_PIXELS || bytes > MAX_BYTES {
            return Err(UnusableImage::TooLarge {
                width,
                height,
                bytes,
            });
        }
        Ok(())
    }
}
