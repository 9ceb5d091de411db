//! Times one image through the artifact's ONNX file and through the network's own kernels.
use scones_model::{
    artifact,
    data::Picture,
    network::{Network, Tensor},
    serve::Predictor,
};
use std::{path::PathBuf, time::Instant};
fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap());
    let predictor = Predictor::load(&folder).unwrap();
    let config = predictor.config().clone();
    let size = config.input.size();
    let picture = Picture {
        rgb: (0..size.height * size.width * 3)
            .map(|i| (i * 7 % 251) as u8)
            .collect(),
    };
    let mut network = Network::new(&config.widths, config.labels.len(), 0);
    artifact::read_weights(&folder, &mut network).unwrap();
    let time = |name: &str, f: &mut dyn FnMut()| {
        let mut best = f64::MAX;
        for _ in 0..2000 {
            let t = Instant::now();
            f();
            best = best.min(t.elapsed().as_secs_f64());
        }
        println!("{name}: {:.3} ms", best * 1e3);
    };
    time("rten", &mut || {
        predictor.score(&picture).unwrap();
    });
    let x: Vec<f32> = config.input.normalise(&picture).collect();
    for n in [1, 2] {
        let t = Tensor {
            images: n,
            height: size.height,
            width: size.width,
            channels: 3,
            data: x.repeat(n),
        };
        time(&format!("own {n}"), &mut || {
            network.infer(t.clone());
        });
    }
}
