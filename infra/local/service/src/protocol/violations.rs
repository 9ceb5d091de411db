//! The constraints of AWS's service models, and the text of those that a request breaks.

use std::fmt::Display;
use std::ops::RangeInclusive;

/// The constraints that a request breaks. AWS reports all of them in one text: `2 validation errors
/// detected: …; …`. Members are named as AWS names them, for example `channels.2.member.uri`.
#[derive(Debug, Default)]
pub struct Violations(Vec<String>);

impl Violations {
    /// Adds a required member that is not there.
    pub fn missing(&mut self, member: &str) {
        self.0.push(format!(
            "Value null at '{member}' failed to satisfy constraint: Member must not be null"
        ));
    }

    /// Adds a broken constraint.
    pub fn add(&mut self, member: &str, value: &(impl Display + ?Sized), constraint: &str) {
        self.0.push(format!(
            "Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"
        ));
    }

    /// Adds a broken constraint of a member whose value AWS does not show.
    pub fn add_sensitive(&mut self, member: &str, constraint: &str) {
        self.0.push(format!(
            "Value at '{member}' failed to satisfy constraint: {constraint}"
        ));
    }

    /// Checks the length of a text, a list or a map.
    pub fn check_length(
        &mut self,
        member: &str,
        value: &(impl Display + ?Sized),
        length: usize,
        allowed: &RangeInclusive<usize>,
    ) {
        self.check("length", member, value, length, allowed);
    }

    /// Checks a number.
    pub fn check_range(&mut self, member: &str, number: i64, allowed: &RangeInclusive<i64>) {
        self.check("value", member, &number, number, allowed);
    }

    /// Checks a text against a set of allowed ones.
    pub fn check_choice(&mut self, member: &str, text: &str, allowed: &[&str]) {
        if !allowed.contains(&text) {
            let set = allowed.join(", ");
            let constraint = format!("Member must satisfy enum value set: [{set}]");
            self.add(member, text, &constraint);
        }
    }

    /// Checks a text against a pattern of the service model. The caller says whether it matches.
    pub fn check_pattern(&mut self, member: &str, text: &str, matches: bool, pattern: &str) {
        if !matches {
            let constraint = format!("Member must satisfy regular expression pattern: {pattern}");
            self.add(member, text, &constraint);
        }
    }

    /// Returns AWS's text if a constraint is broken.
    ///
    /// # Errors
    /// A constraint is broken.
    pub fn finish(self) -> Result<(), String> {
        let errors = match self.0.len() {
            0 => return Ok(()),
            1 => "error",
            _ => "errors",
        };
        let count = self.0.len();
        let violations = self.0.join("; ");
        Err(format!(
            "{count} validation {errors} detected: {violations}"
        ))
    }

    fn check<N: Copy + Display + PartialOrd>(
        &mut self,
        what: &str,
        member: &str,
        value: &(impl Display + ?Sized),
        number: N,
        allowed: &RangeInclusive<N>,
    ) {
        let (relation, bound) = if number < *allowed.start() {
            ("greater", allowed.start())
        } else if number > *allowed.end() {
            ("less", allowed.end())
        } else {
            return;
        };
        let constraint = format!("Member must have {what} {relation} than or equal to {bound}");
        self.add(member, value, &constraint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(violate: impl FnOnce(&mut Violations), expected: &str) {
        let mut violations = Violations::default();
        violate(&mut violations);
        let found = violations.finish().err().unwrap_or_else(|| "none".into());
        assert_eq!(found, expected);
    }

    /// The texts are those that users quote from AWS's answers, for example in
    /// <https://github.com/aws/aws-cli/issues/3326>.
    #[test]
    fn violations_read_as_aws_writes_them() {
        check(|_| {}, "none");
        check(
            |violations| violations.check_length("name", "ab", 2, &(1..=2)),
            "none",
        );
        check(
            |violations| {
                violations.missing("roleArn");
                violations.check_range("maxResults", 1001, &(0..=1000));
            },
            "2 validation errors detected: Value null at 'roleArn' failed to satisfy constraint: \
             Member must not be null; Value '1001' at 'maxResults' failed to satisfy constraint: \
             Member must have value less than or equal to 1000",
        );
        check(
            |violations| violations.check_length("token", "", 0, &(1..=8)),
            "1 validation error detected: Value '' at 'token' failed to satisfy constraint: \
             Member must have length greater than or equal to 1",
        );
        check(
            |violations| violations.check_choice("status", "DONE", &["RUNNING", "FAILED"]),
            "1 validation error detected: Value 'DONE' at 'status' failed to satisfy constraint: \
             Member must satisfy enum value set: [RUNNING, FAILED]",
        );
        check(
            |violations| violations.check_pattern("name", "a_b", false, "[a-z]+"),
            "1 validation error detected: Value 'a_b' at 'name' failed to satisfy constraint: \
             Member must satisfy regular expression pattern: [a-z]+",
        );
        check(
            |violations| {
                violations
                    .add_sensitive("input", "Member must have length less than or equal to 5");
            },
            "1 validation error detected: Value at 'input' failed to satisfy constraint: Member \
             must have length less than or equal to 5",
        );
    }
}
