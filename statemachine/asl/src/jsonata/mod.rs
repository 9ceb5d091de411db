//! JSONata: the expressions between `{%` and `%}`.
//!
//! The language is the crate `jsonata-core`; nothing outside this module knows it. An
//! [`Expression`] is parsed once, with the definition. An evaluation sees `$states` and the
//! workflow variables ([`Bindings`]), and of these only what it reads is converted. AWS's own
//! functions, time and randomness are added in `functions`: an evaluation is a pure function of its
//! bindings and of [`Random`], within limits of time, depth and memory.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html>

mod bindings;
mod convert;
mod cost;
mod dependencies;
mod depth;
mod error;
mod error_texts;
mod evaluation;
mod evaluation_log;
mod functions;
mod meter;
mod request;
mod signature;
mod simple_path;
mod syntax;
#[cfg(test)]
mod tests;
mod top_level;
mod trace;

use std::sync::Arc;

use jsonata_core::ast::AstNode;
use serde_json::Value;

pub(crate) use bindings::{Bindings, ContextObject, States};
pub(crate) use error::{EvaluationError, SyntaxError};
pub(crate) use evaluation_log::{EvaluationLog, RecordedEvaluator};
pub use request::{Evaluate, EvaluationFailure, EvaluationRequest, EvaluationResponse, Evaluator};

use crate::random::Random;
use dependencies::Dependencies;
use simple_path::{Lookup, SimplePath};

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
    plain: Option<SimplePath>,
    reads: Dependencies,
    /// Set if an evaluation is certain to be fast and small.
    cheap: bool,
    /// The levels that every evaluation nests.
    depth: usize,
    newer_operator: Option<&'static str>,
    top_level: Vec<Box<str>>,
}

impl Expression {
    /// Dependencies an expression: `text` is what stands between the delimiters, without them.
    pub(crate) fn parse(text: &str) -> Result<Expression, SyntaxError> {
        let mut tree = syntax::parse(text)?;
        let top_level = top_level::names(&tree);
        let (cheap, depth) = (cost::is_cheap(&tree), depth::min_depth(&tree));
        let newer_operator = meter::install(&mut tree, cheap);
        let compiled = Compiled {
            text: text.trim().into(),
            plain: SimplePath::from_tree(&tree),
            reads: Dependencies::from_tree(&tree),
            tree,
            cheap,
            depth,
            newer_operator,
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

    /// Evaluates the expression; `None` is JSONata's undefined.
    ///
    /// If there is an `evaluator`, it does what may take long.
    ///
    /// # Errors
    /// The expression throws an error, passes a limit, or returns a value that JSON can't hold (a
    /// function).
    pub(crate) fn evaluate(
        &self,
        bindings: &Bindings<'_>,
        random: &mut Random,
        evaluator: Option<&RecordedEvaluator<'_>>,
    ) -> Result<Option<Value>, EvaluationError> {
        let plain = self.compiled.plain.as_ref();
        match plain.map_or(Lookup::NotSimple, |plain| plain.find(bindings)) {
            Lookup::Value(value) => return Ok(Some(value.clone())),
            Lookup::Undefined => return Ok(None),
            Lookup::NotSimple => {}
        }
        match evaluator.filter(|_| !self.compiled.cheap) {
            Some(evaluator) => {
                let request = EvaluationRequest::new(&self.compiled, bindings, *random);
                evaluator.evaluate(&request).into_result(random)
            }
            None => evaluation::evaluate(&self.compiled, bindings, random),
        }
    }

    /// Returns true if an evaluation is certain to be fast and small.
    pub(crate) fn is_cheap(&self) -> bool {
        self.compiled.cheap
    }

    /// An operator that the JSONata 2.0.6 of Step Functions does not have, if there is one in it:
    /// it works here only.
    pub(crate) fn newer_operator(&self) -> Option<&'static str> {
        self.compiled.newer_operator
    }

    /// The names that it looks up without a context, each once: Step Functions refuses them.
    pub(crate) fn top_level_names(&self) -> impl Iterator<Item = &str> {
        self.compiled.top_level.iter().map(AsRef::as_ref)
    }

    /// Returns true if it reads `$states.errorOutput`, which only catchers have.
    pub(crate) fn reads_error_output(&self) -> bool {
        self.compiled.reads.reads_error_output()
    }

    /// Returns true if it reads `$$`, which Step Functions does not have.
    pub(crate) fn reads_root(&self) -> bool {
        self.compiled.reads.reads_root()
    }

    /// The variables that it reads and does not bind itself, without their `$`; `states` among
    /// them.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        self.compiled.reads.variables()
    }
}
