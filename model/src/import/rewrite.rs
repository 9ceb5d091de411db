//! Changes at the ends of a graph, so that every artifact takes `[N, 3, height, width]` and gives
//! rows of probabilities.

use super::ImportError;
use super::graph::Graph;
use super::trial::Scores;
use super::weights::taken_in;
use super::wire::{Field, fields};
use crate::proto::{
    AttributeProto, AttributeType, DataType, Dimension, DimensionValue, GraphProto, NodeProto,
    TensorProto, TensorShapeProto, TensorTypeProto, TypeProto, TypeValue, ValueInfoProto,
};
use prost::Message;
use std::borrow::Cow;
use std::path::Path;

/// Names that are added to a graph begin with this, so that they meet no other.
const OWN: &str = "scones:";

/// Numbers of fields: the graph of a model, and what a graph has.
const GRAPH: u32 = 7;
const INITIALIZER: u32 = 5;
const INPUT: u32 = 11;
const OUTPUT: u32 = 12;
const VALUE_INFO: u32 = 13;

/// A model of which the graph is not looked into.
#[derive(Clone, PartialEq, Message)]
struct OpaqueModel {
    #[prost(bytes = "vec", tag = "7")]
    graph: Vec<u8>,
}

/// The model with an input `[N, 3, height, width]`, and with weights that lay in files beside it,
/// at `path`.
///
/// What the file says of shapes between input and output goes: it may be for another number of
/// pictures.
pub(super) fn with_input(model: &[u8], graph: &Graph, path: &Path) -> Result<Vec<u8>, ImportError> {
    let own = format!("{OWN}image");
    let name = if graph.colors_last {
        &own
    } else {
        &graph.input
    };
    let [height, width] = [graph.shape.height(), graph.shape.width()].map(fixed);
    let image = GraphProto {
        input: vec![floats(name, vec![any("N"), fixed(3), height, width])],
        node: match graph.colors_last {
            true => vec![transpose(&own, &graph.input)],
            false => Vec::new(),
        },
        ..Default::default()
    };
    // Nodes stand before those that take what they give: the transpose comes first.
    change_graph(model, &image, &GraphProto::default(), |field| {
        match field.tag {
            INPUT if is_named(field, &graph.input) => Ok(None),
            VALUE_INFO => Ok(None),
            INITIALIZER => {
                let initializer: Vec<_> = taken_in(field.content, path)?.into_iter().collect();
                Ok(Some(match initializer.is_empty() {
                    true => Cow::Borrowed(field.raw),
                    false => Cow::Owned(
                        GraphProto {
                            initializer,
                            ..Default::default()
                        }
                        .encode_to_vec(),
                    ),
                }))
            }
            _ => Ok(Some(Cow::Borrowed(field.raw))),
        }
    })
}

/// The model with one row of probabilities for each picture as its output.
pub(super) fn with_output(
    model: &[u8],
    graph: &Graph,
    kind: Scores,
    classes: usize,
) -> Result<Vec<u8>, ImportError> {
    let end = end(&graph.output, kind, classes);
    change_graph(model, &GraphProto::default(), &end, |field| {
        Ok((field.tag != OUTPUT).then_some(Cow::Borrowed(field.raw)))
    })
}

/// The nodes after the scores, and the output.
fn end(scores: &str, kind: Scores, classes: usize) -> GraphProto {
    let mut graph = GraphProto::default();
    let mut value = scores.to_owned();
    let is_row = match kind {
        Scores::Probabilities { is_row } | Scores::Logits { is_row } => is_row,
    };
    if !is_row {
        let shape = format!("{OWN}row");
        graph
            .initializer
            .push(integers(&shape, &[-1, classes as i64]));
        let row = format!("{OWN}scores");
        graph
            .node
            .push(node("Reshape", &[&value, &shape], &row, None));
        value = row;
    }
    if matches!(kind, Scores::Logits { .. }) {
        let probabilities = format!("{OWN}probabilities");
        let axis = AttributeProto {
            name: "axis".into(),
            r#type: AttributeType::Int as i32,
            i: Some(1),
            ..Default::default()
        };
        graph
            .node
            .push(node("Softmax", &[&value], &probabilities, Some(axis)));
        value = probabilities;
    }
    graph.output = vec![floats(&value, vec![any("N"), fixed(classes)])];
    graph
}

/// The model with `before` and `after` around its graph, and between them what `change` leaves of
/// each field.
///
/// Encoded messages after each other are one message, in which repeated fields add up.
fn change_graph<'a>(
    model: &'a [u8],
    before: &GraphProto,
    after: &GraphProto,
    change: impl Fn(&Field<'a>) -> Result<Option<Cow<'a, [u8]>>, ImportError>,
) -> Result<Vec<u8>, ImportError> {
    let mut changed = Vec::with_capacity(model.len());
    for field in fields(model).map_err(not_onnx)? {
        if field.tag != GRAPH {
            changed.extend(field.raw);
            continue;
        }
        let mut graph = before.encode_to_vec();
        for field in fields(field.content).map_err(not_onnx)? {
            graph.extend(change(&field)?.unwrap_or_default().iter());
        }
        graph.extend(after.encode_to_vec());
        changed.extend(OpaqueModel { graph }.encode_to_vec());
    }
    Ok(changed)
}

#[expect(clippy::needless_pass_by_value, reason = "as map_err gives it")]
fn not_onnx(error: prost::DecodeError) -> ImportError {
    ImportError::NotOnnx(error.to_string())
}

fn is_named(field: &Field<'_>, name: &str) -> bool {
    ValueInfoProto::decode(field.content).is_ok_and(|value| value.name == name)
}

fn transpose(input: &str, output: &str) -> NodeProto {
    let order = AttributeProto {
        name: "perm".into(),
        r#type: AttributeType::Ints as i32,
        ints: vec![0, 2, 3, 1],
        ..Default::default()
    };
    node("Transpose", &[input], output, Some(order))
}

fn node(kind: &str, inputs: &[&str], output: &str, attribute: Option<AttributeProto>) -> NodeProto {
    NodeProto {
        op_type: kind.into(),
        name: format!("{OWN}{kind}"),
        input: inputs.iter().map(|input| (*input).into()).collect(),
        output: vec![output.into()],
        attribute: attribute.into_iter().collect(),
    }
}

fn integers(name: &str, values: &[i64]) -> TensorProto {
    TensorProto {
        name: name.into(),
        dims: vec![values.len() as i64],
        data_type: DataType::Int64 as i32,
        raw_data: values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect(),
        ..Default::default()
    }
}

fn floats(name: &str, dim: Vec<Dimension>) -> ValueInfoProto {
    let tensor = TensorTypeProto {
        elem_type: DataType::Float as i32,
        shape: Some(TensorShapeProto { dim }),
    };
    ValueInfoProto {
        name: name.into(),
        r#type: Some(TypeProto {
            value: Some(TypeValue::Tensor(tensor)),
        }),
    }
}

fn fixed(size: usize) -> Dimension {
    let value = Some(DimensionValue::Size(size as i64));
    Dimension { value }
}

fn any(name: &str) -> Dimension {
    let value = Some(DimensionValue::Param(name.into()));
    Dimension { value }
}
