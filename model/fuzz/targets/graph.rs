//! Any bytes for an ONNX file to import: a model or an error, never a panic, and the same for what
//! was made of it. Nothing is run.
#![no_main]

use fit_image::Shape;
use libfuzzer_sys::fuzz_target;
use scones_model::import::read_graph;
use std::path::Path;

fuzz_target!(|file: &[u8]| {
    // There are no weights beside it.
    let path = Path::new("/nowhere/model.onnx");
    for shape in [None, Some(Shape::DEFAULT)] {
        if let Ok((_, model)) = read_graph(file, path, shape) {
            let _again = read_graph(&model, path, None);
        }
    }
});
