//! Runs monitoring from end to end: reads a bucket, and writes the results back to it.
//!
//! ```text
//! {prefix}/{endpoint}/baseline/statistics.json, constraints.json, embeddings.json
//! {prefix}/{endpoint}/runs/yyyy/mm/dd/{from}-{to}/statistics.json, constraint_violations.json, report.html
//! ```
//!
//! A run is named after its window; running it again replaces it.

use evaluation::Threshold;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use s3_objects::{Bucket, Problem};
use s3_uri::S3Uri;

use crate::baseline::{Baseline, FILES, InvalidBaseline};
use crate::capture::{self, folder};
use crate::findings::Findings;
use crate::ground_truth;
use crate::observed::{Embed, Observed, Observer, Settings};
use crate::report::Report;
use crate::skipped::SkippedLines;
use crate::window::Window;

/// The default prefix of captured data, as in the template.
pub const CAPTURED: &str = "captured";
/// The default prefix of labels.
pub const GROUND_TRUTH: &str = "ground-truth";
/// The default prefix of baselines and runs.
pub const RESULTS: &str = "monitoring";

/// A monitored endpoint, and the locations of its data.
#[derive(Clone, Debug)]
pub struct Job {
    /// The bucket of all its data.
    pub bucket: Bucket,
    /// The location of the captured data.
    pub captured: capture::Source,
    /// The prefix of labels.
    pub ground_truth: String,
    /// The prefix of baselines and runs.
    pub prefix: String,
}

/// The data of a window.
pub struct Observation {
    /// The observations.
    pub observed: Observed,
    /// Captured lines that could not be used.
    pub skipped: SkippedLines,
    /// Lines of ground truth that could not be used.
    pub skipped_labels: SkippedLines,
}

impl Observation {
    /// Compares the window with the baseline.
    pub fn compare(self, baseline: &Baseline) -> (Observed, Findings) {
        let mut findings = Findings::new(baseline, &self.observed, self.skipped);
        findings.skipped.append(self.skipped_labels);
        (self.observed, findings)
    }
}

/// An error of a monitoring run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A request to S3 failed.
    #[error(transparent)]
    Bucket(#[from] s3_objects::Error),
    /// There is no baseline yet.
    #[error("there is no baseline in {0}: make it with `scones monitor baseline`")]
    NoBaseline(S3Uri),
    /// The baseline is invalid.
    #[error("{0}: {1}")]
    Baseline(S3Uri, InvalidBaseline),
}

impl Job {
    fn folder(&self) -> String {
        folder(&self.prefix, &self.captured.endpoint)
    }

    /// Returns the key of a file of the baseline.
    pub fn baseline_key(&self, file: &str) -> String {
        format!("{}baseline/{file}", self.folder())
    }

    /// Returns the prefix of a window's run.
    pub fn run_folder(&self, window: &Window) -> String {
        let written =
            |at: Timestamp, format: &str| at.to_zoned(TimeZone::UTC).strftime(format).to_string();
        let [from, to] = [window.from(), window.to()].map(|at| written(at, "%Y%m%dT%H%M%SZ"));
        let day = written(window.from(), "%Y/%m/%d");
        format!("{}runs/{day}/{from}-{to}/", self.folder())
    }

    /// Reads the window's records, and their labels up to `now`.
    ///
    /// # Errors
    /// A request to S3 failed.
    pub async fn observe(
        &self,
        window: Window,
        now: Timestamp,
        labels: &[String],
        threshold: Threshold,
        embed: Result<Embed, String>,
    ) -> Result<Observation, Error> {
        let location = ground_truth::Location {
            prefix: self.ground_truth.clone(),
            endpoint: self.captured.endpoint.clone(),
        };
        // Labels come after the inferences, and also after the window; those of this very moment
        // count too.
        let last = now.max(window.to());
        let until = last
            .saturating_add(SignedDuration::from_nanos(1))
            .unwrap_or(Timestamp::MAX);
        let until = Window::new(window.from(), until).unwrap_or(window);
        let (truth, skipped_labels) =
            ground_truth::read(&self.bucket, &location, &until, labels).await?;
        let observer = Observer::new(Settings {
            labels: labels.to_vec(),
            threshold,
            window,
            truth,
            embed,
        });
        let (observer, skipped) =
            capture::read(&self.bucket, &self.captured, &window, observer).await?;
        Ok(Observation {
            observed: observer.finish(),
            skipped,
            skipped_labels,
        })
    }

    /// Reads the baseline.
    ///
    /// # Errors
    /// There is no baseline, it is invalid, or a request to S3 failed.
    pub async fn baseline(&self) -> Result<Baseline, Error> {
        let mut files = Vec::new();
        for file in FILES {
            let key = self.baseline_key(file);
            files.push(match self.bucket.get(&key).await {
                Err(error)
                    if matches!(error.problem, Problem::NoSuchKey | Problem::NoSuchBucket) =>
                {
                    return Err(Error::NoBaseline(self.bucket.uri(&self.baseline_key(""))));
                }
                read => read?,
            });
        }
        let [statistics, constraints, embeddings] = [0, 1, 2].map(|index| files[index].as_slice());
        let read = Baseline::from_files([statistics, constraints, embeddings]);
        read.map_err(|invalid| Error::Baseline(self.bucket.uri(&self.baseline_key("")), invalid))
    }

    /// Writes the baseline and replaces an earlier one.
    ///
    /// # Errors
    /// A request to S3 failed.
    pub async fn put_baseline(&self, baseline: &Baseline) -> Result<(), Error> {
        for (file, bytes) in FILES.into_iter().zip(baseline.to_files()) {
            self.bucket
                .put(&self.baseline_key(file), "application/json", bytes)
                .await?;
        }
        Ok(())
    }

