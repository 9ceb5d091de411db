//! Progress bars, on a terminal only, and Ctrl-C.

use cifar_tools::progress::{Progress, Tick};
use indicatif::{ProgressBar, ProgressStyle};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

static STOPPED: AtomicBool = AtomicBool::new(false);

/// Makes all work stop at its next tick.
pub(crate) fn stop() {
    STOPPED.store(true, Ordering::Relaxed);
}

/// Returns true once [`stop`] was called.
pub(crate) fn is_stopped() -> bool {
    STOPPED.load(Ordering::Relaxed)
}

/// A bar for bytes, with the number of images behind it if there are any.
///
/// It draws on standard error if that is a terminal, and else nothing.
pub(crate) fn bytes(label: &'static str) -> impl Progress + Send + 'static {
    let bar = ProgressBar::new_spinner();
    let style = "{prefix} [{bar:24}] {bytes}/{total_bytes} {bytes_per_sec} {eta} {msg}";
    bar.set_style(
        ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar.set_prefix(label);
    let is_hidden = bar.is_hidden();
    move |Tick {
              bytes,
              total,
              images,
          }| {
        if !is_hidden {
            total.into_iter().for_each(|total| bar.set_length(total));
            bar.set_position(bytes);
            if images > 0 {
                bar.set_message(format!("{images} images"));
            }
        }
        if is_stopped() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}
