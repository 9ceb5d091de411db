//! Finds what an expression reads: variables that are not its own, members of `$states`, functions.

use std::collections::BTreeSet;

use jsonata_core::ast::{AstNode, BinaryOp, PathStep, Stage};
use jsonata_core::value::with_stack;
use serde::{Deserialize, Serialize};

use super::functions;

/// The members of `$states`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(super) enum Member {
    Context,
    Input,
    Result,
    ErrorOutput,
}

impl Member {
    pub(super) const ALL: [Member; 4] = [
        Member::Context,
        Member::Input,
        Member::Result,
        Member::ErrorOutput,
    ];

    pub(super) fn from_name(name: &str) -> Option<Member> {
        Member::ALL.into_iter().find(|member| member.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Member::Context => "context",
            Member::Input => "input",
            Member::Result => "result",
            Member::ErrorOutput => "errorOutput",
        }
    }
}

/// The part of a member that is read.
#[derive(Debug, Default)]
pub(super) enum Usage {
    #[default]
    Nothing,
    /// The fields of these names.
    Fields(BTreeSet<Box<str>>),
    Whole,
}

impl Usage {
    /// Adds `field`, or the whole member if there is none.
    fn add(&mut self, field: Option<&str>) {
        match (self, field) {
            (Usage::Whole, _) => {}
            (Usage::Fields(names), Some(field)) => {
                names.insert(field.into());
            }
            (usage @ Usage::Nothing, Some(field)) => {
                *usage = Usage::Fields(BTreeSet::from([field.into()]));
            }
            (usage, None) => *usage = Usage::Whole,
        }
    }
}

/// The names that an expression reads.
#[derive(Debug, Default)]
pub(super) struct Dependencies {
    /// The names that it reads or calls and does not bind itself, without `$`.
    names: BTreeSet<Box<str>>,
    /// The names that are read as variables.
    variables: BTreeSet<Box<str>>,
    /// The part that is read of each of [`Member::ALL`].
    members: [Usage; Member::ALL.len()],
    /// Set if `$states.errorOutput` is named.
    reads_error_output: bool,
    /// Set if `$$` is named.
    reads_root: bool,
}

impl Dependencies {
    pub(super) fn from_tree(tree: &AstNode) -> Dependencies {
        let mut visitor = Visitor {
            reads: Dependencies::default(),
            bound: Vec::new(),
        };
        visitor.node(tree);
        visitor.reads
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }

    /// The variables, in order. `$sum` on its own is a function, not a variable.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        let variables = self.variables.iter().map(AsRef::as_ref);
        variables.filter(|name| !functions::is_known(name))
    }

    /// Returns true if it reads `$states.errorOutput`, which only catchers have.
    pub(super) fn reads_error_output(&self) -> bool {
        self.reads_error_output
    }

    /// Returns true if it reads `$$`, which Step Functions does not have.
    pub(super) fn reads_root(&self) -> bool {
        self.reads_root
    }

    #[cfg(test)]
    pub(super) fn forget(&mut self, name: &str) {
        self.names.remove(name);
    }

    pub(super) fn members(&self) -> impl Iterator<Item = (Member, &Usage)> {
        let needs = Member::ALL.into_iter().zip(&self.members);
        needs.filter(|(_, usage)| !matches!(usage, Usage::Nothing))
    }

    fn all_members(&mut self) {
        self.members.iter_mut().for_each(|usage| usage.add(None));
    }
}

struct Visitor {
    reads: Dependencies,
    /// The names that the expression binds itself, innermost last.
    bound: Vec<Box<str>>,
}

impl Visitor {
    /// A tree may be as deep as the parser lets it: about 1,000 levels.
    fn node(&mut self, node: &AstNode) {
        with_stack(|| self.node_here(node));
    }

