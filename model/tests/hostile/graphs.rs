//! Graphs that no exporter writes: each asks for too much, never ends, or contradicts itself.

use crate::proto::{
    AttributeProto, AttributeType, DataType, Dimension, DimensionValue, GraphProto, ModelProto,
    NodeProto, OperatorSetIdProto, TensorProto, TensorShapeProto, TensorTypeProto, TypeProto,
    TypeValue, ValueInfoProto,
};

const INPUT: &str = "image";
const OUTPUT: &str = "scores";

fn value(name: &str, kind: DataType, dims: &[i64]) -> ValueInfoProto {
    let dim = dims.iter().map(|size| Dimension {
        value: Some(DimensionValue::Size(*size)),
    });
    let tensor = TensorTypeProto {
        elem_type: kind as i32,
        shape: Some(TensorShapeProto { dim: dim.collect() }),
    };
    ValueInfoProto {
        name: name.into(),
        r#type: Some(TypeProto {
            value: Some(TypeValue::Tensor(tensor)),
        }),
    }
}

fn floats(name: &str, dims: &[i64], values: &[f32]) -> TensorProto {
    TensorProto {
        name: name.into(),
        dims: dims.to_vec(),
        data_type: DataType::Float as i32,
        raw_data: values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect(),
        ..Default::default()
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

/// A number that is no list of one.
fn integer(name: &str, value: i64) -> TensorProto {
    TensorProto {
        dims: Vec::new(),
        ..integers(name, &[value])
    }
}

fn boolean(name: &str, value: bool) -> TensorProto {
    TensorProto {
        name: name.into(),
        data_type: DataType::Bool as i32,
        raw_data: vec![u8::from(value)],
        ..Default::default()
    }
}

fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        r#type: AttributeType::Int as i32,
        i: Some(value),
        ..Default::default()
    }
}

fn ints(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        r#type: AttributeType::Ints as i32,
        ints: values.to_vec(),
        ..Default::default()
    }
}

fn body(name: &str, graph: GraphProto) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        r#type: 5,
        g: Some(Box::new(graph)),
        ..Default::default()
    }
}

fn node(kind: &str, inputs: &[&str], output: &str, attribute: Vec<AttributeProto>) -> NodeProto {
    NodeProto {
        op_type: kind.into(),
        name: format!("the {kind}"),
        input: inputs.iter().map(|input| (*input).into()).collect(),
        output: vec![output.into()],
        attribute,
    }
}

fn model(node: Vec<NodeProto>, initializer: Vec<TensorProto>) -> ModelProto {
    ModelProto {
        ir_version: 8,
        opset_import: vec![OperatorSetIdProto {
            version: 13,
            ..Default::default()
        }],
        graph: Some(GraphProto {
            name: "hostile".into(),
            node,
            initializer,
            input: vec![value(INPUT, DataType::Float, &[1, 3, 8, 8])],
            output: vec![value(OUTPUT, DataType::Float, &[1, 2])],
        }),
        ..Default::default()
    }
}

/// One operator on the image and on constants.
fn one(kind: &str, constants: &[TensorProto], attributes: Vec<AttributeProto>) -> ModelProto {
    let mut inputs = vec![INPUT];
    inputs.extend(constants.iter().map(|constant| constant.name.as_str()));
    let node = node(kind, &inputs, OUTPUT, attributes);
    model(vec![node], constants.to_vec())
}

/// One operator on constants alone, which runs while the model is loaded.
fn constant(kind: &str, constants: &[TensorProto], attributes: Vec<AttributeProto>) -> ModelProto {
    let inputs: Vec<&str> = constants
        .iter()
        .map(|constant| constant.name.as_str())
        .collect();
    let nodes = vec![
        node(kind, &inputs, "made", attributes),
        node("Cast", &["made"], "cast", vec![int("to", 1)]),
        node("Add", &[INPUT, "cast"], OUTPUT, vec![]),
    ];
    model(nodes, constants.to_vec())
}

/// Branches within branches.
fn nested(depth: usize) -> ModelProto {
    let mut inner = node("Relu", &[INPUT], "v0", vec![]);
    for level in 1..=depth {
        let branch = |name: &str| {
            let output = &inner.output[0];
            let graph = GraphProto {
                name: name.into(),
                node: vec![inner.clone()],
                output: vec![value(output, DataType::Float, &[1, 3, 8, 8])],
                ..Default::default()
            };
            body(name, graph)
        };
        // The other branch is small, or the file would double with each level.
        let short = GraphProto {
            node: vec![node("Relu", &[INPUT], "short", vec![])],
            output: vec![value("short", DataType::Float, &[1, 3, 8, 8])],
            ..Default::default()
        };
        let branches = vec![branch("then_branch"), body("else_branch", short)];
        inner = node("If", &["yes"], &format!("v{level}"), branches);
    }
    inner.output = vec![OUTPUT.into()];
    model(vec![inner], vec![boolean("yes", true)])
}

