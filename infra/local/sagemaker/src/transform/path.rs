//! The JSONPath subset of data processing: `$ .name * ['a','b'] [0,-1] [a:b]`.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-data-processing.html#data-processing-operators>

use serde_json::{Map, Value};

/// A path.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Wildcard,
    Names(Vec<String>),
    Items(Vec<Item>),
}

/// Items of a list: one, or from the first to the second, both included.
///
/// JsonPath leaves the second out; AWS's guide says "inclusive", and that `$[1:4]` "specifies the
/// second through fifth columns".
#[derive(Clone, Copy, Debug, PartialEq)]
enum Item {
    Index(i64),
    Slice(Option<i64>, Option<i64>),
}

impl Path {
    /// Parses a path.
    ///
    /// # Errors
    ///
    /// A text that says which operator is unsupported, or where the path ends too early.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut rest = text.strip_prefix('$').ok_or("it does not begin with $")?;
        let mut steps = vec![];
        while !rest.is_empty() {
            let (step, after) = parse_step(rest)?;
            steps.push(step);
            rest = after;
        }
        Ok(Self(steps))
    }

    /// Returns true if the path selects everything.
    pub(super) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Selects fields of a CSV record.
    pub(super) fn select_columns<'r>(&self, columns: &[&'r str]) -> Result<Vec<&'r str>, String> {
        match self.0.as_slice() {
            [] | [Step::Wildcard] => Ok(columns.to_vec()),
            [Step::Items(items)] => {
                let indices = indices(items, columns.len(), "columns of a record")?;
                Ok(indices.into_iter().map(|index| columns[index]).collect())
            }
            _ => Err("CSV records have columns, which are selected as in $[0,2:]".to_owned()),
        }
    }

    /// Selects a part of a JSON value: the value that a path of single names and indices leads to,
    /// an object for several names at the end of a path, a list for everything else.
    pub(super) fn select(&self, value: &Value) -> Result<Value, String> {
        select(&self.0, value)
    }
}

// The recursion ends with the steps.
fn select(steps: &[Step], value: &Value) -> Result<Value, String> {
    let Some((step, rest)) = steps.split_first() else {
        return Ok(value.clone());
    };
    let each = |values: Vec<&Value>| {
        let selected = values.into_iter().map(|value| select(rest, value));
        selected.collect::<Result<Vec<_>, _>>().map(Value::Array)
    };
    match (step, value) {
        (Step::Wildcard, Value::Array(items)) => each(items.iter().collect()),
        (Step::Wildcard, Value::Object(members)) => each(members.values().collect()),
        (Step::Names(names), Value::Object(members)) => {
            let find = |name: &String| {
                let found = members.get(name);
                found.ok_or_else(|| format!("a record has no member {name}"))
            };
            match names.as_slice() {
                [name] => select(rest, find(name)?),
                names if rest.is_empty() => {
                    let members = names
                        .iter()
                        .map(|name| Ok((name.clone(), find(name)?.clone())));
                    let members: Map<String, Value> = members.collect::<Result<_, String>>()?;
                    Ok(Value::Object(members))
                }
                names => each(names.iter().map(find).collect::<Result<_, _>>()?),
            }
        }
        (Step::Items(items), Value::Array(list)) => {
            let indices = indices(items, list.len(), "items of a list")?;
            match (items.as_slice(), indices.as_slice()) {
                ([Item::Index(_)], [index]) => select(rest, &list[*index]),
                (_, indices) => each(indices.iter().map(|index| &list[*index]).collect()),
            }
        }
        (Step::Wildcard, _) => Err("* selects from a list or an object".to_owned()),
        (Step::Names(names), _) => {
            let names = names.join(", ");
            Err(format!(
                "a name selects from an object, and {names} is asked of another value"
            ))
        }
        (Step::Items(_), _) => Err("an index selects from a list".to_owned()),
    }
}

/// Resolves indices; negative ones count from the end.
fn indices(items: &[Item], length: usize, what: &str) -> Result<Vec<usize>, String> {
    let size = i64::try_from(length).unwrap_or(i64::MAX);
    let mut indices = vec![];
    for item in items {
        let (from, to) = match *item {
            Item::Index(index) => {
                let at = if index < 0 { index + size } else { index };
                if !(0..size).contains(&at) {
                    return Err(format!(
                        "the index {index} is not within the {length} {what}"
                    ));
                }
                (at, at + 1)
            }
            Item::Slice(from, to) => {
                let resolve = |index: i64| if index < 0 { index + size } else { index };
                let from = from.map_or(0, resolve).max(0);
                let to = to.map_or(size, |to| resolve(to).saturating_add(1));
                (from, to.min(size))
            }
        };
        indices.extend((from..to).filter_map(|index| usize::try_from(index).ok()));
    }
    Ok(indices)
}

