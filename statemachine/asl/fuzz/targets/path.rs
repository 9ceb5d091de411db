//! Fuzzes any text as a path, read from and written to.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|text: &str| {
    let (path, input) = asl_fuzz::halves(text);
    asl_fuzz::pass(json!({"InputPath": path}), input);
    asl_fuzz::pass(json!({"Result": [1], "ResultPath": path}), input);
});
