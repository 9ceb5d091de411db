//! Finds the workflow variables that the states of a definition read: `variableReferences` of
//! `DescribeStateMachine`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::definition::{Language, delimited};
use crate::intrinsic::Call;
use crate::jsonata::Expression;
use crate::jsonpath::{Path, Root};

/// Fields of JSONPath states in which only names that end in `.$` are read.
const TEMPLATES: [&str; 6] = [
    "Assign",
    "BatchInput",
    "Credentials",
    "ItemSelector",
    "Parameters",
    "ResultSelector",
];

type References = BTreeMap<String, BTreeSet<String>>;

/// Returns the names (without `$`) of the variables that each state reads, by the state's name;
/// states that read none are not there. A text that is no definition has none.
pub fn variable_references(definition: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut references = References::new();
    if let Ok(machine) = serde_json::from_str::<Value>(definition) {
        let language = language(&machine).unwrap_or_default();
        flow(&machine, language, &mut references);
    }
    references
}

fn language(object: &Value) -> Option<Language> {
    object["QueryLanguage"].as_str().map(Language::from_name)
}

// The recursion ends with the definition's nesting, which the JSON reader limits.
fn flow(flow: &Value, language: Language, references: &mut References) {
    for (name, state) in flow["States"].as_object().into_iter().flatten() {
        let inner = flows(state);
        inner.for_each(|inner| self::flow(inner, language, references));
        let mut names = BTreeSet::new();
        let language = self::language(state).unwrap_or(language);
        for (field, value) in state.as_object().into_iter().flatten() {
            if !matches!(
                field.as_str(),
                "Branches" | "Comment" | "ItemProcessor" | "Iterator" | "Result"
            ) {
                read(field, value, language, false, &mut names);
            }
        }
        if !names.is_empty() {
            references.insert(name.clone(), names);
        }
    }
}

/// The flows inside a state.
fn flows(state: &Value) -> impl Iterator<Item = &Value> {
    let branches = state["Branches"].as_array().into_iter().flatten();
    branches
        .chain(state.get("ItemProcessor"))
        .chain(state.get("Iterator"))
}

/// Adds what a field reads, and what the fields in it read.
fn read(
    field: &str,
    value: &Value,
    language: Language,
    in_template: bool,
    names: &mut BTreeSet<String>,
) {
    let in_template = in_template || TEMPLATES.contains(&field);
    match value {
        Value::Object(fields) => fields_in(fields, language, in_template, names),
        Value::Array(items) => {
            for item in items {
                read("", item, language, in_template, names);
            }
        }
        Value::String(text) => match language {
            Language::Jsonata => expression(value, names),
            Language::JsonPath if is_path(field, in_template) => path(text, names),
            Language::JsonPath => {}
        },
        _ => {}
    }
}

fn fields_in(
    fields: &Map<String, Value>,
    language: Language,
    in_template: bool,
    names: &mut BTreeSet<String>,
) {
    for (field, value) in fields {
        read(field, value, language, in_template, names);
    }
}

fn is_path(field: &str, in_template: bool) -> bool {
    field.ends_with(".$") || !in_template && (field.ends_with("Path") || field == "Variable")
}

fn path(text: &str, names: &mut BTreeSet<String>) {
    let mut add = |path: &Path| {
        if let Root::Variable(name) = path.root() {
            names.insert(name.to_string());
        }
    };
    if Call::is_call(text) {
        if let Ok(call) = Call::parse(text) {
            call.each_path(&mut add);
        }
    } else if let Ok(path) = Path::parse(text) {
        add(&path);
    }
}

fn expression(value: &Value, names: &mut BTreeSet<String>) {
    let parsed = delimited(value).and_then(|text| Expression::parse(text).ok());
    if let Some(expression) = parsed {
        let read = expression.variables().filter(|name| *name != "states");
        names.extend(read.map(str::to_owned));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::variable_references;

    #[expect(
        clippy::needless_pass_by_value,
        reason = "tables of json! values read better without a & each"
    )]
    fn check(state: Value, expect: &[&str]) {
        let machine = json!({"StartAt": "S", "States": {"S": state}}).to_string();
        let found = variable_references(&machine);
        let names: Vec<&str> = found.values().flatten().map(String::as_str).collect();
        assert_eq!(names, expect, "{machine}");
    }

    #[test]
    fn paths_name_variables() {
        check(
            json!({"InputPath": "$b", "OutputPath": "$a.x[0]", "ResultPath": "$.a"}),
            &["a", "b"],
        );
        check(
            json!({"Choices": [{"Or": [{"Variable": "$v", "NumericEqualsPath": "$w"}]}]}),
            &["v", "w"],
        );
        check(
            json!({"Assign": {"x.$": "$y", "z": "$z", "fooPath": "$f"}}),
            &["y"],
        );
        check(
            json!({"Parameters": {"a": [{"b.$": "States.Format('{}', $c, States.Array($d))"}]}}),
            &["c", "d"],
        );
        check(
            json!({"ItemReader": {"ReaderConfig": {"MaxItemsPath": "$max"}}}),
            &["max"],
        );
        check(json!({"Result": {"InputPath": "$r"}, "Comment": "$c"}), &[]);
    }

    #[test]
    fn expressions_name_variables() {
        let state = |fields: Value| {
            let mut state = fields;
            state["QueryLanguage"] = "JSONata".into();
            state
        };
        check(
            state(json!({"Output": {"a": ["{% $x + $states.input.n %}"]}})),
            &["x"],
        );
        check(
            state(json!({"Choices": [{"Condition": "{% ($own := 1; $own = $y) %}"}]})),
            &["y"],
        );
        check(state(json!({"Output": "$x", "Assign": {"z.$": "$y"}})), &[]);
    }

    #[test]
    fn each_state_has_its_own() {
        let inner =
            json!({"StartAt": "I", "States": {"I": {"Type": "Pass", "Output": "{% $b %}"}}});
        let branch =
            json!({"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": inner}}});
        let parallel = json!({"Type": "Parallel", "Arguments": "{% $a %}", "Branches": [branch]});
        let machine =
            json!({"QueryLanguage": "JSONata", "StartAt": "P", "States": {"P": parallel}});
        let found = variable_references(&machine.to_string());
        assert_eq!(json!(found), json!({"I": ["b"], "P": ["a"]}));
        assert!(variable_references("no JSON").is_empty());
    }
}
