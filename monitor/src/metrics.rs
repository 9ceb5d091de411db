//! CloudWatch metrics as a line in the embedded metric format, which a Lambda function prints.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::findings::Findings;

/// The metrics' namespace. Those that begin with `/aws/`, as Model Monitor's does, are reserved for
/// AWS.
pub const NAMESPACE: &str = "Scones/ModelMonitor";

/// Returns one line, without its newline. The dimension is the endpoint; the names of distances are
/// Model Monitor's (`feature_baseline_drift_…`).
pub fn line(endpoint: &str, at: Timestamp, findings: &Findings) -> String {
    let mut values = vec![
        (
            "answers".to_owned(),
            "Count",
            findings.statistics.dataset.item_count as f64,
        ),
        (
            "skipped_lines".to_owned(),
            "Count",
            findings.skipped.lines as f64,
        ),
        (
            "violations".to_owned(),
            "Count",
            findings.violations.len() as f64,
        ),
    ];
    for test in &findings.tests {
        let Ok(outcome) = &test.outcome else { continue };
        values.push(match outcome.now {
            Some(now) => (test.feature.clone(), "None", now.value),
            None => (
                format!("feature_baseline_drift_{}", test.feature),
                "None",
                outcome.distance,
            ),
        });
    }
    let metrics: Vec<Value> = values
        .iter()
        .map(|(name, unit, _)| json!({"Name": name, "Unit": unit}))
        .collect();
    let mut line = Map::new();
    let directive =
        json!({"Namespace": NAMESPACE, "Dimensions": [["Endpoint"]], "Metrics": metrics});
    line.insert(
        "_aws".into(),
        json!({"Timestamp": at.as_millisecond(), "CloudWatchMetrics": [directive]}),
    );
    line.insert("Endpoint".into(), endpoint.into());
    line.extend(
        values
            .into_iter()
            .map(|(name, _, value)| (name, json!(value))),
    );
    Value::Object(line).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::Baseline;
    use crate::skipped::SkippedLines;
    use crate::testing::{at, traffic};

    #[test]
    fn every_metric_of_the_directive_has_its_value() {
        let findings = Findings::new(
            &Baseline::of(traffic(100, 1)),
            &traffic(90, 2),
            SkippedLines::default(),
        );
        let line = line("scones", at("2025-10-04T09:00:00Z"), &findings);
        let json: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(json["_aws"]["Timestamp"], 1_759_568_400_000u64);
        let directive = &json["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(
            (&directive["Namespace"], &directive["Dimensions"]),
            (&"Scones/ModelMonitor".into(), &json!([["Endpoint"]]))
        );
        assert_eq!(
            (&json["Endpoint"], &json["answers"]),
            (&"scones".into(), &90.0.into())
        );
        let metrics = directive["Metrics"].as_array().unwrap();
        // The format's limit is 100.
        assert!(metrics.len() == 17, "{directive}");
        for metric in metrics {
            assert!(json[metric["Name"].as_str().unwrap()].is_f64(), "{metric}");
        }
        assert!(json["feature_baseline_drift_confidence"].as_f64().unwrap() < 0.3);
        assert!(!line.contains('\n'));
    }
}
