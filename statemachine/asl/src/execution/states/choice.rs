//! Runs a Choice state: goes where the first matching rule says.
//!
//! | in | does | then |
//! | --- | --- | --- |
//! | (entered) | `InputPath`, the rules, `OutputPath` or `Output` | exit to `Next` or `Default` |
//! | (entered) | nothing matches and no `Default` | fail with `States.NoChoiceMatched` |

use crate::data_flow::DataFlow;
use crate::execution::{ScopeInputs, Step, ThreadId};
use crate::fault::{Fault, names};
use crate::input_output;
use crate::states::Choice;
use crate::transition::Transition;

impl Choice {
    pub(super) fn run(&self, step: &mut Step<'_>, thread: ThreadId) -> Result<(), Fault> {
        let state = step.state(thread);
        let (next, output, assigned) =
            step.with_scope(thread, ScopeInputs::default(), |input, scope| {
                let selected = state.data_flow.selected_input(input, scope)?;
                let scope = scope.over(selected.value());
                let rule = self.matching_rule(&scope)?;
                let (next, assign) = match rule {
                    Some(rule) => (rule.next, &rule.assign),
                    None => (self.default.ok_or_else(no_match)?, &state.assign),
                };
                let assigned = assign.evaluate(&scope)?;
                let output = match (&state.data_flow, rule) {
                    // The state's own Output goes with its Default.
                    (DataFlow::Queries(_), Some(rule)) => {
                        input_output::render(rule.output.as_ref(), selected.clone(), &scope)?
                    }
                    (data_flow, _) => data_flow.output(input, selected.clone(), &scope)?,
                };
                Ok((next, output, assigned))
            })?;
        step.exit_to(thread, output, assigned, Transition::State(next))
    }
}

fn no_match() -> Fault {
    Fault::Raised {
        error: names::NO_CHOICE_MATCHED,
        message:
            "Failed to transition out of the state. The state has no matching choice and no Default"
                .into(),
    }
}
