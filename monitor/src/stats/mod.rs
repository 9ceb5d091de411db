//! Statistics for monitoring: pure functions of numbers, with random numbers from a seed.

pub mod chi_squared;
pub mod holm;
pub mod ks;
pub mod mmd;
pub mod proportion;
mod reservoir;
mod special;

pub use reservoir::Reservoir;
pub(crate) use special::normal_above;

/// Count, mean, variance and extremes of a stream (Welford, 1962).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// Number of values.
    pub count: u64,
    /// Their mean; 0 without values.
    pub mean: f64,
    /// Sum of squared distances from the mean.
    squares: f64,
    /// The minimum; 0 without values.
    pub min: f64,
    /// The maximum; 0 without values.
    pub max: f64,
}

impl Moments {
    /// Adds a value.
    pub fn add(&mut self, value: f64) {
        if self.count == 0 {
            (self.min, self.max) = (value, value);
        }
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (value - self.mean);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// Returns their population standard deviation.
    pub fn std_dev(&self) -> f64 {
        (self.squares / self.count.max(1) as f64).sqrt()
    }

    /// Returns their sum.
    pub fn sum(&self) -> f64 {
        self.mean * self.count as f64
    }
}

impl Extend<f64> for Moments {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.add(value));
    }
}

impl FromIterator<f64> for Moments {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut moments = Self::default();
        moments.extend(values);
        moments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_definition() {
        let moments: Moments = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]
            .into_iter()
            .collect();
        assert_eq!(
            (moments.count, moments.mean, moments.std_dev()),
            (8, 5.0, 2.0)
        );
        assert_eq!((moments.min, moments.max, moments.sum()), (2.0, 9.0, 40.0));
        assert_eq!(Moments::default().std_dev(), 0.0);
    }
}
