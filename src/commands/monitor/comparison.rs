//! Reads and compares the window, for `run` and `report`.

use jiff::Timestamp;
use monitor::Window;
use monitor::baseline::Baseline;
use monitor::findings::Findings;
use monitor::observed::Observed;
use monitor::report::Report;

use super::{Session, predictor, window};
use crate::cli::monitor::ComparisonArgs;

/// A window, compared.
pub(super) struct Compared {
    pub(super) window: Window,
    pub(super) baseline: Baseline,
    pub(super) observed: Observed,
    pub(super) findings: Findings,
}

pub(super) async fn compare(session: &Session, look: &ComparisonArgs) -> anyhow::Result<Compared> {
    let window = window(look.window)?;
    let baseline = session.job.baseline().await?;
    let own = &baseline.statistics.image_classification;
    let of_baseline = own.model.as_deref().and_then(|uri| uri.parse().ok());
    let embed = match look.model.as_ref().or(of_baseline.as_ref()) {
        Some(location) => Ok(predictor::embed(
            predictor::load(&session.s3, location).await?,
        )),
        None => Err(predictor::none()),
    };
    let threshold = look.threshold.unwrap_or(own.threshold);
    let observation = session
        .job
        .observe(window, Timestamp::now(), &own.labels, threshold, embed)
        .await?;
    let compared = tokio::task::spawn_blocking(move || {
        let (observed, findings) = observation.compare(&baseline);
        Compared {
            window,
            baseline,
            observed,
            findings,
        }
    });
    Ok(compared.await?)
}

impl Compared {
    pub(super) fn report<'a>(&'a self, endpoint: &'a str) -> Report<'a> {
        Report {
            endpoint,
            window: self.window,
            baseline: &self.baseline,
            observed: &self.observed,
            findings: &self.findings,
        }
    }
}
