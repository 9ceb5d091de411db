//! Compiles the text of a definition to a [`StateMachine`]: reads every field once, and checks it.
//!
//! Reading goes on after an error, so that one look shows all of them. A [`Cursor`] is at one value
//! of the definition and reports what is wrong with it; [`Fields`] reads the fields of one object.
//! The texts and locations of diagnostics are AWS's where they are known.

mod assign;
mod cursor;
mod diagnostics;
mod expression;
mod fields;
mod flow;
mod handlers;
mod language;
mod lint;
mod resource;
mod state;
mod states;
mod template;

use std::collections::HashSet;

use crate::machine::{MAX_DEFINITION_BYTES, State, WorkflowType};
use crate::source::{Duplicate, Source};
use crate::transition::StateId;
use crate::{InvalidDefinition, StateMachine};
use cursor::Cursor;
use diagnostics::Diagnostics;
use fields::Fields;

pub(crate) use expression::delimited;
pub(crate) use language::Language;

/// The part of a state machine that is compiled so far.
#[derive(Debug, Default)]
struct Compiler<'d> {
    states: Vec<State>,
    /// The names so far: each is used once in the whole machine.
    names: HashSet<String>,
    /// The machine's.
    language: Language,
    scopes: assign::VariableScopes<'d>,
    /// The locations of the objects that hold states.
    flows: HashSet<String>,
    workflow: WorkflowType,
}

impl StateMachine {
    /// Reads and checks a definition: JSON text of at most 1 MiB, nested at most 127 levels deep.
    ///
    /// # Errors
    /// Everything that is wrong with it, with the position of each.
    pub fn parse(definition: &str) -> Result<StateMachine, InvalidDefinition> {
        StateMachine::parse_for(definition, WorkflowType::Standard)
    }

    /// Reads and checks a definition for a type of state machine: EXPRESS ones can do less.
    ///
    /// # Errors
    /// Everything that is wrong with it, with the position of each.
    pub fn parse_for(
        definition: &str,
        workflow: WorkflowType,
    ) -> Result<StateMachine, InvalidDefinition> {
        let diagnostics = Diagnostics::default();
        let source = read_source(definition, &diagnostics);
        let machine = source.as_ref().and_then(|source| {
            let mut compiler = Compiler {
                workflow,
                ..Compiler::default()
            };
            let root = Cursor::root(&source.value, &diagnostics);
            let machine = compiler.machine(root.clone());
            check_duplicates(source, &compiler.flows, &diagnostics);
            lint::lint(&root);
            machine
        });
        let costly = diagnostics.costly.get();
        let (errors, warnings) = diagnostics.split(source.as_ref());
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
}

/// Reads the text of a definition: a JSON object within AWS's limits.
fn read_source<'t>(definition: &'t str, diagnostics: &Diagnostics) -> Option<Source<'t>> {
    if definition.len() > MAX_DEFINITION_BYTES {
        let message = format!("The definition is larger than {MAX_DEFINITION_BYTES} bytes");
        diagnostics.error("", message);
        return None;
    }
    if !definition.trim().is_empty() {
        match Source::read(definition) {
            Ok(source) if source.value.is_object() => return Some(source),
            Ok(_) => {}
            Err(error) => {
                diagnostics
                    .error_with_code(error.code, &error.location, error.message)
                    .span(error.span);
                return None;
            }
        }
    }
    diagnostics.error("", "Definition must be a valid JSON object");
    None
}

/// Reports two states of one name as an error, and other fields that are given twice as a warning.
fn check_duplicates(source: &Source<'_>, flows: &HashSet<String>, diagnostics: &Diagnostics) {
    for duplicate in source.duplicates() {
        let Duplicate {
            object,
            name,
            name_span,
        } = duplicate;
        let location = format!("{object}/{name}");
        let reported = if flows.contains(&object) {
            diagnostics
                .error_with_code(
                    flow::DUPLICATE_STATE_NAME,
                    &location,
                    flow::duplicate_state(&name),
                )
                .hint(flow::ONE_NAME_ONCE)
        } else {
            let message =
                format!("Field '{name}' is given more than once: only the last one counts");
            diagnostics.warning("DUPLICATE_FIELD", &location, message)
        };
        reported.span(name_span);
    }
}

impl<'d> Compiler<'d> {
    fn machine(&mut self, definition: Cursor<'d>) -> Option<StateMachine> {
        let mut fields = Fields::new(definition);
        let comment = fields.string("Comment");
        fields.string("Version");
        let timeout_seconds = fields.seconds("TimeoutSeconds");
        self.language = fields.query_language().unwrap_or_default();
        let start = self.flow(&mut fields)?;
        self.scopes.check();
        fields.finish();
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

    /// Makes room for `count` states and returns the id of the first.
    fn reserve(&mut self, count: usize) -> StateId {
        let first = StateId(u32::try_from(self.states.len()).unwrap_or(u32::MAX));
        self.states.extend((0..count).map(|_| State::new("")));
        first
    }
}
