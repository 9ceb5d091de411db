//! Warns about Choice rules that can't match, and about rules that an earlier one leaves nothing
//! for.

use serde_json::{Map, Value};

use super::elements;
use crate::definition::cursor::Cursor;

pub(super) fn check(state: &Cursor<'_>) {
    let mut earlier: Vec<Map<String, Value>> = Vec::new();
    for rule in elements(state, "Choices") {
        check_paths(&rule);
        let Some(condition) = condition(rule.value()) else {
            continue;
        };
        if earlier.contains(&condition) {
            let message = "An earlier rule asks the same: this one never has its turn";
            rule.warning("UNREACHABLE_RULE", message);
        }
        if let Some(why) = contradiction(&rule) {
            rule.warning("CONTRADICTORY_RULE", "This rule can never match")
                .hint(why);
        }
        earlier.push(condition);
    }
}

/// Returns the condition of a rule, without its other fields.
fn condition(rule: &Value) -> Option<Map<String, Value>> {
    let mut condition = rule.as_object()?.clone();
    condition.retain(|name, _| !matches!(name.as_str(), "Next" | "Comment" | "Assign" | "Output"));
    Some(condition)
}

/// Finds two tests of one `And` that exclude each other.
fn contradiction(rule: &Cursor<'_>) -> Option<String> {
    let tests: Vec<Test<'_>> = elements(rule, "And")
        .filter_map(|test| Test::from_rule(test.value()))
        .collect();
    let pairs = tests
        .iter()
        .enumerate()
        .flat_map(|(index, one)| tests[index + 1..].iter().map(move |other| (one, other)));
    let mut excluding = pairs.filter(|(one, other)| {
        one.variable == other.variable && (one.excludes(other) || other.excludes(one))
    });
    excluding.next().map(|(one, other)| {
        format!(
            "'{}' cannot have both {} {} and {} {}",
            one.variable, one.operator, one.operand, other.operator, other.operand
        )
    })
}

/// One comparison.
struct Test<'d> {
    variable: &'d str,
    operator: &'d str,
    operand: &'d Value,
}

impl<'d> Test<'d> {
    fn from_rule(rule: &'d Value) -> Option<Test<'d>> {
        let fields = rule.as_object()?;
        let variable = fields.get("Variable")?.as_str()?;
        let mut others = fields
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "Variable" | "Comment"));
        let (operator, operand) = others.next()?;
        others.next().is_none().then_some(Test {
            variable,
            operator,
            operand,
        })
    }

    fn excludes(&self, other: &Test<'_>) -> bool {
        if self.operator == "IsPresent" && *self.operand == false {
            return !(other.operator == "IsPresent" && *other.operand == false);
        }
        if self.operator != other.operator {
            return self.is_above(other);
        }
        let constant = self.operator.starts_with("Is") || self.operator.ends_with("Equals");
        let ordered = self.operator.contains("Than");
        constant && !ordered && self.operand != other.operand
    }

    /// Returns true if it asks for more than `other` allows: `NumericGreaterThan 9` and
    /// `NumericLessThan 3`.
    fn is_above(&self, other: &Test<'_>) -> bool {
        let is_min = self.operator.starts_with("NumericGreaterThan");
        let is_max = other.operator.starts_with("NumericLessThan");
        match (self.operand.as_f64(), other.operand.as_f64()) {
            (Some(low), Some(high)) if is_min && is_max => low > high,
            _ => false,
        }
    }
}

/// Warns of `"StringEquals": "$.x"`, which compares with that text.
fn check_paths(rule: &Cursor<'_>) {
    for (name, field) in rule.fields() {
        let text = field.text();
        let compares = name.starts_with("String") && !name.ends_with("Path");
        if compares && (text.starts_with("$.") || text.starts_with("$$.")) {
            field
                .warning("NO_PATH", super::looks_like_a_path(name))
                .hint(format!("to compare with what is there, use '{name}Path'"));
        }
    }
}
