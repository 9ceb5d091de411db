//! `Parameters`: the given values or the defaults, checked against their declarations.

use std::collections::BTreeMap;

use regex_lite::Regex;

use super::error::{Fault, Problem};
use super::node::{Node, Value};

/// The value of each declared parameter: a text, or a list for the list types.
pub(super) fn values(
    declared: Option<&Node>,
    overrides: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Node>, Fault> {
    let empty = Node::map_at(Default::default(), vec![]);
    let declared = declared.unwrap_or(&empty);
    let entries = declared.map("Parameters")?;
    if let Some(name) = overrides.keys().find(|name| declared.get(name).is_none()) {
        let names: Vec<&str> = entries.iter().map(|(key, _)| key.text.as_str()).collect();
        let problem = Problem::ParameterUnknown(match names.join(", ") {
            none if none.is_empty() => "none".into(),
            names => names,
        });
        return Err(Fault::new(declared.at, problem).about(|| format!("Parameter {name}")));
    }
    entries
        .iter()
        .map(|(key, declaration)| {
            let value = value(&key.text, declaration, overrides.get(&key.text))
                .map_err(|fault| fault.about(|| format!("Parameter {}", key.text)))?;
            Ok((key.text.clone(), value))
        })
        .collect()
}

fn value(name: &str, declaration: &Node, overrides: Option<&String>) -> Result<Node, Fault> {
    let kind = match declaration.get("Type") {
        Some(kind) => kind.text("Type")?,
        None => {
            return Err(Fault::new(declaration.at, Problem::Missing("Type".into())));
        }
    };
    let text = match (overrides, declaration.get("Default")) {
        (Some(overrides), _) => overrides.clone(),
        (None, Some(default)) => default_text(kind, default)?,
        (None, None) => {
            let problem = Problem::ParameterMissing(name.into());
            return Err(Fault::new(declaration.at, problem));
        }
    };
    let is_list = kind == "CommaDelimitedList" || kind.starts_with("List<");
    let items: Vec<&str> = if is_list {
        text.split(',').map(str::trim).collect()
    } else {
        vec![&text]
    };
    for item in &items {
        check(kind, declaration, item)?;
    }
    if is_list {
        let items = items.into_iter();
        let value = Value::List(items.map(|i| Node::text_at(declaration.at, i)).collect());
        let at = declaration.at;
        return Ok(Node { at, value });
    }
    Ok(Node::text_at(declaration.at, text))
}

fn default_text(kind: &str, default: &Node) -> Result<String, Fault> {
    if kind.starts_with("AWS::SSM::Parameter::") {
        return Err(Fault::new(
            default.at,
            Problem::ParameterType(kind.to_owned()),
        ));
    }
    Ok(default.text("Default")?.to_owned())
}

/// Checks a value against its declaration. The texts are CloudFormation's.
fn check(kind: &str, declaration: &Node, value: &str) -> Result<(), Fault> {
    let refuse = |why: String| {
        let why = match declaration.get("ConstraintDescription").map(|d| d.text("")) {
            Some(Ok(own)) => own.to_owned(),
            _ => why,
        };
        Err(Fault::new(
            declaration.at,
            Problem::ParameterConstraint(why),
        ))
    };
    let number: Option<f64> = value.parse().ok().filter(|n: &f64| n.is_finite());
    if matches!(kind, "Number" | "List<Number>") && number.is_none() {
        return refuse("must be a number".into());
    }
    if let Some(allowed) = declaration.get("AllowedValues") {
        let allowed = texts(allowed)?;
        if !allowed.contains(&value) {
            return refuse(format!("must be one of {}", allowed.join(", ")));
        }
    }
    if let Some(pattern) = declaration.get("AllowedPattern") {
        let text = pattern.text("AllowedPattern")?;
        if !anchored(text, pattern)?.is_match(value) {
            return refuse(format!("must match pattern {text}"));
        }
    }
    let length = value.chars().count() as f64;
    let bounds = [
        ("MinValue", number, false, "greater than or equal to"),
        ("MaxValue", number, true, "less than or equal to"),
        ("MinLength", Some(length), false, "at least"),
        ("MaxLength", Some(length), true, "at most"),
    ];
    for (bound, measured, upper, words) in bounds {
        let (Some(limit), Some(measured)) = (declaration.get(bound), measured) else {
            continue;
        };
        let limit: f64 = limit.number(bound, "a number")?;
        if (upper && measured > limit) || (!upper && measured < limit) {
            let what = if bound.ends_with("Length") {
                "length"
            } else {
                "value"
            };
            return refuse(format!("must have a {what} {words} {limit}"));
        }
    }
    Ok(())
}

fn texts(list: &Node) -> Result<Vec<&str>, Fault> {
    let items = list.list("AllowedValues")?;
    items.iter().map(|i| i.text("AllowedValues")).collect()
}

/// CloudFormation matches the whole value.
fn anchored(pattern: &str, node: &Node) -> Result<Regex, Fault> {
    Regex::new(&format!("^(?:{pattern})$")).map_err(|error| {
        let problem = Problem::Invalid(format!("AllowedPattern {pattern}: {error}"));
        Fault::new(node.at, problem)
    })
}
