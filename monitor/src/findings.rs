//! The findings of a run: statistics of the window, tests against the baseline, quality, and the
//! violations that follow.
//!
//! `constraint_violations.json` has Model Monitor's schema, and a section of its own with every
//! test.
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-violations.html>

use serde::Serialize;

use crate::baseline::{Baseline, pretty};
use crate::constraints::Constraints;
use crate::drift::{self, Kind, Outcome, Test};
use crate::observed::Observed;
use crate::quality::Quality;
use crate::skipped::SkippedLines;
use crate::statistics::Statistics;

/// The number of consecutive predictions that all pass, or all fail, from which on the run notes
/// it.
const ALL: u64 = 100;

/// The findings of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// Statistics of the window.
    pub statistics: Statistics,
    /// Tests against the baseline.
    pub tests: Vec<Test>,
    /// Quality on the labeled predictions, if there are any.
    pub quality: Option<Quality>,
    /// The differences that matter.
    pub violations: Vec<Violation>,
    /// Remarks that are not violations.
    pub notes: Vec<String>,
    /// Lines that could not be used.
    pub skipped: SkippedLines,
}

/// The status of a run. The names are Model Monitor's (`MonitoringExecutionStatus`), but for the
/// last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Status {
    /// No violations were found.
    Completed,
    /// Violations were found.
    CompletedWithViolations,
    /// There were too few predictions for any test.
    NothingToTest,
}

/// A violation of a constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The feature, or the metric.
    pub feature_name: String,
    /// The check that it failed.
    pub constraint_check_type: Check,
    /// The description, for the reader of the report.
    pub description: String,
}

/// The implemented checks of Model Monitor; the last one is of its model quality monitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "they are Model Monitor's")]
pub enum Check {
    #[serde(rename = "data_type_check")]
    DataType,
    #[serde(rename = "completeness_check")]
    Completeness,
    #[serde(rename = "baseline_drift_check")]
    BaselineDrift,
    #[serde(rename = "missing_column_check")]
    MissingColumn,
    LessThanThreshold,
}

#[derive(Serialize)]
struct File<'a> {
    violations: &'a [Violation],
    image_classification: Section<'a>,
}

#[derive(Serialize)]
struct Section<'a> {
    status: Status,
    tests: Vec<TestRecord<'a>>,
    quality: Option<&'a Quality>,
    notes: &'a [String],
    skipped: &'a SkippedLines,
}

/// The JSON of a test: its outcome, or the reason why there is none.
#[derive(Serialize)]
struct TestRecord<'a> {
    feature: &'a str,
    kind: Kind,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_computed: Option<&'a str>,
}

impl Findings {
    /// Compares observations with the baseline.
    pub fn new(baseline: &Baseline, observed: &Observed, skipped: SkippedLines) -> Self {
        let statistics = Statistics::of(observed);
        let constraints = &baseline.constraints;
        let tests = drift::compare(baseline, observed, constraints);
        let mut violations: Vec<Violation> = tests.iter().filter_map(drift_violation).collect();
        let evaluates = constraints.monitoring_config.evaluate_constraints
            == crate::constraints::Toggle::Enabled;
        if evaluates {
            violations.extend(completeness(&statistics, constraints));
            violations.extend(no_scores(observed, &skipped, constraints));
        }
        Self {
            quality: Quality::of(
                &observed.labeled,
                &observed.outcomes,
                &observed.labels,
                observed.threshold,
            ),
            notes: notes(observed),
            statistics,
            tests,
            violations,
            skipped,
        }
    }

    /// Returns the status of the run.
    pub fn status(&self) -> Status {
        if !self.violations.is_empty() {
            Status::CompletedWithViolations
        } else if self.tests.iter().all(|test| test.outcome.is_err()) {
            Status::NothingToTest
        } else {
            Status::Completed
        }
    }

    /// Serializes `constraint_violations.json`.
    pub fn violations_file(&self) -> Vec<u8> {
        let tests = self.tests.iter().map(|test| TestRecord {
            feature: &test.feature,
            kind: test.kind,
            outcome: test.outcome.as_ref().ok().copied(),
            not_computed: test.outcome.as_ref().err().map(String::as_str),
        });
        pretty(&File {
            violations: &self.violations,
            image_classification: Section {
                status: self.status(),
                tests: tests.collect(),
                quality: self.quality.as_ref(),
                notes: &self.notes,
                skipped: &self.skipped,
            },
        })
    }

    /// Serializes `statistics.json`.
    pub fn statistics_file(&self) -> Vec<u8> {
        pretty(&self.statistics)
    }
}

