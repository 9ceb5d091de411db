//! Fuzzes any JSON as a payload template.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|text: &str| {
    let (template, input) = asl_fuzz::halves(text);
    if let Ok(template) = serde_json::from_str::<Value>(template) {
        asl_fuzz::pass(json!({"Parameters": template, "Assign": template}), input);
    }
});
