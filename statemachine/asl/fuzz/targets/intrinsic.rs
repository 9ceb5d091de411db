//! Fuzzes any text as a call of an intrinsic function.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|text: &str| {
    let (call, input) = asl_fuzz::halves(text);
    asl_fuzz::pass(json!({"Parameters": {"x.$": call}}), input);
});