fn drift_violation(test: &Test) -> Option<Violation> {
    let outcome = test
        .outcome
        .as_ref()
        .ok()
        .filter(|outcome| outcome.is_violation)?;
    let check = match test.kind {
        Kind::ConfidenceBased => Check::LessThanThreshold,
        Kind::TwoProportions if test.feature == "accuracy" => Check::LessThanThreshold,
        _ => Check::BaselineDrift,
    };
    Some(Violation {
        feature_name: test.feature.clone(),
        constraint_check_type: check,
        description: describe(test, outcome),
    })
}

/// Returns a sentence that describes a violation.
fn describe(test: &Test, outcome: &Outcome) -> String {
    let Outcome {
        distance,
        tolerance,
        adjusted_p_value,
        before,
        now,
        ..
    } = outcome;
    let feature = test.feature.replace('_', " ");
    let chance = format!(
        "by chance such a difference has the probability {adjusted_p_value:.1e}, corrected for \
         the number of tests"
    );
    match (before, now) {
        (Some(before), Some(now)) => format!(
            "the {feature} is {:.3} (95 % interval {:.3} to {:.3}), and {before:.3} in the \
             baseline, which is more than the tolerance of {tolerance} away; {chance}",
            now.value, now.low, now.high
        ),
        _ if test.kind == Kind::MaximumMeanDiscrepancy => format!(
            "the network sees other images than in the baseline: the squared maximum mean \
             discrepancy of the embeddings is {distance:.4}; {chance}"
        ),
        _ => format!(
            "the distance between the distributions of {feature} here and in the baseline is \
             {distance:.3}, over the threshold of {tolerance}; {chance}"
        ),
    }
}

/// Checks for features that are missing more often than the baseline allows.
fn completeness<'a>(
    statistics: &'a Statistics,
    constraints: &'a Constraints,
) -> impl Iterator<Item = Violation> + 'a {
    let enough = statistics.dataset.item_count >= constraints.image_classification.min_predictions;
    let features = constraints
        .features
        .iter()
        .filter(move |feature| enough && feature.completeness > 0.0);
    features.filter_map(|expected| {
        let found = statistics
            .feature(&expected.name)?
            .numerical_statistics
            .as_ref()?
            .common;
        let part = found.num_present as f64 / (found.num_present + found.num_missing).max(1) as f64;
        let name = &expected.name;
        let (check, description) = match part {
            0.0 => (
                Check::MissingColumn,
                format!(
                    "no record has {name}: capture the input too (CaptureOptions), as the \
                         baseline's was"
                ),
            ),
            // A few broken images are the tests' to judge, not this check's.
            part if part < expected.completeness - 0.05 => (
                Check::Completeness,
                format!(
                    "{:.1} % of the records have {name}, and {:.1} % did in the baseline",
                    part * 100.0,
                    expected.completeness * 100.0
                ),
            ),
            _ => return None,
        };
        Some(Violation {
            feature_name: name.clone(),
            constraint_check_type: check,
            description,
        })
    })
}

/// Checks for too many lines without scores.
fn no_scores(
    observed: &Observed,
    skipped: &SkippedLines,
    constraints: &Constraints,
) -> Option<Violation> {
    let threshold = constraints.monitoring_config.datatype_check_threshold;
    let all = observed.answers + skipped.lines;
    let part = skipped.lines as f64 / all.max(1) as f64;
    let first = skipped.reasons.first()?;
    let is_violation = part > threshold && all >= constraints.image_classification.min_predictions;
    is_violation.then(|| Violation {
        feature_name: crate::statistics::CONFIDENCE.to_owned(),
        constraint_check_type: Check::DataType,
        description: format!(
            "{} of {all} lines have no scores that can be used, over the threshold of \
             {threshold}; such as {}",
            skipped.lines, first.first
        ),
    })
}

