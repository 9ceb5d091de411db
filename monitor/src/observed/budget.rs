//! A budget of decoded pixels, which bounds the time of a run however large the images are.

use fastrand::Rng;

/// The pixels that a run decodes before it decodes only one image each time their number has
/// doubled. A core takes about a second for a hundred million.
const PIXELS: u64 = 4_000_000_000;

/// Selects the images to decode: all of them until half of the budget is spent, then one of two
/// until half of the rest is spent, and so on.
pub(super) struct PixelBudget {
    one_in: u64,
    spent: u64,
    random: Rng,
}

impl PixelBudget {
    /// Returns a full budget. The same seed selects the same images of the same stream.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            one_in: 1,
            spent: 0,
            random: Rng::with_seed(seed),
        }
    }

    /// Returns true if the next image should be decoded.
    pub(super) fn is_chosen(&mut self) -> bool {
        self.random.u64(0..self.one_in) == 0
    }

    /// Counts decoded pixels. Returns true if the sampling rate halves from now on: halve the
    /// samples too, so that each image has the same probability of being in them.
    pub(super) fn is_spent(&mut self, pixels: u64) -> bool {
        self.spent += pixels;
        let left = PIXELS.saturating_sub(self.spent);
        let is_spent = left < PIXELS / (2 * self.one_in);
        if is_spent {
            self.one_in *= 2;
        }
        is_spent
    }

    /// Returns the inverse of the current sampling rate.
    pub(super) fn one_in(&self) -> u64 {
        self.one_in
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forty_images_of_fifty_megapixels_are_all_looked_at_and_a_hundred_of_a_million() {
        let looked_at = |images: u64| {
            let mut budget = PixelBudget::new(1);
            let mut count = 0;
            for _ in 0..images {
                if budget.is_chosen() {
                    count += 1;
                    budget.is_spent(50_000_000);
                }
            }
            count
        };
        assert_eq!(looked_at(40), 40);
        assert!((80..=110).contains(&looked_at(1_000_000)));
    }
}
