//! `model.onnx`: the network for serving, in ONNX's protocol buffers.
//!
//! The graph takes normalized images `[N, 3, height, width]` and gives probabilities `[N,
//! classes]`. Batch norm is folded into the convolutions, the temperature into the last layer. Each
//! image goes through together with its mirror image, and the mean of the two rows of logits goes
//! into the softmax. Opset 13, which every runtime of the last years reads.

use super::config::Config;
use crate::network::{Folded, Network, SIDE};
use crate::proto::{
    AttributeProto, AttributeType, DataType, Dimension, DimensionValue, GraphProto, ModelProto,
    NodeProto, OperatorSetIdProto, TensorProto, TensorShapeProto, TensorTypeProto, TypeProto,
    TypeValue, ValueInfoProto,
};
use prost::Message;

const OPSET: i64 = 13;
const IR_VERSION: i64 = 8;

/// Name of the graph's input.
const INPUT: &str = "image";
/// Name of the graph's output.
const OUTPUT: &str = "probabilities";

/// The network as the bytes of an ONNX file.
pub(super) fn encode(network: &Network, config: &Config) -> Vec<u8> {
    let [channels, height, width] = <[usize; 3]>::from(config.input.shape).map(|size| size as i64);
    let classes = config.labels.len() as i64;
    let mut graph = Graph::default();
    let pair = graph.with_mirror_image(INPUT, width);
    let logits = graph.layers(&network.folded(config.temperature), pair);
    graph.mean_of_pair(&logits, classes);
    let model = ModelProto {
        ir_version: IR_VERSION,
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: OPSET,
        }],
        producer_name: "scones-model".into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        graph: Some(GraphProto {
            name: "classifier".into(),
            node: graph.nodes,
            initializer: graph.constants,
            input: vec![described(INPUT, &[channels, height, width])],
            output: vec![described(OUTPUT, &[classes])],
        }),
    };
    model.encode_to_vec()
}

/// Nodes and constants, as far as they are written.
#[derive(Default)]
struct Graph {
    nodes: Vec<NodeProto>,
    constants: Vec<TensorProto>,
}

impl Graph {
    /// Adds a node; returns the name of its output.
    fn node(&mut self, kind: &str, inputs: &[&str], attribute: Vec<AttributeProto>) -> String {
        let name = format!("{}{}", kind.to_lowercase(), self.nodes.len());
        self.named_node(kind, inputs, attribute, &name);
        name
    }

    fn named_node(
        &mut self,
        kind: &str,
        inputs: &[&str],
        attribute: Vec<AttributeProto>,
        output: &str,
    ) {
        self.nodes.push(NodeProto {
            op_type: kind.into(),
            name: output.into(),
            input: inputs.iter().map(|input| (*input).into()).collect(),
            output: vec![output.into()],
            attribute,
        });
    }

    fn floats(&mut self, name: &str, dims: &[usize], values: &[f32]) -> String {
        self.constants.push(TensorProto {
            name: name.into(),
            dims: dims.iter().map(|size| *size as i64).collect(),
            data_type: DataType::Float as i32,
            raw_data: values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
            ..Default::default()
        });
        name.into()
    }

    fn integers(&mut self, name: &str, values: &[i64]) -> String {
        self.constants.push(TensorProto {
            name: name.into(),
            dims: vec![values.len() as i64],
            data_type: DataType::Int64 as i32,
            raw_data: values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
            ..Default::default()
        });
        name.into()
    }

    /// `[N, ...]` to `[2 N, ...]`: the images, then their mirror images.
    fn with_mirror_image(&mut self, images: &str, width: i64) -> String {
        let columns = self.integers("columns_reversed", &(0..width).rev().collect::<Vec<_>>());
        let mirrored = self.node("Gather", &[images, &columns], vec![integer("axis", 3)]);
        self.node("Concat", &[images, &mirrored], vec![integer("axis", 0)])
    }

