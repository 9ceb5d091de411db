//! Tests of random expressions that nobody would write.

use proptest::prelude::*;

use super::{Random, evaluate_with};
use crate::jsonata::{EvaluationError, Expression};

const TOKENS: &[&str] = &[
    "$",
    "$$",
    "%",
    "*",
    "**",
    ".",
    "..",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    ":=",
    ";",
    ",",
    "?",
    "??",
    "?:",
    "~>",
    "^",
    "|",
    "@$a",
    "#$i",
    "&",
    "+",
    "-",
    "/",
    "=",
    "!=",
    "<",
    "<=",
    ">",
    " and ",
    " or ",
    " in ",
    "null",
    "true",
    "0",
    "1",
    "-1",
    "2.5",
    "1e400",
    "'x'",
    "\"\"",
    "'ä😀'",
    "/a*/",
    "/(/",
    "/[/i",
    "a",
    "`b c`",
    "$a",
    "$i",
    "$list",
    "$text",
    "$states.input",
    "$states.input.orders",
    "sku",
    "price",
    "function($a){",
    "λ($a, $i)<s-n:x>{",
    "$sum(",
    "$map(",
    "$filter(",
    "$reduce(",
    "$sort(",
    "$each(",
    "$sift(",
    "$string(",
    "$number(",
    "$join(",
    "$split(",
    "$replace(",
    "$match(",
    "$pad(",
    "$substring(",
    "$formatNumber(",
    "$formatBase(",
    "$formatInteger(",
    "$parseInteger(",
    "$fromMillis(",
    "$toMillis(",
    "$zip(",
    "$merge(",
    "$spread(",
    "$keys(",
    "$lookup(",
    "$append(",
    "$distinct(",
    "$base64decode(",
    "$decodeUrl(",
    "$round(",
    "$power(",
    "$sqrt(",
    "$single(",
    "$type(",
    "$error(",
    "$assert(",
    "$partition(",
    "$range(",
    "$hash(",
    "$random(",
    "$uuid(",
    "$parse(",
    "$shuffle(",
    "$now(",
    "$millis(",
    "'[Y0001]-[M01]-[D01]T[H01]:[m01]'",
    "'#,##0.00'",
    "'w'",
    "'I'",
    "'MD5'",
    "[1..9]",
    "$list^(>$)",
    "|$|{'a':1}|",
];

fn soup() -> impl Strategy<Value = String> {
    let token = prop::sample::select(TOKENS);
    prop::collection::vec(token, 1..12).prop_map(|tokens| closed(&tokens.concat()))
}

/// `text` with the brackets closed that it leaves open: more of it is an expression then.
fn closed(text: &str) -> String {
    let mut open = Vec::new();
    for character in text.chars() {
        match character {
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            ')' | ']' | '}' if open.last() == Some(&character) => {
                open.pop();
            }
            _ => {}
        }
    }
    text.chars().chain(open.into_iter().rev()).collect()
}

fn one_of(words: &'static str) -> prop::sample::Select<&'static str> {
    prop::sample::select(words.split_whitespace().collect::<Vec<_>>())
}

/// Generates text that is mostly an expression, so that what goes wrong goes wrong while it is
/// evaluated.
fn expression() -> impl Strategy<Value = String> {
    let leaf = one_of(
        "$ $$ % * ** null true 0 1 -1 2.5 1e300 'x' '' 'ä😀' /a*/ /[a-c]+/i a sku price $a $i \
         $list $text $states.input $states.input.orders $missing [] {} $uppercase $sum \
         '[Y0001]-[M01]-[D01]' '#,##0.00;(#0)' 'w' 'I' 'MD5' [1..3] |$|{'a':1}|",
    );
    let operator = one_of("+ - * / % & = != < <= > >= and or in .. . ~> ?? ?:");
    let function = one_of(
        "abs append average base64decode base64encode boolean contains count decodeUrl \
         distinct each encodeUrl error exists filter formatBase formatInteger formatNumber \
         fromMillis hash join keys length lookup map match max merge not now number pad parse \
         parseInteger partition power random range reduce replace reverse round shuffle sift \
         single sort split spread sqrt string substring substringAfter toMillis trim type zip \
         a",
    );
    leaf.prop_map(str::to_owned).prop_recursive(5, 24, 3, move |inner| {
        let parts = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            3 => (inner.clone(), operator.clone(), inner.clone()).prop_map(|(a, op, b)| format!("({a}) \
                {op} ({b})")),
            2 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}.{b}")),
            5 => (function.clone(), parts.clone()).prop_map(|(name, args)| format!("${name}({})", args.join(", \
                "))),
            1 => parts.clone().prop_map(|items| format!("[{}]", items.join(", "))),
            1 => parts.clone().prop_map(|items| format!("($a := {}; $a)", items.join("; "))),
            1 => (inner.clone(), inner.clone()).prop_map(|(key, value)| format!("{{$string({key}): \
                {value}}}")),
            1 => (inner.clone(), inner.clone()).prop_map(|(rows, value)| format!("{rows}{{$string(sku): \
                {value}}}")),
            2 => (inner.clone(), inner.clone()).prop_map(|(rows, filter)| format!("{rows}[{filter}]")),
            1 => (inner.clone(), inner.clone()).prop_map(|(rows, key)| format!("{rows}^(<{key})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(rows, value)| format!("{rows}@$a#$i.({value})")),
            1 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} \
                ? {b} : {c})")),
            3 => inner.clone().prop_map(|body| format!("function($a, $i){{ {body} }}")),
            1 => inner.prop_map(|body| format!("function($a)<n?s-:a>{{ {body} }}(1)")),
        ]
    })
}

fn check_calm(text: &str) -> Result<(), TestCaseError> {
    match Expression::parse(text) {
        Err(error) => prop_assert_ne!(error.message, "S0201: Syntax error", "the parser panicked"),
        Ok(expression) => {
            expression.variables().for_each(drop);
            let result = evaluate_with(text, &mut Random::new(1));
            let panicked = EvaluationError::thrown("The evaluation failed");
            prop_assert_ne!(result, Err(panicked));
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_tokens_break_anything(text in soup()) {
        check_calm(&text)?;
    }

    #[test]
    fn no_expression_breaks_anything(text in expression()) {
        check_calm(&text)?;
    }
}
