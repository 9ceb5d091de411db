//! `model.onnx`: the network for serving, in ONNX's protocol buffers.
//!
//! The graph takes normalised images `[N, 3, height, width]` and gives probabilities `[N, classes]`. Batch norm is
//! folded into the convolutions, the temperature into the last layer. Each image goes through together with its mirror
//! image, and the mean of the two rows of logits goes into the softmax. Opset 13, which every runtime of the last years
//! reads.

use super::config::Config;
use crate::network::{Conv, Layer, Linear, Network, Norm, SIDE};
use crate::proto::{
    AttributeProto, AttributeType, DataType, Dimension, DimensionValue, GraphProto, ModelProto,
    NodeProto, OperatorSetIdProto, TensorProto, TensorShapeProto, TensorTypeProto, TypeProto,
    TypeValue, ValueInfoProto,
};
use prost::Message;

const OPSET: i64 = 13;
const IR_VERSION: i64 = 8;

/// Name of the graph's input.
pub(crate) const INPUT: &str = "image";
/// Name of the graph's output.
pub(crate) const OUTPUT: &str = "probabilities";

/// The network as the bytes of an ONNX file.
pub(super) fn encode(network: &Network, config: &Config) -> Vec<u8> {
    let [channels, height, width] = config.input.shape.map(|size| size as i64);
    let classes = config.labels.len() as i64;
    let mut graph = Graph::default();
    let pair = graph.with_mirror_image(INPUT, width);
    let logits = graph.layers(&network.layers, pair, config.temperature);
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

    fn layers(&mut self, layers: &[Layer], input: String, temperature: f32) -> String {
        let mut value = input;
        let mut layers = layers.iter().peekable();
        while let Some(layer) = layers.next() {
            value = match layer {
                Layer::Conv(conv) => {
                    let norm = layers.next_if(|next| matches!(next, Layer::Norm(_)));
                    self.conv(&value, conv, norm.and_then(as_norm))
                }
                Layer::Norm(norm) => self.norm(&value, norm),
                Layer::MaxPool(_) => self.node("MaxPool", &[&value], square()),
                Layer::Relu(_) => self.node("Relu", &[&value], vec![]),
                Layer::GlobalAverage(_) => {
                    let average = self.node("GlobalAveragePool", &[&value], vec![]);
                    self.node("Flatten", &[&average], vec![integer("axis", 1)])
                }
                Layer::Linear(linear) => self.linear(&value, linear, temperature),
            };
        }
        value
    }

    /// A convolution with the batch norm that follows it folded into its filters and bias.
    fn conv(&mut self, input: &str, conv: &Conv, norm: Option<&Norm>) -> String {
        let (factor, offset) = match norm {
            Some(norm) => norm.as_affine(),
            None => (vec![1.0; conv.outputs], vec![0.0; conv.outputs]),
        };
        let index = self.nodes.len();
        let shape = [conv.outputs, conv.inputs, SIDE, SIDE];
        let weight = self.floats(
            &format!("conv{index}_weight"),
            &shape,
            &filters(conv, &factor),
        );
        let bias = self.floats(&format!("conv{index}_bias"), &[conv.outputs], &offset);
        self.node("Conv", &[input, &weight, &bias], padded())
    }

    /// A batch norm that no convolution takes in.
    fn norm(&mut self, input: &str, norm: &Norm) -> String {
        let (factor, offset) = norm.as_affine();
        let index = self.nodes.len();
        let shape = [factor.len(), 1, 1];
        let factor = self.floats(&format!("norm{index}_factor"), &shape, &factor);
        let offset = self.floats(&format!("norm{index}_offset"), &shape, &offset);
        let scaled = self.node("Mul", &[input, &factor], vec![]);
        self.node("Add", &[&scaled, &offset], vec![])
    }

    /// The layer that gives the logits, divided by the temperature.
    fn linear(&mut self, input: &str, linear: &Linear, temperature: f32) -> String {
        let outputs = linear.bias.value.len();
        let divided = |values: &[f32]| -> Vec<f32> {
            values.iter().map(|value| value / temperature).collect()
        };
        let shape = [linear.weight.value.len() / outputs, outputs];
        let index = self.nodes.len();
        let weight = self.floats(
            &format!("linear{index}_weight"),
            &shape,
            &divided(&linear.weight.value),
        );
        let bias = self.floats(
            &format!("linear{index}_bias"),
            &[outputs],
            &divided(&linear.bias.value),
        );
        self.node("Gemm", &[input, &weight, &bias], vec![])
    }
}

/// The attributes of a convolution.
pub(super) fn padded() -> Vec<AttributeProto> {
    let side = SIDE as i64;
    vec![
        integers("kernel_shape", &[side, side]),
        integers("pads", &[1, 1, 1, 1]),
    ]
}

/// The attributes of a pool.
pub(super) fn square() -> Vec<AttributeProto> {
    vec![
        integers("kernel_shape", &[2, 2]),
        integers("strides", &[2, 2]),
    ]
}

fn as_norm(layer: &Layer) -> Option<&Norm> {
    match layer {
        Layer::Norm(norm) => Some(norm),
        _ => None,
    }
}

/// Filters times the factor of their output channel, in ONNX's order: output, input, row, column.
fn filters(conv: &Conv, factor: &[f32]) -> Vec<f32> {
    let mut filters = Vec::with_capacity(conv.weight.value.len());
    for (output, factor) in factor.iter().enumerate() {
        for input in 0..conv.inputs {
            let pixels = 0..SIDE * SIDE;
            let at =
                |pixel| conv.weight.value[(pixel * conv.inputs + input) * conv.outputs + output];
            filters.extend(pixels.map(|pixel| at(pixel) * factor));
        }
    }
    filters
}

pub(super) fn integer(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        r#type: AttributeType::Int as i32,
        i: Some(value),
        ..Default::default()
    }
}

pub(super) fn integers(name: &str, values: &[i64]) -> AttributeProto {
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
