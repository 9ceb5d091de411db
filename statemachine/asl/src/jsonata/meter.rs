//! Puts meters into an expression where it could grow beyond what AWS lets an evaluation hold.
//!
//! A text that is put together is measured: `a & b` becomes `$sized(a & b)`. So is an array that is
//! put together from itself, in functions, whose results can come back: `[a, b]` becomes
//! `[$sized(a), $sized(b)]`. Ranges and paddings are measured before they are made. The names begin
//! with a character that no expression can write, and the functions behind them are in `functions`.

use jsonata_core::ast::{AstNode, BinaryOp, PathStep, Stage, UnaryOp};
use jsonata_core::value::with_stack;

use super::functions;

/// The function that returns its text or array, unless that is too long.
pub(super) const SIZED: &str = "\0sized";
/// The function that returns its number, unless no text may be that wide.
pub(super) const WIDTH: &str = "\0width";
/// The function that returns the end of a range, unless the range is too long.
pub(super) const RANGE_END: &str = "\0range";

/// `$distinct` in linear time. The library does not let its own be replaced.
pub(super) const DISTINCT: &str = "\0distinct";
const LIBRARY_DISTINCT: &str = "distinct";

/// The functions whose results may be larger than all that they are given.
const GROWING: [&str; 8] = [
    "append",
    "base64encode",
    "encodeUrl",
    "encodeUrlComponent",
    "join",
    "replace",
    "string",
    "zip",
];

/// Puts the meters in, unless the expression is cheap. Returns an operator that JSONata has only
/// had since version 2.1, if there is one.
pub(super) fn install(tree: &mut AstNode, cheap: bool) -> Option<&'static str> {
    let mut meter = Meter {
        measures: !cheap,
        replaces_distinct: !cheap && !binds_distinct(tree),
        in_function: false,
        newer_operator: None,
    };
    meter.node(tree);
    meter.newer_operator
}

struct Meter {
    measures: bool,
    replaces_distinct: bool,
    /// Set if the result of the current node may come back to it.
    in_function: bool,
    newer_operator: Option<&'static str>,
}

impl Meter {
    fn node(&mut self, node: &mut AstNode) {
        with_stack(|| self.node_here(node));
    }

    fn node_here(&mut self, node: &mut AstNode) {
        self.newer_operator = newer_operator(node).or(self.newer_operator);
        match node {
            AstNode::Lambda { body, .. } => self.function(body, true),
            AstNode::Function { name, args, .. } => self.call(name, args, 1),
            AstNode::Binary {
                op: BinaryOp::ChainPipe,
                lhs,
                rhs,
            } => {
                self.node(lhs);
                self.applied(rhs);
            }
            _ => children(node)
                .into_iter()
                .for_each(|child| self.node(child)),
        }
        if self.measures {
            if self.replaces_distinct {
                replace_distinct(node);
            }
            measure_range(node);
            measure(node, self.in_function);
        }
    }

    /// The right side of `~>`: a call there gets the left side for its first argument, and stays a
    /// call.
    fn applied(&mut self, rhs: &mut AstNode) {
        match rhs {
            AstNode::Function { name, args, .. } => self.call(name, args, 0),
            rhs => self.node(rhs),
        }
    }

    /// `width`: which argument of `$pad` its width is.
    fn call(&mut self, name: &str, args: &mut [AstNode], width: usize) {
        for argument in &mut *args {
            match argument {
                // Only `$reduce` gives a function what it gave back.
                AstNode::Lambda { body, .. } if name != "reduce" => self.function(body, false),
                _ => self.node(argument),
            }
        }
        if self.measures
            && name == "pad"
            && let Some(width) = args.get_mut(width)
        {
            wrap(width, WIDTH);
        }
    }

    /// Visits the body of a function; `comes_back` says that its results may be its arguments
    /// again, even if it calls nothing.
    fn function(&mut self, body: &mut AstNode, comes_back: bool) {
        let outer = self.in_function;
        self.in_function = outer || comes_back || calls_others(body);
        self.node(body);
        self.in_function = outer;
    }
}

fn call(name: &str, args: Vec<AstNode>) -> AstNode {
    AstNode::Function {
        name: name.to_owned(),
        args,
        is_builtin: true,
    }
}

fn wrap(node: &mut AstNode, name: &str) {
    let inner = std::mem::replace(node, AstNode::Null);
    *node = call(name, vec![inner]);
}

/// Replaces `$distinct` where it is called, or given something by `~>`.
fn replace_distinct(node: &mut AstNode) {
    let name = match node {
        AstNode::Function { name, .. } => name,
        AstNode::Binary {
            op: BinaryOp::ChainPipe,
            rhs,
            ..
        } => match &mut **rhs {
            AstNode::Variable(name) | AstNode::Function { name, .. } => name,
            _ => return,
        },
        _ => return,
    };
    if name == LIBRARY_DISTINCT {
        DISTINCT.clone_into(name);
    }
}

/// Returns true if the expression has a `$distinct` of its own.
fn binds_distinct(node: &mut AstNode) -> bool {
    with_stack(|| {
        let here = match node {
            AstNode::Binary {
                op: BinaryOp::ColonEqual,
                lhs,
                ..
            } => matches!(&**lhs, AstNode::Variable(name) if name == LIBRARY_DISTINCT),
            AstNode::Lambda { params, .. } => params.iter().any(|name| name == LIBRARY_DISTINCT),
            _ => false,
        };
        here || children(node).into_iter().any(binds_distinct)
    })
}

