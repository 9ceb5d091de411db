//! What the text of an error names and the library does not tell: the call or the operator that failed, and its values.
//!
//! An expression that has failed so is evaluated once more, with a note of what each call and each operator is given right
//! before it works. The last note is of the one that fails.

use std::cell::{Cell, RefCell};

use jsonata_core::ast::{AstNode, BinaryOp, UnaryOp};
use jsonata_core::value::{JValue, with_stack};

use super::functions;

/// Notes a value, and gives it back.
pub(super) const NOTE: &str = "\0note";

/// What was about to work.
#[derive(Clone, Debug)]
pub(super) struct Work {
    /// A function's name, an operator as it is written, or a part of a transformation.
    pub(super) name: String,
    pub(super) is_call: bool,
    /// The place of the value after which it works.
    begins: usize,
    /// What it was given. A function that stands in the expression itself is a placeholder for one.
    pub(super) values: Vec<JValue>,
}

/// The calls and operators of an expression, and the one that was about to work last.
#[derive(Debug, Default)]
pub(super) struct Notes {
    works: RefCell<Vec<Work>>,
    last: Cell<Option<usize>>,
}

impl Notes {
    /// Takes a note and gives its value back: a value of a work, the work, and the value's place.
    pub(super) fn take(&self, note: &[JValue]) -> JValue {
        if let [value, JValue::Number(work), JValue::Number(place)] = note {
            let mut works = self.works.borrow_mut();
            if let Some(noted) = works.get_mut(*work as usize) {
                let place = *place as usize;
                if let Some(kept) = noted.values.get_mut(place) {
                    kept.clone_from(value);
                }
                if place == noted.begins {
                    self.last.set(Some(*work as usize));
                }
            }
        }
        note.first().cloned().unwrap_or(JValue::Undefined)
    }

    /// The one that was about to work last.
    pub(super) fn last(&self) -> Option<Work> {
        self.works.borrow().get(self.last.get()?).cloned()
    }

    /// Puts the notes into an expression.
    pub(super) fn install(&self, tree: &mut AstNode) {
        with_stack(|| self.install_here(tree));
    }

    fn install_here(&self, node: &mut AstNode) {
        if let AstNode::Binary {
            op: BinaryOp::ChainPipe,
            lhs,
            rhs,
        } = node
        {
            return self.install_application(lhs, rhs);
        }
        super::meter::children(node)
            .into_iter()
            .for_each(|child| self.install(child));
        match node {
            AstNode::Function { name, args, .. } if !name.starts_with('\0') => {
                let name = name.clone();
                if args.is_empty() {
                    let work = self.work(&name, true, (0, Vec::new()));
                    let call = std::mem::replace(node, AstNode::Null);
                    *node = AstNode::Block(vec![note(AstNode::Null, work, 0), call]);
                } else {
                    self.operands(&name, true, args.iter_mut().collect());
                }
            }
            AstNode::Binary { op, lhs, rhs } => {
                if let Some(name) = written(*op) {
                    self.operands(name, false, vec![lhs, rhs]);
                }
            }
            AstNode::Unary {
                op: UnaryOp::Negate,
                operand,
            } => self.operands("-", false, vec![operand]),
            AstNode::Transform { update, delete, .. } => {
                self.operands("update", false, vec![update]);
                if let Some(delete) = delete {
                    self.operands("delete", false, vec![delete]);
                }
            }
            _ => {}
        }
    }

    /// `a ~> $f(b)` calls `$f` with `a` before its other arguments.
    fn install_application(&self, lhs: &mut AstNode, rhs: &mut AstNode) {
        self.install(lhs);
        match rhs {
            AstNode::Variable(name) if functions::is_standard(name) => {
                self.operands(name, true, vec![lhs]);
            }
            AstNode::Function { name, args, .. } if functions::is_standard(name) => {
                args.iter_mut().for_each(|argument| self.install(argument));
                let operands = std::iter::once(lhs).chain(args).collect();
                self.operands(name, true, operands);
            }
            rhs => self.install(rhs),
        }
    }

    fn work(&self, name: &str, is_call: bool, (begins, values): (usize, Vec<JValue>)) -> usize {
        let mut works = self.works.borrow_mut();
        works.push(Work {
            name: name.to_owned(),
            is_call,
            begins,
            values,
        });
        works.len() - 1
    }

    /// Notes what `operands` give, but for functions: the library knows those by sight.
    fn operands(&self, name: &str, is_call: bool, mut operands: Vec<&mut AstNode>) {
        let is_function = |node: &AstNode| {
            matches!(
                node,
                AstNode::Lambda { .. }
                    | AstNode::Placeholder
                    | AstNode::Regex { .. }
                    | AstNode::Transform { .. }
            )
        };
        let Some(last) = operands.iter().rposition(|node| !is_function(node)) else {
            return;
        };
        let function = JValue::Builtin { name: "".into() };
        let values = operands.iter().map(|node| {
            if is_function(node) {
                function.clone()
            } else {
                JValue::Undefined
            }
        });
        let work = self.work(name, is_call, (last, values.collect()));
        for (place, node) in operands.iter_mut().enumerate() {
            if !is_function(node) {
                let inner = std::mem::replace(*node, AstNode::Null);
                **node = note(inner, work, place);
            }
        }
    }
}

fn note(value: AstNode, work: usize, place: usize) -> AstNode {
    AstNode::Function {
        name: NOTE.to_owned(),
        args: vec![
            value,
            AstNode::Number(work as f64),
            AstNode::Number(place as f64),
        ],
        is_builtin: true,
    }
}

/// The operators that ask for values of a kind.
fn written(op: BinaryOp) -> Option<&'static str> {
    Some(match op {
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::Modulo => "%",
        BinaryOp::LessThan => "<",
        BinaryOp::LessThanOrEqual => "<=",
        BinaryOp::GreaterThan => ">",
        BinaryOp::GreaterThanOrEqual => ">=",
        _ => return None,
    })
}
