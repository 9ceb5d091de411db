//! Holds requests against AWS's service model, before anything is done.
//!
//! A table names an operation's members. All broken constraints are reported at once, as AWS does:
//! `2 validation errors detected: …; …`. Instance types are taken as they come: nothing here
//! depends on them.

use regex_lite::Regex;
use serde_json::{Map, Value};

use service::process::check_name;
use service::protocol::Violations;
use service::sdk::uncapitalize;

use crate::error::ApiError;

/// A member of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    /// Its place: `InputDataConfig[].ChannelName` is in each structure of a list.
    pub(super) path: &'static str,
    required: bool,
    is: Shape,
}

/// Constraint on a member.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// A text of so many characters that a pattern fits as a whole.
    Text(&'static str, usize, usize),
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// A whole number between the two.
    Count(i64, i64),
    /// A number of 0 or more.
    Weight,
    Flag,
    /// Seconds since 1970, or a text in RFC 3339.
    Time,
    /// A list with so many elements.
    List(usize, usize),
    /// Texts by key, so many of them.
    Texts(usize),
    /// The variables of a process, so many of them.
    Environment(usize),
    Structure,
}

/// Any text.
pub(super) const ANY: &str = "[\\s\\S]*";
pub(super) const NAME: Shape = Shape::Text("[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", 0, 63);
pub(super) const JOB_NAME: Shape = Shape::Text("[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", 1, 63);
pub(super) const MODEL_NAME: Shape = Shape::Text("[a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?", 0, 63);
/// The name of a model package, or of a group.
pub(super) const ENTITY: Shape = Shape::Text("[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", 1, 63);
/// An ARN or a name of a model package group.
pub(super) const ARN_OR_NAME: Shape = Shape::Text(
    "(arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:[a-z\\-]*\\/)?\
     ([a-zA-Z0-9]([a-zA-Z0-9-]){0,62})",
    1,
    170,
);
/// An ARN or a name of a model package, with its version.
pub(super) const PACKAGE: Shape = Shape::Text(
    "(arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:[a-z\\-]*\\/)?\
     ([a-zA-Z0-9]([a-zA-Z0-9-]){0,62})(\\/[0-9]{1,9})?",
    1,
    176,
);
pub(super) const ROLE: Shape = Shape::Text(
    "arn:aws[a-z\\-]*:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+",
    20,
    2048,
);
pub(super) const S3_URI: Shape = Shape::Text("(https|s3)://([^/]+)/?(.*)", 0, 1024);
pub(super) const TAGS: [Member; 3] = [
    may("Tags", Shape::List(0, 50)),
    must("Tags[].Key", Shape::Text(ANY, 1, 128)),
    must("Tags[].Value", Shape::Text(ANY, 0, 256)),
];

/// A member that is required where the structure that it is in is there.
pub(super) const fn must(path: &'static str, is: Shape) -> Member {
    Member {
        path,
        required: true,
        is,
    }
}

/// A member that may be left out.
pub(super) const fn may(path: &'static str, is: Shape) -> Member {
    Member {
        path,
        required: false,
        is,
    }
}

/// Checks a request.
pub(super) fn check(request: &Value, members: &[Member]) -> Result<(), ApiError> {
    let mut faults = Faults::default();
    for member in members {
        faults.visit(request, member.path, "", member);
    }
    faults.finish()
}

/// The members of the request that the operation does not have.
pub(super) fn unknown<'r>(request: &'r Map<String, Value>, members: &[Member]) -> Vec<&'r str> {
    let is_known = |name: &str| {
        let mut paths = members.iter().map(|member| member.path);
        paths.any(|path| path.trim_end_matches("[]") == name)
    };
    let names = request.keys().map(String::as_str);
    names.filter(|name| !is_known(name)).collect()
}

/// The members of the request itself that are required and are not there.
pub(super) fn missing(request: &Map<String, Value>, members: &[Member]) -> Vec<&'static str> {
    let own = members
        .iter()
        .filter(|member| !member.path.contains(['.', '[']));
    let required = own
        .filter(|member| member.required)
        .map(|member| member.path);
    required
        .filter(|name| !request.contains_key(*name))
        .collect()
}