/// A loop over the image, which goes on for as long as its condition, and its count where there is
/// one, let it.
fn looped(count: Option<i64>) -> ModelProto {
    let graph = GraphProto {
        name: "body".into(),
        node: vec![
            node("Identity", &["go_on"], "again", vec![]),
            node("Relu", &["carried"], "next", vec![]),
        ],
        input: vec![
            value("step", DataType::Int64, &[]),
            value("go_on", DataType::Bool, &[]),
            value("carried", DataType::Float, &[1, 3, 8, 8]),
        ],
        output: vec![
            value("again", DataType::Bool, &[]),
            value("next", DataType::Float, &[1, 3, 8, 8]),
        ],
        ..Default::default()
    };
    let count_name = if count.is_some() { "count" } else { "" };
    let looped = node(
        "Loop",
        &[count_name, "yes", INPUT],
        OUTPUT,
        vec![body("body", graph)],
    );
    let mut constants = vec![boolean("yes", true)];
    constants.extend(count.map(|count| integer("count", count)));
    model(vec![looped], constants)
}

/// A value that doubles with each of many nodes.
fn doubling(times: usize) -> ModelProto {
    let name = |index: usize| match index {
        0 => INPUT.to_owned(),
        index if index == times => OUTPUT.to_owned(),
        index => format!("v{index}"),
    };
    let nodes = (0..times).map(|index| {
        let (from, to) = (name(index), name(index + 1));
        node("Concat", &[&from, &from], &to, vec![int("axis", 0)])
    });
    model(nodes.collect(), vec![])
}

/// A chain of many nodes.
fn chain(length: usize) -> ModelProto {
    let mut nodes: Vec<NodeProto> = (0..length)
        .map(|index| {
            node(
                "Relu",
                &[&format!("v{index}")],
                &format!("v{}", index + 1),
                vec![],
            )
        })
        .collect();
    nodes[0].input = vec![INPUT.into()];
    nodes[length - 1].output = vec![OUTPUT.into()];
    model(nodes, vec![])
}

fn conv(attribute: AttributeProto) -> ModelProto {
    let usual = [ints("strides", &[1, 1]), ints("dilations", &[1, 1])];
    let mut attributes: Vec<_> = usual
        .into_iter()
        .filter(|usual| usual.name != attribute.name)
        .collect();
    attributes.push(attribute);
    let weight = floats("weight", &[2, 3, 3, 3], &[0.1; 54]);
    one("Conv", &[weight], attributes)
}

