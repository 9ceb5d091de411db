//! The rules of a Choice state: `And`, `Or`, `Not` and the 39 data-test operators; JSONata's `Condition`.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use crate::definition::{Diagnostics, Fields, Language};
use crate::fault::Fault;
use crate::jsonpath::Path;
use crate::query::Query;
use crate::template::Scope;
use crate::time::parse_date_time;

#[derive(Debug)]
pub(crate) enum Rule {
    And(Vec<Rule>),
    Or(Vec<Rule>),
    Not(Box<Rule>),
    Test {
        variable: Path,
        test: Test,
    },
    /// JSONata's `Condition`.
    Condition(Condition),
    /// What could not be read; its definition is refused.
    Broken,
}

/// A boolean, or an expression that gives one.
#[derive(Debug)]
pub(crate) enum Condition {
    Fixed(bool),
    Query(Query),
}

/// What is asked of a variable.
#[derive(Debug)]
pub(crate) enum Test {
    Compare {
        domain: Domain,
        relation: Relation,
        with: Comparand,
    },
    Matches(Box<str>),
    Is {
        property: Property,
        wanted: bool,
    },
}

/// Comparisons are false where a side is not of the domain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Domain {
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

#[derive(Debug)]
pub(crate) enum Comparand {
    Value(Value),
    Path(Path),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Property {
    Boolean,
    Null,
    Numeric,
    Present,
    String,
    Timestamp,
}

/// What makes a rule one: exactly one of these is there.
const KINDS: [&str; 5] = ["And", "Or", "Not", "Variable", "Condition"];

const DOMAINS: [(&str, Domain); 4] = [
    ("Boolean", Domain::Boolean),
    ("Numeric", Domain::Numeric),
    ("String", Domain::String),
    ("Timestamp", Domain::Timestamp),
];

const RELATIONS: [(&str, Relation); 5] = [
    ("Equals", Relation::Equals),
    ("LessThan", Relation::LessThan),
    ("LessThanEquals", Relation::LessThanEquals),
    ("GreaterThan", Relation::GreaterThan),
    ("GreaterThanEquals", Relation::GreaterThanEquals),
];

const PROPERTIES: [(&str, Property); 6] = [
    ("IsBoolean", Property::Boolean),
    ("IsNull", Property::Null),
    ("IsNumeric", Property::Numeric),
    ("IsPresent", Property::Present),
    ("IsString", Property::String),
    ("IsTimestamp", Property::Timestamp),
];

fn property(name: &str) -> Option<Property> {
    PROPERTIES
        .iter()
        .find(|(property, _)| *property == name)
        .map(|(_, property)| *property)
}

fn is_operator(name: &str) -> bool {
    name == "StringMatches" || property(name).is_some() || comparison(name).is_some()
}

/// `NumericLessThanPath` -> its domain, its relation, and whether it compares with a path.
fn comparison(name: &str) -> Option<(Domain, Relation, bool)> {
    let (prefix, domain) = DOMAINS
        .iter()
        .find(|(prefix, _)| name.starts_with(prefix))?;
    let rest = &name[prefix.len()..];
    let (rest, is_path) = rest
        .strip_suffix("Path")
        .map_or((rest, false), |rest| (rest, true));
    let (_, relation) = RELATIONS.iter().find(|(relation, _)| *relation == rest)?;
    let known = *domain != Domain::Boolean || *relation == Relation::Equals;
    known.then_some((*domain, *relation, is_path))
}

impl Rule {
    // The recursion ends with the definition's nesting, which the JSON reader limits.
    pub(crate) fn read(mut fields: Fields<'_>, diagnostics: &mut Diagnostics) -> Rule {
        fields.string("Comment", diagnostics);
        let there = KINDS.iter().filter(|kind| fields.peek(kind).is_some());
        if there.count() != 1 {
            let message = "The object must have only one of the following fields, [And, Or, Not, Variable, Condition]";
            diagnostics.error(fields.at(), message);
            return Rule::Broken;
        }
        let rule = match fields.language() {
            Language::Jsonata => Rule::condition(&mut fields, diagnostics),
            Language::JsonPath => Rule::combined(&mut fields, diagnostics)
                .unwrap_or_else(|| Rule::test(&mut fields, diagnostics)),
        };
        fields.finish(diagnostics);
        rule
    }

