//! Finds the call or operator that failed, and its values: AWS's errors name them, and the
//! library's do not.
//!
//! An expression that has failed is evaluated once more, with a trace of what each call and each
//! operator is given right before it is evaluated. The last entry of the trace is of the one that
//! fails.

use std::cell::{Cell, RefCell};

use jsonata_core::ast::{AstNode, BinaryOp, UnaryOp};
use jsonata_core::value::{JValue, with_stack};

use super::signature;

/// The function that records a value, and returns it.
pub(super) const TRACE: &str = "\0trace";

/// A call or operator that was about to be evaluated.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    /// A function's name, an operator as it is written, or a part of a transformation.
    pub(super) name: String,
    pub(super) is_call: bool,
    /// The index of the value after which it is evaluated.
    last_value: usize,
    /// The values that it was given. A function that stands in the expression itself is a
    /// placeholder for one.
    pub(super) values: Vec<JValue>,
}

/// The calls and operators of an expression, and the one that was about to be evaluated last.
#[derive(Debug, Default)]
pub(super) struct Trace {
    operations: RefCell<Vec<Operation>>,
    last: Cell<Option<usize>>,
}

impl Trace {
    /// Records the arguments of a call of [`TRACE`], which are a value, its operation and its
    /// index, and returns the value.
    pub(super) fn record(&self, arguments: &[JValue]) -> JValue {
        if let [value, JValue::Number(id), JValue::Number(index)] = arguments {
            let (id, index) = (*id as usize, *index as usize);
            if let Some(operation) = self.operations.borrow_mut().get_mut(id) {
                if let Some(recorded) = operation.values.get_mut(index) {
                    recorded.clone_from(value);
                }
                if index == operation.last_value {
                    self.last.set(Some(id));
                }
            }
        }
        arguments.first().cloned().unwrap_or(JValue::Undefined)
    }

    /// Returns the operation that was about to be evaluated last.
    pub(super) fn last(&self) -> Option<Operation> {
        self.operations.borrow().get(self.last.get()?).cloned()
    }

    /// Puts calls of [`TRACE`] into an expression.
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
                    let id = self.add(&name, true, 0, Vec::new());
                    let call = std::mem::replace(node, AstNode::Null);
                    *node = AstNode::Block(vec![traced(AstNode::Null, id, 0), call]);
                } else {
                    self.trace(&name, true, args.iter_mut().collect());
                }
            }
            AstNode::Binary { op, lhs, rhs } => {
                if let Some(name) = symbol(*op) {
                    self.trace(name, false, vec![lhs, rhs]);
                }
            }
            AstNode::Unary {
                op: UnaryOp::Negate,
                operand,
            } => self.trace("-", false, vec![operand]),
            AstNode::Transform { update, delete, .. } => {
                self.trace("update", false, vec![update]);
                if let Some(delete) = delete {
                    self.trace("delete", false, vec![delete]);
                }
            }
            _ => {}
        }
    }

    /// `a ~> $f(b)` calls `$f` with `a` before its other arguments.
    fn install_application(&self, lhs: &mut AstNode, rhs: &mut AstNode) {
        self.install(lhs);
        match rhs {
            AstNode::Variable(name) if signature::is_standard(name) => {
                self.trace(name, true, vec![lhs]);
            }
            AstNode::Function { name, args, .. } if signature::is_standard(name) => {
                args.iter_mut().for_each(|argument| self.install(argument));
                let operands = std::iter::once(lhs).chain(args).collect();
                self.trace(name, true, operands);
            }
            rhs => self.install(rhs),
        }
    }

    /// Adds an operation, and returns its id.
    fn add(&self, name: &str, is_call: bool, last_value: usize, values: Vec<JValue>) -> usize {
        let mut operations = self.operations.borrow_mut();
        operations.push(Operation {
            name: name.to_owned(),
            is_call,
            last_value,
            values,
        });
        operations.len() - 1
    }

    /// Traces what `operands` give, but for functions, which the library must find where they
    /// stand.
    fn trace(&self, name: &str, is_call: bool, mut operands: Vec<&mut AstNode>) {
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
        let id = self.add(name, is_call, last, values.collect());
        for (index, node) in operands.iter_mut().enumerate() {
            if !is_function(node) {
                let inner = std::mem::replace(*node, AstNode::Null);
                **node = traced(inner, id, index);
            }
        }
    }
}

fn traced(value: AstNode, id: usize, index: usize) -> AstNode {
    AstNode::Function {
        name: TRACE.to_owned(),
        args: vec![
            value,
            AstNode::Number(id as f64),
            AstNode::Number(index as f64),
        ],
        is_builtin: true,
    }
}

/// Returns the text of an operator that requires values of a type.
fn symbol(op: BinaryOp) -> Option<&'static str> {
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