/// All of them, by name.
pub(crate) fn all() -> Vec<(&'static str, ModelProto)> {
    const HUGE: i64 = 1 << 33;
    let float = |name: &str, value: f32| TensorProto {
        dims: Vec::new(),
        ..floats(name, &[1], &[value])
    };
    let dims = |values: &[i64]| integers("dims", values);
    vec![
        (
            "tile",
            one("Tile", &[integers("repeats", &[HUGE, 1, 1, 1])], vec![]),
        ),
        (
            "tile: overflow",
            one("Tile", &[integers("repeats", &[HUGE; 4])], vec![]),
        ),
        (
            "constant of shape",
            constant("ConstantOfShape", &[dims(&[100_000, 100_000])], vec![]),
        ),
        (
            "constant of shape: overflow",
            constant("ConstantOfShape", &[dims(&[HUGE, HUGE])], vec![]),
        ),
        (
            "constant of shape: negative",
            constant("ConstantOfShape", &[dims(&[-1])], vec![]),
        ),
        (
            "one hot",
            constant(
                "OneHot",
                &[
                    integers("indices", &[1; 64]),
                    integer("depth", 1 << 30),
                    floats("values", &[2], &[0.0, 1.0]),
                ],
                vec![],
            ),
        ),
        (
            "one hot: overflow",
            constant(
                "OneHot",
                &[
                    integers("indices", &[1; 64]),
                    integer("depth", i64::MAX),
                    floats("values", &[2], &[0.0, 1.0]),
                ],
                vec![],
            ),
        ),
        ("top k", one("TopK", &[integers("k", &[HUGE])], vec![])),
        (
            "top k: negative",
            one("TopK", &[integers("k", &[-1])], vec![]),
        ),
        (
            "range",
            constant(
                "Range",
                &[
                    float("start", 0.0),
                    float("limit", 1e12),
                    float("delta", 1.0),
                ],
                vec![],
            ),
        ),
        (
            "range: no step",
            constant(
                "Range",
                &[
                    float("start", 0.0),
                    float("limit", 1.0),
                    float("delta", 0.0),
                ],
                vec![],
            ),
        ),
        (
            "range: nan",
            constant(
                "Range",
                &[
                    float("start", 0.0),
                    float("limit", f32::NAN),
                    float("delta", 1.0),
                ],
                vec![],
            ),
        ),
        (
            "range: integers",
            constant(
                "Range",
                &[
                    integer("start", 0),
                    integer("limit", i64::MAX),
                    integer("delta", 1),
                ],
                vec![],
            ),
        ),
        ("nested", nested(500)),
        (
            "slice: no step",
            one(
                "Slice",
                &[
                    integers("starts", &[0]),
                    integers("ends", &[8]),
                    integers("axes", &[3]),
                    integers("steps", &[0]),
                ],
                vec![],
            ),
        ),
        (
            "slice: wrong axis",
            one(
                "Slice",
                &[
                    integers("starts", &[0]),
                    integers("ends", &[8]),
                    integers("axes", &[99]),
                ],
                vec![],
            ),
        ),
        (
            "pad",
            one(
                "Pad",
                &[integers("pads", &[0, 0, 0, 0, HUGE, 0, 0, 0])],
                vec![],
            ),
        ),
        (
            "pad: overflow",
            one("Pad", &[integers("pads", &[i64::MAX; 8])], vec![]),
        ),
        (
            "pad: negative",
            one("Pad", &[integers("pads", &[i64::MIN; 8])], vec![]),
        ),
        ("loop", looped(None)),
        ("loop: long", looped(Some(i64::MAX))),
        ("loop: many steps", looped(Some(1 << 31 >> 1))),
        (
            "expand",
            one("Expand", &[integers("shape", &[HUGE, 3, 8, 8])], vec![]),
        ),
        ("doubling", doubling(60)),
        ("chain", chain(100_000)),
        (
            "reshape",
            one("Reshape", &[integers("shape", &[HUGE, -1])], vec![]),
        ),
        (
            "reshape: negative",
            one("Reshape", &[integers("shape", &[-5, -5])], vec![]),
        ),
        (
            "gather",
            one(
                "Gather",
                &[integers("indices", &[HUGE])],
                vec![int("axis", 3)],
            ),
        ),
        ("conv: no stride", conv(ints("strides", &[0, 0]))),
        ("conv: no dilation", conv(ints("dilations", &[0, 0]))),
        ("conv: no groups", conv(int("group", 0))),
        ("conv: pads", conv(ints("pads", &[1 << 30; 4]))),
        ("conv: negative pads", conv(ints("pads", &[-100; 4]))),
        (
            "pool: no kernel",
            one(
                "MaxPool",
                &[],
                vec![ints("kernel_shape", &[0, 0]), ints("strides", &[1, 1])],
            ),
        ),
        (
            "pool: no stride",
            one(
                "MaxPool",
                &[],
                vec![ints("kernel_shape", &[2, 2]), ints("strides", &[0, 0])],
            ),
        ),
        (
            "pool: large",
            one(
                "AveragePool",
                &[],
                vec![
                    ints("kernel_shape", &[1 << 40, 1 << 40]),
                    ints("strides", &[1, 1]),
                ],
            ),
        ),
        (
            "transpose",
            one("Transpose", &[], vec![ints("perm", &[9, 9, 9, 9])]),
        ),
        (
            "transpose: twice",
            one("Transpose", &[], vec![ints("perm", &[0, 0, 0, 0])]),
        ),
        (
            "unsqueeze",
            one("Unsqueeze", &[integers("axes", &[HUGE])], vec![]),
        ),
        ("softmax", one("Softmax", &[], vec![int("axis", HUGE)])),
        (
            "depth to space",
            one("DepthToSpace", &[], vec![int("blocksize", 0)]),
        ),
        (
            "random",
            constant(
                "RandomUniform",
                &[],
                vec![ints("shape", &[100_000, 100_000])],
            ),
        ),
        (
            "conv transpose",
            one(
                "ConvTranspose",
                &[floats("weight", &[3, 2, 3, 3], &[0.1; 54])],
                vec![
                    ints("strides", &[1 << 20, 1 << 20]),
                    ints("dilations", &[1, 1]),
                ],
            ),
        ),
        (
            "weights: too few",
            one(
                "Add",
                &[floats("weight", &[1 << 20, 1 << 20], &[0.0; 4])],
                vec![],
            ),
        ),
        (
            "weights: overflow",
            one(
                "Add",
                &[floats("weight", &[i64::MAX, 2], &[0.0; 4])],
                vec![],
            ),
        ),
        (
            "weights: negative",
            one("Add", &[floats("weight", &[-2, -2], &[0.0; 4])], vec![]),
        ),
        (
            "cycle",
            model(
                vec![
                    node("Relu", &["b"], "a", vec![]),
                    node("Add", &["a", INPUT], "b", vec![]),
                    node("Relu", &["a"], OUTPUT, vec![]),
                ],
                vec![],
            ),
        ),
        ("nothing", model(vec![], vec![])),
        (
            "no inputs",
            model(vec![node("Conv", &[], OUTPUT, vec![])], vec![]),
        ),
        (
            "another value",
            model(vec![node("Relu", &["elsewhere"], OUTPUT, vec![])], vec![]),
        ),
        (
            "many nodes",
            model(vec![NodeProto::default(); 2_000_000], vec![]),
        ),
    ]
}
