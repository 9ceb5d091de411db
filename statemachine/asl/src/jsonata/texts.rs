//! What JSONata's errors say, by code, as far as the text is always the same.
//!
//! The reference implementation's words, which are AWS's too: the library words some of them otherwise.

/// The text of `code`, if it does not depend on what went wrong.
pub(super) fn fixed(code: &str) -> Option<&'static str> {
    let at = TEXTS.binary_search_by_key(&code, |(known, _)| known).ok()?;
    Some(TEXTS[at].1)
}

/// `message` with its code, as the JSONata 2.0 that AWS runs has it. There, running away is one error with two texts.
pub(super) fn earlier(message: &str) -> &str {
    match message.get(..5) {
        Some("D1011") => STACK_OVERFLOW,
        Some("D1012") => "U1001: Expression evaluation timeout: Check for infinite loop",
        _ => message,
    }
}

const STACK_OVERFLOW: &str = "U1001: Stack overflow error: Check for non-terminating recursive function.  \
     Consider rewriting as tail-recursive.";

/// What the library calls a token, and how it is written.
#[rustfmt::skip]
const TOKENS: [(&str, &str); 44] = [
    ("Plus", "+"), ("Minus", "-"), ("Star", "*"), ("StarStar", "**"), ("Slash", "/"), ("Percent", "%"), ("Equal", "="),
    ("NotEqual", "!="), ("LessThan", "<"), ("LessThanOrEqual", "<="), ("GreaterThan", ">"), ("GreaterThanOrEqual", ">="),
    ("And", "and"), ("Or", "or"), ("In", "in"), ("Ampersand", "&"), ("Dot", "."), ("DotDot", ".."), ("Question", "?"),
    ("QuestionQuestion", "??"), ("QuestionColon", "?:"), ("Colon", ":"), ("ColonEqual", ":="), ("TildeArrow", "~>"),
    ("LeftParen", "("), ("RightParen", ")"), ("LeftBracket", "["), ("RightBracket", "]"), ("LeftBrace", "{"),
    ("RightBrace", "}"), ("Comma", ","), ("Semicolon", ";"), ("Caret", "^"), ("Pipe", "|"), ("Hash", "#"), ("At", "@"),
    ("True", "true"), ("False", "false"), ("Null", "null"), ("Undefined", "undefined"), ("Identifier", ""),
    ("Variable", ""), ("String", ""), ("Number", ""),
];

