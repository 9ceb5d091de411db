//! What an image looks like, in numbers that a darker room, a dirty lens or another camera changes.

use image::{DynamicImage, RgbImage};

/// How many features there are.
pub const FEATURES: usize = 8;

/// Their names, in the order of [`Features::values`].
///
/// - `brightness`: mean luma, 0 (black) to 1 (white).
/// - `contrast`: standard deviation of luma (root mean square contrast; Peli, 1990), 0 to 0.5.
/// - `sharpness`: variance of luma's Laplacian (Pech-Pacheco et al., 2000); blur makes it less, noise more.
/// - `colourfulness`: Hasler and Süsstrunk's measure (2003), with colours from 0 to 1; 0 is grey.
/// - `warmth`: mean red less mean blue, -1 to 1.
/// - `tint`: mean green less the mean of red and blue, -1 (magenta) to 1 (green).
/// - `width` and `height`: in pixels, as the endpoint got it.
pub const NAMES: [&str; FEATURES] = [
    "brightness",
    "contrast",
    "sharpness",
    "colourfulness",
    "warmth",
    "tint",
    "width",
    "height",
];

/// The features of one image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Features {
    /// In the order of [`NAMES`].
    pub values: [f32; FEATURES],
}

/// Rec. 709's luma of a pixel, 0 to 1.
fn luma([red, green, blue]: [u8; 3]) -> f32 {
    (0.2126 * f32::from(red) + 0.7152 * f32::from(green) + 0.0722 * f32::from(blue)) / 255.0
}

/// Mean and variance of a stream.
#[derive(Default)]
struct Spread {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Spread {
    fn add(&mut self, value: f32) {
        let value = f64::from(value);
        self.count += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    fn mean(&self) -> f64 {
        self.sum / self.count.max(1.0)
    }

    fn variance(&self) -> f64 {
        (self.squares / self.count.max(1.0) - self.mean().powi(2)).max(0.0)
    }
}

impl Features {
    /// Of an image file, stood upright.
    ///
    /// # Errors
    /// It is no image, or too large to decode.
    pub fn of_file(file: &[u8]) -> Result<Self, fit_image::Unusable> {
        Ok(Self::of(&fit_image::upright(file)?.into_rgb8()))
    }

