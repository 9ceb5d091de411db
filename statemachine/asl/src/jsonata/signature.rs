//! Checks the arguments of JSONata's functions, and finds the one that does not fit.
//!
//! The library says that one does not, and not always which one of which function. The reference
//! implementation finds it by the function's signature, as a pattern over the kinds of the
//! arguments; so does this.
//!
//! <https://github.com/jsonata-js/jsonata/blob/v2.0.6/src/signature.js>

use jsonata_core::value::JValue;

/// The functions of JSONata 2.0.6, and their signatures.
const SIGNATURES: &str = "\
    abs:n- append:xx assert:bs? average:a<n> base64decode:s- base64encode:s- boolean:x- \
    ceil:n- contains:s-(sf) count:a decodeUrl:s- decodeUrlComponent:s- distinct:x each:o-f \
    encodeUrl:s- encodeUrlComponent:s- error:s? exists:x filter:af floor:n- formatBase:n-n? \
    formatInteger:n-s formatNumber:n-so? fromMillis:n-s?s? join:a<s>s? keys:x- length:s- \
    lookup:x-s lowercase:s- map:af match:s-fn? max:a<n> merge:a<o> millis: min:a<n> not:x- \
    now:s?s? number:(nsb)- pad:s-ns? parseInteger:s-s power:n-n reduce:afj? \
    replace:s-(sf)(sf)n? reverse:a round:n-n? shuffle:a sift:o-f? single:af? sort:af? \
    split:s-(sf)n? spread:x- sqrt:n- string:x-b? substring:s-nn? substringAfter:s-s \
    substringBefore:s-s sum:a<n> toMillis:s-s? trim:s- type:x uppercase:s-";

/// The functions whose arguments only the library checks.
const UNCHECKED: [&str; 2] = ["clone", "zip"];

/// Returns true if `name` is one of JSONata's own functions.
pub(super) fn is_standard(name: &str) -> bool {
    find(name).is_some() || UNCHECKED.contains(&name)
}

/// Returns the signature of a function.
fn find(name: &str) -> Option<&'static str> {
    let mut entries = SIGNATURES
        .split_whitespace()
        .filter_map(|entry| entry.split_once(':'));
    entries.find_map(|(known, signature)| (known == name).then_some(signature))
}

/// A parameter.
#[derive(Clone, Copy)]
struct Parameter<'s> {
    /// The kinds that it takes: `s`, `n`, `b`, `l`, `o`, `a`, `f`, and `m` for what is undefined.
    kinds: &'s str,
    /// The kind of an array's items.
    items: Option<char>,
    optional: bool,
    /// Set if the context stands in for it.
    context: bool,
}

/// The argument of a call that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mismatch {
    /// The argument at this place, from 1, is of the wrong kind, missing, or too many.
    Argument(usize),
    /// The context, which stands in for the argument at this place, is.
    Context(usize),
    /// An array's items are: `numbers`, `strings`, `objects`.
    Items(usize, &'static str),
}

/// The kind of a value, as signatures have it.
fn kind(value: &JValue) -> char {
    match value {
        JValue::Undefined => 'm',
        JValue::Null => 'l',
        JValue::Bool(_) => 'b',
        JValue::Number(_) => 'n',
        JValue::String(_) => 's',
        JValue::Array(_) => 'a',
        JValue::Object(_) => 'o',
        _ => 'f',
    }
}

/// Checks a call of the function called `name`, in a context that stands in for nothing.
pub(super) fn mismatch(name: &str, arguments: &[JValue]) -> Option<Mismatch> {
    let parameters = parameters(find(name)?);
    let kinds: String = arguments.iter().map(kind).collect();
    let Some(taken) = assign(&parameters, &kinds, true) else {
        return Some(Mismatch::Argument(first_mismatch(&parameters, &kinds)));
    };
    for (index, (parameter, taken)) in parameters.iter().zip(taken).enumerate() {
        if taken == 0 && parameter.context {
            return Some(Mismatch::Context(index + 1));
        }
        if let (Some(items), Some(argument)) = (parameter.items, arguments.get(index))
            && taken > 0
            && !items_match(argument, items)
        {
            return Some(Mismatch::Items(index + 1, plural(items)));
        }
    }
    None
}

fn items_match(argument: &JValue, items: char) -> bool {
    match argument {
        JValue::Array(array) => array.iter().all(|item| kind(item) == items),
        single => matches!(kind(single), 'm') || kind(single) == items,
    }
}

fn plural(kind: char) -> &'static str {
    match kind {
        'n' => "numbers",
        's' => "strings",
        'o' => "objects",
        'b' => "booleans",
        'f' => "functions",
        _ => "arrays",
    }
}

