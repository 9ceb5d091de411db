//! Prints how long a loaded model takes to score one image: the median in milliseconds.
//!
//! Arguments: the artifact's folder, how many times. `just bench speed` holds it against
//! onnxruntime.

use image::RgbImage;
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
    let shape = predictor.config().input.shape;
    let mut random = fastrand::Rng::with_seed(0);
    let mut image = RgbImage::new(shape.width() as u32, shape.height() as u32);
    image.iter_mut().for_each(|value| *value = random.u8(..));
    let mut seconds = Vec::new();
    for _ in 0..times.parse::<usize>()?.max(1) {
        let begun = Instant::now();
        predictor.score(&image)?;
        seconds.push(begun.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    println!("{}", seconds[seconds.len() / 2] * 1e3);
    Ok(())
}