    /// Of an image.
    pub fn of(image: &RgbImage) -> Self {
        let [
            mut red,
            mut green,
            mut blue,
            mut opponent,
            mut yellow,
            mut grey,
        ] = std::array::from_fn(|_| Spread::default());
        let mut lumas = Vec::with_capacity(image.as_raw().len() / 3);
        for pixel in image.pixels() {
            let [r, g, b] = pixel.0.map(|value| f32::from(value) / 255.0);
            red.add(r);
            green.add(g);
            blue.add(b);
            opponent.add(r - g);
            yellow.add((r + g) / 2.0 - b);
            let luma = luma(pixel.0);
            grey.add(luma);
            lumas.push(luma);
        }
        let colourfulness = (opponent.variance() + yellow.variance()).sqrt()
            + 0.3 * (opponent.mean().powi(2) + yellow.mean().powi(2)).sqrt();
        let values = [
            grey.mean(),
            grey.variance().sqrt(),
            laplacian_variance(&lumas, image.width() as usize),
            colourfulness,
            red.mean() - blue.mean(),
            green.mean() - (red.mean() + blue.mean()) / 2.0,
            f64::from(image.width()),
            f64::from(image.height()),
        ];
        Self {
            values: values.map(|value| value as f32),
        }
    }
}

/// Over the pixels that have four neighbours; 0 where none has.
fn laplacian_variance(lumas: &[f32], width: usize) -> f64 {
    let mut spread = Spread::default();
    let rows: Vec<&[f32]> = lumas.chunks_exact(width.max(1)).collect();
    for three in rows.windows(3) {
        for x in 1..width.saturating_sub(1) {
            let neighbours = three[0][x] + three[2][x] + three[1][x - 1] + three[1][x + 1];
            spread.add(neighbours - 4.0 * three[1][x]);
        }
    }
    spread.variance()
}

/// The longest side of a thumbnail, in pixels.
const THUMBNAIL: u32 = 96;

/// A PNG of it for people to look at, small enough to keep some dozens.
///
/// # Errors
/// It is no image, or too large to decode.
pub(crate) fn thumbnail(file: &[u8]) -> Result<Vec<u8>, fit_image::Unusable> {
    let image = fit_image::upright(file)?.into_rgb8();
    let image = DynamicImage::from(image);
    let small = match image.width().max(image.height()) > THUMBNAIL {
        true => image.thumbnail(THUMBNAIL, THUMBNAIL),
        false => image,
    };
    let mut png = std::io::Cursor::new(Vec::new());
    small
        .write_to(&mut png, image::ImageFormat::Png)
        .map_err(|error| fit_image::Unusable::Corrupt("PNG", error.to_string()))?;
    Ok(png.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corruption::{Corruption, corrupt};
    use crate::testing::drawn;
    use image::Rgb;

    fn feature(image: &RgbImage, name: &str) -> f32 {
        let place = NAMES.iter().position(|other| *other == name).unwrap();
        Features::of(image).values[place]
    }

    #[test]
    fn a_plain_image_has_its_colour_and_nothing_else() {
        let features = Features::of(&RgbImage::from_pixel(4, 3, Rgb([255, 0, 0])));
        let expected = [
            0.2126,
            0.0,
            0.0,
            0.3 * (1.0 + 0.25f32).sqrt(),
            1.0,
            -0.5,
            4.0,
            3.0,
        ];
        for (name, (found, expected)) in NAMES.iter().zip(features.values.iter().zip(expected)) {
            assert!((found - expected).abs() < 1e-6, "{name}: {found}");
        }
        let grey = RgbImage::from_pixel(9, 9, Rgb([128; 3]));
        assert_eq!(feature(&grey, "colourfulness"), 0.0);
    }

    #[test]
    fn a_chessboard_is_all_contrast() {
        let board = RgbImage::from_fn(8, 8, |x, y| Rgb([((x + y) % 2 * 255) as u8; 3]));
        assert!((feature(&board, "brightness") - 0.5).abs() < 1e-6);
        assert!((feature(&board, "contrast") - 0.5).abs() < 1e-6);
        // Every Laplacian is 4 or -4.
        assert!((feature(&board, "sharpness") - 16.0).abs() < 1e-4);
    }

    #[test]
    fn each_corruption_moves_its_feature() {
        let image = drawn(7, 0);
        let moved =
            |kind, name| feature(&corrupt(&image, kind, 3, 1), name) / feature(&image, name);
        assert!(moved(Corruption::Dark, "brightness") < 0.7);
        assert!(moved(Corruption::Blur, "sharpness") < 0.5);
        assert!(moved(Corruption::Noise, "sharpness") > 1.5);
        assert!(moved(Corruption::Contrast, "contrast") < 0.6);
    }

    #[test]
    fn an_image_without_inner_pixels_has_no_sharpness() {
        assert_eq!(feature(&RgbImage::new(2, 2), "sharpness"), 0.0);
        assert_eq!(feature(&RgbImage::new(1, 5), "sharpness"), 0.0);
    }

    #[test]
    fn a_thumbnail_is_small_and_keeps_its_shape() {
        let mut file = std::io::Cursor::new(Vec::new());
        RgbImage::new(300, 150)
            .write_to(&mut file, image::ImageFormat::Png)
            .unwrap();
        let small = image::load_from_memory(&thumbnail(file.get_ref()).unwrap()).unwrap();
        assert_eq!((small.width(), small.height()), (96, 48));
        assert!(thumbnail(b"no image").is_err());
    }
}
