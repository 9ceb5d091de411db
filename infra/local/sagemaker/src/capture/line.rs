//! One line of captured data, in SageMaker's schema.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::{Exchange, Message, Settings};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    capture_data: CaptureData<'a>,
    event_metadata: EventMetadata<'a>,
    event_version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CaptureData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint_input: Option<Captured<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint_output: Option<Captured<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Captured<'a> {
    observed_content_type: &'a str,
    mode: &'static str,
    data: String,
    encoding: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventMetadata<'a> {
    event_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    inference_id: Option<&'a str>,
    inference_time: String,
}

/// The exchange as JSON text, with the line's end.
pub(super) fn line(exchange: &Exchange, settings: &Settings) -> Vec<u8> {
    let input = settings
        .input
        .then(|| captured(&exchange.input, "INPUT", settings));
    let output = settings
        .output
        .then(|| captured(&exchange.output, "OUTPUT", settings));
    let at = exchange.at.to_zoned(TimeZone::UTC);
    let line = Line {
        capture_data: CaptureData {
            endpoint_input: input,
            endpoint_output: output,
        },
        event_metadata: EventMetadata {
            event_id: &exchange.event_id,
            inference_id: exchange.inference_id.as_deref(),
            inference_time: at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        },
        event_version: "0",
    };
    // Texts and numbers always serialise.
    let mut bytes = serde_json::to_vec(&line).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

fn captured<'a>(message: &'a Message, mode: &'static str, settings: &Settings) -> Captured<'a> {
    let (data, encoding) = encode(message, settings);
    Captured {
        observed_content_type: &message.content_type,
        mode,
        data,
        encoding,
    }
}

/// Text as it is for the content types that are named so, and base64 for all others.
fn encode(message: &Message, settings: &Settings) -> (String, &'static str) {
    let media_type = message.content_type.split(';').next().unwrap_or_default();
    let is_in = |types: &[String]| {
        let mut types = types.iter();
        types.any(|own| own.trim().eq_ignore_ascii_case(media_type.trim()))
    };
    let text = || std::str::from_utf8(&message.body).map(str::to_owned);
    match text() {
        Ok(text) if is_in(&settings.json_content_types) => (text, "JSON"),
        Ok(text) if is_in(&settings.csv_content_types) => (text, "CSV"),
        _ => (STANDARD.encode(&message.body), "BASE64"),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn settings() -> Settings {
        Settings {
            sampling_percent: 100,
            destination: "s3://b/captured".into(),
            input: true,
            output: true,
            json_content_types: vec!["application/json".into()],
            csv_content_types: vec!["text/csv".into()],
        }
    }

    fn exchange() -> Exchange {
        let message = |content_type: &str, body: &'static [u8]| Message {
            content_type: content_type.into(),
            body: Bytes::from_static(body),
        };
        Exchange {
            variant: "AllTraffic".into(),
            at: "2025-10-04T08:44:11.987Z".parse().unwrap(),
            event_id: "c9d1b1a0-3b1c-4f6b-9c3a-2f8c1d0e5a77".into(),
            inference_id: None,
            input: message("image/png", b"\x89PNG"),
            output: message("application/json", b"[0.82, 0.18]"),
        }
    }

    fn check(exchange: &Exchange, settings: &Settings, expected: &str) {
        let line = line(exchange, settings);
        assert_eq!(String::from_utf8(line).unwrap(), format!("{expected}\n"));
    }

    #[test]
    fn a_line_is_sagemakers() {
        check(
            &exchange(),
            &settings(),
            concat!(
                r#"{"captureData":{"endpointInput":{"observedContentType":"image/png","mode":"INPUT","data":"iVBORw==","encoding":"BASE64"},"#,
                r#""endpointOutput":{"observedContentType":"application/json","mode":"OUTPUT","data":"[0.82, 0.18]","encoding":"JSON"}},"#,
                r#""eventMetadata":{"eventId":"c9d1b1a0-3b1c-4f6b-9c3a-2f8c1d0e5a77","inferenceTime":"2025-10-04T08:44:11Z"},"eventVersion":"0"}"#
            ),
        );
    }

    #[test]
    fn an_inference_id_is_kept_and_an_uncaptured_side_is_not() {
        let mut exchange = exchange();
        exchange.inference_id = Some("mine".into());
        let settings = Settings {
            input: false,
            ..settings()
        };
        check(
            &exchange,
            &settings,
            concat!(
                r#"{"captureData":{"endpointOutput":{"observedContentType":"application/json","mode":"OUTPUT","data":"[0.82, 0.18]","encoding":"JSON"}},"#,
                r#""eventMetadata":{"eventId":"c9d1b1a0-3b1c-4f6b-9c3a-2f8c1d0e5a77","inferenceId":"mine","inferenceTime":"2025-10-04T08:44:11Z"},"eventVersion":"0"}"#
            ),
        );
    }

    #[test]
    fn the_content_type_decides_the_encoding() {
        let check = |content_type: &str, body: &'static [u8], expected: (&str, &str)| {
            let message = Message {
                content_type: content_type.into(),
                body: Bytes::from_static(body),
            };
            let (data, encoding) = encode(&message, &settings());
            assert_eq!((data.as_str(), encoding), expected, "{content_type}");
        };
        check("application/json", b"[1]", ("[1]", "JSON"));
        check("Application/JSON; charset=utf-8", b"[1]", ("[1]", "JSON"));
        check("text/csv", b"1,2", ("1,2", "CSV"));
        check("text/plain", b"1", ("MQ==", "BASE64"));
        check("", b"1", ("MQ==", "BASE64"));
        check("application/json", b"\xff", ("/w==", "BASE64"));
    }
}
