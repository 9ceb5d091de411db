//! The network: 3x3 convolutions with batch norm, pooled down, averaged over the image, and a
//! linear layer.
//!
//! Forward and backward passes are written by hand, a file a layer, each held to finite differences
//! by its test. Work is shared out over the thread pool in fixed blocks whose partial sums are
//! added in order, so a result is the same for any number of threads.

mod average;
mod conv;
mod frozen;
mod gemm;
#[cfg(test)]
mod gradient;
mod im2col;
mod linear;
mod linear_map;
mod loss;
mod norm;
mod pool;
mod relu;
mod tensor;
mod vectorized;
mod winograd;

pub use average::GlobalAverage;
pub use conv::{Conv, SIDE};
pub(crate) use frozen::Folded;
pub use frozen::Frozen;
pub use linear::Linear;
pub use loss::{cross_entropy, one_hot, softmax};
pub use norm::Norm;
pub use pool::MaxPool;
pub use relu::Relu;
pub use tensor::{Parameter, Tensor};

/// A tensor's name within its layer, its shape and its values.
pub type Named<'a> = (&'static str, Vec<usize>, &'a [f32]);

/// A tensor's name within its layer and its values, to change them.
pub type NamedMut<'a> = (&'static str, &'a mut Vec<f32>);

/// The operations of a layer.
pub trait Operation {
    /// The forward pass outside training.
    fn infer(&self, x: Tensor) -> Tensor;

    /// The forward pass in training; keeps what [`backward`](Self::backward) will need.
    fn forward(&mut self, x: Tensor) -> Tensor;

    /// From the gradient for the last output to that for the last input; leaves gradients in the
    /// parameters.
    fn backward(&mut self, dy: Tensor) -> Tensor;

    /// Returns the parameters, which an optimizer changes.
    fn parameters(&mut self) -> Vec<&mut Parameter> {
        Vec::new()
    }

    /// Everything that must be saved: parameters and running statistics.
    fn tensors(&self) -> Vec<Named<'_>> {
        Vec::new()
    }

    /// [`tensors`](Self::tensors), in the same order, to change them.
    fn tensors_mut(&mut self) -> Vec<NamedMut<'_>> {
        Vec::new()
    }
}

/// One layer of a network.
#[derive(Clone, Debug)]
pub enum Layer {
    /// 3x3 convolution.
    Conv(Conv),
    /// Batch normalization.
    Norm(Norm),
    /// 2x2 max pooling.
    MaxPool(MaxPool),
    /// Rectifier.
    Relu(Relu),
    /// Mean over the image.
    GlobalAverage(GlobalAverage),
    /// Fully connected layer.
    Linear(Linear),
}

impl Layer {
    /// Its name in the saved weights.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Conv(_) => "conv",
            Self::Norm(_) => "norm",
            Self::MaxPool(_) => "pool",
            Self::Relu(_) => "relu",
            Self::GlobalAverage(_) => "average",
            Self::Linear(_) => "linear",
        }
    }

    fn operation(&self) -> &dyn Operation {
        match self {
            Self::Conv(layer) => layer,
            Self::Norm(layer) => layer,
            Self::MaxPool(layer) => layer,
            Self::Relu(layer) => layer,
            Self::GlobalAverage(layer) => layer,
            Self::Linear(layer) => layer,
        }
    }

    fn operation_mut(&mut self) -> &mut dyn Operation {
        match self {
            Self::Conv(layer) => layer,
            Self::Norm(layer) => layer,
            Self::MaxPool(layer) => layer,
            Self::Relu(layer) => layer,
            Self::GlobalAverage(layer) => layer,
            Self::Linear(layer) => layer,
        }
    }
}

/// Layers, one after the other.
#[derive(Clone, Debug)]
pub struct Network {
    /// From the image to the logits.
    pub layers: Vec<Layer>,
}

impl Network {
    /// A classifier of RGB images with random weights: one convolution for each of `widths`, all
    /// but the last followed by a pool. Equal arguments give equal networks.
    ///
    /// The pool stands before the rectifier: the two commute, and the rectifier then has a quarter
    /// of the work.
    pub fn new(widths: &[usize], classes: usize, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut layers = Vec::new();
        let mut channels = 3;
        for (index, width) in widths.iter().enumerate() {
            layers.push(Layer::Conv(Conv::new(
                channels,
                *width,
                index == 0,
                &mut random,
            )));
            layers.push(Layer::Norm(Norm::new(*width)));
            if index + 1 < widths.len() {
                layers.push(Layer::MaxPool(MaxPool::default()));
            }
            layers.push(Layer::Relu(Relu::default()));
            channels = *width;
        }
        layers.push(Layer::GlobalAverage(GlobalAverage::default()));
        layers.push(Layer::Linear(Linear::new(channels, classes, &mut random)));
        Self { layers }
    }

