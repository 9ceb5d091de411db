//! Choice: goes where the first matching rule says.
//!
//! | in        | does                                | then                                     |
//! |-----------|-------------------------------------|------------------------------------------|
//! | (entered) | `InputPath`, the rules, `OutputPath` or the rule's `Output` | exit to the rule's `Next`, or to `Default` |
//! | (entered) | nothing matches and no `Default`     | fail with `States.NoChoiceMatched`         |

use super::rule::Rule;
use crate::definition::{Compiler, Fields, Flow};
use crate::execution::{Run, ThreadId, View};
use crate::fault::{Fault, names};
use crate::io;
use crate::machine::{Next, StateId};
use crate::shaping::Shaping;
use crate::template::{Scope, Template};
use crate::variables::Assign;

#[derive(Debug)]
pub(crate) struct Choice {
    rules: Vec<Branch>,
    default: Option<StateId>,
}

/// One element of `Choices`.
#[derive(Debug)]
struct Branch {
    rule: Rule,
    /// JSONata's `Output`.
    output: Option<Template>,
    assign: Assign,
    next: StateId,
}

impl Choice {
    pub(crate) fn read(
        compiler: &mut Compiler,
        fields: &mut Fields<'_>,
        flow: &Flow<'_>,
    ) -> Choice {
        fields.require(&["Choices"], &mut compiler.diagnostics);
        let location = fields.location("Choices");
        let choices = fields.filled_array("Choices", &mut compiler.diagnostics);
        let mut rules = Vec::with_capacity(choices.len());
        for (index, choice) in choices.iter().enumerate() {
            let at = format!("{location}[{index}]");
            if let Some(rule) = fields.element(choice, at, &mut compiler.diagnostics) {
                rules.push(Branch::read(compiler, rule, flow));
            }
        }
        let default_at = fields.location("Default");
        let default = fields.string("Default", &mut compiler.diagnostics);
        let default =
            default.and_then(|name| flow.target(name, &default_at, &mut compiler.diagnostics));
        Choice { rules, default }
    }

    pub(crate) fn targets(&self) -> Vec<StateId> {
        self.rules
            .iter()
            .map(|branch| branch.next)
            .chain(self.default)
            .collect()
    }

    pub(crate) fn run(&self, run: &mut Run<'_>, thread: ThreadId) -> Result<(), Fault> {
        let state = run.state(thread);
        let (next, output, assigned) =
            run.with_scope(thread, View::default(), |input, scope| {
                let selected = state.shaping.selected_input(input, scope)?;
                let scope = scope.over(selected.value());
                let branch = self.choose(&scope)?;
                let (next, assign) = match branch {
                    Some(branch) => (branch.next, &branch.assign),
                    None => (self.default.ok_or_else(no_match)?, &state.assign),
                };
                let assigned = assign.evaluate(&scope)?;
                let output = match (&state.shaping, branch) {
                    // The state's own Output goes with its Default.
                    (Shaping::Queries(_), Some(branch)) => {
                        io::render(branch.output.as_ref(), selected.clone(), &scope)?
                    }
                    (shaping, _) => shaping.place(input, selected.clone(), &scope)?,
                };
                Ok((next, output, assigned))
            })?;
        run.exit_to(thread, output, assigned, Next::State(next))
    }

    fn choose(&self, scope: &Scope<'_>) -> Result<Option<&Branch>, Fault> {
        for branch in &self.rules {
            if branch.rule.matches(scope)? {
                return Ok(Some(branch));
            }
        }
        Ok(None)
    }
}

impl Branch {
    fn read(compiler: &mut Compiler, mut fields: Fields<'_>, flow: &Flow<'_>) -> Branch {
        fields.require(&["Next"], &mut compiler.diagnostics);
        let next_at = fields.location("Next");
        let next = fields.string("Next", &mut compiler.diagnostics);
        let next = next.and_then(|name| flow.target(name, &next_at, &mut compiler.diagnostics));
        let output = compiler.output(&mut fields);
        let assign = compiler.assign(&mut fields);
        Branch {
            rule: Rule::read(fields, &mut compiler.diagnostics),
            output,
            assign,
            next: next.unwrap_or(StateId(0)),
        }
    }
}

fn no_match() -> Fault {
    Fault::Noticed {
        error: names::NO_CHOICE_MATCHED,
        message:
            "Failed to transition out of the state. The state has no matching choice and no Default"
                .into(),
    }
}
