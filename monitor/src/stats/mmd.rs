//! The maximum mean discrepancy (Gretton et al., JMLR 2012) of two sets of vectors, by a
//! permutation test.
//!
//! The kernel is a Gaussian whose width is the median distance between the vectors. The statistic
//! is the unbiased estimate of MMD², near 0 where both sets are of one distribution, whatever it
//! is.

use fastrand::Rng;

/// The result of the test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaximumMeanDiscrepancy {
    /// The unbiased estimate of MMD²; near 0, also negative, under the null hypothesis.
    pub mmd2: f64,
    /// The probability of a discrepancy at least as large under the null hypothesis; at least 1 in
    /// 2000.
    pub p_value: f64,
}

/// The maximum number of permutations: p-values go down to 0.0005, which is below 0.01 corrected
/// for 20 tests.
const PERMUTATIONS: usize = 1999;

/// The number of permutations at least as extreme that ends the test early: the p-value is then
/// large and known well enough (Besag and Clifford, 1991). On unchanged data that is after some
/// tens.
const MAX_EXTREME: usize = 20;

/// Compares two sets of at least two vectors of equal length; returns `None` otherwise.
pub fn test(a: &[Vec<f32>], b: &[Vec<f32>], seed: u64) -> Option<MaximumMeanDiscrepancy> {
    let dimension = a.first()?.len();
    let all: Vec<&[f32]> = a.iter().chain(b).map(Vec::as_slice).collect();
    if a.len() < 2 || b.len() < 2 || all.iter().any(|vector| vector.len() != dimension) {
        return None;
    }
    let kernel = Kernel::new(&all);
    let mut order: Vec<usize> = (0..all.len()).collect();
    let measured = kernel.mmd2(&order[..a.len()]);
    let mut random = Rng::with_seed(seed);
    let mut extreme = 0;
    for permutation in 1..=PERMUTATIONS {
        // The first so many indices of a shuffle are all that is looked at.
        for index in 0..a.len() {
            order.swap(index, random.usize(index..all.len()));
        }
        // As large but for rounding counts as large.
        if kernel.mmd2(&order[..a.len()]) >= measured - 1e-9 {
            extreme += 1;
        }
        if extreme == MAX_EXTREME {
            let p_value = MAX_EXTREME as f64 / permutation as f64;
            return Some(MaximumMeanDiscrepancy {
                mmd2: measured,
                p_value,
            });
        }
    }
    Some(MaximumMeanDiscrepancy {
        mmd2: measured,
        p_value: (extreme + 1) as f64 / (PERMUTATIONS + 1) as f64,
    })
}

/// The kernel matrix, with 0 on the diagonal, which the unbiased estimate leaves out.
struct Kernel {
    size: usize,
    values: Vec<f32>,
    row_sums: Vec<f64>,
    sum: f64,
}

impl Kernel {
    fn new(vectors: &[&[f32]]) -> Self {
        let size = vectors.len();
        let mut values = squared_distances(vectors);
        let width = median_of_pairs(&values, size);
        for (index, value) in values.iter_mut().enumerate() {
            // Where all vectors are equal there is no width, and no difference.
            let is_diagonal = index / size == index % size;
            *value = if is_diagonal || width == 0.0 {
                0.0
            } else {
                (-*value / (2.0 * width)).exp()
            };
        }
        let row_sums: Vec<f64> = values
            .chunks(size)
            .map(|row| row.iter().map(|value| f64::from(*value)).sum())
            .collect();
        Self {
            size,
            values,
            sum: row_sums.iter().sum(),
            row_sums,
        }
    }

    /// Returns MMD² between the vectors at `indices` and all others. Sums over the others follow
    /// from the sums over all.
    fn mmd2(&self, indices: &[usize]) -> f64 {
        let (n, m) = (indices.len() as f64, (self.size - indices.len()) as f64);
        let within = |index: &usize| -> f64 {
            let row = &self.values[index * self.size..(index + 1) * self.size];
            indices.iter().map(|other| f64::from(row[*other])).sum()
        };
        let inside: f64 = indices.iter().map(within).sum();
        let from_inside: f64 = indices.iter().map(|index| self.row_sums[*index]).sum();
        let between = from_inside - inside;
        let outside = self.sum - 2.0 * between - inside;
        inside / (n * (n - 1.0)) + outside / (m * (m - 1.0)) - 2.0 * between / (n * m)
    }
}

fn squared_distances(vectors: &[&[f32]]) -> Vec<f32> {
    let size = vectors.len();
    let mut distances = vec![0.0; size * size];
    for i in 0..size {
        for j in 0..i {
            let distance = squared_distance(vectors[i], vectors[j]);
            distances[i * size + j] = distance;
            distances[j * size + i] = distance;
        }
    }
    distances
}

fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    /// Returns the squared distance, in parallel sums that the compiler vectorizes.
    const LANES: usize = 8;
    let (a_lanes, b_lanes) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest = a_lanes.remainder().iter().zip(b_lanes.remainder());
    let mut sums = [0f32; LANES];
    for (a, b) in a_lanes.zip(b_lanes) {
        for lane in 0..LANES {
            sums[lane] += (a[lane] - b[lane]).powi(2);
        }
    }
    sums.iter().sum::<f32>() + rest.map(|(a, b)| (a - b).powi(2)).sum::<f32>()
}

/// Returns the median squared distance of two different vectors.
fn median_of_pairs(distances: &[f32], size: usize) -> f32 {
    let mut pairs: Vec<f32> = (0..size)
        .flat_map(|i| distances[i * size..i * size + i].iter().copied())
        .collect();
    let middle = pairs.len() / 2;
    *pairs.select_nth_unstable_by(middle, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors of eleven normal-like numbers around `mean`, of standard deviation 1.
    fn cloud(random: &mut Rng, size: usize, mean: f32) -> Vec<Vec<f32>> {
        let mut number = || mean + (0..12).map(|_| random.f32()).sum::<f32>() - 6.0;
        (0..size)
            .map(|_| (0..11).map(|_| number()).collect())
            .collect()
    }

    #[test]
    fn the_statistic_is_the_definitions() {
        let mut random = Rng::with_seed(3);
        let (a, b) = (cloud(&mut random, 5, 0.0), cloud(&mut random, 4, 0.5));
        let all: Vec<&[f32]> = a.iter().chain(&b).map(Vec::as_slice).collect();
        let width = median_of_pairs(&squared_distances(&all), 9);
        let k = |x: &[f32], y: &[f32]| {
            let squares: f64 = x.iter().zip(y).map(|(x, y)| f64::from(x - y).powi(2)).sum();
            (-squares / (2.0 * f64::from(width))).exp()
        };
        let within = |set: &[Vec<f32>]| {
            let n = set.len();
            let pairs = (0..n)
                .flat_map(|i| (0..n).map(move |j| (i, j)))
                .filter(|(i, j)| i != j);
            pairs.map(|(i, j)| k(&set[i], &set[j])).sum::<f64>() / (n * (n - 1)) as f64
        };
        let between: f64 = a
            .iter()
            .flat_map(|x| b.iter().map(|y| k(x, y)))
            .sum::<f64>()
            / 20.0;
        let expected = within(&a) + within(&b) - 2.0 * between;
        let found = test(&a, &b, 1).unwrap().mmd2;
        assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
    }

    #[test]
    fn one_distribution_raises_no_more_alarms_than_it_may() {
        let mut random = Rng::with_seed(5);
        let p = |_| {
            test(
                &cloud(&mut random, 40, 0.0),
                &cloud(&mut random, 60, 0.0),
                2,
            )
            .unwrap()
            .p_value
        };
        let p: Vec<f64> = (0..300).map(p).collect();
        let below = p.iter().filter(|p| **p <= 0.05).count();
        assert!((3..30).contains(&below), "{below} of 300 are below 0.05");
    }

    #[test]
    fn a_shift_is_found() {
        let mut random = Rng::with_seed(6);
        let found = test(
            &cloud(&mut random, 100, 0.0),
            &cloud(&mut random, 100, 0.4),
            2,
        )
        .unwrap();
        assert!(found.mmd2 > 0.01 && found.p_value <= 0.0005, "{found:?}");
    }

    #[test]
    fn what_cant_be_compared_is_not() {
        let vector = vec![1.0, 2.0];
        assert_eq!(test(&[], std::slice::from_ref(&vector), 1), None);
        let (one, two) = (vec![vector.clone()], vec![vector.clone(), vector.clone()]);
        assert_eq!(test(&one, &two, 1), None);
        let same = test(&two, &two, 1).unwrap();
        assert_eq!((same.mmd2, same.p_value), (0.0, 1.0));
        assert_eq!(test(&two, &[vec![1.0], vec![2.0]], 1), None);
    }

    #[test]
    fn the_same_seed_gives_the_same_answer() {
        let mut random = Rng::with_seed(8);
        let (a, b) = (cloud(&mut random, 30, 0.0), cloud(&mut random, 30, 0.2));
        assert_eq!(test(&a, &b, 9), test(&a, &b, 9));
    }
}
