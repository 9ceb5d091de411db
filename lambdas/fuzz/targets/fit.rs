//! Any bytes for an image: an answer, never a panic, and never more memory than the limits say.
#![no_main]

use fit_image::{Shape, fit};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let shape: Shape = "3,32,32".parse().expect("a shape");
    if let Ok(fitted) = fit(file, shape) {
        let again = fit(&fitted.png, shape).expect("what was fitted is an image");
        assert_eq!(again.png, fitted.png, "what fits is not touched");
    }
});
