//! Reads what stands in brackets: `['a','b']`, `[0,-1]`, `[1:3]`, `[*]`, `[?(…)]`.

use super::parse::Cursor;
use super::{PathSyntaxError, Step, parse_filter};

/// Parses a step from after its `[` up to and with the `]`.
pub(super) fn step(cursor: &mut Cursor<'_>) -> Result<Step, PathSyntaxError> {
    cursor.skip_spaces();
    let step = match cursor.peek() {
        Some('*') => {
            cursor.eat("*");
            Step::Wildcard
        }
        Some('?') => {
            cursor.eat("?");
            Step::Filter(parse_filter::parse(cursor)?)
        }
        Some(quote @ ('\'' | '"')) => keys(cursor, quote)?,
        _ => indices(cursor)?,
    };
    cursor.skip_spaces();
    cursor.expect("]")?;
    Ok(step)
}

fn keys(cursor: &mut Cursor<'_>, quote: char) -> Result<Step, PathSyntaxError> {
    let mut keys = Vec::new();
    loop {
        keys.push(unescape(between_quotes(cursor)?, &[quote, '\\']).into());
        cursor.skip_spaces();
        if !cursor.eat(",") {
            break;
        }
        cursor.skip_spaces();
    }
    Ok(match <[Box<str>; 1]>::try_from(keys) {
        Ok([key]) => Step::Key(key, quote),
        Err(keys) => Step::Keys(keys, quote),
    })
}

fn indices(cursor: &mut Cursor<'_>) -> Result<Step, PathSyntaxError> {
    let first = integer(cursor)?;
    if cursor.eat(":") {
        let end = integer(cursor)?;
        // Jayway reads a third number, and steps by one all the same.
        while cursor.eat(":") {
            integer(cursor)?;
        }
        if first.is_none() && end.is_none() {
            return Err(cursor.bad("a slice needs a start or an end"));
        }
        return Ok(Step::Slice(first, end));
    }
    let Some(first) = first else {
        return Err(cursor.bad("expected an index, a name in quotes, '*', or a filter '?(…)'"));
    };
    let mut indices = vec![first];
    cursor.skip_spaces();
    while cursor.eat(",") {
        cursor.skip_spaces();
        let next = integer(cursor)?;
        indices.push(next.ok_or_else(|| cursor.bad("expected an index"))?);
        cursor.skip_spaces();
    }
    Ok(match indices.as_slice() {
        [index] => Step::Index(*index),
        _ => Step::Indices(indices),
    })
}

/// Parses an integer of at most 32 bits, as in Java.
fn integer(cursor: &mut Cursor<'_>) -> Result<Option<i32>, PathSyntaxError> {
    let digits = cursor.take_while(|c| c.is_ascii_digit() || c == '-');
    if digits.is_empty() {
        return Ok(None);
    }
    let number = digits.parse().map(Some);
    number.map_err(|_| cursor.bad(format!("'{digits}' is not an index")))
}

/// The text between quotes of either kind, in a filter.
pub(super) fn quoted(cursor: &mut Cursor<'_>) -> Result<String, PathSyntaxError> {
    between_quotes(cursor).map(|raw| unescape(raw, &[]))
}

/// Parses a text between quotes, and returns it with its escapes.
fn between_quotes<'t>(cursor: &mut Cursor<'t>) -> Result<&'t str, PathSyntaxError> {
    let quote = cursor.peek().filter(|c| matches!(c, '\'' | '"'));
    let Some(quote) = quote else {
        return Err(cursor.bad("expected a quoted name"));
    };
    let rest = &cursor.rest()[1..];
    let mut escaped = false;
    let end = rest.find(|c| {
        let ends = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    let Some(end) = end else {
        return Err(cursor.bad("the quote is not closed"));
    };
    cursor.take(end + 2);
    Ok(&rest[..end])
}

/// `\n` and the like, `\u00e9`, and a `\` before one of `escaped`, or before anything where that is
/// empty, say that the character stands for itself. Any other `\` stands for itself: on AWS
/// `$['Test\""Name"']` finds the property `Test\""Name"` (recorded).
fn unescape(text: &str, escaped: &[char]) -> String {
    let mut value = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            value.push(c);
            continue;
        }
        match chars.next() {
            Some('b') => value.push('\u{8}'),
            Some('f') => value.push('\u{c}'),
            Some('n') => value.push('\n'),
            Some('r') => value.push('\r'),
            Some('t') => value.push('\t'),
            Some('u') => {
                let digits: String = chars.by_ref().take(4).collect();
                let unit = u32::from_str_radix(&digits, 16).unwrap_or(u32::MAX);
                value.push(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            Some(other) if escaped.is_empty() || escaped.contains(&other) => value.push(other),
            Some(other) => value.extend(['\\', other]),
            None => value.push('\\'),
        }
    }
    value
}
