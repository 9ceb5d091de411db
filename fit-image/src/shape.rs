//! The shape of a model's input, written as SageMaker's built-in algorithm writes it.

use std::fmt;
use std::str::FromStr;

/// Height and width of the model's input in pixels, each from 1 to [`MAX_SIDE`]; its channels are
/// red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    height: u32,
    width: u32,
}

/// The longest side of a model's input.
pub const MAX_SIDE: u32 = 4096;

/// An error of a shape that no model's input can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidShape {
    /// Not three whole numbers.
    #[error("not channels,height,width")]
    Form,
    /// Not red, green and blue.
    #[error("{0} channels, and only 3 (red, green, blue) are supported")]
    Channels(usize),
    /// A side is 0.
    #[error("no pixels")]
    Empty,
    /// More pixels than any model of images takes.
    #[error("{height} x {width} pixels, and a side has at most {MAX_SIDE}")]
    TooLarge {
        /// In pixels.
        height: usize,
        /// In pixels.
        width: usize,
    },
}

impl Shape {
    /// The shape of CIFAR's images, the default of training.
    pub const DEFAULT: Self = Self {
        height: 32,
        width: 32,
    };

    /// Makes a shape of a height and a width.
    ///
    /// # Errors
    /// A side is 0 or longer than [`MAX_SIDE`].
    pub fn new(height: usize, width: usize) -> Result<Self, InvalidShape> {
        let side = |side: usize| u32::try_from(side).ok().filter(|side| *side <= MAX_SIDE);
        match (side(height), side(width)) {
            (Some(0), _) | (_, Some(0)) => Err(InvalidShape::Empty),
            (Some(height), Some(width)) => Ok(Self { height, width }),
            _ => Err(InvalidShape::TooLarge { height, width }),
        }
    }

    /// Returns the height in pixels.
    pub fn height(self) -> usize {
        self.height as usize
    }

    /// Returns the width in pixels.
    pub fn width(self) -> usize {
        self.width as usize
    }

    /// Returns the width and the height, in the order that images have them.
    pub(crate) fn dimensions(self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// Returns the maximum size in bytes of a PNG of this shape. A PNG of noise is a little larger
    /// than its pixels: a byte per row, and the frames of its stored blocks.
    pub fn max_png_bytes(self) -> u64 {
        let row = u64::from(self.width) * 3 + 1;
        let rows = row.saturating_mul(self.height.into());
        rows.saturating_add(rows / 1000 + 200)
    }
}

impl TryFrom<[usize; 3]> for Shape {
    type Error = InvalidShape;

    /// Makes a shape of channels, height and width.
    fn try_from([channels, height, width]: [usize; 3]) -> Result<Self, InvalidShape> {
        if channels != 3 {
            return Err(InvalidShape::Channels(channels));
        }
        Self::new(height, width)
    }
}

impl From<Shape> for [usize; 3] {
    fn from(shape: Shape) -> Self {
        [3, shape.height(), shape.width()]
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "3,{},{}", self.height, self.width)
    }
}

impl FromStr for Shape {
    type Err = InvalidShape;

    fn from_str(text: &str) -> Result<Self, InvalidShape> {
        let numbers: Vec<usize> = text
            .split(',')
            .map(|number| number.trim().parse().map_err(|_| InvalidShape::Form))
            .collect::<Result<_, _>>()?;
        <[usize; 3]>::try_from(numbers)
            .map_err(|_| InvalidShape::Form)?
            .try_into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<(usize, usize), &str>) {
        let found = text.parse::<Shape>();
        let found = found.map(|shape| (shape.height(), shape.width()));
        assert_eq!(
            found.map_err(|error| error.to_string()),
            expected.map_err(str::to_owned)
        );
    }

    #[test]
    fn a_shape_is_channels_height_and_width() {
        check("3,32,48", Ok((32, 48)));
        check(" 3, 224, 224 ", Ok((224, 224)));
        check("32,32", Err("not channels,height,width"));
        check("3x32x32", Err("not channels,height,width"));
        check("3,-1,32", Err("not channels,height,width"));
        check(
            "1,28,28",
            Err("1 channels, and only 3 (red, green, blue) are supported"),
        );
        check("3,0,32", Err("no pixels"));
        check(
            "3,4294967295,32",
            Err("4294967295 x 32 pixels, and a side has at most 4096"),
        );
    }

    #[test]
    fn noise_takes_a_little_more_than_its_pixels() {
        let largest = |text: &str| text.parse::<Shape>().map(Shape::max_png_bytes);
        assert_eq!(largest("3,32,32"), Ok(32 * 97 + 3 + 200));
    }
}
