//! Computes the depth that every evaluation of an expression reaches.
//!
//! AWS ends an evaluation that nests deeper than [`MAX_DEPTH`]: every node children_depth another
//! is a level, and `1+1+1` is two operators and a number below each other. The library
//! counts the levels of calls, but passes over those of plain operators and literals; they are in
//! the text, and counted here.

use jsonata_core::ast::{AstNode, BinaryOp};
use jsonata_core::value::with_stack;

/// The most levels that AWS evaluates: of a sum, 100 terms (measured on AWS: the bounds of five
/// shapes are at 99 to 101).
pub(super) const MAX_DEPTH: usize = 100;

/// Returns the levels that every evaluation of `tree` reaches: of branches, those of the less deep
/// one.
pub(super) fn min_depth(tree: &AstNode) -> usize {
    with_stack(|| 1 + children_depth(tree))
}

fn children_depth(node: &AstNode) -> usize {
    match node {
        AstNode::Binary { op, lhs, rhs } => match op {
            BinaryOp::And | BinaryOp::Or | BinaryOp::Coalesce | BinaryOp::Default => min_depth(lhs),
            BinaryOp::ColonEqual => min_depth(rhs),
            _ => min_depth(lhs).max(min_depth(rhs)),
        },
        AstNode::Unary { operand, .. } => min_depth(operand),
        AstNode::Conditional {
            condition,
            then_branch,
            else_branch,
        } => {
            let otherwise = else_branch.as_deref().map_or(0, min_depth);
            min_depth(condition).max(min_depth(then_branch).min(otherwise))
        }
        AstNode::Block(nodes)
        | AstNode::Array(nodes)
        | AstNode::ArrayGroup(nodes)
        | AstNode::Function { args: nodes, .. } => max_depth(nodes),
        AstNode::Call { procedure, args } => min_depth(procedure).max(max_depth(args)),
        AstNode::Object(pairs) => {
            let sides = pairs.iter().flat_map(|(key, value)| [key, value]);
            max_depth(sides)
        }
        // A path's later steps may have nothing to work on.
        AstNode::Path { steps } => steps.first().map_or(0, |step| min_depth(&step.node)),
        // In JSONata's own tree these are parts of their path.
        AstNode::ObjectTransform { input, .. } | AstNode::Sort { input, .. } => {
            min_depth(input).saturating_sub(1)
        }
        _ => 0,
    }
}

fn max_depth<'a>(nodes: impl IntoIterator<Item = &'a AstNode>) -> usize {
    nodes.into_iter().map(min_depth).max().unwrap_or(0)
}