/// The end of a range learns its start, where reading that twice costs and changes nothing.
fn measure_range(node: &mut AstNode) {
    let AstNode::Binary {
        op: BinaryOp::Range,
        lhs,
        rhs,
    } = node
    else {
        return;
    };
    if is_plain(lhs) {
        let end = std::mem::replace(&mut **rhs, AstNode::Null);
        **rhs = call(RANGE_END, vec![end, (**lhs).clone()]);
    }
}

fn is_plain(node: &AstNode) -> bool {
    match node {
        AstNode::Number(_) | AstNode::Variable(_) => true,
        AstNode::Unary {
            op: UnaryOp::Negate,
            operand,
        } => matches!(**operand, AstNode::Number(_)),
        _ => false,
    }
}

/// Measures `node` if it builds a text or an array that may grow without end.
fn measure(node: &mut AstNode, in_function: bool) {
    match node {
        AstNode::Binary {
            op: BinaryOp::Concatenate,
            ..
        } => wrap(node, SIZED),
        AstNode::Function { name, .. } if GROWING.contains(&name.as_str()) => wrap(node, SIZED),
        AstNode::Binary {
            op: BinaryOp::ChainPipe,
            rhs,
            ..
        } if is_growing(rhs) => wrap(node, SIZED),
        AstNode::Array(items) if in_function => {
            // These are taken apart into the array; a constructor among its items stays one item.
            let spliced = items.iter_mut().filter(|item| {
                matches!(
                    item,
                    AstNode::Variable(_)
                        | AstNode::Path { .. }
                        | AstNode::Function { .. }
                        | AstNode::Block(_)
                        | AstNode::Conditional { .. }
                )
            });
            spliced.for_each(|item| wrap(item, SIZED));
        }
        _ => {}
    }
}

/// Returns true if a function is called, or named, whose result may be larger than all that it is
/// given.
fn is_growing(applied: &AstNode) -> bool {
    match applied {
        AstNode::Function { name, .. } | AstNode::Variable(name) => {
            GROWING.contains(&name.as_str())
        }
        _ => false,
    }
}

fn newer_operator(node: &AstNode) -> Option<&'static str> {
    match node {
        AstNode::Binary {
            op: BinaryOp::Coalesce,
            ..
        } => Some("??"),
        AstNode::Binary {
            op: BinaryOp::Default,
            ..
        } => Some("?:"),
        _ => None,
    }
}

/// Returns true if anything in `node` calls, or passes on, a function that the expression or its
/// caller defines.
fn calls_others(node: &mut AstNode) -> bool {
    with_stack(|| {
        let here = match node {
            AstNode::Call { .. } | AstNode::Lambda { .. } | AstNode::Transform { .. } => true,
            AstNode::Function { name, args, .. } => {
                let hands_over = functions::takes_functions(name)
                    && args.iter().any(|arg| matches!(arg, AstNode::Variable(_)));
                hands_over || !functions::is_known(name)
            }
            AstNode::Binary { op, .. } => *op == BinaryOp::ChainPipe,
            _ => false,
        };
        here || children(node).into_iter().any(calls_others)
    })
}

/// The nodes right below `node`.
pub(super) fn children(node: &mut AstNode) -> Vec<&mut AstNode> {
    match node {
        AstNode::Function { args, .. } => args.iter_mut().collect(),
        AstNode::Call { procedure, args } => {
            std::iter::once(&mut **procedure).chain(args).collect()
        }
        AstNode::Lambda { body: inner, .. }
        | AstNode::Unary { operand: inner, .. }
        | AstNode::FunctionApplication(inner) => vec![inner],
        AstNode::Block(nodes) | AstNode::Array(nodes) | AstNode::ArrayGroup(nodes) => {
            nodes.iter_mut().collect()
        }
        AstNode::Path { steps } => steps.iter_mut().flat_map(parts).collect(),
        AstNode::Binary { lhs, rhs, .. } => vec![lhs, rhs],
        AstNode::Conditional {
            condition,
            then_branch,
            else_branch,
        } => [&mut **condition, then_branch]
            .into_iter()
            .chain(else_branch.as_deref_mut())
            .collect(),
        AstNode::Object(pairs) => sides(pairs).collect(),
        AstNode::ObjectTransform { input, pattern } => std::iter::once(&mut **input)
            .chain(sides(pattern))
            .collect(),
        AstNode::Sort { input, terms } => std::iter::once(&mut **input)
            .chain(terms.iter_mut().map(|(term, _)| term))
            .collect(),
        AstNode::Transform {
            location,
            update,
            delete,
        } => [&mut **location, update]
            .into_iter()
            .chain(delete.as_deref_mut())
            .collect(),
        AstNode::String(_)
        | AstNode::Name(_)
        | AstNode::Number(_)
        | AstNode::Boolean(_)
        | AstNode::Null
        | AstNode::Undefined
        | AstNode::Placeholder
        | AstNode::Regex { .. }
        | AstNode::Variable(_)
        | AstNode::ParentVariable(_)
        | AstNode::Parent(_)
        | AstNode::Wildcard
        | AstNode::Descendant => Vec::new(),
    }
}

fn parts(step: &mut PathStep) -> impl Iterator<Item = &mut AstNode> {
    let filters = step.stages.iter_mut().filter_map(|stage| match stage {
        Stage::Filter(filter) => Some(&mut **filter),
        Stage::KeepArray | Stage::Index(_) => None,
    });
    std::iter::once(&mut step.node).chain(filters)
}

fn sides(pairs: &mut [(AstNode, AstNode)]) -> impl Iterator<Item = &mut AstNode> {
    pairs.iter_mut().flat_map(|(key, value)| [key, value])
}
