//! Compiles `Retry` and `Catch`.

use serde_json::Value;

use super::Compiler;
use super::fields::Fields;
use super::flow::Flow;
use super::state::result_path;
use crate::fault::names;
use crate::retry::{Catcher, ErrorNames, Retrier};
use crate::transition::StateId;

/// AWS: the largest `MaxAttempts`.
const MAX_ATTEMPTS: u64 = 99_999_999;

/// AWS: the largest `MaxDelaySeconds`.
const MAX_DELAY_SECONDS: u64 = 31_622_399;

pub(super) fn retriers(fields: &mut Fields<'_>) -> Vec<Retrier> {
    rules(fields, "Retry", retrier)
}

fn rules<'d, T>(
    fields: &mut Fields<'d>,
    name: &'static str,
    mut read: impl FnMut(&mut Fields<'d>) -> T,
) -> Vec<T> {
    let count = fields.array(name).map_or(0, <[Value]>::len);
    let mut compiled = Vec::with_capacity(count);
    let rules = fields.cursor().field(name);
    for (index, rule) in rules.iter().flat_map(|rules| rules.elements()).enumerate() {
        let Some(mut rule) = Fields::of_object(rule) else {
            continue;
        };
        rule.string("Comment");
        compiled.push(read(&mut rule));
        check_wildcard(&rule, index + 1 == count);
        rule.finish();
    }
    compiled
}

/// Checks that `States.ALL` stands alone, in the last rule.
fn check_wildcard(rule: &Fields<'_>, is_last: bool) {
    let names = rule.peek("ErrorEquals").and_then(Value::as_array);
    let names = names.map_or(&[][..], Vec::as_slice);
    let Some(index) = names.iter().position(|name| name == names::ALL) else {
        return;
    };
    if names.len() == 1 && is_last {
        return;
    }
    let hint = if is_last {
        "it takes every error: the names beside it do nothing"
    } else {
        "it takes every error: no rule after it is ever used"
    };
    let location = rule.cursor().location_of("ErrorEquals");
    let message = format!("{} must appear alone and at end of list", names::ALL);
    rule.error_in("ErrorEquals", message)
        .hint(hint)
        .focus(format!("{location}[{index}]"));
}

fn error_names(rule: &mut Fields<'_>) -> ErrorNames {
    rule.require(&["ErrorEquals"]);
    let names = rule.elements("ErrorEquals");
    if let Some(name) = names.iter().find(|name| !name.value().is_string()) {
        name.error("Expected value of type [STRING]");
    }
    ErrorNames(
        names
            .iter()
            .filter_map(|name| name.value().as_str())
            .map(Into::into)
            .collect(),
    )
}

fn retrier(rule: &mut Fields<'_>) -> Retrier {
    let errors = error_names(rule);
    let interval = rule.seconds("IntervalSeconds").unwrap_or(1);
    let max_attempts = rule.integer("MaxAttempts", 0, MAX_ATTEMPTS).unwrap_or(3);
    let max_delay = rule.integer("MaxDelaySeconds", 1, MAX_DELAY_SECONDS);
    if max_delay.is_some_and(|delay| delay <= interval) {
        let message = "MaxDelaySeconds must be greater than IntervalSeconds";
        rule.error_in("MaxDelaySeconds", message);
    }
    let jitter = rule.choice("JitterStrategy", &["NONE", "FULL"]);
    Retrier {
        errors,
        interval_seconds: interval as f64,
        max_attempts: u32::try_from(max_attempts).unwrap_or(u32::MAX),
        backoff_rate: rule
            .number("BackoffRate", 1.0..=f64::INFINITY)
            .unwrap_or(2.0),
        max_delay_seconds: max_delay.map(|delay| delay as f64),
        full_jitter: jitter == Some("FULL"),
    }
}

impl<'d> Compiler<'d> {
    pub(super) fn catchers(&mut self, fields: &mut Fields<'d>, flow: &Flow<'_>) -> Vec<Catcher> {
        rules(fields, "Catch", |rule| self.catcher(rule, flow))
    }

    fn catcher(&mut self, rule: &mut Fields<'d>, flow: &Flow<'_>) -> Catcher {
        let errors = error_names(rule);
        rule.require(&["Next"]);
        Catcher {
            errors,
            result_path: result_path(rule),
            output: rule.output(),
            assign: self.assign(rule),
            next: flow.target(rule, "Next").unwrap_or(StateId(0)),
        }
    }
}
