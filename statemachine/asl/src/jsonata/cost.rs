//! Decides if an expression is certain to be evaluated fast, in memory that its input bounds.
//!
//! Such an expression is evaluated in place; others may be sent to an
//! [`Evaluate`](super::Evaluate). The test is conservative: it knows the cheap expressions, and
//! takes all others for costly.

use jsonata_core::ast::{AstNode, BinaryOp, PathStep, Stage};

/// The most nodes in a cheap expression: each may pass over the whole
/// input once.
const MAX_NODES: usize = 64;

/// The longest text that a cheap expression may repeat, in bytes.
const MAX_SEPARATOR: usize = 64;

/// Functions whose time and result are linear in what they are given.
const LINEAR: &str = "\
    abs append average boolean ceil contains count exists floor hash join keys length lookup \
    lowercase max merge millis min not now number parse power random reverse round split sqrt \
    string substring substringAfter substringBefore sum trim uuid";

/// Returns true if the time and memory of `tree` are at most [`MAX_NODES`] times those of reading
/// its input.
pub(super) fn is_cheap(tree: &AstNode) -> bool {
    let mut left = MAX_NODES;
    is_cheap_once(tree, &mut left)
}

fn spend(left: &mut usize) -> bool {
    *left = left.saturating_sub(1);
    *left > 0
}

/// Checks a node that is evaluated once. The recursion ends with `left`.
fn is_cheap_once(node: &AstNode, left: &mut usize) -> bool {
    if !spend(left) {
        return false;
    }
    let mut all = |nodes: &[AstNode]| nodes.iter().all(|node| is_cheap_once(node, left));
    match node {
        AstNode::Variable(_) => true,
        AstNode::Path { steps } => match steps.split_first() {
            Some((first, rest)) => {
                stages(first, left)
                    && is_cheap_once(&first.node, left)
                    && rest.iter().all(|step| is_cheap_step(step, left))
            }
            None => true,
        },
        AstNode::Binary { op, lhs, rhs } => {
            is_cheap_operator(*op) && is_cheap_once(lhs, left) && is_cheap_once(rhs, left)
        }
        AstNode::Unary { operand, .. } => is_cheap_once(operand, left),
        AstNode::Conditional {
            condition,
            then_branch,
            else_branch,
        } => {
            is_cheap_once(condition, left)
                && is_cheap_once(then_branch, left)
                && else_branch
                    .as_deref()
                    .is_none_or(|node| is_cheap_once(node, left))
        }
        AstNode::Block(nodes) | AstNode::Array(nodes) => all(nodes),
        AstNode::Object(pairs) => pairs
            .iter()
            .all(|(key, value)| is_cheap_once(key, left) && is_cheap_once(value, left)),
        AstNode::Function { name, args, .. } => is_cheap_call(name, args) && all(args),
        other => is_literal(other),
    }
}

/// Checks a node that is evaluated for each of many items: it may look at its item only, or
/// it would multiply.
fn is_cheap_per_item(node: &AstNode, left: &mut usize) -> bool {
    if !spend(left) {
        return false;
    }
    match node {
        AstNode::Name(_) => true,
        AstNode::Path { steps } => steps.iter().all(|step| is_cheap_step(step, left)),
        AstNode::Binary { op, lhs, rhs } => match op {
            BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::LessThan
            | BinaryOp::LessThanOrEqual
            | BinaryOp::GreaterThan
            | BinaryOp::GreaterThanOrEqual => {
                is_cheap_operand(lhs, left) && is_cheap_operand(rhs, left)
            }
            op => {
                is_cheap_operator(*op)
                    && is_cheap_per_item(lhs, left)
                    && is_cheap_per_item(rhs, left)
            }
        },
        AstNode::Object(pairs) => pairs
            .iter()
            .all(|(key, value)| is_cheap_per_item(key, left) && is_cheap_per_item(value, left)),
        AstNode::String(text) => text.len() <= MAX_SEPARATOR,
        other => is_literal(other),
    }
}

/// A comparison reads no more of a variable than of the item that it is compared with.
fn is_cheap_operand(node: &AstNode, left: &mut usize) -> bool {
    matches!(node, AstNode::Variable(name) if !name.is_empty()) || is_cheap_per_item(node, left)
}

fn is_cheap_step(step: &PathStep, left: &mut usize) -> bool {
    stages(step, left) && is_cheap_per_item(&step.node, left)
}

fn stages(step: &PathStep, left: &mut usize) -> bool {
    step.focus.is_none()
        && step.index_var.is_none()
        && step.stages.iter().all(|stage| match stage {
            Stage::KeepArray => true,
            Stage::Filter(filter) => is_cheap_per_item(filter, left),
            Stage::Index(_) => false,
        })
}

/// `:=` could double a value again and again, `..` makes much of little, `~>` calls what it is
/// given.
fn is_cheap_operator(op: BinaryOp) -> bool {
    !matches!(
        op,
        BinaryOp::ColonEqual | BinaryOp::Range | BinaryOp::ChainPipe
    )
}

fn is_cheap_call(name: &str, args: &[AstNode]) -> bool {
    let short = |argument: Option<&AstNode>| match argument {
        None => true,
        Some(AstNode::String(text)) => text.len() <= MAX_SEPARATOR,
        Some(_) => false,
    };
    LINEAR.split(' ').any(|known| known == name)
        && match name {
            "join" => short(args.get(1)),
            "now" => args.is_empty(),
            _ => true,
        }
}

fn is_literal(node: &AstNode) -> bool {
    matches!(
        node,
        AstNode::String(_)
            | AstNode::Number(_)
            | AstNode::Boolean(_)
            | AstNode::Null
            | AstNode::Undefined
    )
}

#[cfg(test)]
mod tests {
    use super::super::Expression;

    fn check(text: &str, expect: bool) {
        let parsed = Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(parsed.is_cheap(), expect, "{text}");
    }

    #[test]
    fn what_reads_its_input_a_few_times_is_cheap() {
        check("$states.input.order.id", true);
        check("$states.input.a & '-' & $b", true);
        check("$sum($states.input.orders.price) > 3", true);
        check("$states.input.orders[price > 2 and sku = $sku].count", true);
        check("$states.input.orders[0]", true);
        check("$states.input.orders.{'id': sku, 'n': count}", true);
        check("$a ? {'x': [$a, $b]} : $uuid()", true);
        check("$join($states.input.names, ', ')", true);
    }

    #[test]
    fn what_repeats_or_grows_is_not() {
        for text in [
            "[1..10]",
            "$map($a, function($x) { $x })",
            "$distinct($a)",
            "$sort($a)",
            "$a^(b)",
            "$a{b: c}",
            "$a@$x.$a",
            "$a#$i",
            "$a.**",
            "$a.$a",
            "$a.$sum($b)",
            "$a[$count($b) > 1]",
            "$a.(b & $c)",
            "($x := $a & $a; $x := $x & $x)",
            "$a ~> $count",
            "$match($a, /a/)",
            "$replace($a, 'x', $b)",
            "$pad($a, 9)",
            "$join($a, $b)",
            "$base64encode($a)",
            "$now($picture)",
            "$f($a)",
        ] {
            check(text, false);
        }
        let long = format!("1{}", "+1".repeat(70));
        check(&long, false);
    }
}