    /// `[2 N, classes]` to probabilities `[N, classes]`.
    fn mean_of_pair(&mut self, logits: &str, classes: i64) {
        let shape = self.integers("pairs", &[2, -1, classes]);
        let pairs = self.node("Reshape", &[logits, &shape], vec![]);
        let mean = self.node(
            "ReduceMean",
            &[&pairs],
            vec![integers("axes", &[0]), integer("keepdims", 0)],
        );
        self.named_node("Softmax", &[&mean], vec![integer("axis", 1)], OUTPUT);
    }

    fn layers(&mut self, layers: &[Folded], input: String) -> String {
        layers.iter().fold(input, |value, layer| match layer {
            Folded::Conv {
                inputs,
                weight,
                bias,
            } => self.conv(&value, *inputs, weight, bias),
            Folded::MaxPool => self.node("MaxPool", &[&value], square()),
            Folded::Relu => self.node("Relu", &[&value], vec![]),
            Folded::GlobalAverage => {
                let average = self.node("GlobalAveragePool", &[&value], vec![]);
                self.node("Flatten", &[&average], vec![integer("axis", 1)])
            }
            Folded::Linear { weight, bias } => self.linear(&value, weight, bias),
        })
    }

    fn conv(&mut self, value: &str, inputs: usize, weight: &[f32], bias: &[f32]) -> String {
        let index = self.nodes.len();
        let outputs = bias.len();
        let weight = self.floats(
            &format!("conv{index}_weight"),
            &[outputs, inputs, SIDE, SIDE],
            &to_onnx(weight, inputs, outputs),
        );
        let bias = self.floats(&format!("conv{index}_bias"), &[outputs], bias);
        self.node("Conv", &[value, &weight, &bias], padded())
    }

    fn linear(&mut self, value: &str, weight: &[f32], bias: &[f32]) -> String {
        let index = self.nodes.len();
        let shape = [weight.len() / bias.len(), bias.len()];
        let weight = self.floats(&format!("linear{index}_weight"), &shape, weight);
        let bias = self.floats(&format!("linear{index}_bias"), &[bias.len()], bias);
        self.node("Gemm", &[value, &weight, &bias], vec![])
    }
}

/// The attributes of a convolution.
fn padded() -> Vec<AttributeProto> {
    let side = SIDE as i64;
    vec![
        integers("kernel_shape", &[side, side]),
        integers("pads", &[1, 1, 1, 1]),
    ]
}

/// The attributes of a pool.
fn square() -> Vec<AttributeProto> {
    vec![
        integers("kernel_shape", &[2, 2]),
        integers("strides", &[2, 2]),
    ]
}

/// Filters in ONNX's order (output, input, row, column) from the kernels' (row, column, input,
/// output).
fn to_onnx(weight: &[f32], inputs: usize, outputs: usize) -> Vec<f32> {
    let mut filters = Vec::with_capacity(weight.len());
    for output in 0..outputs {
        for input in 0..inputs {
            let pixels = 0..SIDE * SIDE;
            filters.extend(pixels.map(|pixel| weight[(pixel * inputs + input) * outputs + output]));
        }
    }
    filters
}

fn integer(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        r#type: AttributeType::Int as i32,
        i: Some(value),
        ..Default::default()
    }
}

fn integers(name: &str, values: &[i64]) -> AttributeProto {
    let ints = values.to_vec();
    AttributeProto {
        name: name.into(),
        r#type: AttributeType::Ints as i32,
        ints,
        ..Default::default()
    }
}

/// A float tensor whose first dimension is the number of images.
fn described(name: &str, dims: &[i64]) -> ValueInfoProto {
    let images = DimensionValue::Param("N".into());
    let sizes = dims.iter().map(|size| DimensionValue::Size(*size));
    let dims = std::iter::once(images).chain(sizes);
    let dim = dims.map(|value| Dimension { value: Some(value) }).collect();
    let tensor = TensorTypeProto {
        elem_type: DataType::Float as i32,
        shape: Some(TensorShapeProto { dim }),
    };
    let value = Some(TypeValue::Tensor(tensor));
    ValueInfoProto {
        name: name.into(),
        r#type: Some(TypeProto { value }),
    }
}
