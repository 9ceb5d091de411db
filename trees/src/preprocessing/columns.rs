//! The columns that a step is about.

use std::collections::HashSet;

use super::fit::{FitError, Fitting};
use super::frame::{Cells, Frame};
use super::recipe::{ColumnKind, Columns};

/// Returns the positions, among the columns that there are, of those that are meant.
pub(super) fn resolve(
    fitting: &Fitting<'_>,
    frame: &Frame<'_>,
    columns: &Columns,
) -> Result<Vec<usize>, FitError> {
    let all = fitting.columns.iter().enumerate();
    let chosen = match columns {
        Columns::Names(names) => {
            return names.iter().map(|name| find(fitting, name)).collect();
        }
        Columns::Kind(ColumnKind::Text) => all
            .filter(|(_, column)| frame.labels(column.slot).is_some())
            .map(|(index, _)| index)
            .collect(),
        Columns::Kind(ColumnKind::Number) => all
            .filter(|(_, column)| frame.labels(column.slot).is_none())
            .map(|(index, _)| index)
            .collect(),
        Columns::Kind(ColumnKind::Identifier) => all
            .filter(|(_, column)| is_identifier(&column.name, frame, column.slot))
            .map(|(index, _)| index)
            .collect(),
        Columns::FewLabels { max_labels } => all
            .filter(|(_, column)| {
                let labels = frame.labels(column.slot);
                labels.is_some_and(|labels| labels.texts.len() <= *max_labels)
            })
            .map(|(index, _)| index)
            .collect(),
    };
    Ok(chosen)
}

/// Returns the position of a column.
pub(super) fn find(fitting: &Fitting<'_>, name: &str) -> Result<usize, FitError> {
    let position = fitting
        .columns
        .iter()
        .position(|column| column.name == name);
    position.ok_or_else(|| {
        let names: Vec<&str> = fitting.columns.iter().map(|column| &*column.name).collect();
        FitError::NoColumn {
            column: name.to_owned(),
            columns: names[..names.len().min(100)].join(", "),
        }
    })
}

/// A name such as `id`, `Id`, `row_id` or `CustomerID`, and no value twice.
fn is_identifier(name: &str, frame: &Frame<'_>, slot: usize) -> bool {
    let is_named = name.eq_ignore_ascii_case("id")
        || ["_id", "_ID", "Id", "ID"]
            .iter()
            .any(|end| name.ends_with(end));
    let mut seen = HashSet::new();
    is_named
        && match &frame.slots[slot] {
            Some(Cells::Numbers(numbers)) => numbers.iter().all(|n| seen.insert(n.to_bits())),
            Some(Cells::Labels(labels)) => labels.texts.len() == frame.rows,
            None => false,
        }
}
