//! The confidence that a prediction must reach: the one rule for what a threshold may be, and its
//! one default.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The lowest confidence that passes the gate: above 0 and at most 1.
///
/// At 0 every prediction would pass, and above 1 none.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Threshold(f64);

/// A value that is not a [`Threshold`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidThreshold {
    /// The text is not a number.
    #[error("not a number")]
    NotANumber,
    /// The number is 0 or less, over 1, or NaN.
    #[error("not above 0 and up to 1")]
    OutOfRange,
}

impl Threshold {
    /// The threshold where none is configured: the default of the template's `ConfidenceThreshold`.
    pub const DEFAULT: Self = Self(0.93);

    /// The highest threshold, which only certainty reaches.
    pub const MAX: Self = Self(1.0);

    /// Returns the threshold of this value.
    ///
    /// # Errors
    /// The value is not above 0 and up to 1.
    pub fn new(value: f64) -> Result<Self, InvalidThreshold> {
        if value > 0.0 && value <= 1.0 {
            Ok(Self(value))
        } else {
            Err(InvalidThreshold::OutOfRange)
        }
    }

    /// Returns true if a prediction of this confidence passes.
    pub fn passes(self, confidence: f64) -> bool {
        confidence >= self.0
    }

    /// Returns true if a prediction of this confidence, which a model computed in 32 bits, passes.
    ///
    /// Its text has as many digits as 32 bits need, and the gate reads that text: 0.95 passes at
    /// 0.95, though the 32-bit number is less than the 64-bit one.
    pub fn passes_f32(self, confidence: f32) -> bool {
        confidence >= self.as_f32()
    }

    /// Returns the number.
    pub fn as_f64(self) -> f64 {
        self.0
    }

    /// Returns the nearest 32-bit number, for figures of 32-bit scores.
    pub fn as_f32(self) -> f32 {
        self.0 as f32
    }
}

impl Default for Threshold {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl TryFrom<f64> for Threshold {
    type Error = InvalidThreshold;

    fn try_from(value: f64) -> Result<Self, Self::Error> {
        Self::new(value)
    }
}

impl From<Threshold> for f64 {
    fn from(threshold: Threshold) -> Self {
        threshold.0
    }
}

impl FromStr for Threshold {
    type Err = InvalidThreshold;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let value = text.parse().map_err(|_| InvalidThreshold::NotANumber)?;
        Self::new(value)
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<f64, &str>) {
        let parsed = text.parse::<Threshold>().map(f64::from);
        assert_eq!(
            parsed.map_err(|error| error.to_string()).as_ref(),
            expected.map_err(str::to_owned).as_ref(),
            "{text}"
        );
    }

    #[test]
    fn a_threshold_is_above_0_and_up_to_1() {
        check("0.93", Ok(0.93));
        check("1", Ok(1.0));
        check("1e-9", Ok(1e-9));
        for text in ["0", "-0", "-0.5", "1.0001", "inf", "NaN"] {
            check(text, Err("not above 0 and up to 1"));
        }
        for text in ["", "93%", "high"] {
            check(text, Err("not a number"));
        }
        assert_eq!(Threshold::DEFAULT.to_string(), "0.93");
    }

    #[test]
    fn the_threshold_itself_passes_in_both_widths() {
        for text in ["0.93", "0.95", "0.7", "0.1", "1"] {
            let threshold: Threshold = text.parse().expect("a threshold");
            let (wide, narrow): (f64, f32) = (text.parse().unwrap(), text.parse().unwrap());
            assert!(
                threshold.passes(wide) && threshold.passes_f32(narrow),
                "{text}"
            );
        }
        assert!(!Threshold::DEFAULT.passes(0.929_999) && !Threshold::DEFAULT.passes(f64::NAN));
    }
}
