//! Stochastic gradient descent with Nesterov momentum, as PyTorch computes it.

use crate::network::{Network, Parameter};

/// The optimizer: one velocity for each parameter.
pub(super) struct Sgd {
    momentum: f32,
    weight_decay: f32,
    pub(super) velocities: Vec<Vec<f32>>,
}

impl Sgd {
    pub(super) fn new(network: &mut Network, momentum: f32, weight_decay: f32) -> Self {
        let velocities = network
            .parameters()
            .iter()
            .map(|parameter| vec![0.0; parameter.value.len()])
            .collect();
        Self {
            momentum,
            weight_decay,
            velocities,
        }
    }

    /// Moves every parameter of `network` by its gradient.
    pub(super) fn step(&mut self, network: &mut Network, rate: f32) {
        for (parameter, velocity) in network.parameters().into_iter().zip(&mut self.velocities) {
            let decay = if parameter.decays {
                self.weight_decay
            } else {
                0.0
            };
            update(parameter, velocity, self.momentum, decay, rate);
        }
    }
}

fn update(parameter: &mut Parameter, velocity: &mut [f32], momentum: f32, decay: f32, rate: f32) {
    let values = parameter.value.iter_mut().zip(&parameter.gradient);
    for ((value, gradient), velocity) in values.zip(velocity) {
        let gradient = gradient + decay * *value;
        *velocity = momentum * *velocity + gradient;
        *value -= rate * (gradient + momentum * *velocity);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_steps_are_those_of_pytorch() {
        // torch.optim.SGD(lr=0.1, momentum=0.9, weight_decay=0.01, nesterov=True), value 1,
        // gradient 0.5 twice.
        let mut parameter = Parameter {
            value: vec![1.0],
            gradient: vec![0.5],
            decays: true,
        };
        let mut velocity = [0.0];
        update(&mut parameter, &mut velocity, 0.9, 0.01, 0.1);
        assert!((parameter.value[0] - 0.903_1).abs() < 1e-6);
        update(&mut parameter, &mut velocity, 0.9, 0.01, 0.1);
        assert!(
            (parameter.value[0] - 0.765_074_1).abs() < 1e-6,
            "{}",
            parameter.value[0]
        );
    }
}
