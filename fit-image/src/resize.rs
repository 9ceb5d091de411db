//! Scales an image down (or up) to the model's input.

use image::imageops::{FilterType, resize as filter, thumbnail};
use image::{DynamicImage, GenericImageView, Rgb, RgbImage};

use super::decode::{into_rgb, over_white};

/// An image this many times larger than the target is first brought near it by plain averaging,
/// which reads each pixel once.
const MUCH_LARGER: u32 = 8;

/// Target multiples that averaging leaves, so that the finer filter has pixels to work with.
const NEAR: u32 = 4;

/// Scales an image to a width and height. The filter is PIL's bicubic one (Catmull-Rom), with its
/// support widened by the scale, so that nothing aliases.
pub(super) fn resize(image: DynamicImage, (width, height): (u32, u32)) -> RgbImage {
    let coarse = |size: u32, target: u32| {
        if size / target > MUCH_LARGER {
            target * NEAR
        } else {
            size
        }
    };
    let near = (coarse(image.width(), width), coarse(image.height(), height));
    let image = match (near, image) {
        (near, image) if near == (image.width(), image.height()) => into_rgb(image),
        ((width, height), DynamicImage::ImageRgb8(image)) => thumbnail(&image, width, height),
        ((width, height), image) => thumbnail(&RgbView(image), width, height),
    };
    if image.dimensions() == (width, height) {
        return image;
    }
    filter(&image, width, height, FilterType::CatmullRom)
}

/// A view of an image that converts pixels to 8-bit RGB as they are read: a converted copy of a
/// large one would exceed the memory limit.
struct RgbView(DynamicImage);

impl GenericImageView for RgbView {
    type Pixel = Rgb<u8>;

    fn dimensions(&self) -> (u32, u32) {
        self.0.dimensions()
    }

    fn get_pixel(&self, x: u32, y: u32) -> Rgb<u8> {
        over_white(self.0.get_pixel(x, y))
    }
}
