//! Image features that change with the light, the lens or the camera.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::io::Cursor;

use image::imageops::thumbnail;
use image::{ImageFormat, RgbImage};

/// Number of features.
pub const FEATURES: usize = 8;

/// Their names, in the order of [`Features::values`].
///
/// - `brightness`: mean luma, 0 (black) to 1 (white).
/// - `contrast`: standard deviation of luma (root mean square contrast; Peli, 1990), 0 to 0.5.
/// - `sharpness`: variance of luma's Laplacian (Pech-Pacheco et al., 2000); blur makes it less,
///   noise more.
/// - `colorfulness`: Hasler and Süsstrunk's measure (2003), with colors from 0 to 1; 0 is gray.
/// - `warmth`: mean red less mean blue, -1 to 1.
/// - `tint`: mean green less the mean of red and blue, -1 (magenta) to 1 (green).
/// - `width` and `height`: in pixels, as the endpoint got it.
pub const NAMES: [&str; FEATURES] = [
    "brightness",
    "contrast",
    "sharpness",
    "colorfulness",
    "warmth",
    "tint",
    "width",
    "height",
];

/// The features of one image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Features {
    /// The values, in the order of [`NAMES`].
    pub values: [f32; FEATURES],
}

/// Returns Rec. 709's luma of a pixel, 0 to 1.
fn luma([red, green, blue]: [u8; 3]) -> f32 {
    (0.2126 * f32::from(red) + 0.7152 * f32::from(green) + 0.0722 * f32::from(blue)) / 255.0
}

/// The number of pixels above which an image is subsampled: features then use every n-th row and
/// its neighbors.
const LARGE: usize = 4_000_000;

/// The longest side of an image that is reduced for the model, in pixels; models take a fraction of
/// it.
const REDUCED: u32 = 1024;

/// An image file that is decoded at most once, on first use.
pub struct ImageFile<'a> {
    file: &'a [u8],
    decoded: OnceCell<Result<RgbImage, fit_image::UnusableImage>>,
}

impl<'a> ImageFile<'a> {
    /// Wraps a file.
    pub fn new(file: &'a [u8]) -> Self {
        Self {
            file,
            decoded: OnceCell::new(),
        }
    }

    fn image(&self) -> Result<&RgbImage, &fit_image::UnusableImage> {
        self.decoded
            .get_or_init(|| fit_image::upright(self.file))
            .as_ref()
    }

    /// Returns the pixels that have been decoded so far.
    pub fn decoded_pixels(&self) -> u64 {
        let decoded = self.decoded.get().and_then(|image| image.as_ref().ok());
        decoded.map_or(0, |image| {
            u64::from(image.width()) * u64::from(image.height())
        })
    }

    /// Returns its features; `None` if it can't be decoded.
    pub fn features(&self) -> Option<Features> {
        self.image().ok().map(Features::of)
    }

    /// Returns the file, or a reduced copy of a large image.
    pub fn for_model(&self) -> Cow<'a, [u8]> {
        let reduced = self
            .image()
            .ok()
            .filter(|image| image.as_raw().len() / 3 > LARGE);
        let reduced =
            reduced.and_then(|image| encode(&reduce(image, REDUCED), ImageFormat::Bmp).ok());
        reduced.map_or(Cow::Borrowed(self.file), Cow::Owned)
    }

    /// Returns a PNG thumbnail; an empty file if the image can't be decoded.
    pub(crate) fn thumbnail(&self) -> Vec<u8> {
        let image = self.image().ok();
        let png = image.and_then(|image| encode(&reduce(image, THUMBNAIL), ImageFormat::Png).ok());
        png.unwrap_or_default()
    }
}

/// Scales an image down so that its longest side has at most `max_side` pixels.
fn reduce(image: &RgbImage, max_side: u32) -> RgbImage {
    let longest = image.width().max(image.height());
    if longest <= max_side {
        return image.clone();
    }
    let side =
        |side: u32| (u64::from(side) * u64::from(max_side) / u64::from(longest)).max(1) as u32;
    thumbnail(image, side(image.width()), side(image.height()))
}

fn encode(image: &RgbImage, format: ImageFormat) -> image::ImageResult<Vec<u8>> {
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, format)?;
    Ok(file.into_inner())
}

/// The running mean and variance of a stream.
#[derive(Default)]
struct RunningVariance {
    count: f64,
    sum: f64,
    squares: f64,
}

