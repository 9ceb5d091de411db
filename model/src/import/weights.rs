//! Weights that lie in files beside the model: PyTorch's exporter puts them there.

use super::ImportError;
use crate::artifact::MAX_MODEL;
use crate::proto::{self, DataLocation, TensorProto};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

/// The tensor with its values, if they lie in a file beside `model`; `None` if they are in it
/// already.
pub(super) fn taken_in(tensor: &[u8], model: &Path) -> Result<Option<TensorProto>, ImportError> {
    let mut tensor: TensorProto = proto::decode(tensor).map_err(ImportError::NotOnnx)?;
    if tensor.data_location != DataLocation::External as i32 {
        return Ok(None);
    }
    let location = entry(&tensor, "location").unwrap_or_default().to_owned();
    let values = read(&tensor, model, &location).map_err(|reason| ImportError::Weights {
        tensor: tensor.name.clone(),
        location,
        reason,
    })?;
    tensor.raw_data = values;
    tensor.external_data.clear();
    tensor.data_location = DataLocation::Default as i32;
    Ok(Some(tensor))
}

fn entry<'a>(tensor: &'a TensorProto, key: &str) -> Option<&'a str> {
    let entry = tensor.external_data.iter().find(|entry| entry.key == key);
    entry.map(|entry| entry.value.as_str())
}

fn read(tensor: &TensorProto, model: &Path, location: &str) -> Result<Vec<u8>, String> {
    let number = |key: &str| {
        let value = entry(tensor, key).map(str::parse::<u64>);
        value
            .transpose()
            .map_err(|_| format!("its {key} is not a number"))
    };
    let path = beside(model, Path::new(location))?;
    let (offset, length) = (number("offset")?.unwrap_or(0), number("length")?);
    read_part(&path, offset, length).map_err(|error| error.to_string())
}

/// The regular file at `location` in the folder of the model. Links may not lead out of that
/// folder, but for those of a cache in which the model is a link as well, to a file beside its
/// weights (Hugging Face's is one): onnxruntime's rule.
fn beside(model: &Path, location: &Path) -> Result<PathBuf, String> {
    let outside = || "not a file in the folder of the model".to_owned();
    let is_below = location
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if location.as_os_str().is_empty() || !is_below {
        return Err(outside());
    }
    let folder = match model.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let real = |path: &Path| path.canonicalize().map_err(|error| error.to_string());
    let path = real(&folder.join(location))?;
    let real_model = real(model)?;
    if !path.starts_with(real(folder)?) && path.parent() != real_model.parent() {
        return Err(outside());
    }
    if !path.is_file() {
        return Err("not a regular file".into());
    }
    Ok(path)
}

fn read_part(path: &Path, offset: u64, length: Option<u64>) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    let most = length.unwrap_or(MAX_MODEL);
    file.take(most).read_to_end(&mut bytes)?;
    match length.is_none_or(|length| length == bytes.len() as u64) {
        true => Ok(bytes),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
