//! A fair sample of a stream of unknown length (Vitter's algorithm R, 1985).

use fastrand::Rng;

/// Up to so many items, each of a stream's with the same probability.
#[derive(Clone, Debug)]
pub struct Reservoir<T> {
    items: Vec<T>,
    capacity: usize,
    seen: u64,
    random: Rng,
}

impl<T> Reservoir<T> {
    /// An empty one. The same seed picks the same items of the same stream.
    pub fn new(capacity: usize, seed: u64) -> Self {
        Self {
            items: Vec::new(),
            capacity,
            seen: 0,
            random: Rng::with_seed(seed),
        }
    }

    /// Lets an item pass, and makes it only if it is picked: of a long stream few are.
    pub fn offer(&mut self, item: impl FnOnce() -> T) {
        self.seen += 1;
        if self.items.len() < self.capacity {
            self.items.push(item());
            return;
        }
        let place = self.random.u64(0..self.seen);
        // A place that does not fit into usize is not among the items either.
        if let Some(kept) = usize::try_from(place)
            .ok()
            .and_then(|place| self.items.get_mut(place))
        {
            *kept = item();
        }
    }

    /// Forgets half of it, as if it had half the capacity and only every other item had passed.
    pub fn halve(&mut self) {
        self.random.shuffle(&mut self.items);
        self.items.truncate(self.items.len().div_ceil(2));
        self.capacity = self.capacity.div_ceil(2);
        self.seen = self.seen.div_ceil(2);
    }

    /// The sample.
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
