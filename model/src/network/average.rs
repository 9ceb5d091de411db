//! Global average pooling: each channel's mean over the image, so that any image size gives the
//! same features.

use super::Operation;
use super::tensor::Tensor;

/// The mean over all pixels of an image.
#[derive(Clone, Debug, Default)]
pub struct GlobalAverage {
    /// Shape of the input, without data.
    shape: Tensor,
}

impl Operation for GlobalAverage {
    fn infer(&self, x: Tensor) -> Tensor {
        let mut y = Tensor::zeros(x.images, 1, 1, x.channels);
        let pixels = (x.height * x.width) as f32;
        let images = x.data.chunks_exact(x.image_len());
        for (y, image) in y.data.chunks_exact_mut(x.channels).zip(images) {
            for pixel in image.chunks_exact(x.channels) {
                y.iter_mut()
                    .zip(pixel)
                    .for_each(|(y, value)| *y += value / pixels);
            }
        }
        y
    }

    fn forward(&mut self, x: Tensor) -> Tensor {
        self.shape = Tensor {
            data: Vec::new(),
            ..x
        };
        self.infer(x)
    }

    fn backward(&mut self, dy: Tensor) -> Tensor {
        let mut dx = self.shape.zeros_like(dy.channels);
        let (image_len, pixels) = (dx.image_len(), (dx.height * dx.width) as f32);
        for (dx, dy) in dx
            .data
            .chunks_exact_mut(image_len)
            .zip(dy.data.chunks_exact(dy.channels))
        {
            for pixel in dx.chunks_exact_mut(dy.len()) {
                pixel
                    .iter_mut()
                    .zip(dy)
                    .for_each(|(dx, dy)| *dx = dy / pixels);
            }
        }
        dx
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::gradient;

    #[test]
    fn gradients_are_those_of_finite_differences() {
        gradient::check(GlobalAverage::default(), (2, 3, 2, 4));
    }
}
