//! The execution's own random numbers: deterministic for a seed, so that a resumed execution goes
//! on the same.

use serde::{Deserialize, Serialize};

/// SplitMix64 (Steele, Lea, Flood 2014): one word of state, passes BigCrush, and needs no crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in `0.0..1.0`.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in `0..bound` (to one part in 2^64 / `bound`); 0 for an empty range.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// A version 4 UUID, as `$uuid` and `States.UUID` give it.
    pub(crate) fn uuid(&mut self) -> String {
        let high = (self.next() & !0xF000) | 0x4000; // the version
        let low = (self.next() & !(0b11 << 62)) | (0b10 << 62); // the variant
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xFFFF,
            high & 0xFFFF,
            low >> 48,
            low & 0xFFFF_FFFF_FFFF
        )
    }

    /// 192 bits as text, and 64 that check them: what a task's token is made of.
    pub(crate) fn token(&mut self) -> String {
        let words = [self.next(), self.next(), self.next()];
        let digits: String = words.iter().map(|word| format!("{word:016x}")).collect();
        format!("{digits}{:016x}", check(words))
    }
}

/// Computes the checksum word of a token, which tells tokens from other text.
fn check(words: [u64; 3]) -> u64 {
    let mixed = words
        .into_iter()
        .fold(0, |sum: u64, word| Random::new(sum ^ word).next());
    Random::new(mixed).next()
}

/// Returns true if a text has the form of a task's token, whatever became of the task.
pub fn is_task_token(text: &str) -> bool {
    let word = |at: usize| {
        let digits = text.get(at * 16..(at + 1) * 16)?;
        u64::from_str_radix(digits, 16).ok()
    };
    let words = || Some(([word(0)?, word(1)?, word(2)?], word(3)?));
    text.len() == 64 && words().is_some_and(|(words, last)| check(words) == last)
}

#[cfg(test)]
mod tests {
    use super::{Random, is_task_token};

    #[test]
    fn a_token_is_told_from_other_text() {
        let token = Random::new(7).token();
        assert_eq!(token.len(), 64);
        assert!(is_task_token(&token));
        let other = if token.ends_with('0') { "1" } else { "0" };
        for text in [
            "",
            "token",
            &token[1..],
            &"0".repeat(64),
            &"é".repeat(32),
            &format!("{}{other}", &token[..63]),
        ] {
            assert!(!is_task_token(text), "{text}");
        }
    }

    #[test]
    fn is_the_published_sequence() {
        let mut random = Random::new(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| random.next()).collect();
        assert_eq!(
            first,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn below_covers_the_range_and_stays_inside() {
        let mut random = Random::new(7);
        let mut counts = [0; 5];
        (0..1000).for_each(|_| counts[random.below(5) as usize] += 1);
        assert!(
            counts.iter().all(|count| (120..280).contains(count)),
            "{counts:?}"
        );
        assert_eq!(random.below(0), 0);
    }

    #[test]
    fn uuids_are_of_version_4_and_differ() {
        let mut random = Random::new(3);
        let all: Vec<String> = (0..100).map(|_| random.uuid()).collect();
        for uuid in &all {
            let shape: String = uuid
                .chars()
                .map(|c| if c.is_ascii_hexdigit() { 'x' } else { c })
                .collect();
            assert_eq!(shape, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
            assert_eq!(&uuid[14..15], "4");
            assert!("89ab".contains(&uuid[19..20]), "{uuid}");
            assert_eq!(all.iter().filter(|other| *other == uuid).count(), 1);
        }
    }

    #[test]
    fn unit_covers_the_interval_and_stays_inside() {
        let mut random = Random::new(7);
        let all: Vec<f64> = (0..1000).map(|_| random.unit()).collect();
        assert!(all.iter().all(|x| (0.0..1.0).contains(x)));
        assert!(all.iter().any(|x| *x < 0.01) && all.iter().any(|x| *x > 0.99));
    }
}
