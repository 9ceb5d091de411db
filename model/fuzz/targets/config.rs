//! Any bytes for a model's config.json: what is taken has a size that can be held, and stays the
//! same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scones_model::artifact::Config;

fuzz_target!(|text: &[u8]| {
    if let Ok(config) = Config::from_json(text) {
        assert!(config.input.shape.height() * config.input.shape.width() <= 1 << 24);
        assert_eq!(Config::from_json(config.to_json().as_bytes()), Ok(config));
    }
});
