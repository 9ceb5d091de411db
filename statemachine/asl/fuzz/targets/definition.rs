//! Fuzzes definitions with any text: diagnostics or a machine that runs, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|text: &str| asl_fuzz::run(text, &json!({"a": [1, {"b": "x"}], "c": null})));
