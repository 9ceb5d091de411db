//! Named tensors to and from the bytes of a safetensors file; values are little-endian `f32`.

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};
use std::collections::HashMap;

/// A tensor's name, shape and values.
pub(crate) type Tensor<'a> = (String, Vec<usize>, &'a [f32]);

/// The bytes of a file with these tensors, and with `notes` in its header.
pub(crate) fn encode(tensors: Vec<Tensor<'_>>, notes: Option<HashMap<String, String>>) -> Vec<u8> {
    let bytes = |values: &[f32]| {
        values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect()
    };
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = tensors
        .into_iter()
        .map(|(name, shape, values)| (name, shape, bytes(values)))
        .collect();
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes)
            .expect("a tensor's shape is that of its values");
        (name, view)
    });
    serialize(views, notes).expect("views of the right length and a small header")
}

/// Opens the bytes of a file.
pub(crate) fn open(bytes: &[u8]) -> Result<SafeTensors<'_>, String> {
    SafeTensors::deserialize(bytes).map_err(|error| format!("not a safetensors file: {error}"))
}

/// The notes in a file's header.
pub(crate) fn notes(bytes: &[u8]) -> Result<HashMap<String, String>, String> {
    let (_, header) = SafeTensors::read_metadata(bytes)
        .map_err(|error| format!("not a safetensors file: {error}"))?;
    Ok(header.metadata().clone().unwrap_or_default())
}

/// The values of a tensor that must be there in this shape.
pub(crate) fn values(
    file: &SafeTensors<'_>,
    name: &str,
    shape: &[usize],
) -> Result<Vec<f32>, String> {
    let view = file
        .tensor(name)
        .map_err(|_| format!("tensor {name} is missing"))?;
    if view.shape() != shape || view.dtype() != Dtype::F32 {
        return Err(format!(
            "tensor {name} is {} {:?}; this network needs F32 {shape:?}",
            view.dtype(),
            view.shape()
        ));
    }
    let values = view
        .data()
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
    Ok(values.collect())
}
