//! Weights that lie in files beside the model: PyTorch's exporter puts them there.

use super::ImportError;
use crate::proto::{DataLocation, TensorProto};
use prost::Message;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Component, Path};

/// The tensor with its values, if they lie in a file in `folder`; `None` if they are in it already.
pub(super) fn taken_in(tensor: &[u8], folder: &Path) -> Result<Option<TensorProto>, ImportError> {
    let mut tensor = TensorProto::decode(tensor).map_err(ImportError::NotOnnx)?;
    if tensor.data_location != DataLocation::External as i32 {
        return Ok(None);
    }
    let location = entry(&tensor, "location").unwrap_or_default().to_owned();
    let values = read(&tensor, folder, &location).map_err(|reason| ImportError::Weights {
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

fn read(tensor: &TensorProto, folder: &Path, location: &str) -> Result<Vec<u8>, String> {
    let number = |key: &str| {
        let value = entry(tensor, key).map(str::parse::<u64>);
        value
            .transpose()
            .map_err(|_| format!("its {key} is not a number"))
    };
    let relative = Path::new(location);
    let is_below = relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if location.is_empty() || !is_below {
        return Err("not a file in the folder of the model".into());
    }
    let (offset, length) = (number("offset")?.unwrap_or(0), number("length")?);
    read_part(&folder.join(relative), offset, length).map_err(|error| error.to_string())
}

fn read_part(path: &Path, offset: u64, length: Option<u64>) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    match length {
        None => file.read_to_end(&mut bytes)?,
        Some(length) => file.take(length).read_to_end(&mut bytes)?,
    };
    match length.is_none_or(|length| length == bytes.len() as u64) {
        true => Ok(bytes),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
