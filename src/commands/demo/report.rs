//! The demo's report, as lines for a terminal of 80 columns and as data.

use std::fmt;

use serde::Serialize;

use super::executions::{ExecutionResult, Trigger};

/// Everything that the demo printed.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) data: Data,
    pub(crate) model: Model,
    pub(crate) executions: Vec<ExecutionResult>,
}

/// The source of the images, and what was staged.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Data {
    pub(crate) archive: String,
    /// The images are drawn by code: no real photographs were to be had.
    pub(crate) drawn: bool,
    pub(crate) bucket: String,
    pub(crate) staged: Staged,
}

/// Numbers of staged images and of objects that had to be uploaded for it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Staged {
    pub(crate) train: usize,
    pub(crate) test: usize,
    pub(crate) uploaded: usize,
}

/// Figures of the model on the test images.
#[derive(Clone, Debug, Serialize, serde::Deserialize)]
pub(crate) struct Model {
    pub(crate) accuracy: f64,
    /// Expected calibration error.
    pub(crate) ece: f64,
    pub(crate) epochs: u32,
    pub(crate) training_seconds: f64,
    /// True if an earlier run trained it.
    #[serde(default)]
    pub(crate) reused: bool,
}

impl Report {
    /// Every execution ended as its confidence demands, and the gate was seen to do both.
    pub(crate) fn all_well(&self) -> bool {
        self.executions.iter().all(ExecutionResult::is_consistent)
            && self.executions.iter().any(ExecutionResult::passed)
            && self.executions.iter().any(ExecutionResult::refused)
    }
}

/// A table of executions.
pub(crate) struct Table<'a>(pub(crate) &'a [ExecutionResult]);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "  {:8} {:29} {:10} {:>10}  {:9} {:>6}",
            "TRIGGER", "KEY", "LABEL", "CONFIDENCE", "STATUS", "MS"
        )?;
        for row in self.0 {
            write_row(f, row)?;
        }
        Ok(())
    }
}

fn write_row(f: &mut fmt::Formatter<'_>, row: &ExecutionResult) -> fmt::Result {
    let trigger = match row.trigger {
        Trigger::Payload => "payload",
        Trigger::Upload => "upload",
    };
    let confidence = row
        .confidence
        .map_or_else(|| "-".to_owned(), |confidence| format!("{confidence:.4}"));
    let label = row.label.as_deref().unwrap_or("-");
    let key = shorten(&row.key, 29);
    writeln!(
        f,
        "  {trigger:8} {key:29} {label:10} {confidence:>10}  {:9} {:>6}",
        row.status, row.milliseconds
    )?;
    if !row.is_consistent() {
        let error = row.error.as_deref().unwrap_or("no error");
        let cause = row.cause.as_deref().unwrap_or("no cause");
        writeln!(
            f,
            "    not as it should be (threshold {}): {error}: {cause}",
            row.threshold
        )?;
    }
    Ok(())
}

/// The end of a key that is too long for its column, which tells more than its beginning.
fn shorten(key: &str, width: usize) -> String {
    let length = key.chars().count();
    if length <= width {
        return key.to_owned();
    }
    let tail: String = key.chars().skip(length - (width - 1)).collect();
    format!("…{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(confidence: f64, status: &str, error: Option<&str>) -> ExecutionResult {
        ExecutionResult {
            name: "n".into(),
            trigger: Trigger::Payload,
            key: "test/bicycle_s_000513.png".into(),
            status: status.into(),
            label: Some("bicycle".into()),
            confidence: Some(confidence),
            threshold: evaluation::Threshold::DEFAULT,
            milliseconds: 12,
            error: error.map(str::to_owned),
            cause: None,
        }
    }

    #[test]
    fn an_execution_must_end_as_its_confidence_demands() {
        let refused = Some("ThresholdConfidenceNotMet");
        for (confidence, status, error, well) in [
            (0.99, "SUCCEEDED", None, true),
            (0.93, "SUCCEEDED", None, true),
            (0.92, "FAILED", refused, true),
            (0.92, "SUCCEEDED", None, false),
            (0.99, "FAILED", refused, false),
            (0.92, "FAILED", Some("States.Timeout"), false),
            (0.99, "TIMED_OUT", None, false),
        ] {
            assert_eq!(
                ended(confidence, status, error).is_consistent(),
                well,
                "{confidence} {status} {error:?}"
            );
        }
    }

    #[test]
    fn rows_fit_80_columns() {
        let mut row = ended(0.99, "SUCCEEDED", None);
        row.key = format!("incoming/{}.png", "x".repeat(90));
        row.milliseconds = 123_456;
        row.label = Some("motorcycle".into());
        let table = Table(&[row]).to_string();
        assert!(
            table.lines().all(|line| line.chars().count() <= 80),
            "{table}"
        );
        assert!(table.contains("…xxx"), "{table}");
    }
}