fn notes(observed: &Observed) -> Vec<String> {
    let (answers, threshold) = (observed.answers, observed.threshold);
    let mut notes = Vec::new();
    if answers >= ALL && observed.passed == answers {
        notes.push(format!(
            "the gate refused none of {answers} answers: at {threshold} it is no gate, or the \
             workflow does not ask it"
        ));
    }
    if answers >= ALL && observed.passed == 0 {
        notes.push(format!(
            "the gate refused all {answers} answers: nothing gets through at {threshold}"
        ));
    }
    if observed.one_in > 1 {
        notes.push(format!(
            "the images are large: one in {} of {} was looked at, for features, embeddings and \
             the pictures of the report",
            observed.one_in, observed.inputs
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corruption::Corruption;
    use crate::testing::{Traffic, traffic};

    fn dark() -> Findings {
        let dark = Traffic {
            count: 300,
            seed: 9,
            share: 0.5,
            corruption: Some((Corruption::Dark, 4)),
        };
        Findings::new(
            &Baseline::of(traffic(400, 1)),
            &dark.observed(),
            SkippedLines::default(),
        )
    }

    #[test]
    fn violations_have_model_monitors_schema() {
        let findings = dark();
        assert_eq!(findings.status(), Status::CompletedWithViolations);
        let json: serde_json::Value = serde_json::from_slice(&findings.violations_file()).unwrap();
        let violations = json["violations"].as_array().unwrap();
        let brightness = violations
            .iter()
            .find(|violation| violation["feature_name"] == "brightness")
            .unwrap();
        assert_eq!(brightness["constraint_check_type"], "baseline_drift_check");
        let description = brightness["description"].as_str().unwrap();
        let begin =
            "the distance between the distributions of brightness here and in the baseline is 0.";
        assert!(
            description.starts_with(begin)
                && description.contains("over the threshold of 0.1; by chance"),
            "{description}"
        );
        let accuracy = violations
            .iter()
            .find(|violation| violation["feature_name"] == "estimated_accuracy")
            .unwrap();
        assert_eq!(accuracy["constraint_check_type"], "LessThanThreshold");
        let description = accuracy["description"].as_str().unwrap();
        assert!(
            description.contains("in the baseline, which is more than the tolerance of 0.02 away"),
            "{description}"
        );
        let tests = json["image_classification"]["tests"].as_array().unwrap();
        assert_eq!(
            (tests.len(), &tests[0]["kind"]),
            (14, &"kolmogorov_smirnov".into())
        );
        assert!(tests[0]["adjusted_p_value"].is_f64(), "{}", tests[0]);
    }

    #[test]
    fn too_few_answers_are_no_verdict() {
        let baseline = Baseline::of(traffic(100, 1));
        let findings = Findings::new(&baseline, &traffic(5, 2), SkippedLines::default());
        assert_eq!(
            (findings.status(), findings.violations.len()),
            (Status::NothingToTest, 0)
        );
        let json: serde_json::Value = serde_json::from_slice(&findings.violations_file()).unwrap();
        let why = &json["image_classification"]["tests"][0]["not_computed"];
        assert_eq!(why, "5 are too few to tell: at least 30 are needed");
    }

    #[test]
    fn images_that_are_gone_are_a_violation() {
        let baseline = Baseline::of(traffic(100, 1));
        let mut window = traffic(100, 2);
        window
            .images
            .iter_mut()
            .take(40)
            .for_each(|image| *image = None);
        let of = |window: &Observed| {
            Findings::new(&baseline, window, SkippedLines::default()).violations
        };
        let violations = of(&window);
        assert_eq!(violations[0].constraint_check_type, Check::Completeness);
        assert_eq!(
            violations[0].description,
            "60.0 % of the records have brightness, and 100.0 % did in the baseline"
        );
        (window.inputs, window.images) = (0, Vec::new());
        assert_eq!(of(&window)[0].constraint_check_type, Check::MissingColumn);
    }

    #[test]
    fn lines_without_scores_are_a_violation_where_they_are_many() {
        let baseline = Baseline::of(traffic(100, 1));
        let with = |lines| {
            let reason = crate::skipped::Reason {
                name: "NotScores",
                lines,
                first: "k line 1: what".into(),
            };
            let skipped = SkippedLines {
                lines,
                reasons: vec![reason],
            };
            Findings::new(&baseline, &traffic(100, 2), skipped).violations
        };
        assert!(with(5).is_empty());
        assert_eq!(with(25)[0].constraint_check_type, Check::DataType);
        let description = &with(25)[0].description;
        assert!(
            description.starts_with("25 of 125 lines have no scores that can be used"),
            "{description}"
        );
    }

    #[test]
    fn a_gate_that_refuses_nothing_is_noted() {
        let baseline = Baseline::of(traffic(100, 1));
        let mut window = traffic(100, 2);
        window.passed = window.answers;
        let notes =
            |window: &Observed| Findings::new(&baseline, window, SkippedLines::default()).notes;
        assert!(notes(&window)[0].starts_with("the gate refused none of 100 answers"));
        window.passed = 0;
        assert!(notes(&window)[0].starts_with("the gate refused all 100 answers"));
        window.passed = 50;
        assert!(notes(&window).is_empty());
        (window.one_in, window.inputs) = (4, 300);
        assert!(
            notes(&window)[0].starts_with("the images are large: one in 4 of 300 was looked at")
        );
    }
}
