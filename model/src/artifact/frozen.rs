//! The network in a graph of the form that [`onnx`] writes, for the kernels it was trained with: they score an image
//! in less time than a general runtime does.

use super::onnx::{self, integer, integers};
use crate::network::{Frozen, SIDE};
use crate::proto::{AttributeProto, DataType, GraphProto, ModelProto, NodeProto, TensorProto};
use prost::Message;

/// The layers between the pair of an image with its mirror image and the mean of their logits, if that is what the ONNX file
/// holds, to the last attribute.
pub(crate) fn frozen(file: &[u8]) -> Option<Frozen> {
    let graph = ModelProto::decode(file).ok()?.graph?;
    let [gather, concat, layers @ .., reshape, mean, softmax] = &graph.node[..] else {
        return None;
    };
    let mut reader = Reader {
        graph: &graph,
        value: onnx::INPUT,
        frozen: Frozen::default(),
    };
    reader.pair(gather, concat)?;
    for node in layers {
        reader.layer(node)?;
    }
    reader.mean_of_pair(reshape, mean, softmax)?;
    Some(reader.frozen)
}

/// How far a graph has been read.
struct Reader<'a> {
    graph: &'a GraphProto,
    /// Name of the value that the next node takes.
    value: &'a str,
    frozen: Frozen,
}

impl<'a> Reader<'a> {
    fn pair(&mut self, gather: &NodeProto, concat: &'a NodeProto) -> Option<()> {
        let mirrored = is(gather, "Gather", &[integer("axis", 3)])?;
        let [images, columns] = &gather.input[..] else {
            return None;
        };
        let columns = self.integers(columns)?;
        let reversed = (0..columns.len() as i64).rev();
        let is_mirror = images == self.value && reversed.eq(columns);
        self.value = is(concat, "Concat", &[integer("axis", 0)])?;
        let is_pair = concat.input == [images.as_str(), mirrored];
        (is_mirror && is_pair).then_some(())
    }

    fn layer(&mut self, node: &'a NodeProto) -> Option<()> {
        let (from, constants) = node.input.split_first()?;
        if from != self.value {
            return None;
        }
        match (node.op_type.as_str(), constants) {
            ("Conv", [weight, bias]) => {
                is(node, "Conv", &onnx::padded())?;
                let (weight, bias) = (self.floats(weight)?, self.floats(bias)?);
                self.frozen.conv(&from_onnx(&weight, bias.len())?, bias);
            }
            ("MaxPool", []) => {
                is(node, "MaxPool", &onnx::square())?;
                self.frozen.max_pool();
            }
            ("Relu", []) => {
                is(node, "Relu", &[])?;
                self.frozen.relu();
            }
            ("GlobalAveragePool", []) => {
                is(node, "GlobalAveragePool", &[])?;
                self.frozen.global_average();
            }
            // The mean over the image is flat as it is.
            ("Flatten", []) => is(node, "Flatten", &[integer("axis", 1)]).map(drop)?,
            ("Gemm", [weight, bias]) => {
                is(node, "Gemm", &[])?;
                let (weight, bias) = (self.floats(weight)?, self.floats(bias)?);
                self.frozen.linear(weight, bias);
            }
            _ => return None,
        }
        self.value = node.output.first()?;
        Some(())
    }

    fn mean_of_pair(
        &self,
        reshape: &NodeProto,
        mean: &NodeProto,
        softmax: &NodeProto,
    ) -> Option<()> {
        let pairs = is(reshape, "Reshape", &[])?;
        let [logits, shape] = &reshape.input[..] else {
            return None;
        };
        let is_pairs = logits == self.value && self.integers(shape)?.starts_with(&[2, -1]);
        let average = is(
            mean,
            "ReduceMean",
            &[integers("axes", &[0]), integer("keepdims", 0)],
        )?;
        let scores = is(softmax, "Softmax", &[integer("axis", 1)])?;
        let is_row = mean.input == [pairs] && softmax.input == [average] && scores == onnx::OUTPUT;
        (is_pairs && is_row).then_some(())
    }

    fn constant(&self, name: &str, kind: DataType) -> Option<&TensorProto> {
        let mut constants = self.graph.initializer.iter();
        constants.find(|tensor| tensor.name == name && tensor.data_type == kind as i32)
    }

    fn floats(&self, name: &str) -> Option<Vec<f32>> {
        let bytes = &self.constant(name, DataType::Float)?.raw_data;
        let values = bytes.as_chunks().0.iter();
        Some(values.map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }

    fn integers(&self, name: &str) -> Option<Vec<i64>> {
        let bytes = &self.constant(name, DataType::Int64)?.raw_data;
        let values = bytes.as_chunks().0.iter();
        Some(values.map(|bytes| i64::from_le_bytes(*bytes)).collect())
    }
}

/// The name of a node's output, if the node is of this kind, with these attributes and no others.
fn is<'a>(node: &'a NodeProto, kind: &str, attributes: &[AttributeProto]) -> Option<&'a str> {
    let is_it = node.op_type == kind && node.attribute == attributes;
    is_it.then(|| node.output.first().map(String::as_str))?
}

/// Filters in the kernels' order (row, column, input, output) from ONNX's (output, input, row, column).
fn from_onnx(weight: &[f32], outputs: usize) -> Option<Vec<f32>> {
    let pixels = SIDE * SIDE;
    let inputs = weight.len() / (pixels * outputs.max(1));
    if inputs == 0 || weight.len() != inputs * outputs * pixels {
        return None;
    }
    let places = (0..weight.len()).map(|place| {
        let (output, input) = (place % outputs, place / outputs % inputs);
        (output * inputs + input) * pixels + place / (outputs * inputs)
    });
    Some(places.map(|place| weight[place]).collect())
}
