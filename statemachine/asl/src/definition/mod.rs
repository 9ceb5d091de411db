//! From the text of a definition to a [`StateMachine`]: reads every field once, checks it, and compiles it.
//!
//! Reading goes on after an error, so that one look shows all of them. The texts and locations are AWS's where they
//! are known.

mod assign;
mod diagnostics;
mod fields;
mod flow;
mod handlers;
mod language;
mod lint;
mod resource;
mod state;
mod template;
mod text;

use std::collections::HashSet;

use serde_json::Value;

use crate::machine::{Next, State, StateId, Workflow};
use crate::states::Kind;
use crate::{InvalidDefinition, StateMachine};

pub(crate) use diagnostics::Diagnostics;
pub(crate) use fields::Fields;
pub(crate) use flow::Flow;
pub(crate) use language::{Language, delimited};

/// What is being compiled: the states so far, and what is wrong.
#[derive(Debug, Default)]
pub(crate) struct Compiler {
    pub(crate) diagnostics: Diagnostics,
    states: Vec<State>,
    /// The names so far: each is used once in the whole machine.
    names: HashSet<String>,
    /// The machine's.
    language: Language,
    scopes: assign::VariableScopes,
    /// The locations of the objects that hold states.
    flows: HashSet<String>,
    pub(crate) workflow: Workflow,
}

pub(crate) fn compile(
    definition: &str,
    workflow: Workflow,
) -> Result<StateMachine, InvalidDefinition> {
    let mut compiler = Compiler {
        workflow,
        ..Compiler::default()
    };
    let text = compiler.json(definition);
    let machine = text.as_ref().and_then(|(source, value)| {
        let machine = compiler.machine(value);
        compiler.check_duplicates(source);
        lint::lint(value, &mut compiler.diagnostics);
        machine
    });
    let source = text.as_ref().map(|(source, _)| source);
    let costly = compiler.diagnostics.costly;
    let (errors, warnings) = compiler.diagnostics.split(source);
    match machine {
        Some(mut machine) if errors.is_empty() => {
            machine.warnings = warnings;
            machine.costly = costly;
            Ok(machine)
        }
        _ => Err(InvalidDefinition {
            diagnostics: errors.into_iter().chain(warnings).collect(),
        }),
    }
}

impl Compiler {
    fn machine(&mut self, definition: &Value) -> Option<StateMachine> {
        let mut fields = Fields::new(definition.as_object()?, String::new());
        let comment = fields.string("Comment", &mut self.diagnostics);
        fields.string("Version", &mut self.diagnostics);
        let timeout_seconds = fields.seconds("TimeoutSeconds", &mut self.diagnostics);
        self.language = self.language(&mut fields).unwrap_or_default();
        let start = self.flow(&mut fields)?;
        self.scopes.check(&mut self.diagnostics);
        fields.finish(&mut self.diagnostics);
        Some(StateMachine {
            states: std::mem::take(&mut self.states),
            start,
            timeout_seconds,
            comment: comment.map(str::to_owned),
            warnings: Vec::new(),
            costly: false,
            evaluator: None,
        })
    }

    /// Makes room for `count` states and gives the id of the first.
    fn reserve(&mut self, count: usize) -> StateId {
        let first = StateId(u32::try_from(self.states.len()).unwrap_or(u32::MAX));
        self.states.extend((0..count).map(|_| State {
            name: "".into(),
            kind: Kind::Succeed,
            shaping: Default::default(),
            assign: Default::default(),
            next: Next::End,
            retry: Vec::new(),
            catch: Vec::new(),
        }));
        first
    }
}
