//! Reservoir sampling (Vitter's algorithm R, 1985).

use fastrand::Rng;

/// A uniform random sample of a stream of unknown length, of at most `capacity` items.
#[derive(Clone, Debug)]
pub struct Reservoir<T> {
    items: Vec<T>,
    capacity: usize,
    count: u64,
    random: Rng,
}

impl<T> Reservoir<T> {
    /// Returns an empty sample. The same seed selects the same items of the same stream.
    pub fn new(capacity: usize, seed: u64) -> Self {
        Self {
            items: Vec::new(),
            capacity,
            count: 0,
            random: Rng::with_seed(seed),
        }
    }

    /// Offers the next item of the stream. Calls `item` only if it is selected: of a long stream
    /// few are.
    pub fn offer(&mut self, item: impl FnOnce() -> T) {
        self.count += 1;
        if self.items.len() < self.capacity {
            self.items.push(item());
            return;
        }
        let index = self.random.u64(0..self.count);
        // A index that does not fit into usize is not among the items either.
        if let Some(kept) = usize::try_from(index)
            .ok()
            .and_then(|index| self.items.get_mut(index))
        {
            *kept = item();
        }
    }

    /// Drops half of the sample, as if capacity and stream had been half as large.
    pub fn halve(&mut self) {
        self.random.shuffle(&mut self.items);
        self.items.truncate(self.items.len().div_ceil(2));
        self.capacity = self.capacity.div_ceil(2);
        self.count = self.count.div_ceil(2);
    }

    /// Returns the sample.
    pub fn into_items(self) -> Vec<T> {
        self.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_has_the_same_chance() {
        let mut counts = [0u32; 20];
        for seed in 0..4000 {
            let mut reservoir = Reservoir::new(5, seed);
            (0..20).for_each(|item: usize| reservoir.offer(|| item));
            let items = reservoir.into_items();
            assert_eq!(items.len(), 5);
            items.iter().for_each(|item| counts[*item] += 1);
        }
        // 1000 each; a standard deviation is 27.
        assert!(
            counts.iter().all(|count| count.abs_diff(1000) < 130),
            "{counts:?}"
        );
    }

    /// Half of the stream passes, and then only every other item of the rest.
    #[test]
    fn halved_every_item_still_has_the_same_chance() {
        let mut counts = [0u32; 20];
        for seed in 0..8000 {
            let mut random = Rng::with_seed(!seed);
            let mut reservoir = Reservoir::new(6, seed);
            (0..10).for_each(|item: usize| reservoir.offer(|| item));
            reservoir.halve();
            let rest = (10..20).filter(|_| random.bool());
            rest.for_each(|item: usize| reservoir.offer(|| item));
            let items = reservoir.into_items();
            assert_eq!(items.len(), 3);
            items.iter().for_each(|item| counts[*item] += 1);
        }
        // 1200 each; the stream's length varies, which costs a little.
        assert!(
            counts.iter().all(|count| count.abs_diff(1200) < 200),
            "{counts:?}"
        );
    }

    #[test]
    fn few_items_are_made_of_a_long_stream() {
        let (mut made, mut reservoir) = (0, Reservoir::new(10, 1));
        for item in 0..100_000 {
            reservoir.offer(|| {
                made += 1;
                item
            });
        }
        assert!((60..200).contains(&made), "{made}");
    }
}
