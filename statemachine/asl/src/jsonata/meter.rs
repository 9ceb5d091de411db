//! Puts meters into an expression where it could run away, so that it ends after a number of steps and not after a time.
//!
//! What repeats without an end is a function that is called again and again: by itself, by another, or with functions
//! that it is given. The body of every function that calls more than the built-in ones becomes `($tick; body)`. What grows
//! without an end is a text or an array that is put together from itself: where its result can come back, `a & b` becomes
//! `$sized(a & b)` and `[a, b]` becomes `[$sized(a), $sized(b)]`; and ranges are counted. The names begin with a character
//! that no expression can write, and the functions behind them are in `functions`.
//!
//! Most expressions have nothing of this and stay as they are.

use jsonata_core::ast::{AstNode, BinaryOp, PathStep, Stage};
use jsonata_core::value::with_stack;

use super::functions;

/// Counts a call.
pub(super) const TICK: &str = "\0tick";
/// Gives its text or array back, unless that is too long.
pub(super) const SIZED: &str = "\0sized";
/// Gives its number back, unless no text may be that wide.
pub(super) const WIDTH: &str = "\0width";
/// Gives its number back, unless ranges have had more items than they may.
pub(super) const RANGE_END: &str = "\0range";

/// The functions whose results may be larger than all that they are given.
const GROWING: [&str; 4] = ["append", "join", "replace", "string"];

/// What was seen on the way.
pub(super) struct Seen {
    /// Whether the time of an evaluation is worth watching: it has meters, or repeats something within something repeated.
    pub(super) repeats: bool,
    /// An operator that JSONata has only had since version 2.1.
    pub(super) newer_operator: Option<&'static str>,
}

/// Puts the meters in.
pub(super) fn install(tree: &mut AstNode) -> Seen {
    let mut meter = Meter {
        in_function: false,
        loops: 0,
        ticks: false,
        newer_operator: None,
    };
    meter.node(tree);
    Seen {
        repeats: meter.ticks || meter.loops > 1,
        newer_operator: meter.newer_operator,
    }
}

struct Meter {
    /// Whether the result of what is looked at may come back to it.
    in_function: bool,
    /// What repeats, in number.
    loops: usize,
    ticks: bool,
    newer_operator: Option<&'static str>,
}

impl Meter {
    fn node(&mut self, node: &mut AstNode) {
        with_stack(|| self.node_here(node));
    }

    fn node_here(&mut self, node: &mut AstNode) {
        self.loops += usize::from(repeats(node));
        self.newer_operator = newer_operator(node).or(self.newer_operator);
        match node {
            AstNode::Lambda { body, .. } => self.function(body, true),
            AstNode::Function { name, args, .. } => self.call(name, args),
            _ => children(node)
                .into_iter()
                .for_each(|child| self.node(child)),
        }
        if let AstNode::Binary {
            op: BinaryOp::Range,
            rhs,
            ..
        } = node
        {
            wrap(rhs, RANGE_END);
        }
        if self.in_function {
            measure(node);
        }
    }

    fn call(&mut self, name: &str, args: &mut [AstNode]) {
        for argument in &mut *args {
            match argument {
                // Only `$reduce` gives a function what it gave back.
                AstNode::Lambda { body, .. } if name != "reduce" => self.function(body, false),
                _ => self.node(argument),
            }
        }
        if let ("pad", [_, width, ..]) = (name, args) {
            wrap(width, WIDTH);
        }
    }

    /// `comes_back`: whether its results may be its arguments again, even if it calls nothing.
    fn function(&mut self, body: &mut AstNode, comes_back: bool) {
        let calls = calls_others(body);
        let outer = self.in_function;
        self.in_function = outer || comes_back || calls;
        self.node(body);
        self.in_function = outer;
        if calls {
            self.ticks = true;
            let tick = call(TICK, Vec::new());
            let inner = std::mem::replace(body, AstNode::Null);
            *body = AstNode::Block(vec![tick, inner]);
        }
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

/// Where `node` puts something together: that it does not grow without an end.
fn measure(node: &mut AstNode) {
    match node {
        AstNode::Binary {
            op: BinaryOp::Concatenate,
            ..
        } => wrap(node, SIZED),
        AstNode::Function { name, .. } if GROWING.contains(&name.as_str()) => wrap(node, SIZED),
        AstNode::Array(items) => {
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

/// Whether `node` does something for each of many.
fn repeats(node: &AstNode) -> bool {
    match node {
        AstNode::Lambda { .. }
        | AstNode::Sort { .. }
        | AstNode::ObjectTransform { .. }
        | AstNode::FunctionApplication(_)
        | AstNode::Descendant => true,
        AstNode::Binary { op, .. } => *op == BinaryOp::Range,
        AstNode::Path { steps } => steps.iter().any(|step| {
            let filters = |stage: &Stage| matches!(stage, Stage::Filter(_));
            step.stages.iter().any(filters)
                || !matches!(step.node, AstNode::Name(_) | AstNode::Variable(_))
        }),
        _ => false,
    }
}

/// Whether anything in `node` calls, or hands over, a function that the expression or its caller defines.
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
fn children(node: &mut AstNode) -> Vec<&mut AstNode> {
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