/// A syntax error's `message` with its tokens as they are written: `Expected ")"` for `Expected RightParen`.
pub(super) fn with_tokens(message: &str) -> String {
    let words = message.split(' ').map(|word| {
        let (name, rest) = word.split_at(word.find([',', '(']).unwrap_or(word.len()));
        match TOKENS.iter().find(|(known, _)| *known == name) {
            Some((_, "")) => carried(rest).unwrap_or(word).to_owned(),
            Some((_, written)) => format!("\"{written}\"{rest}"),
            None => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// `"c"` of `("c")`: what a token carries.
fn carried(rest: &str) -> Option<&str> {
    rest.strip_prefix('(')?.strip_suffix(')')
}

/// By code, in order.
#[rustfmt::skip]
const TEXTS: &[(&str, &str)] = &[
    ("D1004", "Regular expression matches zero length string"),
    ("D3001", "Attempting to invoke string function on Infinity or NaN"),
    ("D3010", "Second argument of replace function cannot be an empty string"),
    ("D3011", "Fourth argument of replace function must evaluate to a positive number"),
    ("D3012", "Attempted to replace a matched string with a non-string value"),
    ("D3020", "Third argument of split function must evaluate to a positive number"),
    ("D3040", "Third argument of match function must evaluate to a positive number"),
    ("D3050", "The second argument of reduce function must be a function with at least two arguments"),
    ("D3070", "The single argument form of the sort function can only be applied to an array of strings or an array of numbers.  Use the second argument to specify a comparison function"),
    ("D3080", "The picture string must only contain a maximum of two sub-pictures"),
    ("D3081", "The sub-picture must not contain more than one instance of the 'decimal-separator' character"),
    ("D3082", "The sub-picture must not contain more than one instance of the 'percent' character"),
    ("D3083", "The sub-picture must not contain more than one instance of the 'per-mille' character"),
    ("D3084", "The sub-picture must not contain both a 'percent' and a 'per-mille' character"),
    ("D3085", "The mantissa part of a sub-picture must contain at least one character that is either an 'optional digit character' or a member of the 'decimal digit family'"),
    ("D3086", "The sub-picture must not contain a passive character that is preceded by an active character and that is followed by another active character"),
    ("D3087", "The sub-picture must not contain a 'grouping-separator' character that appears adjacent to a 'decimal-separator' character"),
    ("D3088", "The sub-picture must not contain a 'grouping-separator' at the end of the integer part"),
    ("D3089", "The sub-picture must not contain two adjacent instances of the 'grouping-separator' character"),
    ("D3090", "The integer part of the sub-picture must not contain a member of the 'decimal digit family' that is followed by an instance of the 'optional digit character'"),
    ("D3091", "The fractional part of the sub-picture must not contain an instance of the 'optional digit character' that is followed by a member of the 'decimal digit family'"),
    ("D3092", "A sub-picture that contains a 'percent' or 'per-mille' character must not contain a character treated as an 'exponent-separator'"),
    ("D3093", "The exponent part of the sub-picture must comprise only of one or more characters that are members of the 'decimal digit family'"),
    ("D3131", "In a decimal digit pattern, all digits must be from the same decimal group"),
    ("D3134", "The timezone integer format specifier cannot have more than four digits"),
    ("D3135", "No matching closing bracket ']' in date/time picture string"),
    ("D3136", "The date/time picture string is missing specifiers required to parse the timestamp"),
    ("D3138", "The $single() function expected exactly 1 matching result.  Instead it matched more."),
    ("D3139", "The $single() function expected exactly 1 matching result.  Instead it matched 0."),
    ("S0101", "String literal must be terminated by a matching quote"),
    ("S0104", "The escape sequence \\u must be followed by 4 hex digits"),
    ("S0105", "Quoted property name must be terminated with a backquote (`)"),
    ("S0106", "Comment has no closing tag"),
    ("S0207", "Unexpected end of expression"),
    ("S0209", "A predicate cannot follow a grouping expression in a step"),
    ("S0210", "Each step can only have one grouping expression"),
    ("S0212", "The left side of := must be a variable name (start with $)"),
    ("S0215", "A context variable binding must precede any predicates on a step"),
    ("S0216", "A context variable binding must precede the 'order-by' clause on a step"),
    ("S0217", "The object representing the 'parent' cannot be derived from this expression"),
    ("S0301", "Empty regular expressions are not allowed"),
    ("S0302", "No terminating / in regular expression"),
    ("S0401", "Type parameters can only be applied to functions and arrays"),
    ("S0402", "Choice groups containing parameterized types are not supported"),
    ("T1006", "Attempted to invoke a non-function"),
    ("T1008", "Attempted to partially apply a non-function"),
    ("T2003", "The left side of the range operator (..) must evaluate to an integer"),
    ("T2004", "The right side of the range operator (..) must evaluate to an integer"),
    ("T2006", "The right side of the function application operator ~> must be a function"),
    ("T2008", "The expressions within an order-by clause must evaluate to numeric or string values"),
    ("T2013", "The transform expression clones the input object using the $clone() function.  This has been overridden in the current scope by a non-function."),
];

#[cfg(test)]
mod tests {
    use super::{TEXTS, fixed};

    #[test]
    fn every_code_is_found() {
        for (code, text) in TEXTS {
            assert_eq!(fixed(code), Some(*text));
        }
        assert_eq!(fixed("T2001"), None, "names the operator");
    }
}
