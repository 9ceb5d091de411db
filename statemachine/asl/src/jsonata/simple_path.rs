//! Looks up the most frequent expressions, `$states.input.order.id` and `$order.id`: found without
//! converting or evaluating anything.

use jsonata_core::ast::{AstNode, PathStep};
use serde_json::Value;

use super::bindings::Bindings;
use super::dependencies::Member;

/// A path of names from a variable or a member of `$states`.
#[derive(Debug)]
pub(super) struct SimplePath {
    root: Root,
    fields: Box<[Box<str>]>,
}

#[derive(Debug)]
enum Root {
    Member(Member),
    Variable(Box<str>),
}

/// The result of a lookup.
#[derive(Debug, PartialEq)]
pub(super) enum Lookup<'a> {
    Value(&'a Value),
    Undefined,
    /// Through what is no object: there, JSONata has rules of its own.
    NotSimple,
}

impl SimplePath {
    /// `tree` as a path, if it is nothing else.
    pub(super) fn from_tree(tree: &AstNode) -> Option<SimplePath> {
        let (first, names) = match tree {
            AstNode::Path { steps } => {
                let (first, rest) = steps.split_first()?;
                let names: Option<Vec<&str>> = rest.iter().map(|step| name(bare(step)?)).collect();
                (bare(first)?, names?)
            }
            tree => (tree, Vec::new()),
        };
        let AstNode::Variable(variable) = first else {
            return None;
        };
        let (root, names) = match (variable.as_str(), names.as_slice()) {
            ("" | "$", _) => return None,
            ("states", [member, rest @ ..]) => (Root::Member(Member::from_name(member)?), rest),
            ("states", []) => return None,
            (variable, names) => (Root::Variable(variable.into()), names),
        };
        Some(SimplePath {
            root,
            fields: names.iter().map(|name| (*name).into()).collect(),
        })
    }

    pub(super) fn find<'a>(&self, bindings: &'a Bindings<'_>) -> Lookup<'a> {
        let root = match &self.root {
            Root::Member(member) => bindings.member(*member),
            Root::Variable(name) => match bindings.variable(name) {
                // It may be the name of a function.
                None => return Lookup::NotSimple,
                found => found,
            },
        };
        let Some(mut value) = root else {
            return Lookup::Undefined;
        };
        for field in &self.fields {
            let Value::Object(fields) = value else {
                return Lookup::NotSimple;
            };
            match fields.get(field.as_ref()) {
                Some(found) => value = found,
                None => return Lookup::Undefined,
            }
        }
        Lookup::Value(value)
    }
}

/// The node of a step that has nothing besides it.
fn bare(step: &PathStep) -> Option<&AstNode> {
    let alone = step.stages.is_empty()
        && step.focus.is_none()
        && step.index_var.is_none()
        && step.ancestor_label.is_none()
        && !step.is_tuple;
    alone.then_some(&step.node)
}

fn name(node: &AstNode) -> Option<&str> {
    match node {
        AstNode::Name(name) => Some(name),
        _ => None,
    }
}
