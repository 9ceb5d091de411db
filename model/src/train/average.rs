//! The moving average of a network's weights and statistics: steadier than the last step, and what
//! is served.

use crate::network::Network;

/// Weight of the past in every step, once there is enough of it.
const DECAY: f32 = 0.995;

/// A network whose values follow another's.
pub(super) struct Average {
    pub(super) network: Network,
    pub(super) steps: usize,
}

impl Average {
    pub(super) fn new(network: Network) -> Self {
        Self { network, steps: 0 }
    }

    /// Takes in the values of `network`. The first steps weigh more: the average must forget the
    /// random start.
    pub(super) fn update(&mut self, network: &Network) {
        self.steps += 1;
        let steps = self.steps as f32;
        let new = 1.0 - DECAY.min(steps / (steps + 9.0));
        for (average, (_, _, values)) in
            self.network.values_mut().into_iter().zip(network.tensors())
        {
            average
                .iter_mut()
                .zip(values)
                .for_each(|(average, value)| *average += new * (value - *average));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_average_arrives_at_a_network_that_stands_still() {
        let mut average = Average::new(Network::new(&[2], 2, 1));
        let still = Network::new(&[2], 2, 2);
        let distance = |average: &Average| -> f32 {
            let pairs = average.network.tensors().into_iter().zip(still.tensors());
            pairs
                .flat_map(|((_, _, a), (_, _, b))| a.iter().zip(b).map(|(a, b)| (a - b).abs()))
                .sum()
        };
        let before = distance(&average);
        average.update(&still);
        assert!(
            distance(&average) < 0.2 * before,
            "the first step weighs most"
        );
        (0..300).for_each(|_| average.update(&still));
        assert!(distance(&average) < 1e-3 * before);
    }
}
