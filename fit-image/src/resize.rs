//! Scales an image down (or up) to the model's input.

use image::RgbImage;
use image::imageops::{FilterType, resize as filter, thumbnail};

/// An image this many times larger than the target is first brought near it by plain averaging, which reads each pixel
/// once.
const MUCH_LARGER: u32 = 8;

/// How many times larger than the target that leaves it, for the finer filter to work with.
const NEAR: u32 = 4;

/// The image in the given width and height. The filter is the bicubic one of PIL (Catmull-Rom), with its support widened
/// to the scale, so that nothing aliases.
pub(super) fn resize(image: RgbImage, (width, height): (u32, u32)) -> RgbImage {
    let coarse = |size: u32, target: u32| {
        if size / target > MUCH_LARGER {
            target * NEAR
        } else {
            size
        }
    };
    let near = (coarse(image.width(), width), coarse(image.height(), height));
    let image = match near {
        near if near == image.dimensions() => image,
        (width, height) => thumbnail(&image, width, height),
    };
    if image.dimensions() == (width, height) {
        return image;
    }
    filter(&image, width, height, FilterType::CatmullRom)
}
