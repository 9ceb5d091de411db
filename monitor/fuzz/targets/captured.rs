//! Any bytes for a captured line: what is read as scores is a distribution, and its best is among
//! them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use monitor::capture::Record;

fuzz_target!(|line: &[u8]| {
    let Ok(record) = Record::parse(line) else {
        return;
    };
    let Ok(scores) = record.scores() else {
        return;
    };
    let (class, confidence) = scores.best();
    assert_eq!(scores.as_slice()[class], confidence);
    let sum: f64 = scores.as_slice().iter().sum();
    assert!((sum - 1.0).abs() < 0.01 && confidence <= 1.0, "{scores:?}");
});
