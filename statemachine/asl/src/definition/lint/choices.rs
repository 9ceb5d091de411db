//! Choice rules that can't match, and rules that an earlier one leaves nothing for.

use serde_json::{Map, Value};

use super::super::Diagnostics;
use super::elements;

pub(super) fn check(state: &Value, at: &str, diagnostics: &mut Diagnostics) {
    let mut earlier: Vec<Map<String, Value>> = Vec::new();
    for (index, rule) in elements(state, "Choices").enumerate() {
        let at = format!("{at}/Choices[{index}]");
        check_paths(rule, &at, diagnostics);
        let Some(condition) = condition(rule) else {
            continue;
        };
        if earlier.contains(&condition) {
            let message = "An earlier rule asks the same: this one never has its turn";
            diagnostics.warning("UNREACHABLE_RULE", &at, message);
        }
        if let Some(why) = contradiction(rule) {
            diagnostics
                .warning("CONTRADICTORY_RULE", &at, "This rule can never match")
                .hint(why);
        }
        earlier.push(condition);
    }
}

/// What a rule asks, without what it does then.
fn condition(rule: &Value) -> Option<Map<String, Value>> {
    let mut condition = rule.as_object()?.clone();
    condition.retain(|name, _| !matches!(name.as_str(), "Next" | "Comment" | "Assign" | "Output"));
    Some(condition)
}

/// Two tests of one `And` that exclude each other.
fn contradiction(rule: &Value) -> Option<String> {
    let tests: Vec<Test<'_>> = elements(rule, "And").filter_map(Test::of).collect();
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
    fn of(rule: &'d Value) -> Option<Test<'d>> {
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

    /// It asks for more than `other` allows: `NumericGreaterThan 9` and `NumericLessThan 3`.
    fn is_above(&self, other: &Test<'_>) -> bool {
        let least = self.operator.starts_with("NumericGreaterThan");
        let most = other.operator.starts_with("NumericLessThan");
        match (self.operand.as_f64(), other.operand.as_f64()) {
            (Some(low), Some(high)) if least && most => low > high,
            _ => false,
        }
    }
}

/// `"StringEquals": "$.x"` compares with that text.
fn check_paths(rule: &Value, at: &str, diagnostics: &mut Diagnostics) {
    for (name, value) in rule.as_object().into_iter().flatten() {
        let text = value.as_str().unwrap_or_default();
        let compares = name.starts_with("String") && !name.ends_with("Path");
        if compares && (text.starts_with("$.") || text.starts_with("$$.")) {
            let message = format!(
                "The value for the field '{name}' looks like a path, but the field's name does not end with 'Path'"
            );
            diagnostics
                .warning("NO_PATH", &format!("{at}/{name}"), message)
                .hint(format!("to compare with what is there, use '{name}Path'"));
        }
    }
}
