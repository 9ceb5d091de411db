//! Preprocessing: a fitted pipeline from a table to a matrix.
//!
//! A [`Recipe`] says what to do, as data: impute, group rare labels, encode, scale, derive, drop.
//! [`Pipeline::fit`] learns from a table what that takes (medians, the order of labels, means of
//! the target) and is plain data itself. [`Pipeline::transform`] makes the features of a model.
//!
//! `recipe` holds what a user writes, `operation` what is fitted; `frame` the columns between two
//! operations; `fit` makes operations of steps, `encoding` those that use labels.

mod columns;
mod encoding;
mod fit;
mod frame;
mod operation;
mod pipeline;
mod recipe;
mod target;
#[cfg(test)]
mod tests;

pub use fit::FitError;
pub use operation::{Lookup, Operation, UnknownLabel};
pub use pipeline::{Output, Pipeline, TransformError, Transformed};
pub use recipe::{
    ColumnKind, Columns, Derivation, Figure, Impute, ImputeWith, InvalidRecipe, OneHot, Order,
    Rare, Recipe, Scale, ScaleMethod, Select, Step, TargetEncode, Unknown,
};
pub use target::TargetTransform;
