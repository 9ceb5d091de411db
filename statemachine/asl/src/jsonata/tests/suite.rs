//! Runs the official test suite,
//! <https://github.com/jsonata-js/jsonata/tree/master/test/test-suite>: too large to be part of
//! this repository.
//! `JSONATA_SUITE=…/test/test-suite cargo test -p asl jsonata_suite -- --nocapture` runs it.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::{env, fs};

use jsonata_core::evaluator::Context;
use jsonata_core::value::JValue;
use serde_json::{Map, Value};

use crate::jsonata::functions::Environment;
use crate::jsonata::{Expression, convert, evaluation};
use crate::random::Random;

use super::NOW;

/// The cases that must pass, of 1,686 at version 2.2.2 of the reference implementation; seven are
/// beyond the limits of AWS's evaluations.
const MUST_PASS: usize = 1_673;

#[test]
fn jsonata_suite() {
    let Ok(directory) = env::var("JSONATA_SUITE") else {
        eprintln!("SKIPPED: JSONATA_SUITE does not name a checkout's test/test-suite");
        return;
    };
    let directory = Path::new(&directory);
    let datasets: BTreeMap<String, Value> = json_files(&directory.join("datasets")).collect();
    let (mut passed, mut failed) = (0, Vec::new());
    for group in entries(&directory.join("groups")) {
        for (name, cases) in json_files(&group) {
            for case in as_list(cases) {
                match run(&case, &group, &datasets) {
                    Ok(()) => passed += 1,
                    Err(problem) => failed.push(format!("{}/{name}: {problem}", group.display())),
                }
            }
        }
    }
    println!("{passed} passed, {} failed", failed.len());
    failed.iter().for_each(|failure| println!("{failure}"));
    assert!(passed >= MUST_PASS, "only {passed} passed");
}

fn entries(directory: &Path) -> Vec<std::path::PathBuf> {
    let entries =
        fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Returns the JSON files of a directory: names without extension, and contents.
fn json_files(directory: &Path) -> impl Iterator<Item = (String, Value)> {
    let paths = entries(directory).into_iter();
    let json = paths.filter(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    json.map(|path| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(path).unwrap();
        // Half of a surrogate pair is no text here: such a case is null, and fails.
        (name, serde_json::from_str(&text).unwrap_or_default())
    })
}

fn as_list(cases: Value) -> Vec<Value> {
    match cases {
        Value::Array(cases) => cases,
        case => vec![case],
    }
}

fn run(case: &Value, group: &Path, datasets: &BTreeMap<String, Value>) -> Result<(), String> {
    let text = match case["expr"].as_str() {
        Some(text) => text.to_owned(),
        None => {
            let file = case["expr-file"].as_str().ok_or("not readable")?;
            fs::read_to_string(group.join(file)).unwrap()
        }
    };
    let input = case
        .get("data")
        .or_else(|| datasets.get(case["dataset"].as_str()?));
    let found = evaluate(&text, input, case["bindings"].as_object());
    let expected = match (
        case.get("result"),
        case["code"].as_str(),
        case["error"]["code"].as_str(),
    ) {
        (Some(result), _, _) => Ok(Some(result.clone())),
        (_, Some(code), _) | (_, _, Some(code)) => Err(code.to_owned()),
        _ => Ok(None),
    };
    let found = found.map_err(|message| message.split(':').next().unwrap().to_owned());
    let same = match (&found, &expected) {
        (Ok(Some(found)), Ok(Some(expected))) if case["unordered"] == true => {
            sorted(found) == sorted(expected)
        }
        (Ok(Some(found)), Ok(Some(expected))) => normal(found) == normal(expected),
        _ => found == expected,
    };
    same.then_some(())
        .ok_or_else(|| format!("{text}\n    expected {expected:?}\n    found    {found:?}"))
}

/// Evaluates with the input for `$`, and with `$eval`, which Step Functions does not have.
fn evaluate(
    text: &str,
    input: Option<&Value>,
    bindings: Option<&Map<String, Value>>,
) -> Result<Option<Value>, String> {
    let expression = Expression::parse(text).map_err(|error| error.message)?;
    let mut compiled = Arc::into_inner(expression.compiled).unwrap();
    compiled.reads.forget("eval");
    let mut context = Context::new();
    for (name, value) in bindings.into_iter().flatten() {
        context.bind(name.clone(), convert::from_json(value));
    }
    let surroundings = Rc::new(Environment::new(NOW, Random::new(1)));
    let input = input.map_or(JValue::Undefined, convert::from_json);
    evaluation::evaluator(&compiled, context, &surroundings)
        .and_then(|evaluator| evaluation::run(evaluator, &compiled.tree, &input))
        .and_then(|value| convert::to_json(&value))
        .map_err(|error| {
            error
                .to_string()
                .replace("threw an error during evaluation. ", "")
        })
}

/// Numbers as doubles, so that `1` is `1.0`.
fn normal(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::from(number.as_f64()),
        Value::Array(items) => items.iter().map(normal).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), normal(value)))
            .collect(),
        other => other.clone(),
    }
}

fn sorted(value: &Value) -> Vec<String> {
    let mut items: Vec<String> = value
        .as_array()
        .into_iter()
        .flatten()
        .map(|item| normal(item).to_string())
        .collect();
    items.sort();
    items
}
