//! JSONata: what stands between `{%` and `%}`.
//!
//! The language is the crate `jsonata-core`; nothing outside this module knows it. An [`Expression`] is parsed once, with
//! the definition. An evaluation sees `$states` and the workflow variables ([`Bindings`]), and of these only what it reads
//! is converted. AWS's own functions, time and randomness are added in `functions`: an evaluation is a pure function of
//! its bindings and of [`Random`].
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html>

mod bindings;
mod convert;
mod error;
mod evaluation;
mod functions;
mod meter;
mod plain;
mod reads;
mod syntax;
#[cfg(test)]
mod tests;
mod texts;
mod top_level;

use std::sync::Arc;

use jsonata_core::ast::AstNode;
use serde_json::Value;

pub(crate) use bindings::{Bindings, States};
pub(crate) use error::{EvaluationError, SyntaxError};

use crate::random::Random;
use plain::{Found, Plain};
use reads::Reads;

/// A parsed expression. It does not change, can be shared between threads, and is cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    compiled: Arc<Compiled>,
}

#[derive(Debug)]
struct Compiled {
    text: Box<str>,
    tree: AstNode,
    /// The expression if it is only a path.
    plain: Option<Plain>,
    reads: Reads,
    /// Whether an evaluation may take long.
    repeats: bool,
    newer_operator: Option<&'static str>,
    top_level: Vec<Box<str>>,
}

impl Expression {
    /// Reads an expression: `text` is what stands between the delimiters, without them.
    pub(crate) fn parse(text: &str) -> Result<Expression, SyntaxError> {
        let mut tree = syntax::parse(text)?;
        let top_level = top_level::names(&tree);
        let seen = meter::install(&mut tree);
        let compiled = Compiled {
            text: text.trim().into(),
            plain: Plain::of(&tree),
            reads: Reads::of(&tree),
            tree,
            repeats: seen.repeats,
            newer_operator: seen.newer_operator,
            top_level,
        };
        Ok(Expression {
            compiled: Arc::new(compiled),
        })
    }

    /// The expression as AWS prints it: without delimiters and the blanks beside them.
    pub(crate) fn text(&self) -> &str {
        &self.compiled.text
    }

    /// The expression's value; `None` is JSONata's undefined.
    ///
    /// # Errors
    /// What the expression throws, limits that it passes, and values that JSON cannot hold (functions).
    pub(crate) fn evaluate(
        &self,
        bindings: &Bindings<'_>,
        random: &mut Random,
    ) -> Result<Option<Value>, EvaluationError> {
        let plain = self.compiled.plain.as_ref();
        match plain.map_or(Found::Elsewhere, |plain| plain.find(bindings)) {
            Found::Value(value) => Ok(Some(value.clone())),
            Found::Undefined => Ok(None),
            Found::Elsewhere => evaluation::evaluate(&self.compiled, bindings, random),
        }
    }

    /// An operator that the JSONata 2.0.6 of Step Functions does not have, if there is one in it: it works here only.
    pub(crate) fn newer_operator(&self) -> Option<&'static str> {
        self.compiled.newer_operator
    }

    /// The names that it looks up without a context, each once: Step Functions refuses them.
    pub(crate) fn top_level_names(&self) -> impl Iterator<Item = &str> {
        self.compiled.top_level.iter().map(AsRef::as_ref)
    }

    /// The variables that it reads and does not bind itself, without their `$`; `states` among them.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        self.compiled.reads.variables()
    }
}