    fn nodes<'a>(&mut self, nodes: impl IntoIterator<Item = &'a AstNode>) {
        for node in nodes {
            self.node(node);
        }
    }

    fn node_here(&mut self, node: &AstNode) {
        match node {
            AstNode::Variable(name) => self.variable(name),
            AstNode::Function { name, args, .. } => {
                self.name(name);
                self.nodes(args);
            }
            AstNode::Call { procedure, args } => {
                self.node(procedure);
                self.nodes(args);
            }
            AstNode::Lambda { params, body, .. } => self.scope(|visitor| {
                visitor
                    .bound
                    .extend(params.iter().map(|name| name.as_str().into()));
                visitor.node(body);
            }),
            AstNode::Block(nodes) => self.scope(|visitor| visitor.nodes(nodes)),
            AstNode::Path { steps } => self.scope(|visitor| visitor.path(steps)),
            AstNode::Binary { op, lhs, rhs } => self.binary(*op, lhs, rhs),
            AstNode::Unary { operand, .. } => self.node(operand),
            AstNode::Conditional {
                condition,
                then_branch,
                else_branch,
            } => {
                self.node(condition);
                self.node(then_branch);
                self.nodes(else_branch.as_deref());
            }
            AstNode::Array(items) | AstNode::ArrayGroup(items) => self.nodes(items),
            AstNode::Object(pairs) => self.pairs(pairs),
            AstNode::FunctionApplication(inner) => self.node(inner),
            AstNode::ObjectTransform { .. } | AstNode::Sort { .. } | AstNode::Transform { .. } => {
                self.scope(|visitor| visitor.rearrangement(node));
            }
            // `%` may lead back to what `$states` was.
            AstNode::Parent(_) => self.reads.all_members(),
            AstNode::ParentVariable(_) => self.reads.reads_root = true,
            AstNode::String(_)
            | AstNode::Name(_)
            | AstNode::Number(_)
            | AstNode::Boolean(_)
            | AstNode::Null
            | AstNode::Undefined
            | AstNode::Placeholder
            | AstNode::Regex { .. }
            | AstNode::Wildcard
            | AstNode::Descendant => {}
        }
    }

    /// Visits an expression whose input may bind names that its other parts read.
    fn rearrangement(&mut self, node: &AstNode) {
        match node {
            AstNode::ObjectTransform { input, pattern } => {
                self.row_source(input);
                self.pairs(pattern);
            }
            AstNode::Sort { input, terms } => {
                self.row_source(input);
                self.nodes(terms.iter().map(|(term, _)| term));
            }
            AstNode::Transform {
                location,
                update,
                delete,
            } => {
                self.node(location);
                self.node(update);
                self.nodes(delete.as_deref());
            }
            _ => {}
        }
    }

    fn row_source(&mut self, input: &AstNode) {
        match input {
            AstNode::Path { steps } => self.path(steps),
            AstNode::Sort { .. } => self.rearrangement(input),
            _ => self.node(input),
        }
    }

    fn pairs(&mut self, pairs: &[(AstNode, AstNode)]) {
        for (key, value) in pairs {
            self.node(key);
            self.node(value);
        }
    }

    fn binary(&mut self, op: BinaryOp, lhs: &AstNode, rhs: &AstNode) {
        match (op, lhs) {
            (BinaryOp::ColonEqual, AstNode::Variable(name)) => {
                // A function may call itself: its name is bound in its body. Any other value reads
                // what was there before.
                if matches!(rhs, AstNode::Lambda { .. }) {
                    self.bound.push(name.as_str().into());
                    self.node(rhs);
                } else {
                    self.node(rhs);
                    self.bound.push(name.as_str().into());
                }
            }
            _ => {
                self.node(lhs);
                self.node(rhs);
            }
        }
    }

    fn path(&mut self, steps: &[PathStep]) {
        let mut rest = steps;
        if let [first, second, ..] = steps
            && let (AstNode::Variable(name), AstNode::Name(member)) = (&first.node, &second.node)
            && name == "states"
            && first.stages.is_empty()
            && !self.is_bound(name)
        {
            self.name(name);
            self.reads.variables.insert(name.as_str().into());
            let is_bare = |step: &PathStep| {
                step.stages.is_empty() && step.focus.is_none() && step.index_var.is_none()
            };
            let field = match steps.get(2).map(|step| &step.node) {
                Some(AstNode::Name(field)) if is_bare(first) && is_bare(second) => {
                    Some(field.as_str())
                }
                _ => None,
            };
            self.member(member, field);
            self.binds(first);
            rest = &steps[1..];
        }
        for step in rest {
            self.step(step);
        }
    }

    fn step(&mut self, step: &PathStep) {
        self.row_source(&step.node);
        self.binds(step);
        for stage in &step.stages {
            match stage {
                Stage::Filter(filter) => self.node(filter),
                Stage::Index(name) => self.bound.push(name.as_str().into()),
                Stage::KeepArray => {}
            }
        }
    }

    fn binds(&mut self, step: &PathStep) {
        let names = step.focus.iter().chain(&step.index_var);
        self.bound.extend(names.map(|name| name.as_str().into()));
    }

    fn scope(&mut self, visitor: impl FnOnce(&mut Visitor)) {
        let outer = self.bound.len();
        visitor(self);
        self.bound.truncate(outer);
    }

    fn is_bound(&self, name: &str) -> bool {
        self.bound.iter().any(|bound| bound.as_ref() == name)
    }

    /// `$` itself (no name) and `$$` are the context, not variables.
    fn variable(&mut self, name: &str) {
        if name.is_empty() || name == "$" || self.is_bound(name) {
            return;
        }
        self.name(name);
        self.reads.variables.insert(name.into());
        if name == "states" {
            self.reads.all_members();
        }
    }

    fn name(&mut self, name: &str) {
        if !self.is_bound(name) {
            self.reads.names.insert(name.into());
        }
    }

    fn member(&mut self, name: &str, field: Option<&str>) {
        if let Some(member) = Member::from_name(name) {
            self.reads.reads_error_output |= member == Member::ErrorOutput;
            self.reads.members[member as usize].add(field);
        }
    }
}
