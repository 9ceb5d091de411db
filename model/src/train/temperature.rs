//! Temperature scaling (Guo et al., 2017): one number by which the logits are divided, so that
//! confidences are right.
//!
//! A network that has learned its training images by heart is surer than it should be. The number
//! is fitted on images that the network has not learned from, and changes no answer, only how sure
//! it is.

/// Weight of the belief that logits are right as they are, in images. Few images that are all
/// classified correctly would otherwise make the network infinitely sure.
const PRIOR: f64 = 1.0;

/// The inverse temperature lies between the exponentials of these.
const LOGARITHMS: [f64; 2] = [-4.6, 4.6];

/// Halvings of that range: more than single precision can tell apart.
const STEPS: usize = 40;

/// The temperature at which `logits` give their `classes` the highest likelihood.
///
/// The negative log-likelihood is convex in the inverse temperature `b`, and so is the prior `b -
/// ln b`: the sum's slope has one zero, which bisection finds.
pub(super) fn fit(logits: &[Vec<f32>], classes: &[usize]) -> f32 {
    let slope = |inverse: f64| {
        let rows = logits.iter().zip(classes);
        let slopes = rows.map(|(row, class)| mean_logit(row, inverse) - f64::from(row[*class]));
        slopes.sum::<f64>() + PRIOR * (1.0 - 1.0 / inverse)
    };
    let [mut low, mut high] = LOGARITHMS;
    for _ in 0..STEPS {
        let middle = (low + high) / 2.0;
        match slope(middle.exp()) > 0.0 {
            true => high = middle,
            false => low = middle,
        }
    }
    (-low).exp() as f32
}

/// The mean of the logits, weighted by the probabilities at this inverse temperature.
fn mean_logit(row: &[f32], inverse: f64) -> f64 {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let (mut sum, mut total) = (0.0, 0.0);
    for logit in row {
        let weight = (f64::from(logit - largest) * inverse).exp();
        sum += weight * f64::from(*logit);
        total += weight;
    }
    sum / total
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logits of answers that are right with the probability that `temperature` makes of them.
    fn answers(temperature: f32, images: usize) -> (Vec<Vec<f32>>, Vec<usize>) {
        let mut random = fastrand::Rng::with_seed(1);
        let answers = (0..images).map(|_| {
            let logit = random.f32() * 8.0 - 4.0;
            let probability = 1.0 / (1.0 + (-logit / temperature).exp());
            let class = usize::from(random.f32() < probability);
            (vec![1.0, 1.0 + logit], class)
        });
        answers.unzip()
    }

    #[test]
    fn the_temperature_that_made_the_answers_is_found() {
        for temperature in [0.5, 1.0, 2.5] {
            let (logits, classes) = answers(temperature, 20_000);
            let found = fit(&logits, &classes);
            assert!(
                (found / temperature - 1.0).abs() < 0.05,
                "{found} {temperature}"
            );
        }
    }

    #[test]
    fn few_images_that_are_all_right_do_not_make_the_network_sure_of_everything() {
        let found = fit(&[vec![0.0, 2.0], vec![3.0, 0.0]], &[1, 0]);
        assert!((0.3..1.0).contains(&found), "{found}");
    }

    #[test]
    fn no_images_leave_the_logits_as_they_are() {
        assert!((fit(&[], &[]) - 1.0).abs() < 1e-5);
    }

    #[test]
    fn images_that_are_all_wrong_make_the_network_unsure() {
        assert!(fit(&vec![vec![0.0, 9.0]; 50], &[0; 50]) > 50.0);
    }
}
