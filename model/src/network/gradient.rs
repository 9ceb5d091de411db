//! For tests: compares a layer's backward pass with finite differences of its forward pass.

use super::Operation;
use super::tensor::Tensor;

/// Images, height, width, channels.
pub(super) type Shape = (usize, usize, usize, usize);

/// Distinct values between -1 and 1, at least 0.01 from each other and from 0: a small step then
/// never crosses the kink of a ReLU or changes the winner of a max-pool.
pub(super) fn random_tensor(
    (images, height, width, channels): Shape,
    random: &mut fastrand::Rng,
) -> Tensor {
    let mut tensor = Tensor::zeros(images, height, width, channels);
    let count = tensor.data.len() as f32;
    for (index, value) in tensor.data.iter_mut().enumerate() {
        *value = (index as f32 + 0.5) / count * 2.0 - 1.0;
    }
    random.shuffle(&mut tensor.data);
    tensor
}

/// Checks the gradients for the input and for every parameter of `layer` on a random batch.
///
/// The loss is a random weighted sum of the outputs, so that its gradient for them is those
/// weights.
pub(super) fn check(mut layer: impl Operation + Clone, shape: Shape) {
    let mut random = fastrand::Rng::with_seed(7);
    let x = random_tensor(shape, &mut random);
    let y = layer.forward(x.clone());
    let weights = random_tensor((y.images, y.height, y.width, y.channels), &mut random);
    let dx = layer.backward(weights.clone());

    let loss = |layer: &mut dyn Operation, x: &Tensor| -> f64 {
        let y = layer.forward(x.clone());
        y.data
            .iter()
            .zip(&weights.data)
            .map(|(y, weight)| f64::from(*y) * f64::from(*weight))
            .sum()
    };
    for index in 0..x.data.len() {
        let numeric = slope(|delta| {
            let mut moved = x.clone();
            moved.data[index] += delta;
            loss(&mut layer.clone(), &moved)
        });
        assert_close(numeric, dx.data[index], &format!("input {index}"));
    }
    let gradients: Vec<Vec<f32>> = layer
        .parameters()
        .iter()
        .map(|p| p.gradient.clone())
        .collect();
    for (parameter, gradient) in gradients.iter().enumerate() {
        for (index, analytic) in gradient.iter().enumerate() {
            let numeric = slope(|delta| {
                let mut moved = layer.clone();
                moved.parameters()[parameter].value[index] += delta;
                loss(&mut moved, &x)
            });
            assert_close(
                numeric,
                *analytic,
                &format!("parameter {parameter} at {index}"),
            );
        }
    }
}

fn slope(f: impl Fn(f32) -> f64) -> f64 {
    const STEP: f32 = 2e-3;
    (f(STEP) - f(-STEP)) / (2.0 * f64::from(STEP))
}

fn assert_close(numeric: f64, analytic: f32, what: &str) {
    let analytic = f64::from(analytic);
    let tolerance = 5e-3 * (1.0 + numeric.abs().max(analytic.abs()));
    assert!(
        (numeric - analytic).abs() < tolerance,
        "{what}: backward says {analytic}, differences say {numeric}"
    );
}
