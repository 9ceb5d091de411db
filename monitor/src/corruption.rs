//! Image corruptions for evaluating the monitor.
//!
//! Kinds and severities follow Hendrycks and Dietterich's benchmark of corruptions (ICLR 2019).

use std::fmt;
use std::str::FromStr;

use fastrand::Rng;
use image::{RgbImage, imageops};

/// A kind of corruption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Corruption {
    /// Defocus: a Gaussian blur.
    Blur,
    /// Low light.
    Dark,
    /// Gaussian noise on each channel of each pixel.
    Noise,
    /// Fog: all colors closer to their mean.
    Contrast,
}

impl Corruption {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Blur, Self::Dark, Self::Noise, Self::Contrast];

    /// Returns its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Blur => "blur",
            Self::Dark => "dark",
            Self::Noise => "noise",
            Self::Contrast => "contrast",
        }
    }
}

impl fmt::Display for Corruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Corruption {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|kind| kind.name() == name);
        known.ok_or_else(|| {
            format!("there is no corruption {name:?}: blur, dark, noise and contrast are those")
        })
    }
}

/// The highest severity.
pub const WORST: u8 = 5;

/// Corrupts an image. Severities go from 0 (unchanged) to [`WORST`]; higher ones are clamped. Noise
/// is drawn from `seed`.
pub fn corrupt(image: &RgbImage, kind: Corruption, severity: u8, seed: u64) -> RgbImage {
    let Some(level) = usize::from(severity.min(WORST)).checked_sub(1) else {
        return image.clone();
    };
    match kind {
        // A standard deviation in parts of the image's width, so that it is as bad at every size.
        Corruption::Blur => imageops::blur(
            image,
            [0.015, 0.025, 0.035, 0.05, 0.07][level] * image.width() as f32,
        ),
        Corruption::Dark => of_each(image, |value| value * [0.8, 0.65, 0.5, 0.35, 0.2][level]),
        Corruption::Noise => {
            let deviation = [0.04, 0.06, 0.08, 0.10, 0.14][level];
            let mut random = Rng::with_seed(seed);
            of_each(image, |value| value + deviation * normal(&mut random))
        }
        Corruption::Contrast => {
            let factor = [0.75, 0.6, 0.45, 0.3, 0.2][level];
            let sum: u64 = image.as_raw().iter().map(|value| u64::from(*value)).sum();
            let mean = sum as f32 / image.as_raw().len().max(1) as f32 / 255.0;
            of_each(image, |value| mean + factor * (value - mean))
        }
    }
}

/// Corrupts an image file; returns a PNG file.
///
/// # Errors
/// The file is not an image, or too large to decode.
pub fn corrupt_file(
    file: &[u8],
    kind: Corruption,
    severity: u8,
    seed: u64,
) -> Result<Vec<u8>, fit_image::UnusableImage> {
    let image = corrupt(&fit_image::upright(file)?, kind, severity, seed);
    let mut png = std::io::Cursor::new(Vec::new());
    image
        .write_to(&mut png, image::ImageFormat::Png)
        .map_err(|error| fit_image::UnusableImage::Corrupt("PNG", error.to_string()))?;
    Ok(png.into_inner())
}

fn of_each(image: &RgbImage, mut change: impl FnMut(f32) -> f32) -> RgbImage {
    let mut image = image.clone();
    for value in image.iter_mut() {
        // A float that is out of range becomes the nearest number of the range.
        *value = (change(f32::from(*value) / 255.0) * 255.0).round() as u8;
    }
    image
}

/// Returns a normal random number by the Box-Muller transform (1958).
fn normal(random: &mut Rng) -> f32 {
    let radius = (-2.0 * (1.0 - random.f32()).ln()).sqrt();
    radius * (std::f32::consts::TAU * random.f32()).cos()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::drawn;

    fn distance(a: &RgbImage, b: &RgbImage) -> u64 {
        a.as_raw()
            .iter()
            .zip(b.as_raw())
            .map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2))
            .sum()
    }

    #[test]
    fn each_severity_is_worse_than_the_one_before() {
        let image = drawn(3, 1);
        for kind in Corruption::ALL {
            let away: Vec<u64> = (0..=WORST)
                .map(|severity| distance(&image, &corrupt(&image, kind, severity, 1)))
                .collect();
            assert_eq!(away[0], 0, "{kind}");
            assert!(away.is_sorted_by(|a, b| a < b), "{kind}: {away:?}");
            assert_eq!(corrupt(&image, kind, 9, 1), corrupt(&image, kind, WORST, 1));
        }
    }

    #[test]
    fn noise_is_that_of_its_seed() {
        let image = drawn(3, 1);
        let noisy = |seed| corrupt(&image, Corruption::Noise, 2, seed);
        assert_eq!(noisy(1), noisy(1));
        assert_ne!(noisy(1), noisy(2));
    }

    #[test]
    fn corruptions_go_by_name() {
        for kind in Corruption::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        let error = "rain".parse::<Corruption>().unwrap_err();
        assert_eq!(
            error,
            "there is no corruption \"rain\": blur, dark, noise and contrast are those"
        );
    }
}
