//! Progress of long work, drawn on a terminal and nowhere else.

use std::ops::ControlFlow;
use std::time::Duration;

use cifar_tools::progress::{Progress, Tick};
use indicatif::{ProgressBar, ProgressStyle};

/// A bar over bytes.
pub(crate) struct Bytes(ProgressBar);

impl Bytes {
    /// Draws an empty bar.
    pub(crate) fn start(what: &'static str) -> Self {
        let style = style("{msg:28} {bar:24} {bytes:>10} of {total_bytes}");
        Self(ProgressBar::new(0).with_style(style).with_message(what))
    }

    /// Returns the sink that the work reports to.
    pub(crate) fn sink(&self) -> impl Progress + Send + 'static {
        let bar = self.0.clone();
        move |tick: Tick| {
            bar.set_length(tick.total.unwrap_or(tick.bytes));
            bar.set_position(tick.bytes);
            ControlFlow::Continue(())
        }
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A bar over a known number of steps, with the newest line of news beside it.
pub(crate) struct Steps(ProgressBar);

impl Steps {
    /// Draws an empty bar of `steps` steps.
    pub(crate) fn start(what: &'static str, steps: u64) -> Self {
        let bar = ProgressBar::new(steps)
            .with_style(style("{prefix:28} {bar:24} {pos:>3} of {len}  {msg}"));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar.with_prefix(what))
    }

    /// Sets the total number of steps.
    pub(crate) fn of(&self, steps: u64) {
        self.0.set_length(steps);
    }

    /// `done` steps are done.
    pub(crate) fn at(&self, done: u64, news: String) {
        self.0.set_position(done);
        self.0.set_message(news);
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