impl RunningVariance {
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
    /// Computes the features of an image file, after its orientation is applied.
    ///
    /// # Errors
    /// The file is not an image, or too large to decode.
    pub fn of_file(file: &[u8]) -> Result<Self, fit_image::UnusableImage> {
        Ok(Self::of(&fit_image::upright(file)?))
    }

    /// Computes the features of an image.
    pub fn of(image: &RgbImage) -> Self {
        let [
            mut red,
            mut green,
            mut blue,
            mut opponent,
            mut yellow,
            mut gray,
        ] = std::array::from_fn(|_| RunningVariance::default());
        let width = image.width() as usize;
        let step = (image.as_raw().len() / 3).div_ceil(LARGE).max(1);
        let rows: Vec<&[u8]> = image.as_raw().chunks_exact(3 * width.max(1)).collect();
        for row in rows.iter().step_by(step) {
            for pixel in row.as_chunks::<3>().0 {
                let [r, g, b] = pixel.map(|value| f32::from(value) / 255.0);
                red.add(r);
                green.add(g);
                blue.add(b);
                opponent.add(r - g);
                yellow.add((r + g) / 2.0 - b);
                gray.add(luma(*pixel));
            }
        }
        let colorfulness = (opponent.variance() + yellow.variance()).sqrt()
            + 0.3 * (opponent.mean().powi(2) + yellow.mean().powi(2)).sqrt();
        let values = [
            gray.mean(),
            gray.variance().sqrt(),
            laplacian_variance(&rows, step),
            colorfulness,
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

/// Returns the variance of the Laplacian over the pixels that have four neighbors, in every
/// `step`-th row; 0 if there is none.
fn laplacian_variance(rows: &[&[u8]], step: usize) -> f64 {
    let mut spread = RunningVariance::default();
    let lumas = |row: &[u8]| -> Vec<f32> { row.as_chunks().0.iter().copied().map(luma).collect() };
    for three in rows.windows(3).step_by(step) {
        let [above, row, below] = [0, 1, 2].map(|at| lumas(three[at]));
        for x in 1..row.len().saturating_sub(1) {
            let neighbors = above[x] + below[x] + row[x - 1] + row[x + 1];
            spread.add(neighbors - 4.0 * row[x]);
        }
    }
    spread.variance()
}

/// The longest side of a thumbnail, in pixels.
const THUMBNAIL: u32 = 96;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corruption::{Corruption, corrupt};
    use crate::testing::drawn;
    use image::Rgb;

    fn feature(image: &RgbImage, name: &str) -> f32 {
        let index = NAMES.iter().position(|other| *other == name).unwrap();
        Features::of(image).values[index]
    }

    #[test]
    fn a_plain_image_has_its_color_and_nothing_else() {
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
        let gray = RgbImage::from_pixel(9, 9, Rgb([128; 3]));
        assert_eq!(feature(&gray, "colorfulness"), 0.0);
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
        let small = ImageFile::new(file.get_ref()).thumbnail();
        let small = image::load_from_memory(&small).unwrap();
        assert_eq!((small.width(), small.height()), (96, 48));
        assert!(ImageFile::new(b"no image").thumbnail().is_empty());
    }

    /// Forty captured images of 50 megapixels took a run two minutes.
    #[test]
    fn a_large_image_is_looked_at_in_parts_and_looks_the_same() {
        let noise =
            |x: u32, y: u32| (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503_913)) >> 24;
        let large = RgbImage::from_fn(4000, 3000, |x, y| {
            Rgb([noise(x, y), x * 255 / 4000, y * 255 / 3000].map(|value| value as u8))
        });
        let part = image::imageops::crop_imm(&large, 0, 0, 4000, 999).to_image();
        let (large_features, part) = (Features::of(&large), Features::of(&part));
        let sharpness = 2;
        let ratio = large_features.values[sharpness] / part.values[sharpness];
        assert!((0.98..1.02).contains(&ratio), "{ratio}");
        assert!(
            (large_features.values[0] - 0.498).abs() < 0.01,
            "{large_features:?}"
        );
        let file = encode(&large, ImageFormat::Bmp).unwrap();
        let image = ImageFile::new(&file);
        let reduced = image::load_from_memory(&image.for_model()).unwrap();
        assert_eq!((reduced.width(), reduced.height()), (1024, 768));
        assert_eq!(image.decoded_pixels(), 12_000_000);
    }
}
