//! `scones-model import`.

use crate::import::{self, Imported, Normalization, Request};
use crate::trial;
use anyhow::{Context, Error, Result};
use clap::Args;
use fit_image::Shape;
use std::fs;
use std::path::{Path, PathBuf};

/// The number of a test picture's classes that are shown.
const SHOWN: usize = 3;

/// Arguments of `import`.
#[derive(Clone, Debug, Args)]
pub struct ImportArgs {
    /// An image classifier in ONNX: one picture in, one row of scores or logits out.
    pub model: PathBuf,
    /// Names of the classes in the order of the scores: one a line, or a JSON array.
    #[arg(long, value_name = "FILE")]
    pub labels: PathBuf,
    /// Normalization of the training images: imagenet, unit (0 to 1), symmetric (-1 to 1), bytes
    /// (0 to 255), or MEAN/STD.
    #[arg(long, value_name = "HOW", alias = "normalise")]
    pub normalize: Normalization,
    /// Height and width, for a model that takes pictures of any size.
    #[arg(long, value_name = "HEIGHTxWIDTH", value_parser = parse_size)]
    pub size: Option<Shape>,
    /// Picture to try it on, instead of a drawn one.
    #[arg(long, value_name = "FILE")]
    pub image: Option<PathBuf>,
    /// The archive to write.
    #[arg(long, value_name = "FILE", default_value = "model.tar.gz")]
    pub out: PathBuf,
}

/// Imports in a process of its own, which has limits: what the model does to that is an error here.
pub(super) fn run(args: &ImportArgs) -> Result<()> {
    if !trial::is_answered() || trial::is_confined() {
        return import(args);
    }
    // What can't be read is told there.
    let bytes = fs::metadata(&args.model).map_or(0, |file| file.len());
    let context = || format!("{} is not imported", args.model.display());
    trial::confined(bytes)
        .map_err(Error::msg)
        .with_context(context)
}

fn import(args: &ImportArgs) -> Result<()> {
    let text = String::from_utf8(read(&args.labels)?)
        .with_context(|| format!("{} is not UTF-8", args.labels.display()))?;
    let labels = import::labels(&text).with_context(|| args.labels.display().to_string())?;
    let picture = args.image.as_deref().map(read).transpose()?;
    let request = Request {
        model: &args.model,
        labels: &labels,
        normalization: args.normalize,
        shape: args.size,
        picture: picture.as_deref(),
    };
    let imported = import::import(&request, &args.out).map_err(Error::msg);
    let imported = imported.with_context(|| format!("{} is not imported", args.model.display()))?;
    show(&imported, &args.out);
    Ok(())
}

fn show(imported: &Imported, out: &Path) {
    let Imported {
        config,
        added_softmax,
        added_transpose,
        scores,
        latency,
    } = imported;
    let shape = config.input.shape;
    let order = if *added_transpose {
        ", colors last"
    } else {
        ""
    };
    let kind = if *added_softmax {
        "logits, to which a softmax is added"
    } else {
        "probabilities"
    };
    println!(
        "input     pictures of {} x {} (height, width){order}",
        shape.height(),
        shape.width()
    );
    println!("output    {} {kind}", config.labels.len());
    println!(
        "latency   {:.2} ms a picture, one at a time",
        latency.as_secs_f64() * 1e3
    );
    let mut ranked: Vec<_> = config.labels.iter().zip(scores).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(a.1));
    let best = ranked.iter().take(SHOWN);
    let best: Vec<String> = best
        .map(|(label, score)| format!("{label} {score:.4}"))
        .collect();
    println!("tried     {}", best.join(", "));
    println!("written   {}", out.display());
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("can't read {}", path.display()))
}

fn parse_size(text: &str) -> Result<Shape, String> {
    let sides = text
        .split_once('x')
        .and_then(|(height, width)| Some((height.parse().ok()?, width.parse().ok()?)));
    let (height, width) = sides.ok_or("expected HEIGHTxWIDTH, as 224x224")?;
    Shape::new(height, width).map_err(|error| error.to_string())
}
