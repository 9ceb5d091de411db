//! From the text of a definition to a [`StateMachine`]: reads every field once, checks it, and compiles it.
//!
//! Reading goes on after an error, so that one look shows all of them. The texts and locations are AWS's where they
//! are known.

mod assign;
mod diagnostics;
mod fields;
mod flow;
mod handlers;
mod state;
mod template;

use std::collections::HashSet;

use serde_json::Value;

use crate::machine::{MAX_DEFINITION_BYTES, Next, State, StateId};
use crate::states::Kind;
use crate::{InvalidDefinition, StateMachine};

pub(crate) use diagnostics::Diagnostics;
pub(crate) use fields::Fields;
pub(crate) use flow::Flow;

/// What is being compiled: the states so far, and what is wrong.
#[derive(Debug, Default)]
pub(crate) struct Compiler {
    pub(crate) diagnostics: Diagnostics,
    states: Vec<State>,
    /// The names so far: each is used once in the whole machine.
    names: HashSet<String>,
    scopes: assign::VariableScopes,
}

pub(crate) fn compile(definition: &str) -> Result<StateMachine, InvalidDefinition> {
    let mut compiler = Compiler::default();
    let machine = compiler.machine(definition);
    let (errors, warnings) = compiler.diagnostics.split();
    match machine {
        Some(mut machine) if errors.is_empty() => {
            machine.warnings = warnings;
            Ok(machine)
        }
        _ => Err(InvalidDefinition {
            diagnostics: errors.into_iter().chain(warnings).collect(),
        }),
    }
}

impl Compiler {
    fn machine(&mut self, definition: &str) -> Option<StateMachine> {
        let parsed = self.json(definition)?;
        let mut fields = Fields::new(parsed.as_object()?, String::new());
        let comment = fields.string("Comment", &mut self.diagnostics);
        fields.string("Version", &mut self.diagnostics);
        let timeout_seconds = fields.seconds("TimeoutSeconds", &mut self.diagnostics);
        if fields.get("QueryLanguage").is_some_and(|v| v == "JSONata") {
            self.diagnostics
                .not_yet("/QueryLanguage", "The query language JSONata");
            return None;
        }
        fields.get("QueryLanguage");
        let start = self.flow(&mut fields)?;
        self.scopes.check(&mut self.diagnostics);
        fields.finish(&mut self.diagnostics);
        Some(StateMachine {
            states: std::mem::take(&mut self.states),
            start,
            timeout_seconds,
            comment: comment.map(str::to_owned),
            warnings: Vec::new(),
        })
    }

    fn json(&mut self, definition: &str) -> Option<Value> {
        if definition.len() > MAX_DEFINITION_BYTES {
            let message = format!("The definition is larger than {MAX_DEFINITION_BYTES} bytes");
            self.diagnostics.error("", message);
            return None;
        }
        match serde_json::from_str(definition) {
            Ok(value @ Value::Object(_)) => return Some(value),
            Ok(_) => self
                .diagnostics
                .error("", "Definition must be a valid JSON object"),
            Err(_) if definition.trim().is_empty() => {
                self.diagnostics
                    .error("", "Definition must be a valid JSON object");
            }
            Err(error) => self
                .diagnostics
                .push("INVALID_JSON_DESCRIPTION", "", error.to_string()),
        }
        None
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
