//! The commands: one file each.

use tracing_subscriber::EnvFilter;

pub(crate) mod batch;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod evaluate;
pub(crate) mod gc;
pub(crate) mod lambda;
pub(crate) mod logs;
pub(crate) mod model;
pub(crate) mod monitor;
pub(crate) mod run;
pub(crate) mod stack;
pub(crate) mod tabular;
pub(crate) mod test_state;
pub(crate) mod up;
pub(crate) mod validate;

/// Logs to standard error, at `level` unless `RUST_LOG` says otherwise.
fn start_logging(level: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}