/// The place, from 1, after the longest beginning of the parameters that fits a beginning of the
/// arguments.
fn first_mismatch(parameters: &[Parameter<'_>], kinds: &str) -> usize {
    let mut good = 0;
    for count in 1..=parameters.len() {
        match assign(&parameters[..count], kinds, false) {
            Some(taken) => good = taken.iter().sum(),
            None => break,
        }
    }
    good + 1
}

/// Returns how many arguments each parameter takes, as a pattern matches: each as many as it can.
fn assign(parameters: &[Parameter<'_>], kinds: &str, all: bool) -> Option<Vec<usize>> {
    let Some((first, rest)) = parameters.split_first() else {
        return (!all || kinds.is_empty()).then(Vec::new);
    };
    // What is undefined may stand for all but a function.
    let fits = |kind| first.kinds.contains(kind) || (kind == 'm' && first.kinds != "f");
    let takes = kinds.chars().next().is_some_and(fits);
    let with = || Some((1, assign(rest, &kinds[1..], all)?));
    let without = || Some((0, assign(rest, kinds, all)?));
    let found = takes
        .then(with)
        .flatten()
        .or_else(|| first.optional.then(without).flatten());
    found.map(|(taken, rest)| std::iter::once(taken).chain(rest).collect())
}

/// A signature's parameters: `a<s>s?`.
fn parameters(signature: &str) -> Vec<Parameter<'_>> {
    let mut parameters: Vec<Parameter<'_>> = Vec::new();
    let mut rest = signature;
    while let Some(symbol) = rest.chars().next() {
        let mut length = 1;
        match (symbol, parameters.last_mut()) {
            ('-', Some(last)) => (last.context, last.optional) = (true, true),
            ('?', Some(last)) => last.optional = true,
            ('<', Some(last)) => {
                last.items = rest.chars().nth(1);
                length = 3;
            }
            _ => {
                let kinds = match symbol {
                    '(' => {
                        length = rest.find(')').map_or(rest.len(), |end| end + 1);
                        &rest[1..length - 1]
                    }
                    'a' | 'x' => "asnblfom",
                    'j' => "asnblom",
                    _ => &rest[..1],
                };
                parameters.push(Parameter {
                    kinds,
                    items: None,
                    optional: false,
                    context: false,
                });
            }
        }
        rest = &rest[length..];
    }
    parameters
}

#[cfg(test)]
mod tests {
    use super::{Mismatch, SIGNATURES, is_standard, mismatch};
    use jsonata_core::value::JValue;

    #[test]
    fn every_function_is_found() {
        assert_eq!(SIGNATURES.split_whitespace().count(), 61);
        for name in ["abs", "millis", "uppercase", "zip"] {
            assert!(is_standard(name), "{name}");
        }
        assert!(!is_standard("hash"), "Step Functions adds it");
    }

    #[test]
    fn what_does_not_fit_is_found_as_the_reference_does() {
        let (n, s, u) = (JValue::from(1_i64), JValue::string("a"), JValue::Undefined);
        let many = |items: &[&JValue]| JValue::array(items.iter().copied().cloned().collect());
        let check = |name: &str, arguments: &[&JValue], expect: Option<Mismatch>| {
            let arguments: Vec<JValue> = arguments.iter().copied().cloned().collect();
            assert_eq!(mismatch(name, &arguments), expect, "{name}");
        };
        check("sum", &[&s], Some(Mismatch::Items(1, "numbers")));
        check(
            "sum",
            &[&many(&[&n, &s])],
            Some(Mismatch::Items(1, "numbers")),
        );
        check("sum", &[&n], None);
        check("sum", &[&n, &n], Some(Mismatch::Argument(2)));
        check("sum", &[], Some(Mismatch::Argument(1)));
        check("join", &[&many(&[&s]), &n], Some(Mismatch::Argument(2)));
        check("uppercase", &[&n], Some(Mismatch::Argument(1)));
        check("uppercase", &[], Some(Mismatch::Context(1)));
        check("uppercase", &[&u], None);
        check("substring", &[&n, &n], Some(Mismatch::Context(1)));
        check("replace", &[&s, &s, &n], Some(Mismatch::Context(1)));
        check("pad", &[&n, &n], Some(Mismatch::Argument(2)));
        check("formatNumber", &[&s, &s], Some(Mismatch::Argument(2)));
        check("map", &[&many(&[&n])], Some(Mismatch::Argument(2)));
        check("filter", &[], Some(Mismatch::Argument(1)));
    }
}
