//! The servers of one deployment, and how they share the traffic.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::capture::Capture;
use crate::pipeline::ContainerServer;

/// Servers of a deployment. Requests hold it, so servers and capture end after the last response.
#[derive(Debug)]
pub(super) struct Fleet {
    variants: Vec<Deployed>,
    shares: Mutex<Vec<Share>>,
    capture: Option<Capture>,
}

/// A variant's containers.
#[derive(Debug)]
pub(super) struct Deployed {
    pub(super) name: String,
    /// The entity tags of the model's data, one a container.
    pub(super) etags: Vec<String>,
    pub(super) containers: Vec<ContainerServer>,
    /// A request goes to the container that it names.
    pub(super) direct: bool,
}

/// A variant's share of the traffic.
#[derive(Clone, Copy, Debug)]
struct Share {
    weight: f64,
    /// Accumulated weight for the next choice.
    credit: f64,
}

impl Fleet {
    /// `variants` must not be empty, and each has its weight; the checks of a configuration see to
    /// that.
    pub(super) fn new(
        variants: Vec<Deployed>,
        weights: impl Iterator<Item = f64>,
        capture: Option<Capture>,
    ) -> Self {
        let share = |weight| Share {
            weight,
            credit: 0.0,
        };
        Self {
            variants,
            shares: Mutex::new(weights.map(share).collect()),
            capture,
        }
    }

    pub(super) fn etags(&self) -> impl Iterator<Item = &str> {
        let variants = self.variants.iter();
        variants.flat_map(|variant| variant.etags.iter().map(String::as_str))
    }

    pub(super) fn variants(&self) -> impl Iterator<Item = &Deployed> {
        self.variants.iter()
    }

    pub(super) fn capture(&self) -> Option<&Capture> {
        self.capture.as_ref()
    }

    /// Shares the traffic out anew, from now on.
    pub(super) fn set_weights(&self, weights: impl Iterator<Item = f64>) {
        for (share, weight) in self.shares().iter_mut().zip(weights) {
            share.weight = weight;
        }
    }

    /// The next variant by weight: smooth weighted round robin.
    pub(super) fn next(&self) -> &Deployed {
        &self.variants[next_index(&mut self.shares())]
    }

    fn shares(&self) -> MutexGuard<'_, Vec<Share>> {
        self.shares.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives each its weight, takes all from the one that has most, and returns that one.
fn next_index(shares: &mut [Share]) -> usize {
    let mut total = 0.0;
    for share in shares.iter_mut() {
        share.credit += share.weight;
        total += share.weight;
    }
    let by_credit = |&a: &usize, &b: &usize| {
        let order = shares[a].credit.total_cmp(&shares[b].credit);
        order.then(b.cmp(&a))
    };
    let most = (0..shares.len()).max_by(by_credit).unwrap_or_default();
    if let Some(share) = shares.get_mut(most) {
        share.credit -= total;
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_chosen_by_weight_and_evenly() {
        let check = |weights: &[f64], expected: &str| {
            let share = |&weight: &f64| Share {
                weight,
                credit: 0.0,
            };
            let mut shares: Vec<Share> = weights.iter().map(share).collect();
            let chosen = (0..expected.len()).map(|_| next_index(&mut shares));
            let chosen: String = chosen.map(|index| index.to_string()).collect();
            assert_eq!(chosen, expected);
        };
        check(&[1.0], "000");
        check(&[1.0, 1.0], "010101");
        check(&[3.0, 1.0], "00100010");
        check(&[0.0, 2.0], "1111");
        check(&[0.0, 0.0], "0000");
    }
}
