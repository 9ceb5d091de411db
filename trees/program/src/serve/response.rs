//! Writes predictions, in the shapes of SageMaker's XGBoost container.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/cdf-inference.html>

use std::fmt::Write;

use crate::predictor::{ERROR, Predictions, Predictor};

/// A format of predictions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ResponseFormat {
    /// A line a row: `0.98`.
    Csv,
    /// `{"predictions": [{"score": 0.98}]}`
    Json,
    /// An object a line: `{"score": 0.98}`.
    JsonLines,
}

impl ResponseFormat {
    /// Returns the format of a media type.
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        match media_type {
            "text/csv" | "text/*" => Some(Self::Csv),
            "application/json" | "application/*" => Some(Self::Json),
            "application/jsonlines" => Some(Self::JsonLines),
            _ => None,
        }
    }

    /// Returns the content type of the response.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json",
            Self::JsonLines => "application/jsonlines",
        }
    }
}

/// Returns the text of a response. A row without a prediction is its error: a quoted field that
/// begins with `error: `, or `{"error": "…"}`.
pub(super) fn write(
    predictor: &Predictor,
    predictions: &Predictions,
    format: ResponseFormat,
) -> String {
    let only_transforms = predictor.features().is_some();
    let mut out = String::new();
    if format == ResponseFormat::Json {
        out.push_str(if only_transforms {
            r#"{"instances":["#
        } else {
            r#"{"predictions":["#
        });
    }
    for (index, row) in predictions.rows().enumerate() {
        if index > 0 && format == ResponseFormat::Json {
            out.push(',');
        }
        match (row, format) {
            (Err(error), ResponseFormat::Csv) => {
                let text = error.to_string().replace('"', "\"\"");
                push(&mut out, format_args!("\"{ERROR}{text}\""));
            }
            (Err(error), _) => {
                let text = serde_json::Value::from(error.to_string());
                push(&mut out, format_args!(r#"{{"error":{text}}}"#));
            }
            (Ok(values), ResponseFormat::Csv) if only_transforms => {
                write_list(&mut out, values, "");
            }
            (Ok(values), _) if only_transforms => {
                out.push_str(r#"{"features":["#);
                write_list(&mut out, values, "null");
                out.push_str("]}");
            }
            (Ok(values), ResponseFormat::Csv) => write_csv(&mut out, predictor, values),
            (Ok(values), _) => write_object(&mut out, predictor, values),
        }
        if format != ResponseFormat::Json {
            out.push('\n');
        }
    }
    if format == ResponseFormat::Json {
        out.push_str("]}");
    }
    out
}

/// `score`, or `score,low,high`, or `label,probability` and the probabilities of all classes.
fn write_csv(out: &mut String, predictor: &Predictor, values: &[f32]) {
    let output = predictor.output();
    if let Some(labels) = &output.labels {
        let (best, probabilities) = probabilities(values);
        write_field(out, &labels[best]);
        push(out, format_args!(",{:?},", probabilities[best]));
        write_list(out, &probabilities, "");
        return;
    }
    write_list(out, values, "");
    if let (Some(conformal), [score]) = (&output.conformal, values) {
        let interval = conformal.interval(f64::from(*score));
        let (low, high) = (interval.low as f32, interval.high as f32);
        push(out, format_args!(",{low:?},{high:?}"));
    }
}

fn write_object(out: &mut String, predictor: &Predictor, values: &[f32]) {
    let output = predictor.output();
    if let Some(labels) = &output.labels {
        let (best, probabilities) = probabilities(values);
        let label = serde_json::Value::from(&*labels[best]);
        let probability = probabilities[best];
        push(
            out,
            format_args!(
                r#"{{"predicted_label":{label},"probability":{probability:?},"probabilities":["#
            ),
        );
        write_list(out, &probabilities, "null");
        let labels = serde_json::Value::from(labels.clone());
        push(out, format_args!(r#"],"labels":{labels}}}"#));
        return;
    }
    out.push_str(r#"{"score":"#);
    if let [score] = values {
        write_number(out, *score, "null");
        if let Some(conformal) = &output.conformal {
            let interval = conformal.interval(f64::from(*score));
            let (low, high) = (interval.low as f32, interval.high as f32);
            push(out, format_args!(r#","low":{low:?},"high":{high:?}"#));
        }
    } else {
        out.push('[');
        write_list(out, values, "null");
        out.push(']');
    }
    out.push('}');
}

/// Returns the most probable class and the probabilities of all classes. With two classes, one
/// output is the probability of the second.
fn probabilities(values: &[f32]) -> (usize, Vec<f32>) {
    let all = match values {
        [second] => vec![1.0 - second, *second],
        all => all.to_vec(),
    };
    (evaluation::argmax(&all), all)
}

fn write_list(out: &mut String, values: &[f32], missing: &str) {
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_number(out, *value, missing);
    }
}

/// Writes the shortest text that reads as the same number of 32 bits, as Python prints floats.
fn write_number(out: &mut String, value: f32, missing: &str) {
    if value.is_finite() {
        push(out, format_args!("{value:?}"));
    } else {
        out.push_str(missing);
    }
}

fn write_field(out: &mut String, text: &str) {
    if text.contains(['"', ',', '\n', '\r']) {
        let quoted = text.replace('"', "\"\"");
        push(out, format_args!("\"{quoted}\""));
    } else {
        out.push_str(text);
    }
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string can't fail.
    let _ = out.write_fmt(text);
}