    /// Writes the findings of a run, and its report.
    ///
    /// # Errors
    /// A request to S3 failed.
    pub async fn publish(&self, report: &Report<'_>) -> Result<String, Error> {
        let folder = self.run_folder(&report.window);
        let findings: &Findings = report.findings;
        for (file, kind, bytes) in [
            (
                "statistics.json",
                "application/json",
                findings.statistics_file(),
            ),
            (
                "constraint_violations.json",
                "application/json",
                findings.violations_file(),
            ),
            (
                "report.html",
                "text/html; charset=utf-8",
                report.html().into_bytes(),
            ),
        ] {
            self.bucket
                .put(&format!("{folder}{file}"), kind, bytes)
                .await?;
        }
        Ok(folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground_truth::GroundTruth;
    use crate::testing::{Objects, at, traffic};

    fn job(objects: &Objects) -> Job {
        Job {
            bucket: objects.bucket(),
            captured: capture::Source {
                prefix: "captured".into(),
                endpoint: "scones".into(),
                variant: None,
            },
            ground_truth: "ground-truth".into(),
            prefix: "monitoring".into(),
        }
    }

    #[tokio::test]
    async fn labels_that_come_later_are_joined_by_id() {
        let objects = Objects::default();
        let line = |id: &str, event: &str| {
            format!(
                r#"{{"captureData":{{"endpointOutput":{{"data":"[0.75,0.25]","encoding":"JSON"}}}},"eventMetadata":{{"eventId":"{event}",{id}"inferenceTime":"2025-10-04T08:10:00Z"}}}}"#
            )
        };
        let lines = [
            line(r#""inferenceId":"mine","#, "e1"),
            line("", "e2"),
            line("", "e3"),
        ]
        .join("\n");
        objects.put(
            "captured/scones/AllTraffic/2025/10/04/08/10-00-000-x.jsonl",
            lines,
        );
        let job = job(&objects);
        let location = ground_truth::Location {
            prefix: "ground-truth".into(),
            endpoint: "scones".into(),
        };
        let truth = |id: &str, label: &str| GroundTruth {
            id: id.into(),
            label: label.into(),
        };
        let labels = [
            truth("mine", "bicycle"),
            truth("e1", "motorcycle"),
            truth("e2", "motorcycle"),
            truth("e9", "zebra"),
        ];
        let next_day = at("2025-10-05T13:00:00Z");
        ground_truth::write(&job.bucket, &location, next_day, "x", labels)
            .await
            .unwrap();
        let window = Window::new(at("2025-10-04T08:00:00Z"), at("2025-10-04T09:00:00Z")).unwrap();
        let names = ["bicycle", "motorcycle"].map(str::to_owned);
        let none = || Err("no model was given".to_owned());
        let threshold = Threshold::new(0.5).unwrap();
        let observation = job
            .observe(window, next_day, &names, threshold, none())
            .await
            .unwrap();
        assert_eq!(observation.observed.outcomes, [(0.75, true), (0.75, false)]);
        let skipped = (observation.skipped.lines, observation.skipped_labels.lines);
        assert_eq!((observation.observed.answers, skipped), (3, (0, 1)));
        let earlier = job
            .observe(
                window,
                at("2025-10-04T09:00:00Z"),
                &names,
                threshold,
                none(),
            )
            .await
            .unwrap();
        assert!(earlier.observed.outcomes.is_empty());
    }

    #[test]
    fn labels_that_cannot_be_used_are_told_and_no_fault_of_the_answers() {
        let baseline = Baseline::of(traffic(100, 1));
        let reason = crate::skipped::Reason {
            name: "UnknownClass",
            lines: 50,
            first: "k line 1: what".into(),
        };
        let skipped_labels = SkippedLines {
            lines: 50,
            reasons: vec![reason],
        };
        let observation = Observation {
            observed: traffic(100, 2),
            skipped: SkippedLines::default(),
            skipped_labels,
        };
        let (_, findings) = observation.compare(&baseline);
        assert_eq!((findings.violations.len(), findings.skipped.lines), (0, 50));
    }

    #[tokio::test]
    async fn a_run_is_published_under_its_window() {
        let objects = Objects::default();
        let job = job(&objects);
        let error = job.baseline().await.unwrap_err().to_string();
        assert_eq!(
            error,
            "there is no baseline in s3://b/monitoring/scones/baseline/: make it with `scones \
             monitor baseline`"
        );
        job.put_baseline(&Baseline::of(traffic(60, 1)))
            .await
            .unwrap();
        let baseline = job.baseline().await.unwrap();
        let observed = traffic(50, 2);
        let findings = Findings::new(&baseline, &observed, SkippedLines::default());
        let window = Window::new(at("2025-10-04T08:00:00Z"), at("2025-10-04T09:00:00Z")).unwrap();
        let report = Report {
            endpoint: "scones",
            window,
            baseline: &baseline,
            observed: &observed,
            findings: &findings,
        };
        let folder = job.publish(&report).await.unwrap();
        assert_eq!(
            folder,
            "monitoring/scones/runs/2025/10/04/20251004T080000Z-20251004T090000Z/"
        );
        let keys: Vec<String> = objects.by_key.lock().unwrap().keys().cloned().collect();
        for file in [
            "statistics.json",
            "constraint_violations.json",
            "report.html",
        ] {
            assert!(keys.contains(&format!("{folder}{file}")), "{keys:?}");
        }
        objects.put("monitoring/scones/baseline/constraints.json", "[]");
        let error = job.baseline().await.unwrap_err().to_string();
        assert!(
            error.starts_with(
                "s3://b/monitoring/scones/baseline/: constraints.json is not one of a baseline"
            ),
            "{error}"
        );
    }
}
