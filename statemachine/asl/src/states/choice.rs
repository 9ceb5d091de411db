//! Choice: goes where the first matching rule says.
//!
//! | in        | does                                | then                                     |
//! |-----------|-------------------------------------|------------------------------------------|
//! | (entered) | `InputPath`, the rules, `OutputPath` | exit to the rule's `Next`, or to `Default` |
//! | (entered) | nothing matches and no `Default`     | fail with `States.NoChoiceMatched`         |

use super::rule::Rule;
use crate::definition::{Compiler, Fields, Flow};
use crate::execution::{Run, ThreadId};
use crate::fault::{Fault, names};
use crate::machine::{Next, StateId};
use crate::template::Scope;

#[derive(Debug)]
pub(crate) struct Choice {
    rules: Vec<(Rule, StateId)>,
    default: Option<StateId>,
}

impl Choice {
    pub(crate) fn read(
        compiler: &mut Compiler,
        fields: &mut Fields<'_>,
        flow: &Flow<'_>,
    ) -> Choice {
        let diagnostics = &mut compiler.diagnostics;
        fields.require(&["Choices"], diagnostics);
        let location = fields.location("Choices");
        let choices = fields.array("Choices", diagnostics).unwrap_or_default();
        if choices.is_empty() {
            diagnostics.error(&location, "A Choice state must have at least one choice");
        }
        let mut rules = Vec::with_capacity(choices.len());
        for (index, choice) in choices.iter().enumerate() {
            let at = format!("{location}[{index}]");
            let Some(object) = choice.as_object() else {
                diagnostics.error(&at, "The value must be an object");
                continue;
            };
            let mut rule = Fields::new(object, at);
            rule.require(&["Next"], diagnostics);
            let next_at = rule.location("Next");
            let next = rule.string("Next", diagnostics);
            let next = next.and_then(|name| flow.target(name, &next_at, diagnostics));
            rules.push((Rule::read(rule, diagnostics), next.unwrap_or(StateId(0))));
        }
        let default_at = fields.location("Default");
        let default = fields.string("Default", diagnostics);
        let default = default.and_then(|name| flow.target(name, &default_at, diagnostics));
        Choice { rules, default }
    }

    pub(crate) fn targets(&self) -> Vec<StateId> {
        self.rules
            .iter()
            .map(|(_, next)| *next)
            .chain(self.default)
            .collect()
    }

    pub(crate) fn run(&self, run: &mut Run<'_>, thread: ThreadId) -> Result<(), Fault> {
        let shaping = run.shaping(thread);
        let (next, output) = run.with_scope(thread, None, |input, scope| {
            let input = shaping.input_path.apply(input, scope)?;
            let scope = Scope {
                input: input.value(),
                ..*scope
            };
            Ok((
                self.choose(&scope)?,
                shaping.output_path.apply(&input, &scope)?,
            ))
        })?;
        run.exit_to(thread, output, Next::State(next))
    }

    fn choose(&self, scope: &Scope<'_>) -> Result<StateId, Fault> {
        for (rule, next) in &self.rules {
            if rule.matches(scope)? {
                return Ok(*next);
            }
        }
        self.default.ok_or_else(|| Fault::Noticed {
            error: names::NO_CHOICE_MATCHED,
            message: "Failed to transition out of the state. The state has no matching choice and no Default".into(),
        })
    }
}
