//! Every reference of the template has a target, also where the local stack does not look: as
//! CloudFormation checks it.

use super::error::{Fault, Position, Problem};
use super::node::{Node, Value};
use super::resolve::Resolver;

impl Resolver<'_> {
    /// Checks `Ref`, `GetAtt` and `Sub` in `node` and below.
    pub(super) fn check_references(&self, node: &Node) -> Result<(), Fault> {
        if let Some((function, argument)) = node.function() {
            self.check_call(function, argument)?;
        }
        match &node.value {
            Value::List(items) => items
                .iter()
                .try_for_each(|item| self.check_references(item)),
            Value::Map(entries) => entries
                .iter()
                .try_for_each(|(_, node)| self.check_references(node)),
            _ => Ok(()),
        }
    }

    fn check_call(&self, function: &str, argument: &Node) -> Result<(), Fault> {
        match (function, &argument.value) {
            ("Ref", Value::Scalar { text, .. }) => self.check_name(text, argument.at),
            ("Fn::GetAtt", Value::Scalar { text, .. }) => {
                self.check_name(text.split('.').next().unwrap_or(text), argument.at)
            }
            ("Fn::GetAtt", Value::List(items)) => match items.first().map(|id| &id.value) {
                Some(Value::Scalar { text, .. }) => self.check_name(text, argument.at),
                _ => Ok(()),
            },
            ("Fn::Sub", Value::Scalar { text, .. }) => self.check_sub(text, None, argument.at),
            ("Fn::Sub", Value::List(items)) => match items.as_slice() {
                [text, own] => self.check_sub(text.text("Fn::Sub")?, Some(own), argument.at),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn check_sub(&self, text: &str, own: Option<&Node>, at: Position) -> Result<(), Fault> {
        for piece in text.split("${").skip(1) {
            let name = piece.split('}').next().unwrap_or(piece).trim();
            let has_own = own.is_some_and(|own| own.get(name).is_some());
            if !has_own && !name.starts_with('!') {
                self.check_name(name.split('.').next().unwrap_or(name), at)?;
            }
        }
        Ok(())
    }

    fn check_name(&self, name: &str, at: Position) -> Result<(), Fault> {
        if self.is_known(name) || self.is_made_by_sam(name) {
            return Ok(());
        }
        Err(Fault::new(at, Problem::Unresolved(name.into())))
    }

    fn is_known(&self, name: &str) -> bool {
        self.parameters.contains_key(name)
            || self.resources.contains_key(name)
            || self.pseudo(name).is_some()
    }

    /// SAM's own resources, such as `{Function}Role` or `ServerlessRestApi`: named after one of the
    /// template's.
    fn is_made_by_sam(&self, name: &str) -> bool {
        let mut sam = self.resources.values().filter(|r| r.is_sam());
        sam.any(|r| name.starts_with(&r.logical_id) || name.starts_with("Serverless"))
    }
}
