//! Any JSON for an event: what passes the gate has scores that are a distribution, with one at the
//! threshold or above.
#![no_main]

use evaluation::Threshold;
use lambdas::filter::FilterInferences;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|text: &[u8]| {
    let Ok(event) = serde_json::from_slice::<Value>(text) else {
        return;
    };
    let Ok(object) = FilterInferences::new(Threshold::DEFAULT).filter(event) else {
        return;
    };
    let threshold = match &object.threshold {
        Some(own) => own.as_f64().expect("a threshold is a number"),
        None => Threshold::DEFAULT.as_f64(),
    };
    let confidence = object.confidence.expect("a confidence");
    assert!((threshold..=1.0).contains(&confidence));
    assert!(object.image_data.is_empty());
});
