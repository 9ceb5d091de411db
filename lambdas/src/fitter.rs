//! Fits images to the model's input, off the thread that talks to the network.

use std::sync::Arc;

use fit_image::{FittedImage, Shape, UnusableImage};
use tokio::sync::Semaphore;

/// Decodes and fits, one image a core at a time: each may take hundreds of megabytes.
#[derive(Clone, Debug)]
pub(crate) struct Fitter {
    shape: Shape,
    decoders: Arc<Semaphore>,
}

impl Fitter {
    /// Returns a fitter for images of `shape`.
    pub(crate) fn new(shape: Shape) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            shape,
            decoders: Arc::new(Semaphore::new(cores)),
        }
    }

    /// The image in `bytes`, as a PNG of the model's shape.
    pub(crate) async fn fit(&self, bytes: Vec<u8>) -> Result<FittedImage, UnusableImage> {
        let shape = self.shape;
        // Never closed, so a failure to acquire can only mean that no limit applies.
        let _decoder = self.decoders.acquire().await.ok();
        // Decoding takes milliseconds to a second.
        let fitted = tokio::task::spawn_blocking(move || fit_image::fit(&bytes, shape))
            .await
            // A panic, of which only the log should tell.
            .unwrap_or_else(|_| {
                Err(UnusableImage::Unsupported("images of this kind".to_owned()))
            })?;
        let FittedImage { width, height, .. } = fitted;
        tracing::debug!(
            format = fitted.format,
            width,
            height,
            png_bytes = fitted.png.len(),
            "fitted"
        );
        Ok(fitted)
    }
}
