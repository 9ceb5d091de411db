//! Prints how long a loaded model takes to score one image: the median in milliseconds.
//!
//! Arguments: the artifact's folder, how many times. `just bench speed` holds it against onnxruntime.

use scones_model::data::Picture;
use scones_model::serve::Predictor;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, times] = &arguments[..] else {
        return Err("usage: forward FOLDER TIMES".into());
    };
    let predictor = Predictor::load(Path::new(folder))?;
    let values = predictor.config().input.shape.iter().product();
    let mut random = fastrand::Rng::with_seed(0);
    let rgb = (0..values).map(|_| random.u8(..)).collect();
    let picture = Picture { rgb };
    let mut seconds = Vec::new();
    for _ in 0..times.parse::<usize>()?.max(1) {
        let begun = Instant::now();
        predictor.score(&picture)?;
        seconds.push(begun.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    println!("{}", seconds[seconds.len() / 2] * 1e3);
    Ok(())
}
