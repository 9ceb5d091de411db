//! Trains on a CSV of numbers and predicts another one, for `benches/tabular.py`.
//!
//!     boost TRAIN TEST NAME=VALUE…
//!
//! The label comes first; there is no header, and an empty field is missing. The predictions go to
//! standard output, a line a row; the seconds of the training and the microseconds of a row's
//! prediction to standard error.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Write};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use trees::boosting::{Dataset, train};
use trees::parameters::Parameters;
use trees::{Feature, FeatureKind, Matrix, Predictor};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || {
        arguments
            .next()
            .ok_or("usage: boost TRAIN TEST NAME=VALUE…")
    };
    let (labels, matrix) = read(&next()?)?;
    let (_, test) = read(&next()?)?;
    let pairs = arguments.filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    });
    let parameters = Parameters::parse(&pairs.collect::<BTreeMap<_, _>>())?;
    let data = Dataset {
        matrix: &matrix,
        labels: &labels,
        weights: None,
    };
    let stop = AtomicBool::new(false);
    let began = Instant::now();
    let ensemble = train(
        &parameters,
        &data,
        None,
        None,
        &stop,
        &mut io::sink(),
        &mut |_| {},
    )?;
    let training = began.elapsed().as_secs_f64();
    let outputs = ensemble.outputs;
    let ensemble = Predictor::new(ensemble);
    let predictions = ensemble.predict(&test);
    let mut row = vec![0.0; test.features.len()];
    let mut sums = vec![0.0; outputs];
    let mut times: Vec<f64> = (0..2_000)
        .map(|index| {
            test.copy_row(index % test.rows, &mut row);
            let began = Instant::now();
            ensemble.sums(&row, &mut sums);
            began.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let mut out = io::BufWriter::new(io::stdout().lock());
    for row in predictions.chunks_exact(outputs) {
        let row: Vec<String> = row.iter().map(f32::to_string).collect();
        writeln!(out, "{}", row.join(","))?;
    }
    eprintln!("{training:.4} {:.3}", times[times.len() / 2]);
    Ok(())
}

fn read(path: &str) -> Result<(Vec<f32>, Matrix), Box<dyn Error>> {
    let mut columns: Vec<Vec<f32>> = vec![];
    for line in std::fs::read_to_string(path)?.lines() {
        for (index, field) in line.split(',').enumerate() {
            if index == columns.len() {
                columns.push(vec![]);
            }
            let value = if field.is_empty() {
                f32::NAN
            } else {
                field.parse()?
            };
            columns[index].push(value);
        }
    }
    let labels = columns.remove(0);
    let features = columns
        .into_iter()
        .enumerate()
        .map(|(index, values)| Feature {
            name: format!("f{index}"),
            kind: FeatureKind::Numeric,
            values,
        });
    let matrix = Matrix {
        rows: labels.len(),
        features: features.collect(),
    };
    Ok((labels, matrix))
}