#[derive(Default)]
struct Faults {
    violations: Violations,
    /// A value of another type: AWS does not look any further.
    mistyped: Option<String>,
}

impl Faults {
    /// Follows `path` from `value`, and judges what is there. `shown` is the way so far, as AWS
    /// writes it.
    // The recursion ends with the path.
    fn visit(&mut self, value: &Value, path: &str, shown: &str, member: &Member) {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        let name = first.trim_end_matches("[]");
        let found = value.get(name).filter(|value| !value.is_null());
        let shown = if shown.is_empty() {
            uncapitalize(name)
        } else {
            format!("{shown}.{}", uncapitalize(name))
        };
        if rest.is_empty() && name == first {
            return self.judge(found, &shown, member);
        }
        match found {
            Some(Value::Array(items)) if name != first => {
                for (index, item) in items.iter().enumerate() {
                    let shown = format!("{shown}.{}.member", index + 1);
                    match rest {
                        "" => self.judge(Some(item), &shown, member),
                        rest => self.visit(item, rest, &shown, member),
                    }
                }
            }
            Some(structure) => self.visit(structure, rest, &shown, member),
            None => {}
        }
    }

    fn judge(&mut self, found: Option<&Value>, shown: &str, member: &Member) {
        let violations = &mut self.violations;
        match (found, member.is) {
            (None, _) if member.required => violations.missing(shown),
            (None, _)
            | (Some(Value::Bool(_)), Shape::Flag)
            | (Some(Value::Object(_)), Shape::Structure)
            | (Some(Value::Number(_)), Shape::Time) => {}
            (Some(Value::String(text)), Shape::Text(pattern, min, max)) => {
                violations.check_length(shown, text, text.chars().count(), &(min..=max));
                violations.check_pattern(shown, text, fits(pattern, text), pattern);
            }
            (Some(Value::String(text)), Shape::Choice(choices)) => {
                violations.check_choice(shown, text, choices);
            }
            (Some(value @ Value::Number(number)), Shape::Count(min, max)) => {
                match number.as_i64() {
                    Some(count) => violations.check_range(shown, count, &(min..=max)),
                    None => self.mistyped(value, member.is),
                }
            }
            (Some(Value::Number(number)), Shape::Weight) => {
                if number.as_f64().is_some_and(|number| number < 0.0) {
                    let constraint = "Member must have value greater than or equal to 0";
                    violations.add(shown, number, constraint);
                }
            }
            (Some(Value::String(text)), Shape::Time) if text.parse::<jiff::Timestamp>().is_ok() => {
            }
            (Some(value @ Value::Array(items)), Shape::List(min, max)) => {
                violations.check_length(shown, value, items.len(), &(min..=max));
            }
            (Some(value @ Value::Object(texts)), Shape::Texts(max) | Shape::Environment(max))
                if texts.values().all(Value::is_string) =>
            {
                if matches!(member.is, Shape::Environment(_)) {
                    for name in texts.keys() {
                        if let Err(error) = check_name(name) {
                            violations.add(shown, name, &error.to_string());
                        }
                    }
                }
                violations.check_length(shown, value, texts.len(), &(0..=max));
            }
            (Some(other), is) => self.mistyped(other, is),
        }
    }

    fn mistyped(&mut self, value: &Value, is: Shape) {
        let found = match value {
            Value::Null => "NULL_VALUE",
            Value::Bool(_) => "BOOLEAN_VALUE",
            Value::Number(_) => "NUMBER_VALUE",
            Value::String(_) => "STRING_VALUE",
            Value::Array(_) => "LIST_VALUE",
            Value::Object(_) => "STRUCTURE_VALUE",
        };
        let wanted = match is {
            Shape::Text(..) | Shape::Choice(_) => "String",
            Shape::Count(..) => "Integer",
            Shape::Weight => "Float",
            Shape::Flag => "Boolean",
            Shape::Time => "Timestamp",
            Shape::List(..) => "List",
            Shape::Texts(_) | Shape::Environment(_) => "Map",
            Shape::Structure => "Structure",
        };
        let fault = format!("{found} cannot be converted to {wanted}");
        self.mistyped.get_or_insert(fault);
    }

