//! The texts of JSONata's errors, by code.
//!
//! The reference implementation's words, which are AWS's too: the library words many of them
//! otherwise. Where a text has values (`{{value}}` in the reference's table), they are written as
//! JSON, as there.
//!
//! <https://github.com/jsonata-js/jsonata/blob/v2.0.6/src/jsonata.js>, `errorCodes`

use jsonata_core::value::JValue;

use super::signature::{self, Mismatch};
use super::trace::Operation;

/// Returns the text of `code`, of which the library says `own`.
pub(super) fn text(code: &str, own: &str) -> String {
    if let Some(fixed) = fixed_text(code) {
        return fixed.to_owned();
    }
    let after = |words: &str| own.rsplit_once(words).map_or("", |(_, rest)| rest);
    match code {
        "D1001" => "Number out of range: null".to_owned(),
        "D1009" => format!(
            "Multiple key definitions evaluate to same key: {}",
            quoted(after(": "))
        ),
        "D3130" => format!(
            "Formatting or parsing an integer as a sequence starting with {} is not supported by \
             this implementation",
            quoted(own)
        ),
        "D3132" => format!(
            "Unknown component specifier {} in date/time picture string",
            quoted(own)
        ),
        "D3133" => format!(
            "The 'name' modifier can only be applied to months and days in the date/time picture \
             string, not {}",
            quoted(own)
        ),
        "S0102" => format!("Number out of range: {}", quoted(after(": "))),
        "S0103" => format!("Unsupported escape sequence: \\{}", quoted(after("\\"))),
        "S0204" => format!("Unknown operator: {}", quoted(after(": "))),
        "S0214" => format!(
            "The right side of {} must be a variable name (start with $)",
            quoted(after("after "))
        ),
        "T0410" | "T0412" => reword_anonymous(own),
        "T1010" => own.replacen(
            &format!("${}", word_after(own, "$")),
            &quoted(word_after(own, "$")),
            1,
        ),
        "T2001" | "T2002" => with_operator(own),
        _ => own.to_owned(),
    }
}

/// Rewords the library's error for a call of a function without a name.
fn reword_anonymous(own: &str) -> String {
    let numbers: Vec<usize> = own
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect();
    let position = match numbers.as_slice() {
        [expected, got] if own.contains("count mismatch") => expected.min(got) + 1,
        [position, ..] => *position,
        [] => return own.to_owned(),
    };
    match own.rsplit_once("must be an array of ") {
        Some((_, kind)) => format!(
            "Argument {position} of {ANONYMOUS} must be an array of \"{}s\"",
            kind.trim_matches('"').trim_end_matches('s').to_lowercase()
        ),
        None if own.contains("of function \"") => own.to_owned(),
        None => format!("Argument {position} of {ANONYMOUS} does not match function signature"),
    }
}

/// JavaScript's words for a function without a name.
const ANONYMOUS: &str = "function undefined";

fn word_after<'t>(text: &'t str, mark: &str) -> &'t str {
    let rest = text.split_once(mark).map_or("", |(_, rest)| rest);
    rest.split(' ').next().unwrap_or_default()
}

/// The texts that have no values: a code and its text a line.
const TEXTS: &str = include_str!("error_texts.txt");

/// Returns the text of `code`, if it has no values.
fn fixed_text(code: &str) -> Option<&'static str> {
    let mut lines = TEXTS.lines().filter_map(|line| line.split_once(' '));
    lines.find_map(|(known, text)| (known == code).then_some(text))
}

/// `of the + operator` -> `of the "+" operator`
fn with_operator(own: &str) -> String {
    let parts = own
        .split_once(" of the ")
        .and_then(|(side, rest)| Some((side, rest.split_once(" operator")?)));
    match parts {
        Some((side, (operator, rest))) => {
            format!("{side} of the {} operator{rest}", quoted(operator))
        }
        None => own.to_owned(),
    }
}

fn quoted(text: &str) -> String {
    if text.starts_with('"') {
        text.to_owned()
    } else {
        format!("{text:?}")
    }
}

/// The codes whose texts have values that the library does not tell.
const WITH_VALUES: [&str; 14] = [
    "D1002", "D3030", "D3060", "D3061", "D3100", "D3110", "D3140", "T0410", "T0411", "T0412",
    "T2009", "T2010", "T2011", "T2012",
];

/// Returns true if the text of `code` has values that the library does not tell.
pub(super) fn has_values(code: &str) -> bool {
    WITH_VALUES.contains(&code)
}

