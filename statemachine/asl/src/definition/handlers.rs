//! `Retry` and `Catch`.

use serde_json::Value;

use super::state::result_path;
use super::{Compiler, Fields, Flow};
use crate::fault::names;
use crate::machine::StateId;
use crate::retry::{Catcher, ErrorNames, Retrier};

/// AWS: `MaxAttempts` ends here.
const MAX_ATTEMPTS: u64 = 99_999_999;

impl Compiler {
    pub(super) fn retriers(&mut self, fields: &mut Fields<'_>) -> Vec<Retrier> {
        self.rules(fields, "Retry", |compiler, rule| compiler.retrier(rule))
    }

    pub(super) fn catchers(&mut self, fields: &mut Fields<'_>, flow: &Flow<'_>) -> Vec<Catcher> {
        self.rules(fields, "Catch", |compiler, rule| {
            compiler.catcher(rule, flow)
        })
    }

    fn rules<T>(
        &mut self,
        fields: &mut Fields<'_>,
        name: &'static str,
        mut read: impl FnMut(&mut Self, &mut Fields<'_>) -> T,
    ) -> Vec<T> {
        let rules = fields
            .array(name, &mut self.diagnostics)
            .unwrap_or_default();
        let mut compiled = Vec::with_capacity(rules.len());
        for (index, rule) in rules.iter().enumerate() {
            let at = format!("{}[{index}]", fields.location(name));
            let Some(mut rule) = fields.element(rule, at, &mut self.diagnostics) else {
                continue;
            };
            rule.string("Comment", &mut self.diagnostics);
            compiled.push(read(self, &mut rule));
            self.check_wildcard(&rule, index + 1 == rules.len());
            rule.finish(&mut self.diagnostics);
        }
        compiled
    }

    /// `States.ALL` stands alone, in the last rule.
    fn check_wildcard(&mut self, rule: &Fields<'_>, last: bool) {
        let names = rule.peek("ErrorEquals").and_then(Value::as_array);
        let names = names.map_or(&[][..], Vec::as_slice);
        let Some(at) = names.iter().position(|name| name == names::ALL) else {
            return;
        };
        if names.len() == 1 && last {
            return;
        }
        let hint = if last {
            "it takes every error: the names beside it do nothing"
        } else {
            "it takes every error: no rule after it is ever used"
        };
        let location = rule.location("ErrorEquals");
        let message = format!("{} must appear alone and at end of list", names::ALL);
        self.diagnostics
            .error(&location, message)
            .hint(hint)
            .focus(format!("{location}[{at}]"));
    }

    fn error_names(&mut self, rule: &mut Fields<'_>) -> ErrorNames {
        rule.require(&["ErrorEquals"], &mut self.diagnostics);
        let names = rule.filled_array("ErrorEquals", &mut self.diagnostics);
        if let Some(at) = names.iter().position(|name| !name.is_string()) {
            let location = format!("{}[{at}]", rule.location("ErrorEquals"));
            self.diagnostics
                .error(&location, "Expected value of type [STRING]");
        }
        ErrorNames(
            names
                .iter()
                .filter_map(Value::as_str)
                .map(Into::into)
                .collect(),
        )
    }

    fn retrier(&mut self, rule: &mut Fields<'_>) -> Retrier {
        let errors = self.error_names(rule);
        let diagnostics = &mut self.diagnostics;
        let interval = rule.seconds("IntervalSeconds", diagnostics).unwrap_or(1);
        let max_attempts = rule
            .integer("MaxAttempts", 0, MAX_ATTEMPTS, diagnostics)
            .unwrap_or(3);
        let max_delay = rule.integer("MaxDelaySeconds", 1, 31_622_399, diagnostics);
        if max_delay.is_some_and(|delay| delay <= interval) {
            let message = "MaxDelaySeconds must be greater than IntervalSeconds";
            diagnostics.error(&rule.location("MaxDelaySeconds"), message);
        }
        let jitter = rule.choice("JitterStrategy", &["NONE", "FULL"], diagnostics);
        Retrier {
            errors,
            interval_seconds: interval as f64,
            max_attempts: u32::try_from(max_attempts).unwrap_or(u32::MAX),
            backoff_rate: rule
                .number("BackoffRate", 1.0..=f64::INFINITY, diagnostics)
                .unwrap_or(2.0),
            max_delay_seconds: max_delay.map(|delay| delay as f64),
            full_jitter: jitter == Some("FULL"),
        }
    }

    fn catcher(&mut self, rule: &mut Fields<'_>, flow: &Flow<'_>) -> Catcher {
        let errors = self.error_names(rule);
        rule.require(&["Next"], &mut self.diagnostics);
        let location = rule.location("Next");
        let next = rule.string("Next", &mut self.diagnostics);
        Catcher {
            errors,
            result_path: result_path(rule, &mut self.diagnostics),
            output: self.output(rule),
            assign: self.assign(rule),
            next: next
                .and_then(|name| flow.target(name, &location, &mut self.diagnostics))
                .unwrap_or(StateId(0)),
        }
    }
}
