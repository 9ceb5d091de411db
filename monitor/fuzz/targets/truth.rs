//! Any bytes for a line of ground truth: what is read can be written, and is read again as the
//! same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use monitor::ground_truth::GroundTruth;

fuzz_target!(|line: &[u8]| {
    let Ok(truth) = GroundTruth::parse(line) else {
        return;
    };
    let mut written = Vec::new();
    truth.write(&mut written);
    let again = GroundTruth::parse(&written).expect("what is written is read");
    assert_eq!(again.id, truth.id);
});
