//! Reads the conditions of a Choice state: `And`, `Or`, `Not` and the data tests; JSONata's
//! `Condition`.

use serde_json::Value;

use crate::definition::Language;
use crate::definition::fields::Fields;
use crate::jsonpath::Path;
use crate::states::{Condition, DataTest, Operand, OperandType, Relation, TypeTest};

/// The fields that a condition must have exactly one of.
const KINDS: [&str; 5] = ["And", "Or", "Not", "Variable", "Condition"];

const OPERAND_TYPES: [(&str, OperandType); 4] = [
    ("Boolean", OperandType::Boolean),
    ("Numeric", OperandType::Numeric),
    ("String", OperandType::String),
    ("Timestamp", OperandType::Timestamp),
];

const RELATIONS: [(&str, Relation); 5] = [
    ("Equals", Relation::Equals),
    ("LessThan", Relation::LessThan),
    ("LessThanEquals", Relation::LessThanEquals),
    ("GreaterThan", Relation::GreaterThan),
    ("GreaterThanEquals", Relation::GreaterThanEquals),
];

const TYPE_TESTS: [(&str, TypeTest); 6] = [
    ("IsBoolean", TypeTest::Boolean),
    ("IsNull", TypeTest::Null),
    ("IsNumeric", TypeTest::Numeric),
    ("IsPresent", TypeTest::Present),
    ("IsString", TypeTest::String),
    ("IsTimestamp", TypeTest::Timestamp),
];

/// Finds the entry of a table by its name.
fn named<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    let entry = table.iter().find(|(entry, _)| *entry == name);
    entry.map(|(_, value)| *value)
}

/// An operator that compares: `NumericLessThanPath`.
struct Comparison {
    operand_type: OperandType,
    relation: Relation,
    is_path: bool,
}

impl Comparison {
    fn from_name(name: &str) -> Option<Comparison> {
        let (prefix, operand_type) = *OPERAND_TYPES
            .iter()
            .find(|(prefix, _)| name.starts_with(prefix))?;
        let relation = &name[prefix.len()..];
        let (relation, is_path) = relation
            .strip_suffix("Path")
            .map_or((relation, false), |relation| (relation, true));
        let relation = named(&RELATIONS, relation)?;
        let known = operand_type != OperandType::Boolean || relation == Relation::Equals;
        known.then_some(Comparison {
            operand_type,
            relation,
            is_path,
        })
    }
}

fn is_operator(name: &str) -> bool {
    name == "StringMatches"
        || named(&TYPE_TESTS, name).is_some()
        || Comparison::from_name(name).is_some()
}

impl Condition {
    // The recursion ends with the definition's nesting, which the JSON reader limits.
    pub(super) fn read(mut fields: Fields<'_>) -> Condition {
        fields.string("Comment");
        let present = KINDS.iter().filter(|kind| fields.peek(kind).is_some());
        if present.count() != 1 {
            let kinds = KINDS.join(", ");
            fields.error(format!(
                "The object must have only one of the following fields, [{kinds}]"
            ));
            return Condition::Invalid;
        }
        let condition = match fields.language() {
            Language::Jsonata => Condition::read_jsonata(&mut fields),
            Language::JsonPath => {
                Condition::read_combined(&mut fields).or_else(|| Condition::read_test(&mut fields))
            }
        };
        fields.finish();
        condition.unwrap_or(Condition::Invalid)
    }

    fn read_jsonata(fields: &mut Fields<'_>) -> Option<Condition> {
        match fields.query("Condition") {
            Some(query) => Some(Condition::Query(query)),
            None => fields.boolean("Condition").map(Condition::Fixed),
        }
    }

    /// Reads `And`, `Or` or `Not`; `None` if the condition has none of them.
    fn read_combined(fields: &mut Fields<'_>) -> Option<Condition> {
        if fields.peek("Not").is_some() {
            let inner = fields.object("Not").map(Condition::read);
            let inner = inner.unwrap_or(Condition::Invalid);
            return Some(Condition::Not(Box::new(inner)));
        }
        if fields.peek("And").is_some() {
            return Some(Condition::And(Condition::read_list("And", fields)));
        }
        fields.peek("Or")?;
        Some(Condition::Or(Condition::read_list("Or", fields)))
    }

    fn read_list(name: &'static str, fields: &mut Fields<'_>) -> Vec<Condition> {
        let conditions = fields.elements(name).into_iter();
        conditions
            .filter_map(Fields::of_object)
            .map(Condition::read)
            .collect()
    }

    fn read_test(fields: &mut Fields<'_>) -> Option<Condition> {
        let variable = fields.path("Variable");
        let operators = fields.matching(is_operator);
        let test = match operators.as_slice() {
            [(name, operand)] => DataTest::read(name, operand).or_else(|| {
                let message =
                    format!("The value for the field '{name}' does not suit the operator");
                fields.error_in(name, message);
                None
            }),
            [] => {
                fields
                    .error("There should be one comparison operator")
                    .hint("a rule has one comparison, such as StringEquals or IsPresent");
                None
            }
            several => {
                let names: Vec<&str> = several.iter().map(|(name, _)| *name).collect();
                fields.exclusive(&names);
                None
            }
        };
        if let Some(DataTest::Compare {
            operand: Operand::Path(path),
            ..
        }) = &test
        {
            fields.cursor().note_path(path);
        }
        let (variable, test) = (variable?, test?);
        Some(Condition::Test { variable, test })
    }
}

impl DataTest {
    /// Reads a test; `None` if the operand does not suit the operator.
    fn read(operator: &str, operand: &Value) -> Option<DataTest> {
        if operator == "StringMatches" {
            let pattern = operand.as_str()?.into();
            return Some(DataTest::Matches(pattern));
        }
        if let Some(property) = named(&TYPE_TESTS, operator) {
            let expected = operand.as_bool()?;
            return Some(DataTest::Is { property, expected });
        }
        let Comparison {
            operand_type,
            relation,
            is_path,
        } = Comparison::from_name(operator)?;
        let operand = if is_path {
            Operand::Path(Path::parse(operand.as_str()?).ok()?)
        } else {
            operand_type
                .includes(operand)
                .then(|| Operand::Value(operand.clone()))?
        };
        Some(DataTest::Compare {
            operand_type,
            relation,
            operand,
        })
    }
}