/// Returns the text of `code` with the values of what failed.
pub(super) fn with_values(code: &str, message: &str, failed: &Operation) -> Option<String> {
    if let "T0410" | "T0411" | "T0412" = code {
        let named =
            || message.replacen(ANONYMOUS, &format!("function {}", quoted(&failed.name)), 1);
        return failed
            .is_call
            .then(|| mismatch_text(failed).unwrap_or_else(named));
    }
    let value = |place: usize| failed.values.get(place).map(json);
    let first = value(0)?;
    Some(match code {
        "D1002" => format!("Cannot negate a non-numeric value: {first}"),
        "D3030" => format!("Unable to cast value to a number: {first}"),
        "D3060" => format!("The sqrt function cannot be applied to a negative number: {first}"),
        "D3061" => format!(
            "The power function has resulted in a value that cannot be represented as a JSON \
             number: base={first}, exponent={}",
            value(1)?
        ),
        "D3100" => format!(
            "The radix of the formatBase function must be between 2 and 36.  It was given {}",
            value(1)?
        ),
        "D3110" => format!(
            "The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given \
             {first}"
        ),
        "D3140" => format!("Malformed URL passed to ${}(): {first}", failed.name),
        "T2009" => format!(
            "The values {first} and {} either side of operator \"{}\" must be of the same data \
             type",
            value(1)?,
            failed.name
        ),
        "T2010" => format!(
            "The expressions either side of operator \"{}\" must evaluate to numeric or string \
             values",
            failed.name
        ),
        "T2011" => format!(
            "The insert/update clause of the transform expression must evaluate to an object: \
             {first}"
        ),
        "T2012" => format!(
            "The delete clause of the transform expression must evaluate to a string or array of \
             strings: {first}"
        ),
        _ => return None,
    })
}

/// Returns the text for a call whose arguments do not fit.
fn mismatch_text(failed: &Operation) -> Option<String> {
    let function = quoted(&failed.name);
    Some(match signature::mismatch(&failed.name, &failed.values)? {
        Mismatch::Argument(position) => {
            format!("Argument {position} of function {function} does not match function signature")
        }
        Mismatch::Context(position) => format!(
            "Context value is not a compatible type with argument {position} of function {function}"
        ),
        Mismatch::Items(position, kind) => {
            format!("Argument {position} of function {function} must be an array of \"{kind}\"")
        }
    })
}

/// Writes a value as JavaScript's `JSON.stringify` does.
fn json(value: &JValue) -> String {
    match value {
        JValue::Number(number) if !number.is_finite() => "null".to_owned(),
        value => match super::convert::to_json(value) {
            Ok(Some(value)) => value.to_string(),
            _ => "undefined".to_owned(),
        },
    }
}

/// The library's names of tokens, and how they are written.
const TOKENS: &str = "\
    Plus:+ Minus:- Star:* StarStar:** Slash:/ Percent:% Equal:= NotEqual:!= LessThan:< \
    LessThanOrEqual:<= GreaterThan:> GreaterThanOrEqual:>= And:and Or:or In:in Ampersand:& \
    Dot:. DotDot:.. Question:? QuestionQuestion:?? QuestionColon:?: Colon:: ColonEqual::= \
    TildeArrow:~> LeftParen:( RightParen:) LeftBracket:[ RightBracket:] LeftBrace:{ \
    RightBrace:} Comma:, Semicolon:; Caret:^ Pipe:| Hash:# At:@ True:true False:false \
    Null:null Undefined:undefined";

/// The tokens that carry a text of their own.
const WITH_TEXT: [&str; 4] = ["Identifier", "Variable", "String", "Number"];

/// A syntax error's `message` with its tokens as they are written: `Expected ")"` for
/// `Expected RightParen`.
pub(super) fn with_tokens(message: &str) -> String {
    let words = message.split(' ').map(|word| {
        let (name, rest) = word.split_at(word.find([',', '(']).unwrap_or(word.len()));
        if WITH_TEXT.contains(&name) {
            return token_text(rest).unwrap_or(word).to_owned();
        }
        let mut tokens = TOKENS.split(' ').filter_map(|token| token.split_once(':'));
        match tokens.find(|(known, _)| *known == name) {
            Some((_, symbol)) => format!("\"{symbol}\"{rest}"),
            None => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// `"c"` of `("c")` and `2` of `(2.0)`: what a token carries.
fn token_text(rest: &str) -> Option<&str> {
    let carried = rest.strip_prefix('(')?.strip_suffix(')')?;
    Some(carried.strip_suffix(".0").unwrap_or(carried))
}

#[cfg(test)]
mod tests {
    use super::{TEXTS, fixed_text};

    #[test]
    fn every_code_is_found() {
        for line in TEXTS.lines() {
            let (code, text) = line.split_once(' ').unwrap();
            assert_eq!(fixed_text(code), Some(text));
        }
        assert_eq!(fixed_text("T2001"), None, "names the operator");
    }
}
