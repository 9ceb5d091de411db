//! The process in which a model is tried.

use super::limits::Limits;
use crate::serve::Predictor;
use image::{ImageFormat, Rgb, RgbImage};
use std::io::Cursor;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Environment variables of a process that is limited: its limits, and the model that it tries.
pub(super) const LIMITS: &str = "SCONES_MODEL_TRIAL_LIMITS";
pub(super) const FOLDER: &str = "SCONES_MODEL_TRIAL";

/// The exit code of a trial in which the runtime panicked.
pub(super) const PANICKED: u8 = 2;

/// The stack that a model is tried on: half of what the threads have that will serve it.
const STACK: usize = 1 << 20;

/// True if this program, started again, would try a model.
static ANSWERED: AtomicBool = AtomicBool::new(false);

/// Tries a model, if this process was started for that: then `main` is to return the exit code. It
/// is the first thing that `main` does, before there are other threads.
pub fn answer() -> Option<ExitCode> {
    ANSWERED.store(true, Ordering::Relaxed);
    confinement()?.apply();
    // Also on the runtime's own threads.
    std::panic::set_hook(Box::new(|panic| {
        eprintln!("{}", panic.payload_as_str().unwrap_or("it gives no reason"));
        std::process::exit(PANICKED.into());
    }));
    let folder = std::env::var_os(FOLDER)?;
    Some(try_model(Path::new(&folder)))
}

pub(crate) fn is_answered() -> bool {
    ANSWERED.load(Ordering::Relaxed)
}

/// Returns true if this process was started to work within limits.
pub(crate) fn is_confined() -> bool {
    confinement().is_some()
}

fn confinement() -> Option<Limits> {
    Limits::parse(&std::env::var(LIMITS).ok()?)
}

/// Loads a model and lets it score a picture; the exit code and the output say what came of it.
fn try_model(folder: &Path) -> ExitCode {
    let found = thread::scope(|scope| {
        let trial = thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, || {
                let predictor = Predictor::load(folder).map_err(|error| error.to_string())?;
                let scores = predictor.predict(&picture());
                scores.map(drop).map_err(|error| error.to_string())
            });
        let trial = trial.map_err(|error| error.to_string())?;
        trial.join().map_err(|_| "it panicked".to_owned())?
    });
    match found {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

/// A PNG to try a model on: a disc on a gradient.
pub fn picture() -> Vec<u8> {
    let image = RgbImage::from_fn(256, 256, |x, y| {
        let is_inside = x.abs_diff(128).pow(2) + y.abs_diff(128).pow(2) < 60 * 60;
        if is_inside {
            Rgb([200, 60, 40])
        } else {
            Rgb([(x / 2) as u8, 90, (y / 2) as u8])
        }
    });
    let mut bytes = Vec::new();
    image
        .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
        .expect("a PNG in memory");
    bytes
}