    /// Logits outside training.
    pub fn infer(&self, x: Tensor) -> Tensor {
        self.layers
            .iter()
            .fold(x, |x, layer| layer.operation().infer(x))
    }

    /// Logits in training.
    pub fn forward(&mut self, x: Tensor) -> Tensor {
        self.layers
            .iter_mut()
            .fold(x, |x, layer| layer.operation_mut().forward(x))
    }

    /// Fills the gradients of all parameters from that of the logits.
    pub fn backward(&mut self, dy: Tensor) {
        self.layers
            .iter_mut()
            .rev()
            .fold(dy, |dy, layer| layer.operation_mut().backward(dy));
    }

    /// Returns the parameters, which an optimizer changes, in a fixed order.
    pub fn parameters(&mut self) -> Vec<&mut Parameter> {
        self.layers
            .iter_mut()
            .flat_map(|layer| layer.operation_mut().parameters())
            .collect()
    }

    /// Everything that is saved, named `LAYER.NAME`, where layers count by their kind:
    /// `conv0.weight`.
    pub fn tensors(&self) -> Vec<(String, Vec<usize>, &[f32])> {
        let mut tensors = Vec::new();
        for (index, layer) in self.layers.iter().enumerate() {
            let number = self.layers[..index]
                .iter()
                .filter(|before| before.name() == layer.name())
                .count();
            let named = layer.operation().tensors().into_iter();
            tensors.extend(named.map(|(name, shape, data)| {
                (format!("{}{number}.{name}", layer.name()), shape, data)
            }));
        }
        tensors
    }

    /// The values of [`tensors`](Self::tensors), in the same order.
    pub fn values_mut(&mut self) -> Vec<&mut Vec<f32>> {
        let tensors = self
            .layers
            .iter_mut()
            .flat_map(|layer| layer.operation_mut().tensors_mut());
        tensors.map(|(_, values)| values).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Trains a small network for a few steps with a given number of threads.
    fn trained(threads: usize) -> Vec<f32> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("a thread pool");
        pool.install(|| {
            let mut network = Network::new(&[4, 5], 3, 1);
            let mut random = fastrand::Rng::with_seed(2);
            let x = gradient::random_tensor((20, 8, 8, 3), &mut random);
            let classes: Vec<usize> = (0..20).map(|index| index % 3).collect();
            let targets = one_hot(&classes, 3);
            for _ in 0..3 {
                let logits = network.forward(x.clone());
                let (_, gradient) = cross_entropy(logits, &targets);
                network.backward(gradient);
                for parameter in network.parameters() {
                    let pairs = parameter.value.iter_mut().zip(&parameter.gradient);
                    pairs.for_each(|(value, gradient)| *value -= 0.1 * gradient);
                }
            }
            network
                .tensors()
                .into_iter()
                .flat_map(|(_, _, data)| data.to_vec())
                .collect()
        })
    }

    #[test]
    fn the_number_of_threads_does_not_change_a_bit() {
        assert_eq!(trained(1), trained(3));
    }

    #[test]
    fn the_gradient_of_the_whole_network_is_that_of_finite_differences() {
        let mut network = Network::new(&[3, 4], 2, 5);
        let x = gradient::random_tensor((6, 4, 4, 3), &mut fastrand::Rng::with_seed(6));
        let targets = one_hot(&[0, 1, 0, 1, 1, 0], 2);
        let (_, dy) = cross_entropy(network.forward(x.clone()), &targets);
        network.backward(dy);
        let filters = |network: &mut Network, at: usize, step: f32| {
            network.parameters()[0].value[at] += step;
            cross_entropy(network.forward(x.clone()), &targets).0
        };
        for at in [0, 17, 80] {
            let analytic = network.parameters()[0].gradient[at];
            let numeric = (filters(&mut network.clone(), at, 1e-3)
                - filters(&mut network.clone(), at, -1e-3))
                / 2e-3;
            assert!(
                (numeric - analytic).abs() < 2e-3,
                "{at}: {analytic} {numeric}"
            );
        }
    }

    #[test]
    fn tensors_have_names_and_the_shapes_of_their_values() {
        let mut network = Network::new(&[4, 5], 2, 1);
        let names: Vec<String> = network
            .tensors()
            .into_iter()
            .map(|(name, _, _)| name)
            .collect();
        assert_eq!(names[0], "conv0.weight");
        assert_eq!(names[5..7], ["conv1.weight", "norm1.weight"]);
        assert_eq!(names[10..], ["linear0.weight", "linear0.bias"]);
        assert!(
            network
                .tensors()
                .iter()
                .all(|(_, shape, data)| shape.iter().product::<usize>() == data.len())
        );
        assert_eq!(network.values_mut().len(), names.len());
    }
}
