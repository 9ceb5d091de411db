//! The schema: which columns a table has.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

/// The type of a column.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// Finite numbers of 64 bits.
    Number,
    /// Labels: any text.
    Text,
    /// The labels `true` and `false`.
    Boolean,
}

/// The description of a column.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnSchema {
    /// The name, unique in its schema.
    pub name: String,
    /// The type of its values.
    #[serde(rename = "type")]
    pub kind: ColumnType,
    /// True if a row may lack the value.
    #[serde(default)]
    pub missing: bool,
}

/// The columns of a table, in order, and which of them is the target.
///
/// As JSON: `{"columns": [{"name": "LotArea", "type": "number", "missing": false}, …],
/// "target": "SalePrice"}`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "Unchecked")]
pub struct Schema {
    columns: Vec<ColumnSchema>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
}

/// A schema as it is written, before its names are checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    columns: Vec<ColumnSchema>,
    #[serde(default)]
    target: Option<String>,
}

/// An error of making a [`Schema`].
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidSchema {
    /// A column has no name.
    #[error("column {0} has no name")]
    Unnamed(usize),
    /// Two columns have one name.
    #[error("column {0} is there twice; names must be unique")]
    Repeated(String),
    /// The target is no column.
    #[error("the target {target} is not a column; the columns are {columns}")]
    Target {
        /// The name that was looked for.
        target: String,
        /// The names that are there.
        columns: String,
    },
}

impl Schema {
    /// Returns the schema of these columns.
    ///
    /// # Errors
    /// A name is empty or repeated, or the target is not among the columns.
    pub fn new(columns: Vec<ColumnSchema>, target: Option<String>) -> Result<Self, InvalidSchema> {
        let mut names = HashSet::new();
        for (index, column) in columns.iter().enumerate() {
            if column.name.is_empty() {
                return Err(InvalidSchema::Unnamed(index + 1));
            }
            if !names.insert(&column.name) {
                return Err(InvalidSchema::Repeated(column.name.clone()));
            }
        }
        let schema = Self {
            columns,
            target: None,
        };
        match target {
            Some(target) => schema.with_target(target),
            None => Ok(schema),
        }
    }

    /// Returns the schema with this target.
    ///
    /// # Errors
    /// No column has that name.
    pub fn with_target(mut self, target: impl Into<String>) -> Result<Self, InvalidSchema> {
        let target = target.into();
        if self.index(&target).is_none() {
            let names: Vec<&str> = self.names().take(100).collect();
            let columns = names.join(", ");
            return Err(InvalidSchema::Target { target, columns });
        }
        self.target = Some(target);
        Ok(self)
    }

    /// Returns the columns in order, the target among them.
    pub fn columns(&self) -> &[ColumnSchema] {
        &self.columns
    }

    /// Returns the names of the columns in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// Returns the name of the target.
    pub fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }

    /// Returns the position of a column.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.names().position(|other| other == name)
    }

    /// Returns the schema of the columns that are not the target.
    pub fn features(&self) -> Self {
        let is_feature = |column: &&ColumnSchema| Some(&column.name) != self.target.as_ref();
        Self {
            columns: self.columns.iter().filter(is_feature).cloned().collect(),
            target: None,
        }
    }
}

impl TryFrom<Unchecked> for Schema {
    type Error = InvalidSchema;

    fn try_from(schema: Unchecked) -> Result<Self, InvalidSchema> {
        Self::new(schema.columns, schema.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_error(json: &str, expected: &str) {
        let error = serde_json::from_str::<Schema>(json)
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(expected), "{error}");
    }

    #[test]
    fn a_schema_is_json() {
        let json = r#"{"columns":[{"name":"a","type":"number","missing":true},{"name":"b","type":"text","missing":false}],"target":"b"}"#;
        let schema: Schema = serde_json::from_str(json).expect("a schema");
        assert_eq!(serde_json::to_string(&schema).expect("JSON"), json);
        assert_eq!(schema.features().names().collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn a_schema_with_names_that_do_not_fit_is_refused() {
        let a = r#"{"name":"a","type":"number"}"#;
        check_error(
            &format!(r#"{{"columns":[{a},{a}]}}"#),
            "column a is there twice; names must be unique",
        );
        check_error(
            &format!(r#"{{"columns":[{a}],"target":"b"}}"#),
            "the target b is not a column; the columns are a",
        );
        check_error(
            r#"{"columns":[{"name":"","type":"text"}]}"#,
            "column 1 has no name",
        );
        check_error(
            r#"{"columns":[{"name":"a","type":"date"}]}"#,
            "unknown variant `date`, expected one of `number`, `text`, `boolean`",
        );
    }
}