    fn condition(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Rule {
        let condition = match fields.query("Condition", diagnostics) {
            Some(query) => Some(Condition::Query(query)),
            None => fields
                .boolean("Condition", diagnostics)
                .map(Condition::Fixed),
        };
        condition.map_or(Rule::Broken, Rule::Condition)
    }

    fn combined(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Option<Rule> {
        if fields.get("Not").is_some() {
            let inner = fields.object("Not", diagnostics);
            return Some(inner.map_or(Rule::Broken, |inner| {
                Rule::Not(Box::new(Rule::read(inner, diagnostics)))
            }));
        }
        if fields.get("And").is_some() {
            return Some(Rule::And(Rule::list("And", fields, diagnostics)));
        }
        fields
            .get("Or")
            .is_some()
            .then(|| Rule::Or(Rule::list("Or", fields, diagnostics)))
    }

    fn list(
        name: &'static str,
        fields: &mut Fields<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Vec<Rule> {
        let location = fields.location(name);
        let rules = fields.filled_array(name, diagnostics);
        let mut read = |(index, rule): (usize, &Value)| {
            let at = format!("{location}[{index}]");
            fields
                .element(rule, at, diagnostics)
                .map_or(Rule::Broken, |rule| Rule::read(rule, diagnostics))
        };
        rules.iter().enumerate().map(&mut read).collect()
    }

    fn test(fields: &mut Fields<'_>, diagnostics: &mut Diagnostics) -> Rule {
        let variable = fields.path("Variable", diagnostics);
        let operators = fields.matching(is_operator);
        let test = match operators.as_slice() {
            [(name, operand)] => {
                let test = Test::read(name, operand);
                if test.is_none() {
                    let message =
                        format!("The value for the field '{name}' does not suit the operator");
                    diagnostics.error(&fields.location(name), message);
                }
                test
            }
            [] => {
                diagnostics
                    .error(fields.at(), "There should be one comparison operator")
                    .hint("a rule has one comparison, such as StringEquals or IsPresent");
                None
            }
            several => {
                let names: Vec<&str> = several.iter().map(|(name, _)| *name).collect();
                let message = format!(
                    "There should only be one of the following fields: [{}]",
                    names.join(", ")
                );
                diagnostics
                    .error(fields.at(), message)
                    .focus(fields.location(names[1]));
                None
            }
        };
        if let Some(Test::Compare {
            with: Comparand::Path(path),
            ..
        }) = &test
        {
            diagnostics.note_path(path);
        }
        match (variable, test) {
            (Some(variable), Some(test)) => Rule::Test { variable, test },
            _ => Rule::Broken,
        }
    }

    pub(crate) fn matches(&self, scope: &Scope<'_>) -> Result<bool, Fault> {
        match self {
            Rule::And(rules) => all(rules, scope, true),
            Rule::Or(rules) => all(rules, scope, false).map(|none| !none),
            Rule::Not(rule) => rule.matches(scope).map(|hit| !hit),
            Rule::Test { variable, test } => test.holds(variable, scope),
            Rule::Condition(Condition::Fixed(holds)) => Ok(*holds),
            Rule::Condition(Condition::Query(query)) => query.boolean(scope),
            Rule::Broken => Ok(false),
        }
    }
}

/// Whether every rule gives `wanted`; stops at the first that does not.
fn all(rules: &[Rule], scope: &Scope<'_>, wanted: bool) -> Result<bool, Fault> {
    for rule in rules {
        if rule.matches(scope)? != wanted {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Test {
    /// Nothing if the operand is not of the operator's kind.
    fn read(name: &str, operand: &Value) -> Option<Test> {
        if name == "StringMatches" {
            return operand
                .as_str()
                .map(|pattern| Test::Matches(pattern.into()));
        }
        if let Some(property) = property(name) {
            return operand
                .as_bool()
                .map(|wanted| Test::Is { property, wanted });
        }
        let (domain, relation, is_path) = comparison(name)?;
        let with = if is_path {
            Comparand::Path(Path::parse(operand.as_str()?).ok()?)
        } else {
            domain
                .holds(operand)
                .then(|| Comparand::Value(operand.clone()))?
        };
        Some(Test::Compare {
            domain,
            relation,
            with,
        })
    }

    fn holds(&self, variable: &Path, scope: &Scope<'_>) -> Result<bool, Fault> {
        if let Test::Is {
            property: Property::Present,
            wanted,
        } = self
        {
            return Ok(scope.find(variable).is_ok() == *wanted);
        }
        let value = find(variable, scope)?;
        Ok(match self {
            Test::Is { property, wanted } => property.holds(&value) == *wanted,
            Test::Matches(pattern) => value.as_str().is_some_and(|text| glob(pattern, text)),
            Test::Compare {
                domain,
                relation,
                with,
            } => {
                let with = match with {
                    Comparand::Value(value) => Cow::Borrowed(value),
                    Comparand::Path(path) => find(path, scope)?,
                };
                domain
                    .compare(&value, &with)
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

impl Domain {
    fn holds(self, value: &Value) -> bool {
        self.compare(value, value).is_some()
    }

    fn compare(self, left: &Value, right: &Value) -> Option<Ordering> {
        match self {
            Domain::Boolean => Some(left.as_bool()?.cmp(&right.as_bool()?)),
            Domain::String => Some(left.as_str()?.cmp(right.as_str()?)),
            Domain::Timestamp => {
                Some(parse_date_time(left.as_str()?)?.cmp(&parse_date_time(right.as_str()?)?))
            }
            Domain::Numeric => match (left.as_i64(), right.as_i64()) {
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

impl Property {
    fn holds(self, value: &Value) -> bool {
        match self {
            Property::Boolean => value.is_boolean(),
            Property::Null => value.is_null(),
            Property::Numeric => value.is_number(),
            Property::Present => true,
            Property::String => value.is_string(),
            Property::Timestamp => value.as_str().and_then(parse_date_time).is_some(),
        }
    }
}

/// `*` stands for any text, `\\*` for a star, `\\\\` for a backslash. Takes time linear in both.
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

/// What stands between the stars of a pattern: one text more than there are stars.
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
