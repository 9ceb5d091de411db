//! Reads the condition of a filter: `(@.a > 1 && !(@.b == 'x'))`.
//!
//! `or := and ('||' and)*`, `and := not ('&&' not)*`, `not := '!' not | '(' or ')' | comparison`.

use regex_lite::Regex;
use serde_json::{Map, Value};

use super::filter::{Filter, Operand};
use super::operator::{Operator, Pattern};
use super::parse::{Cursor, MAX_DEPTH};
use super::{PathSyntaxError, parse_bracket};

/// Parses a filter, from after its `?`.
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Filter, PathSyntaxError> {
    cursor.skip_spaces();
    cursor.expect("(")?;
    let filter = or(cursor, 0)?;
    cursor.expect(")")?;
    Ok(filter)
}

fn or(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, PathSyntaxError> {
    let mut all = vec![and(cursor, depth)?];
    while cursor.eat("||") {
        all.push(and(cursor, depth)?);
    }
    Ok(single(all).unwrap_or_else(Filter::Or))
}

fn and(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, PathSyntaxError> {
    let mut all = vec![not(cursor, depth)?];
    while cursor.eat("&&") {
        all.push(not(cursor, depth)?);
    }
    Ok(single(all).unwrap_or_else(Filter::And))
}

fn single(mut all: Vec<Filter>) -> Result<Filter, Vec<Filter>> {
    match all.pop() {
        Some(last) if all.is_empty() => Ok(last),
        last => {
            all.extend(last);
            Err(all)
        }
    }
}

fn not(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, PathSyntaxError> {
    if depth > MAX_DEPTH {
        return Err(cursor.bad("the filter nests too deeply"));
    }
    cursor.skip_spaces();
    let filter = if cursor.eat("!") {
        cursor.skip_spaces();
        if matches!(cursor.peek(), Some('@' | '$')) {
            // Of a comparison Jayway drops the `!`.
            match comparison(cursor)? {
                Filter::Exists(operand, _) => Filter::Exists(operand, false),
                comparison => comparison,
            }
        } else {
            Filter::Not(Box::new(not(cursor, depth + 1)?))
        }
    } else if cursor.eat("(") {
        let inner = or(cursor, depth + 1)?;
        cursor.expect(")")?;
        inner
    } else {
        comparison(cursor)?
    };
    cursor.skip_spaces();
    Ok(filter)
}

fn comparison(cursor: &mut Cursor<'_>) -> Result<Filter, PathSyntaxError> {
    let left = operand(cursor)?;
    cursor.skip_spaces();
    let mut ahead = *cursor;
    let symbol = ahead.take_while(|c| "<>=~!".contains(c));
    let name = if symbol.is_empty() {
        ahead.take_while(|c| c != ' ')
    } else {
        symbol
    };
    if let Some(operator) = Operator::from_name(name) {
        *cursor = ahead;
        cursor.skip_spaces();
        return Ok(Filter::Compare(left, operator, operand(cursor)?));
    }
    match left {
        Operand::Element(_) | Operand::Document(_) => Ok(Filter::Exists(left, true)),
        _ => Err(cursor.bad("expected an operator")),
    }
}

fn operand(cursor: &mut Cursor<'_>) -> Result<Operand, PathSyntaxError> {
    match cursor.peek() {
        Some(root @ ('@' | '$')) => {
            let mut path = cursor.inner(path_length(cursor.rest()))?;
            path.take(1);
            let steps = path.steps()?;
            Ok(match root {
                '@' => Operand::Element(steps),
                _ => Operand::Document(steps),
            })
        }
        Some('/') => pattern(cursor).map(Operand::Pattern),
        _ => literal(cursor, 0).map(Operand::Literal),
    }
}

/// Returns the length of the path that `text` begins with: up to an operator, a space, or a
/// parenthesis that is not its own.
fn path_length(text: &str) -> usize {
    let (mut brackets, mut parentheses, mut quote, mut escaped) = (0usize, 0usize, None, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote.is_some() => escaped = true,
            c if quote == Some(c) => quote = None,
            _ if quote.is_some() => {}
            '\'' | '"' if brackets + parentheses > 0 => quote = Some(c),
            '[' => brackets += 1,
            ']' => brackets = brackets.saturating_sub(1),
            _ if brackets > 0 => {}
            '(' => parentheses += 1,
            ')' if parentheses > 0 => parentheses -= 1,
            _ if parentheses > 0 => {}
            ')' | ' ' | '<' | '>' | '=' | '~' | '!' => return at,
            _ => {}
        }
    }
    text.len()
}

/// `/text/flags`: Java's syntax, as far as a matcher in linear time has it (no look-around, no
/// back-references).
fn pattern(cursor: &mut Cursor<'_>) -> Result<Pattern, PathSyntaxError> {
    let start = *cursor;
    cursor.expect("/")?;
    let mut escaped = false;
    let end = cursor.rest().find(|c| {
        let ends = c == '/' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    let Some(end) = end else {
        return Err(start.bad("the pattern is not closed"));
    };
    let body = cursor.take(end);
    cursor.expect("/")?;
    let flags = cursor.take_while(|c| "dixmsuU".contains(c));
    // The other flags are about Unicode and line ends.
    let known: String = flags.chars().filter(|c| "ixms".contains(*c)).collect();
    let inline = match known.as_str() {
        "" => String::new(),
        known => format!("(?{known})"),
    };
    // Where comments are allowed, one may stand at the end.
    let end = if known.contains('x') { "\n" } else { "" };
    let plain = body.replace("\\/", "/");
    let regex = Regex::new(&format!("{inline}\\A(?:{plain}{end})\\z"));
    regex
        .map(|regex| Pattern {
            text: format!("/{body}/{flags}").into(),
            regex,
        })
        .map_err(|error| start.bad(format!("the pattern cannot be used: {error}")))
}

/// JSON, in which texts may have single quotes, or in lists none at all.
fn literal(cursor: &mut Cursor<'_>, depth: usize) -> Result<Value, PathSyntaxError> {
    if depth > MAX_DEPTH {
        return Err(cursor.bad("the list nests too deeply"));
    }
    match cursor.peek() {
        Some('\'' | '"') => parse_bracket::quoted(cursor).map(Value::String),
        Some('[') => list(cursor, depth + 1).map(Value::Array),
        Some('{') => object(cursor, depth + 1).map(Value::Object),
        _ => word(cursor, depth > 0),
    }
}

fn word(cursor: &mut Cursor<'_>, listed: bool) -> Result<Value, PathSyntaxError> {
    let mut ahead = *cursor;
    let word = if listed {
        ahead.take_while(|c| !",:]}".contains(c)).trim_end()
    } else {
        ahead.take_while(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    };
    let value = match serde_json::from_str(word) {
        Ok(value) => value,
        Err(_) if listed && !word.is_empty() => word.into(),
        Err(_) => {
            let reason = "expected a path, a number, a text in quotes, true, false or null";
            return Err(cursor.bad(reason));
        }
    };
    *cursor = ahead;
    Ok(value)
}

fn list(cursor: &mut Cursor<'_>, depth: usize) -> Result<Vec<Value>, PathSyntaxError> {
    cursor.expect("[")?;
    let mut items = Vec::new();
    cursor.skip_spaces();
    while !cursor.eat("]") {
        if !items.is_empty() {
            cursor.expect(",")?;
            cursor.skip_spaces();
        }
        items.push(literal(cursor, depth)?);
        cursor.skip_spaces();
    }
    Ok(items)
}

fn object(cursor: &mut Cursor<'_>, depth: usize) -> Result<Map<String, Value>, PathSyntaxError> {
    cursor.expect("{")?;
    let mut fields = Map::new();
    cursor.skip_spaces();
    while !cursor.eat("}") {
        if !fields.is_empty() {
            cursor.expect(",")?;
            cursor.skip_spaces();
        }
        let Value::String(name) = literal(cursor, depth)? else {
            return Err(cursor.bad("expected a name"));
        };
        cursor.skip_spaces();
        cursor.expect(":")?;
        cursor.skip_spaces();
        fields.insert(name, literal(cursor, depth)?);
        cursor.skip_spaces();
    }
    Ok(fields)
}
