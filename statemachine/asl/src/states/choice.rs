//! The fields of a Choice state.

use super::Condition;
use crate::assign::Assign;
use crate::fault::Fault;
use crate::scope::Scope;
use crate::template::Template;
use crate::transition::StateId;

#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) rules: Vec<ChoiceRule>,
    pub(crate) default: Option<StateId>,
}

/// One element of `Choices`.
#[derive(Debug)]
pub(crate) struct ChoiceRule {
    pub(crate) condition: Condition,
    /// JSONata's `Output`.
    pub(crate) output: Option<Template>,
    pub(crate) assign: Assign,
    pub(crate) next: StateId,
}

impl Choice {
    pub(crate) fn targets(&self) -> Vec<StateId> {
        let rules = self.rules.iter().map(|rule| rule.next);
        rules.chain(self.default).collect()
    }

    /// Returns the first rule that matches.
    pub(crate) fn matching_rule(&self, scope: &Scope<'_>) -> Result<Option<&ChoiceRule>, Fault> {
        for rule in &self.rules {
            if rule.condition.holds(scope)? {
                return Ok(Some(rule));
            }
        }
        Ok(None)
    }
}