/// Parses the first step, and returns what follows it.
fn parse_step(text: &str) -> Result<(Step, &str), String> {
    if text.starts_with("..") {
        return Err("the operator .. (deep scan) is not supported".to_owned());
    }
    // AWS writes $.field1.['child1','child2'] too.
    let text = text
        .strip_prefix('.')
        .filter(|rest| rest.starts_with('['))
        .unwrap_or(text);
    if let Some(rest) = text.strip_prefix('.') {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        return match name {
            "" => Err("a name is missing after the last .".to_owned()),
            "*" => Ok((Step::Wildcard, rest)),
            name if name.ends_with(')') => Err(format!("the function {name} is not supported")),
            name => Ok((Step::Names(vec![name.to_owned()]), rest)),
        };
    }
    let Some(rest) = text.strip_prefix('[') else {
        return Err(format!("{text} begins with neither . nor ["));
    };
    let mut quote = None;
    let end = rest.find(|letter: char| match quote {
        Some(open) => {
            if letter == open {
                quote = None;
            }
            false
        }
        None => {
            quote = Some(letter).filter(|letter| matches!(letter, '\'' | '"'));
            letter == ']'
        }
    });
    let end = end.ok_or("a ] is missing")?;
    let (inside, rest) = (rest[..end].trim(), &rest[end + 1..]);
    let step = match inside.chars().next() {
        Some('*') if inside == "*" => Step::Wildcard,
        Some('\'' | '"') => Step::Names(parse_names(inside)?),
        Some('?') => return Err("the operator ?() (filter) is not supported".to_owned()),
        _ => {
            let items = inside.split(',').map(parse_item);
            Step::Items(items.collect::<Result<_, _>>()?)
        }
    };
    Ok((step, rest))
}

/// Parses `'a','b'`.
fn parse_names(text: &str) -> Result<Vec<String>, String> {
    let broken = || format!("{text} is no list of names in quotes");
    let mut names = vec![];
    let mut rest = text;
    loop {
        let quote = rest
            .chars()
            .next()
            .filter(|quote| matches!(quote, '\'' | '"'));
        let quote = quote.ok_or_else(broken)?;
        let (name, after) = rest[1..].split_once(quote).ok_or_else(broken)?;
        names.push(name.to_owned());
        let after = after.trim_start();
        match after.strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None if after.is_empty() => return Ok(names),
            None => return Err(format!("{after} follows the name {name}")),
        }
    }
}

/// Parses `1`, `-1`, `1:`, `:2` or `1:2`.
fn parse_item(text: &str) -> Result<Item, String> {
    let text = text.trim();
    let number = |part: &str| {
        let part = part.trim();
        part.parse()
            .map_err(|_| format!("{text} is neither an index nor a slice"))
    };
    let end = |part: &str| match part.trim() {
        "" => Ok(None),
        part => number(part).map(Some),
    };
    match text.split_once(':') {
        Some((from, to)) => Ok(Item::Slice(end(from)?, end(to)?)),
        None => number(text).map(Item::Index),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The operators are those of AWS's table; the results are Jayway JsonPath's, save for slices,
    /// which AWS's guide calls inclusive.
    #[test]
    fn parts_are_selected() {
        let value = json!({ "a": [1, 2, 3], "b": { "c": true }, "d e": [{ "x": 1 }, { "x": 2 }] });
        let check = |path: &str, expected: Value| {
            let found = Path::parse(path).and_then(|path| path.select(&value));
            assert_eq!(found.unwrap_or_else(Value::String), expected, "{path}");
        };
        check("$", value.clone());
        check("$.a", json!([1, 2, 3]));
        check("$.a[0]", json!(1));
        check("$.a[-1]", json!(3));
        check("$.a[0,-1]", json!([1, 3]));
        check("$.a[1:]", json!([2, 3]));
        check("$.a[:1]", json!([1, 2]));
        check("$.a[0:-2]", json!([1, 2]));
        check("$.a[0, 1:9]", json!([1, 2, 3]));
        check("$.a[*]", json!([1, 2, 3]));
        check("$.b.*", json!([true]));
        check("$['d e'][*].x", json!([1, 2]));
        check("$.b.['c']", json!(true));
        check("$['a','b']", json!({ "a": [1, 2, 3], "b": { "c": true } }));
        check(
            "$.a[7]",
            json!("the index 7 is not within the 3 items of a list"),
        );
        check("$.z", json!("a record has no member z"));
        check("$[0]", json!("an index selects from a list"));
        check("a", json!("it does not begin with $"));
        check(
            "$..a",
            json!("the operator .. (deep scan) is not supported"),
        );
        check(
            "$.a[?(@ > 1)]",
            json!("the operator ?() (filter) is not supported"),
        );
        check(
            "$.a.length()",
            json!("the function length() is not supported"),
        );
        check("$.a[", json!("a ] is missing"));
        check("$.a[x]", json!("x is neither an index nor a slice"));
        check("$x", json!("x begins with neither . nor ["));
    }

    #[test]
    fn columns_are_selected() {
        let check = |path: &str, expected: &str| {
            let found = Path::parse(path).unwrap().select_columns(&["a", "b", "c"]);
            let found = found.map(|columns| columns.concat());
            assert_eq!(found.unwrap_or_else(|error| error), expected, "{path}");
        };
        check("$", "abc");
        check("$[1:]", "bc");
        check("$[0:1]", "ab");
        check("$[0,-1]", "ac");
        check("$[0,1:]", "abc");
        check("$[2]", "c");
        check(
            "$[3]",
            "the index 3 is not within the 3 columns of a record",
        );
        check(
            "$.a",
            "CSV records have columns, which are selected as in $[0,2:]",
        );
    }
}
