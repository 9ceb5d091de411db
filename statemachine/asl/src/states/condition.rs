//! The conditions of a Choice state: `And`, `Or`, `Not` and the 39 data-test operators; JSONata's
//! `Condition`.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use crate::fault::Fault;
use crate::jsonpath::Path;
use crate::query::Query;
use crate::scope::Scope;
use crate::time::parse_date_time;

#[derive(Debug)]
pub(crate) enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    Test {
        variable: Path,
        test: DataTest,
    },
    /// A boolean in JSONata's `Condition`.
    Fixed(bool),
    /// An expression in JSONata's `Condition`.
    Query(Query),
    /// A condition that could not be read; its definition is refused.
    Invalid,
}

/// A test of a variable.
#[derive(Debug)]
pub(crate) enum DataTest {
    Compare {
        operand_type: OperandType,
        relation: Relation,
        operand: Operand,
    },
    Matches(Box<str>),
    Is {
        property: TypeTest,
        expected: bool,
    },
}

/// The type of both sides of a comparison, which does not hold if a side has another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum OperandType {
    Boolean,
    Numeric,
    String,
    Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Relation {
    Equals,
    LessThan,
    LessThanEquals,
    GreaterThan,
    GreaterThanEquals,
}

/// The right side of a comparison.
#[derive(Debug)]
pub(crate) enum Operand {
    Value(Value),
    Path(Path),
}

/// `IsPresent`, or a test of a value's type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum TypeTest {
    Boolean,
    Null,
    Numeric,
    Present,
    String,
    Timestamp,
}

impl Condition {
    pub(super) fn holds(&self, scope: &Scope<'_>) -> Result<bool, Fault> {
        match self {
            Condition::And(conditions) => all(conditions, scope, true),
            Condition::Or(conditions) => all(conditions, scope, false).map(|none| !none),
            Condition::Not(condition) => condition.holds(scope).map(|holds| !holds),
            Condition::Test { variable, test } => test.holds(variable, scope),
            Condition::Fixed(holds) => Ok(*holds),
            Condition::Query(query) => query.boolean(scope),
            Condition::Invalid => Ok(false),
        }
    }
}

/// Returns true if every condition gives `expected`; stops at the first that does not.
fn all(conditions: &[Condition], scope: &Scope<'_>, expected: bool) -> Result<bool, Fault> {
    for condition in conditions {
        if condition.holds(scope)? != expected {
            return Ok(false);
        }
    }
    Ok(true)
}

impl DataTest {
    fn holds(&self, variable: &Path, scope: &Scope<'_>) -> Result<bool, Fault> {
        if let DataTest::Is {
            property: TypeTest::Present,
            expected,
        } = self
        {
            return Ok(scope.find(variable).is_ok() == *expected);
        }
        let value = find(variable, scope)?;
        Ok(match self {
            DataTest::Is { property, expected } => property.holds(&value) == *expected,
            DataTest::Matches(pattern) => value.as_str().is_some_and(|text| glob(pattern, text)),
            DataTest::Compare {
                operand_type,
                relation,
                operand,
            } => {
                let operand = match operand {
                    Operand::Value(value) => Cow::Borrowed(value),
                    Operand::Path(path) => find(path, scope)?,
                };
                operand_type
                    .compare(&value, &operand)
                    .is_some_and(|order| relation.holds(order))
            }
        })
    }
}

fn find<'a>(path: &Path, scope: &Scope<'a>) -> Result<Cow<'a, Value>, Fault> {
    scope.find(path).map_err(|_| {
        let path = path.text();
        Fault::runtime(format!(
            "Invalid path '{path}': The choice state's condition path references an invalid value."
        ))
    })
}

impl OperandType {
    pub(crate) fn includes(self, value: &Value) -> bool {
        self.compare(value, value).is_some()
    }

    fn compare(self, left: &Value, right: &Value) -> Option<Ordering> {
        match self {
            OperandType::Boolean => Some(left.as_bool()?.cmp(&right.as_bool()?)),
            OperandType::String => Some(left.as_str()?.cmp(right.as_str()?)),
            OperandType::Timestamp => {
                Some(parse_date_time(left.as_str()?)?.cmp(&parse_date_time(right.as_str()?)?))
            }
            OperandType::Numeric => match (left.as_i64(), right.as_i64()) {
                (Some(left), Some(right)) => Some(left.cmp(&right)),
                _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
            },
        }
    }
}

impl Relation {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Relation::Equals => order.is_eq(),
            Relation::LessThan => order.is_lt(),
            Relation::LessThanEquals => order.is_le(),
            Relation::GreaterThan => order.is_gt(),
            Relation::GreaterThanEquals => order.is_ge(),
        }
    }
}

impl TypeTest {
    fn holds(self, value: &Value) -> bool {
        match self {
            TypeTest::Boolean => value.is_boolean(),
            TypeTest::Null => value.is_null(),
            TypeTest::Numeric => value.is_number(),
            TypeTest::Present => true,
            TypeTest::String => value.is_string(),
            TypeTest::Timestamp => value.as_str().and_then(parse_date_time).is_some(),
        }
    }
}

/// Matches a pattern in which `*` stands for any text, `\\*` for a star and `\\\\` for a backslash,
/// in time linear in both.
fn glob(pattern: &str, text: &str) -> bool {
    let parts = glob_parts(pattern);
    let [first, middle @ .., last] = parts.as_slice() else {
        return parts.first().is_some_and(|whole| whole == text);
    };
    let Some(mut rest) = text
        .strip_prefix(first.as_str())
        .and_then(|rest| rest.strip_suffix(last.as_str()))
    else {
        return false;
    };
    middle.iter().all(|part| {
        let found = rest.find(part.as_str());
        rest = found.map_or("", |at| &rest[at + part.len()..]);
        found.is_some()
    })
}

/// Splits a pattern at its stars.
fn glob_parts(pattern: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        let literal = match c {
            '*' => {
                parts.push(String::new());
                continue;
            }
            '\\' => chars
                .next_if(|next| matches!(next, '*' | '\\'))
                .unwrap_or('\\'),
            c => c,
        };
        if let Some(part) = parts.last_mut() {
            part.push(literal);
        }
    }
    parts
}
