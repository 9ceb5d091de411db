//! How deep an evaluation nests for certain.
//!
//! AWS ends an evaluation that nests deeper than [`MAX_DEPTH`]: every node below another is a level, and `1+1+1` is two
//! operators and a number below each other. The library counts the levels of calls, but passes over those of plain
//! operators and literals; they are in the text, and counted here.

use jsonata_core::ast::{AstNode, BinaryOp};
use jsonata_core::value::with_stack;

/// How many levels AWS evaluates: of a sum, 100 terms (measured on AWS: the bounds of five shapes are at 99 to 101).
pub(super) const MAX_DEPTH: usize = 100;

/// The levels that every evaluation of `tree` reaches: of branches, the one that is less deep.
pub(super) fn least(tree: &AstNode) -> usize {
    with_stack(|| 1 + below(tree))
}

fn below(node: &AstNode) -> usize {
    match node {
        AstNode::Binary { op, lhs, rhs } => match op {
            BinaryOp::And | BinaryOp::Or | BinaryOp::Coalesce | BinaryOp::Default => least(lhs),
            BinaryOp::ColonEqual => least(rhs),
            _ => least(lhs).max(least(rhs)),
        },
        AstNode::Unary { operand, .. } => least(operand),
        AstNode::Conditional {
            condition,
            then_branch,
            else_branch,
        } => {
            let otherwise = else_branch.as_deref().map_or(0, least);
            least(condition).max(least(then_branch).min(otherwise))
        }
        AstNode::Block(nodes)
        | AstNode::Array(nodes)
        | AstNode::ArrayGroup(nodes)
        | AstNode::Function { args: nodes, .. } => deepest(nodes),
        AstNode::Call { procedure, args } => least(procedure).max(deepest(args)),
        AstNode::Object(pairs) => {
            let sides = pairs.iter().flat_map(|(key, value)| [key, value]);
            deepest(sides)
        }
        // A path's later steps may have nothing to work on.
        AstNode::Path { steps } => steps.first().map_or(0, |step| least(&step.node)),
        // In JSONata's own tree these are parts of their path.
        AstNode::ObjectTransform { input, .. } | AstNode::Sort { input, .. } => {
            least(input).saturating_sub(1)
        }
        _ => 0,
    }
}

fn deepest<'a>(nodes: impl IntoIterator<Item = &'a AstNode>) -> usize {
    nodes.into_iter().map(least).max().unwrap_or(0)
}
