//! The declared input and output of a graph.

use super::ImportError;
use crate::proto::{DataType, DimensionValue, GraphProto, ModelProto, TypeValue, ValueInfoProto};
use fit_image::Shape;
use std::collections::BTreeSet;

/// The ends of a model that takes one picture and gives one tensor.
pub struct Graph {
    /// Name of the input.
    pub(super) input: String,
    /// True if it is `[N, height, width, 3]` instead of `[N, 3, height, width]`.
    pub(super) colors_last: bool,
    /// Height and width of the picture.
    pub(super) shape: Shape,
    /// Name of the output.
    pub(super) output: String,
    /// Type of the operator that gives the output.
    pub(super) last_operator: String,
}

impl Graph {
    /// Reads the graph; `shape` is for a model that takes any.
    pub(super) fn read(model: &ModelProto, shape: Option<Shape>) -> Result<Self, ImportError> {
        let graph = model.graph.as_ref();
        let graph = graph.ok_or_else(|| ImportError::Output("there is no graph".into()))?;
        let input = only_input(graph).map_err(ImportError::Input)?;
        let dims = float_dims(input).map_err(ImportError::Input)?;
        let colors_last = colors_last(&dims).map_err(ImportError::Input)?;
        let [height, width] = if colors_last { [1, 2] } else { [2, 3] };
        let shape = input_shape([dims[height], dims[width]], shape).map_err(ImportError::Input)?;
        let output = only_output(graph).map_err(ImportError::Output)?;
        let last = graph.node.iter().find(|node| node.output.contains(&output));
        Ok(Self {
            input: input.name.clone(),
            colors_last,
            shape,
            last_operator: last.map_or_else(String::new, |node| node.op_type.clone()),
            output,
        })
    }
}

fn only_input(graph: &GraphProto) -> Result<&ValueInfoProto, String> {
    // Older exporters list the weights as inputs too.
    let weights: BTreeSet<&str> = graph
        .initializer
        .iter()
        .map(|tensor| &*tensor.name)
        .collect();
    let inputs: Vec<_> = graph
        .input
        .iter()
        .filter(|input| !weights.contains(&*input.name))
        .collect();
    match inputs[..] {
        [input] => Ok(input),
        _ => Err(format!(
            "expected one picture; there are {}",
            named(inputs.into_iter())
        )),
    }
}

fn only_output(graph: &GraphProto) -> Result<String, String> {
    match &graph.output[..] {
        [output] => Ok(output.name.clone()),
        outputs => Err(format!(
            "expected one row of scores; there are {}",
            named(outputs.iter())
        )),
    }
}

/// Returns the number of values, with their names.
fn named<'a>(values: impl Iterator<Item = &'a ValueInfoProto>) -> String {
    let names: Vec<String> = values.map(|value| format!("`{}`", value.name)).collect();
    if names.is_empty() {
        "none".into()
    } else {
        format!("{}: {}", names.len(), names.join(", "))
    }
}

/// The sizes of the input's dimensions; `None` where any size will do.
fn float_dims(input: &ValueInfoProto) -> Result<Vec<Option<usize>>, String> {
    let name = &input.name;
    let value = input.r#type.as_ref().and_then(|kind| kind.value.as_ref());
    let Some(TypeValue::Tensor(tensor)) = value else {
        return Err(format!("`{name}` is not a tensor"));
    };
    if tensor.elem_type != DataType::Float as i32 {
        let kind = DataType::try_from(tensor.elem_type).unwrap_or(DataType::Undefined);
        return Err(format!(
            "`{name}` holds values of type {kind:?}; expected Float"
        ));
    }
    let dims = tensor.shape.iter().flat_map(|shape| &shape.dim);
    let dims = dims.map(|dim| match dim.value {
        Some(DimensionValue::Size(size)) => usize::try_from(size).ok().filter(|size| *size > 0),
        _ => None,
    });
    Ok(dims.collect())
}

fn colors_last(dims: &[Option<usize>]) -> Result<bool, String> {
    match dims {
        [_, Some(3), _, _] => Ok(false),
        [_, _, _, Some(3)] => Ok(true),
        _ => {
            let dims: Vec<String> = dims
                .iter()
                .map(|dim| dim.map_or("?".into(), |size| size.to_string()))
                .collect();
            let dims = dims.join(", ");
            Err(format!(
                "its shape is [{dims}]; expected [N, 3, height, width] or [N, height, width, 3]"
            ))
        }
    }
}

/// Returns the shape of the input, whose height and width are in `dims`, as far as it fixes them.
fn input_shape(dims: [Option<usize>; 2], given: Option<Shape>) -> Result<Shape, String> {
    let [height, width] = match (dims, given) {
        ([Some(height), Some(width)], None) => [height, width],
        ([height, width], Some(given))
            if height.is_none_or(|height| height == given.height())
                && width.is_none_or(|width| width == given.width()) =>
        {
            return Ok(given);
        }
        ([Some(height), Some(width)], Some(_)) => {
            return Err(format!(
                "it takes pictures of {height}x{width} only (height, width)"
            ));
        }
        _ => {
            return Err("it takes pictures of any size: say which with --size HEIGHTxWIDTH".into());
        }
    };
    Shape::new(height, width).map_err(|_| format!("{height}x{width} pixels are too many"))
}
