//! The model's input, written as the built-in algorithm writes it.

use std::fmt;
use std::str::FromStr;

/// Width and height of the model's input; its channels are red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    height: u32,
    width: u32,
}

/// The longest side of a model's input.
const MAX_SIDE: u32 = 4096;

/// What is wrong with a shape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidShape {
    /// Not three whole numbers.
    #[error("not channels,height,width")]
    Form,
    /// Not red, green and blue.
    #[error("{0} channels, and only 3 (red, green, blue) are supported")]
    Channels(u32),
    /// No pixels.
    #[error("no pixels")]
    Empty,
    /// More pixels than any model of images takes.
    #[error("{height} x {width} pixels, and a side has at most {MAX_SIDE}")]
    TooLarge {
        /// In pixels.
        height: u32,
        /// In pixels.
        width: u32,
    },
}

impl Shape {
    /// In pixels.
    pub fn width(self) -> u32 {
        self.width
    }

    /// In pixels.
    pub fn height(self) -> u32 {
        self.height
    }

    /// How many bytes a PNG of this shape may have. One of noise is a little larger than its pixels: a byte a row, and the
    /// frames of its stored blocks.
    pub fn largest_png(self) -> u64 {
        let row = u64::from(self.width) * 3 + 1;
        let rows = row.saturating_mul(self.height.into());
        rows.saturating_add(rows / 1000 + 200)
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
        let numbers: Vec<u32> = text
            .split(',')
            .map(|number| number.trim().parse().map_err(|_| InvalidShape::Form))
            .collect::<Result<_, _>>()?;
        let [channels, height, width] = numbers[..] else {
            return Err(InvalidShape::Form);
        };
        let shape = Self { height, width };
        match () {
            () if channels != 3 => Err(InvalidShape::Channels(channels)),
            () if height == 0 || width == 0 => Err(InvalidShape::Empty),
            () if height.max(width) > MAX_SIDE => Err(InvalidShape::TooLarge { height, width }),
            () => Ok(shape),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<(u32, u32), &str>) {
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
        let largest = |text: &str| text.parse::<Shape>().map(Shape::largest_png);
        assert_eq!(largest("3,32,32"), Ok(32 * 97 + 3 + 200));
    }
}
