//! Java's `java.util.Random`, for numbers that follow from a seed (`States.MathRandom`, `$random`):
//! the generator, its `nextInt(bound)` and its `nextDouble()` are specified
//! (<https://docs.oracle.com/javase/8/docs/api/java/util/Random.html>), so a seed gives the same
//! number everywhere.

const MULTIPLIER: u64 = 0x5_DEEC_E66D;
const MASK: u64 = (1 << 48) - 1;

pub(crate) struct JavaRandom(u64);

impl JavaRandom {
    pub(crate) fn new(seed: i64) -> JavaRandom {
        JavaRandom((seed as u64 ^ MULTIPLIER) & MASK)
    }

    /// The next `bits` (at most 32) random bits.
    fn next(&mut self, bits: u32) -> i32 {
        self.0 = self.0.wrapping_mul(MULTIPLIER).wrapping_add(0xB) & MASK;
        (self.0 >> (48 - bits)) as i32
    }

    /// Uniform in `0..bound`; `bound` is positive.
    pub(crate) fn below(&mut self, bound: i64) -> i64 {
        match i32::try_from(bound) {
            Ok(bound) => i64::from(self.next_int(bound)),
            Err(_) => {
                let high = i64::from(self.next(32)) << 32;
                (high.wrapping_add(i64::from(self.next(32))) & i64::MAX) % bound
            }
        }
    }

    /// Uniform in `0.0..1.0`: `nextDouble()`.
    pub(crate) fn unit(&mut self) -> f64 {
        let high = i64::from(self.next(26)) << 27;
        (high + i64::from(self.next(27))) as f64 / (1_u64 << 53) as f64
    }

    fn next_int(&mut self, bound: i32) -> i32 {
        let mut bits = self.next(31);
        if bound & (bound - 1) == 0 {
            return ((i64::from(bound) * i64::from(bits)) >> 31) as i32;
        }
        let mut value = bits % bound;
        // What does not fill a whole run of `bound` is drawn again, so that all values are as
        // likely.
        while bits.wrapping_sub(value).wrapping_add(bound - 1) < 0 {
            bits = self.next(31);
            value = bits % bound;
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::JavaRandom;

    #[test]
    fn is_the_published_sequence() {
        // new Random(42): nextInt() four times, nextInt(10) five times.
        let mut random = JavaRandom::new(42);
        let drawn: Vec<i32> = (0..4).map(|_| random.next(32)).collect();
        assert_eq!(
            drawn,
            [-1_170_105_035, 234_785_527, -1_360_544_799, 205_897_768]
        );
        let mut random = JavaRandom::new(42);
        let drawn: Vec<i64> = (0..5).map(|_| random.below(10)).collect();
        assert_eq!(drawn, [0, 3, 8, 4, 0]);
        // new Random(42).nextDouble()
        assert_eq!(JavaRandom::new(42).unit(), 0.727_563_680_032_868_1);
    }

    #[test]
    fn stays_below_bounds_of_every_size() {
        let mut random = JavaRandom::new(-7);
        for bound in [1, 2, 3, 1 << 30, i64::from(i32::MAX), 1 << 40, i64::MAX] {
            assert!((0..100).all(|_| (0..bound).contains(&random.below(bound))));
        }
    }
}
