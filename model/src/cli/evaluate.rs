//! `scones-model evaluate`.

use crate::dataset::Dataset;
use crate::serve::Predictor;
use crate::{artifact, plots, trial};
use anyhow::{Context, Error, Result, ensure};
use clap::Args;
use evaluation::{Evaluation, GateReport, Report, Threshold};
use rayon::prelude::*;
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

/// Arguments of `evaluate`.
#[derive(Clone, Debug, Args)]
pub struct EvaluateArgs {
    /// Folder of a model, or its model.tar.gz.
    #[arg(long)]
    pub model: PathBuf,
    /// Folder of the images.
    #[arg(long)]
    pub images: PathBuf,
    /// List of the images with their classes.
    #[arg(long)]
    pub lst: PathBuf,
    /// Lowest confidence that passes the gate.
    #[arg(long, default_value_t)]
    pub threshold: Threshold,
    /// Also find the gate that lets the most images through with this part of them right.
    #[arg(long, default_value_t = 0.99)]
    pub precision: f32,
    /// Also write the figures to this file.
    #[arg(long)]
    pub json: Option<PathBuf>,
    /// Also draw confusion.svg, reliability.svg and risk-coverage.svg in this folder.
    #[arg(long, value_name = "DIR")]
    pub plots: Option<PathBuf>,
}

/// The file that `--json` writes.
#[derive(Serialize)]
struct Figures<'a> {
    #[serde(flatten)]
    report: &'a Report,
    /// The gate for `--precision`, if there is one.
    precision_gate: Option<&'a GateReport>,
}

pub(super) fn run(args: &EvaluateArgs) -> Result<()> {
    check_share("--precision", args.precision)?;
    let predictor = load(&args.model)?;
    let labels = &predictor.config().labels;
    let evaluation = evaluation(&predictor, &args.images, &args.lst)?;
    let report = evaluation.report(labels, args.threshold);
    let wanted = evaluation.gate_for_precision(args.precision);
    print!("{report}");
    let percent = args.precision * 100.0;
    match &wanted {
        Some(gate) => println!("\nfor {percent} % right: {gate}"),
        None => println!("\nfor {percent} % right: no gate does it on these images"),
    }
    if let Some(path) = &args.json {
        let figures = Figures {
            report: &report,
            precision_gate: wanted.as_ref(),
        };
        write(path, &serde_json::to_vec_pretty(&figures)?)?;
    }
    if let Some(folder) = &args.plots {
        fs::create_dir_all(folder)
            .with_context(|| format!("can't make the folder {}", folder.display()))?;
        for (name, svg) in plots::all(&evaluation, &report, wanted.as_ref()) {
            write(&folder.join(name), svg.as_bytes())?;
        }
    }
    Ok(())
}

fn check_share(name: &str, value: f32) -> Result<()> {
    ensure!(
        (0.0..=1.0).contains(&value),
        "{name} is {value}; expected 0 to 1"
    );
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("can't write {}", path.display()))
}

/// Loads the model of a folder or an archive.
fn load(model: &Path) -> Result<Predictor> {
    if model.is_dir() {
        return trial::load(model).map_err(Error::msg);
    }
    let unpacked = tempfile::tempdir()?;
    artifact::unpack(model, unpacked.path()).map_err(Error::msg)?;
    trial::load(unpacked.path()).map_err(Error::msg)
}

/// Scores the listed images as the endpoint would.
fn evaluation(predictor: &Predictor, images: &Path, list: &Path) -> Result<Evaluation> {
    let config = predictor.config();
    let data = Dataset::read(images, list, config.labels.len(), config.input.shape);
    let data = data.map_err(Error::msg)?;
    let scores: Vec<Vec<f32>> = data
        .images
        .par_iter()
        .map(|image| predictor.score(image))
        .collect::<Result<_, _>>()?;
    Ok(Evaluation::new(scores, &data.classes))
}