    fn finish(self) -> Result<(), ApiError> {
        if let Some(fault) = self.mistyped {
            return Err(ApiError::Malformed(fault));
        }
        self.violations.finish().map_err(ApiError::Validation)
    }
}

fn fits(pattern: &str, text: &str) -> bool {
    // The patterns are constants of this program; one that were none would be no reason to refuse a
    // request.
    pattern == ANY
        || Regex::new(&format!("^(?:{pattern})$")).map_or(true, |pattern| pattern.is_match(text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MEMBERS: [Member; 7] = [
        must("JobName", JOB_NAME),
        may("Channels", Shape::List(1, 2)),
        must("Channels[].Uri", S3_URI),
        may("Channels[].Mode", Shape::Choice(&["File", "Pipe"])),
        may("Limit", Shape::Count(1, 100)),
        may("Environment", Shape::Environment(1)),
        may("Names[]", NAME),
    ];

    #[test]
    fn what_is_broken_is_reported_in_awss_words() {
        let check = |request: Value, expected: &str| {
            let found = check(&request, &MEMBERS)
                .err()
                .map(|error| error.to_string());
            assert_eq!(found.as_deref().unwrap_or("fine"), expected, "{request}");
        };
        let fine = json!({
            "JobName": "a-b", "Channels": [{ "Uri": "s3://b/k" }], "Limit": 1, "Environment": { "A": "b" }, "Names": ["n"],
        });
        check(fine, "fine");
        check(
            json!({}),
            "1 validation error detected: Value null at 'jobName' failed to satisfy constraint: \
             Member must not be null",
        );
        check(
            json!({ "JobName": "a_b", "Limit": 101 }),
            "2 validation errors detected: Value 'a_b' at 'jobName' failed to satisfy constraint: \
             Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}; \
             Value '101' at 'limit' failed to satisfy constraint: Member must have value less \
             than or equal to 100",
        );
        check(
            json!({ "JobName": "a", "Channels": [{ "Uri": "s3://b" }, { "Uri": "b", "Mode": "Post" }] }),
            "2 validation errors detected: Value 'b' at 'channels.2.member.uri' failed to satisfy \
             constraint: Member must satisfy regular expression pattern: \
             (https|s3)://([^/]+)/?(.*); Value 'Post' at 'channels.2.member.mode' failed to \
             satisfy constraint: Member must satisfy enum value set: [File, Pipe]",
        );
        check(
            json!({ "JobName": "a", "Channels": [] }),
            "1 validation error detected: Value '[]' at 'channels' failed to satisfy constraint: \
             Member must have length greater than or equal to 1",
        );
        check(
            json!({ "JobName": "a", "Names": ["", "n"] }),
            "1 validation error detected: Value '' at 'names.1.member' failed to satisfy \
             constraint: Member must satisfy regular expression pattern: \
             [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
        );
        check(
            json!({ "JobName": "a", "Environment": { "LD_PRELOAD": "/tmp/x.so" } }),
            "1 validation error detected: Value 'LD_PRELOAD' at 'environment' failed to satisfy \
             constraint: the environment variable LD_PRELOAD can't be set on the local stack, \
             where it would make processes of this machine load other code or files: give the \
             program a variable of its own",
        );
        check(
            json!({ "JobName": 1 }),
            "NUMBER_VALUE cannot be converted to String",
        );
        check(
            json!({ "JobName": "a", "Limit": "1" }),
            "STRING_VALUE cannot be converted to Integer",
        );
    }

    #[test]
    fn members_that_are_not_the_operations_are_found() {
        let request = json!({ "JobName": "a", "Channels": [], "Names": [], "Uri": "x" });
        let Value::Object(request) = request else {
            unreachable!()
        };
        assert_eq!(unknown(&request, &MEMBERS), ["Uri"]);
        assert_eq!(missing(&request, &MEMBERS), [""; 0]);
        assert_eq!(missing(&Map::new(), &MEMBERS), ["JobName"]);
    }
}
