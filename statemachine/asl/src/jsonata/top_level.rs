//! Finds the names that an expression looks up without a context.
//!
//! Step Functions gives an expression no context: data is in `$states` and in variables. AWS
//! refuses `phone` and takes `$states.input.phone`; further inside, names have a context:
//! `$states.input.people[age > 17]`.

use jsonata_core::ast::AstNode;
use jsonata_core::value::with_stack;

/// Returns each such name once, in the order of the text.
pub(super) fn names(tree: &AstNode) -> Vec<Box<str>> {
    let mut names = Vec::new();
    node(tree, &mut names);
    names
}

fn nodes<'a>(all: impl IntoIterator<Item = &'a AstNode>, names: &mut Vec<Box<str>>) {
    all.into_iter().for_each(|each| node(each, names));
}

/// A tree may be as deep as the parser lets it: about 1,000 levels.
fn node(tree: &AstNode, names: &mut Vec<Box<str>>) {
    with_stack(|| node_here(tree, names));
}

fn node_here(tree: &AstNode, names: &mut Vec<Box<str>>) {
    match tree {
        AstNode::Name(name) => {
            if names.iter().all(|known| **known != **name) {
                names.push(name.as_str().into());
            }
        }
        // What follows the first step has the values before it for a context.
        AstNode::Path { steps } => nodes(steps.first().map(|step| &step.node), names),
        AstNode::ObjectTransform { input, .. } | AstNode::Sort { input, .. } => node(input, names),
        AstNode::Function { args, .. } => nodes(args, names),
        AstNode::Call { procedure, args } => {
            node(procedure, names);
            nodes(args, names);
        }
        AstNode::Lambda { body, .. } => node(body, names),
        AstNode::Block(all) | AstNode::Array(all) | AstNode::ArrayGroup(all) => nodes(all, names),
        AstNode::Object(pairs) => nodes(pairs.iter().flat_map(|(key, value)| [key, value]), names),
        AstNode::Binary { lhs, rhs, .. } => nodes([&**lhs, &**rhs], names),
        AstNode::Unary { operand, .. } => node(operand, names),
        AstNode::Conditional {
            condition,
            then_branch,
            else_branch,
        } => {
            nodes([&**condition, &**then_branch], names);
            nodes(else_branch.as_deref(), names);
        }
        // A transformation's parts have the object that it is applied to for a context.
        AstNode::Transform { .. } | AstNode::FunctionApplication(_) => {}
        AstNode::String(_)
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
        | AstNode::Descendant => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::Expression;

    fn check(text: &str, expect: &[&str]) {
        let parsed = Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let found: Vec<&str> = parsed.top_level_names().collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn names_without_a_context_are_found() {
        check("phone", &["phone"]);
        check("phone.number", &["phone"]);
        check("$sum(prices) + prices", &["prices"]);
        check("[a, {\"b\": c}]", &["a", "c"]);
        check("($x := a; b ? c : $x)", &["a", "b", "c"]);
        check("$map($states.input, function($x) { y })", &["y"]);
        check("a[b > 1]{c: d}^(e)", &["a"]);
        check("-(a)", &["a"]);
    }

    #[test]
    fn names_with_a_context_are_not() {
        check("$states.input.phone", &[]);
        check("$states.input.people[age > 17].(name & phone)", &[]);
        check("$states.input.people{name: $sum(age)}", &[]);
        check("$states.input.people^(>age, name)", &[]);
        check("$states.input.people.{\"n\": name}", &[]);
        check("$states.input ~> |people|{\"n\": name}|", &[]);
        check("$x.y", &[]);
        check("'text' in ['a']", &[]);
    }
}
