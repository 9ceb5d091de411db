//! Selects the rows of a split by their labels, before the pixels come.

use super::{Error, Split};
use crate::classes::Classes;
use crate::pickle::{Heap, Value};
use std::collections::HashMap;

/// The selected rows, in order.
#[derive(Debug)]
pub(super) struct Plan {
    /// The number of rows in the split.
    pub(super) rows: usize,
    pub(super) selected: Vec<SelectedRow>,
}

#[derive(Debug)]
pub(super) struct SelectedRow {
    pub(super) row: usize,
    pub(super) label: u8,
    pub(super) name: String,
}

impl Plan {
    /// Reads `fine_labels` and `filenames` as `entry` finds them; `None` while one of them is still
    /// to come.
    pub(super) fn new(
        split: Split,
        classes: &Classes,
        heap: &Heap,
        entry: impl Fn(&str) -> Option<Value>,
    ) -> Result<Option<Self>, Error> {
        let (Some(labels), Some(names)) = (entry("fine_labels"), entry("filenames")) else {
            return Ok(None);
        };
        let wrong = |why: &str| Error::content(split.name(), why);
        let labels = heap
            .items(labels)
            .ok_or_else(|| wrong("fine_labels is not a list"))?;
        let names = heap
            .items(names)
            .ok_or_else(|| wrong("filenames is not a list"))?;
        if labels.len() != names.len() {
            let why = format!(
                "it has {} labels, but {} file names",
                labels.len(),
                names.len()
            );
            return Err(Error::content(split.name(), why));
        }
        let mut selected = Vec::new();
        for (row, (label, name)) in labels.iter().zip(names).enumerate() {
            let label =
                byte(*label).ok_or_else(|| wrong("a label is not a number from 0 to 255"))?;
            if classes.index(label).is_some() {
                let name = file_name(heap, *name);
                let name = name.ok_or_else(|| {
                    Error::content(
                        split.name(),
                        format!("the file name of row {row} is not one"),
                    )
                })?;
                selected.push(SelectedRow { row, label, name });
            }
        }
        unique(split, &selected)?;
        Ok(Some(Self {
            rows: labels.len(),
            selected,
        }))
    }
}

fn byte(value: Value) -> Option<u8> {
    match value {
        Value::Int(n) => u8::try_from(n).ok(),
        _ => None,
    }
}

/// A name that is safe as a file's, an object key's and a manifest's.
fn file_name(heap: &Heap, value: Value) -> Option<String> {
    let name = heap.str(value)?;
    let plain = !name.contains(|c: char| c.is_control() || matches!(c, '/' | '\\'));
    (plain && !matches!(name, "" | "." | "..") && name.len() <= 255).then(|| name.to_owned())
}

/// Refuses two rows with the same file name, which would become one image.
fn unique(split: Split, selected: &[SelectedRow]) -> Result<(), Error> {
    let mut seen = HashMap::with_capacity(selected.len());
    for SelectedRow { row, name, .. } in selected {
        if let Some(first) = seen.insert(name, row) {
            return Err(Error::content(
                split.name(),
                format!("rows {first} and {row} are both called {name}"),
            ));
        }
    }
    Ok(())
}
