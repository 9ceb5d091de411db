//! Reads the condition of a filter: `(@.a > 1 && !(@.b == 'x'))`.
//!
//! `or := and ('||' and)*`, `and := not ('&&' not)*`, `not := '!' not | '(' or ')' | comparison`.

use serde_json::Value;

use super::filter::{Filter, Operand, Operator};
use super::parse::Cursor;
use super::{BadPath, Root};

/// How deeply conditions may nest, so that no definition can exhaust the stack.
const DEEPEST: usize = 32;

const OPERATORS: [(&str, Operator); 11] = [
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("in ", Operator::In),
    ("nin ", Operator::NotIn),
    ("contains ", Operator::Contains),
    ("size ", Operator::Size),
    ("empty ", Operator::Empty),
];

/// After the `?`.
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Filter, BadPath> {
    cursor.expect("(")?;
    let filter = or(cursor, 0)?;
    cursor.expect(")")?;
    Ok(filter)
}

fn or(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, BadPath> {
    let mut all = vec![and(cursor, depth)?];
    while cursor.eat("||") {
        all.push(and(cursor, depth)?);
    }
    Ok(single(all).unwrap_or_else(Filter::Or))
}

fn and(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, BadPath> {
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

fn not(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, BadPath> {
    if depth > DEEPEST {
        return Err(cursor.bad("the filter nests too deeply"));
    }
    cursor.skip_spaces();
    let filter = if cursor.eat("!") {
        Filter::Not(Box::new(not(cursor, depth + 1)?))
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

fn comparison(cursor: &mut Cursor<'_>) -> Result<Filter, BadPath> {
    let left = operand(cursor)?;
    cursor.skip_spaces();
    if cursor.rest().starts_with("=~") {
        return Err(cursor.bad("the filter operator '=~' is not supported yet"));
    }
    let operator = OPERATORS.iter().find(|(token, _)| cursor.eat(token));
    let Some((_, operator)) = operator else {
        return Ok(Filter::Exists(left));
    };
    cursor.skip_spaces();
    Ok(Filter::Compare(left, *operator, operand(cursor)?))
}

fn operand(cursor: &mut Cursor<'_>) -> Result<Operand, BadPath> {
    if cursor.eat("@") {
        return Ok(Operand::Element(cursor.steps()?));
    }
    if cursor.eat("$") {
        return Ok(Operand::Document(Root::Input, cursor.steps()?));
    }
    literal(cursor, 0).map(Operand::Literal)
}

fn literal(cursor: &mut Cursor<'_>, depth: usize) -> Result<Value, BadPath> {
    match cursor.peek() {
        Some('\'' | '"') => Ok(Value::String(cursor.quoted()?)),
        Some('[') if depth < DEEPEST => list(cursor, depth + 1),
        _ => {
            let word = cursor.take_while(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
            serde_json::from_str(word).map_err(|_| {
                cursor.bad("expected a path, a number, a text in quotes, true, false or null")
            })
        }
    }
}

fn list(cursor: &mut Cursor<'_>, depth: usize) -> Result<Value, BadPath> {
    cursor.expect("[")?;
    let mut items = Vec::new();
    loop {
        cursor.skip_spaces();
        if cursor.eat("]") {
            return Ok(Value::Array(items));
        }
        if !items.is_empty() {
            cursor.expect(",")?;
            cursor.skip_spaces();
        }
        items.push(literal(cursor, depth)?);
    }
}
