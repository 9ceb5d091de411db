//! Fuzzes any text as a JSONata expression: a value, an error or a diagnostic, in the end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|text: &str| {
    let (expression, input) = asl_fuzz::halves(text);
    let field = format!("{{%{expression}%}}");
    asl_fuzz::pass(json!({"QueryLanguage": "JSONata", "Output": field}), input);
});
