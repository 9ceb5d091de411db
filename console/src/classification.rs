//! The answer for an image, wherever in an execution it is: scores, label, confidence, the gate's
//! threshold, the image.

use maud::{Markup, html};
use serde_json::Value;

use crate::aws::Application;
use crate::execution_history::ExecutionHistory;
use s3_uri::S3Uri;

/// Classes shown, the best first.
const SHOWN: usize = 5;

/// The workflow's object, as far as it was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Classification {
    pub(crate) scores: Vec<f64>,
    pub(crate) label: Option<String>,
    pub(crate) confidence: Option<f64>,
    pub(crate) threshold: Option<f64>,
    /// The image in S3.
    pub(crate) uri: Option<S3Uri>,
    /// The fitted image, as base64.
    pub(crate) image_data: Option<String>,
}

impl Classification {
    /// Reads the object of an execution: what its newest step knows of it. `None` where it is about
    /// no image.
    pub(crate) fn of(execution: &Value, history: &ExecutionHistory) -> Option<Self> {
        let mut found = Self::default();
        let own = ["Output", "Input"].map(|member| execution[member].as_str());
        let steps = history.steps.iter().rev();
        let steps = steps.flat_map(|step| [step.output.as_deref(), step.input.as_deref()]);
        for text in own[..1]
            .iter()
            .copied()
            .chain(steps)
            .chain(own[1..].iter().copied())
        {
            if let Some(Value::Object(object)) =
                text.and_then(|text| serde_json::from_str(text).ok())
            {
                found.learn(&Value::Object(object));
            }
        }
        found.is_any().then_some(found)
    }

    /// The object in one text; `None` where it is about no image.
    pub(crate) fn read(text: Option<&str>) -> Option<Self> {
        let object: Value = serde_json::from_str(text?).ok()?;
        let mut found = Self::default();
        found.learn(&object);
        found.is_any().then_some(found)
    }

    fn is_any(&self) -> bool {
        self.uri.is_some() || self.image_data.is_some() || !self.scores.is_empty()
    }

    /// Takes over what is not known yet.
    fn learn(&mut self, object: &Value) {
        let text = |name: &str| object[name].as_str().filter(|text| !text.is_empty());
        if self.scores.is_empty() {
            let scores = object["inferences"].as_array().into_iter().flatten();
            self.scores = scores.filter_map(Value::as_f64).collect();
        }
        if self.label.is_none() {
            self.label = text("label").map(str::to_owned);
        }
        self.confidence = self.confidence.or_else(|| object["confidence"].as_f64());
        self.threshold = self.threshold.or_else(|| object["threshold"].as_f64());
        if self.uri.is_none()
            && let (Some(bucket), Some(key)) = (text("s3_bucket"), text("s3_key"))
        {
            self.uri = Some(S3Uri {
                bucket: bucket.to_owned(),
                key: key.to_owned(),
            });
        }
        if self.image_data.is_none() {
            self.image_data = text("image_data").map(str::to_owned);
        }
    }

    /// The classes with their scores, the best first.
    fn ranked<'a>(&self, application: &'a Application) -> Vec<(std::borrow::Cow<'a, str>, f64)> {
        let labels = &application.labels;
        let known = labels.len() == self.scores.len();
        let mut ranked: Vec<_> = self
            .scores
            .iter()
            .enumerate()
            .map(|(at, score)| match labels.get(at).filter(|_| known) {
                Some(label) => (label.as_str().into(), *score),
                None => (format!("class {at}").into(), *score),
            })
            .collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranked
    }

    /// The scores as bars, with a line at the gate's threshold.
    pub(crate) fn bars(&self, application: &Application) -> Markup {
        let ranked = self.ranked(application);
        let threshold = self.threshold.or(application.threshold);
        html! {
            @if !ranked.is_empty() {
                dl.scores {
                    @for (class, score) in ranked.iter().take(SHOWN) {
                        dt { (class) }
                        dd { (bar(*score, threshold)) span.number { (format!("{score:.4}")) } }
                    }
                }
                @if ranked.len() > SHOWN { p.faint { "and " (ranked.len() - SHOWN) " more classes" } }
                @if let Some(threshold) = threshold {
                    p.faint { "The line is the gate's threshold, " (threshold) "." }
                }
            }
        }
    }
}

/// A score between 0 and 1.
pub(crate) fn bar(score: f64, threshold: Option<f64>) -> Markup {
    let of = |part: f64| format!("{:.1}%", part.clamp(0.0, 1.0) * 100.0);
    let class = match threshold {
        Some(threshold) if score >= threshold => "bar over",
        _ => "bar",
    };
    html! {
        svg class=(class) height="14" role="img" aria-label={ "score " (format!("{score:.4}")) } {
            rect.track width="100%" height="14" rx="3" {}
            rect.value width=(of(score)) height="14" rx="3" {}
            @if let Some(threshold) = threshold { line x1=(of(threshold)) x2=(of(threshold)) y1="0" y2="14" {} }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_newest_knowledge_of_the_image_wins() {
        let mut history = ExecutionHistory::default();
        let entered = json!({ "Name": "A", "Input": r#"{"s3_bucket":"b","s3_key":"k","inferences":[0.4,0.6]}"# });
        history.add(&json!({ "Id": 2, "PreviousEventId": 0, "Type": "TaskStateEntered", "StateEnteredEventDetails": entered }));
        let output = r#"{"inferences":[0.1,0.9],"label":"motorcycle","confidence":0.9}"#;
        let exited = json!({ "Name": "A", "Output": output });
        history.add(&json!({ "Id": 3, "PreviousEventId": 2, "Type": "TaskStateExited", "StateExitedEventDetails": exited }));
        let input = r#"{"s3_bucket":"b","s3_key":"k","image_data":"","threshold":0.95}"#;
        let found = Classification::of(&json!({ "Input": input }), &history).unwrap();
        assert_eq!(found.scores, [0.1, 0.9]);
        assert_eq!(found.threshold, Some(0.95));
        assert_eq!(found.image_data, None);
        assert_eq!(found.uri.unwrap().key, "k");
    }

    #[test]
    fn other_executions_are_about_no_image() {
        let execution = json!({ "Input": r#"{"prefix":"p"}"#, "Output": "[1,2]" });
        assert_eq!(
            Classification::of(&execution, &ExecutionHistory::default()),
            None
        );
        assert_eq!(Classification::read(Some("{}")), None);
        assert_eq!(Classification::read(Some("no JSON")), None);
    }

    #[test]
    fn bars_name_the_classes_if_there_are_as_many() {
        let found = Classification {
            scores: vec![0.2, 0.8],
            ..Classification::default()
        };
        let mut application = Application {
            labels: vec!["<b>".into(), "motorcycle".into()],
            threshold: Some(0.7),
            ..Application::default()
        };
        let bars = found.bars(&application).into_string();
        assert!(bars.find("motorcycle").unwrap() < bars.find("&lt;b&gt;").unwrap());
        assert!(
            bars.contains("threshold, 0.7") && bars.contains("0.8000"),
            "{bars}"
        );
        application.labels.pop();
        assert!(found.bars(&application).into_string().contains("class 1"));
    }
}
