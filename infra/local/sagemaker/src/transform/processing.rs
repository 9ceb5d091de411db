//! `DataProcessing`: filters input and output, and joins responses with their records.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-data-processing.html>

use bytes::Bytes;
use serde_json::{Map, Value};

use super::path::Path;

/// The data processing of a job.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Processing {
    input: Path,
    output: Path,
    /// `JoinSource` Input.
    join: bool,
}

/// The format of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Csv,
    JsonLines,
    /// One value.
    Json,
}

impl Format {
    /// Returns the format of a content type, whose parameters do not matter.
    ///
    /// # Errors
    ///
    /// A text that names the type, if it is neither CSV nor JSON.
    pub(super) fn of(content_type: &str) -> Result<Self, String> {
        let name = content_type.split(';').next().unwrap_or_default().trim();
        match name.to_ascii_lowercase().as_str() {
            "text/csv" => Ok(Self::Csv),
            "application/jsonlines" | "application/x-jsonlines" | "application/jsonl" => {
                Ok(Self::JsonLines)
            }
            "application/json" => Ok(Self::Json),
            _ => Err(format!(
                "DataProcessing needs text/csv, application/json or application/jsonlines, and not \
                 the content type \"{content_type}\""
            )),
        }
    }

    /// Returns the records of a body.
    fn records(self, body: &[u8]) -> Result<Vec<&str>, String> {
        let text =
            std::str::from_utf8(body).map_err(|error| format!("it is not UTF-8: {error}"))?;
        if self == Self::Json {
            return Ok(vec![text]);
        }
        Ok(text.lines().filter(|line| !line.is_empty()).collect())
    }
}

impl Processing {
    /// Parses a `DataProcessing` structure; `None` if it changes nothing.
    ///
    /// # Errors
    ///
    /// A text that names the filter and what is wrong with it.
    pub(super) fn parse(request: &Value) -> Result<Option<Self>, String> {
        let path = |member: &str| {
            let text = request[member].as_str().unwrap_or("$");
            Path::parse(text).map_err(|error| format!("DataProcessing.{member} {text}: {error}"))
        };
        let processing = Self {
            input: path("InputFilter")?,
            output: path("OutputFilter")?,
            join: request["JoinSource"] == "Input",
        };
        let is_needed =
            processing.join || !processing.input.is_root() || !processing.output.is_root();
        Ok(is_needed.then_some(processing))
    }

    /// Returns what the model gets of a batch.
    pub(super) fn filter_input(&self, format: Format, batch: &Bytes) -> Result<Bytes, String> {
        if self.input.is_root() {
            return Ok(batch.clone());
        }
        let records = format.records(batch)?;
        let filtered = records
            .iter()
            .map(|record| filter(&self.input, format, record));
        let filtered = filtered
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| format!("InputFilter: {error}"))?;
        Ok(lines(&filtered))
    }

    /// Joins the records of a batch with those of the response, and filters the result.
    pub(super) fn finish(
        &self,
        (input_format, batch): (Format, &Bytes),
        (output_format, response): (Format, &Bytes),
    ) -> Result<Bytes, String> {
        if !self.join && self.output.is_root() {
            return Ok(response.clone());
        }
        let inputs = input_format.records(batch)?;
        // One record has one response, over however many lines a model writes it.
        let several = input_format != Format::Json && inputs.len() > 1;
        let output_format = if output_format == Format::Json && several {
            Format::JsonLines
        } else {
            output_format
        };
        let outputs = output_format.records(response)?;
        if !self.join {
            return self.filter_output(output_format, outputs.iter().map(ToString::to_string));
        }
        if (input_format == Format::Csv) != (output_format == Format::Csv) {
            return Err(format!(
                "JoinSource Input: {input_format:?} records can't be joined with the \
                 {output_format:?} response of the model: set Accept to the ContentType"
            ));
        }
        if inputs.len() != outputs.len() {
            return Err(format!(
                "JoinSource Input: the model's response has {} records, and the request had {}",
                outputs.len(),
                inputs.len()
            ));
        }
        let joined = inputs.iter().zip(&outputs).map(|(input, output)| {
            if input_format == Format::Csv {
                Ok(format!("{input},{output}"))
            } else {
                join_json(input, output)
            }
        });
        let joined: Vec<String> = joined.collect::<Result<_, String>>()?;
        self.filter_output(input_format, joined.into_iter())
    }

    fn filter_output(
        &self,
        format: Format,
        records: impl Iterator<Item = String>,
    ) -> Result<Bytes, String> {
        let filtered = records.map(|record| filter(&self.output, format, &record));
        let filtered = filtered
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| format!("OutputFilter: {error}"))?;
        Ok(lines(&filtered))
    }
}

fn lines(records: &[String]) -> Bytes {
    records.join("\n").into()
}

fn filter(path: &Path, format: Format, record: &str) -> Result<String, String> {
    if path.is_root() {
        return Ok(record.to_owned());
    }
    if format == Format::Csv {
        return Ok(path.select_columns(&columns(record))?.join(","));
    }
    Ok(path.select(&parse_json(record)?)?.to_string())
}

fn parse_json(record: &str) -> Result<Value, String> {
    serde_json::from_str(record).map_err(|error| format!("a record is no JSON: {error}"))
}

/// Adds the output to the input, in the member `SageMakerOutput`; an input that is no object
/// becomes the member `SageMakerInput`.
fn join_json(input: &str, output: &str) -> Result<String, String> {
    let mut joined = match parse_json(input)? {
        Value::Object(members) => members,
        other => Map::from_iter([("SageMakerInput".to_owned(), other)]),
    };
    joined.insert("SageMakerOutput".to_owned(), parse_json(output)?);
    Ok(Value::Object(joined).to_string())
}

/// Splits a CSV record into its fields, with their quotes.
fn columns(record: &str) -> Vec<&str> {
    let mut quoted = false;
    let is_separator = |letter: char| {
        quoted ^= letter == '"';
        letter == ',' && !quoted
    };
    record.split(is_separator).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Filters and joins; the formats are of input and output.
    fn process(request: &Value, kinds: [&str; 2], input: &str, output: &str) -> [String; 2] {
        let processing = Processing::parse(request).unwrap().unwrap();
        let [from, to] = kinds.map(|kind| Format::of(kind).unwrap());
        let (input, output) = (
            Bytes::from(input.to_owned()),
            Bytes::from(output.to_owned()),
        );
        let text = |result: Result<Bytes, String>| match result {
            Ok(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            Err(error) => error,
        };
        [
            text(processing.filter_input(from, &input)),
            text(processing.finish((from, &input), (to, &output))),
        ]
    }

    /// The first three are the requests of AWS's guide: "Output Inferences Joined with Input Data",
    /// "... and Exclude the ID Column from the Input (CSV)", "... Joined with an ID Column ..."; the
    /// fourth has the guide's JSON result.
    #[test]
    fn records_are_filtered_and_joined() {
        let check = |request: Value, kind: &str, input: &str, output: &str, expected: [&str; 2]| {
            assert_eq!(process(&request, [kind, kind], input, output), expected);
        };
        let csv = "text/csv; charset=utf-8";
        check(
            json!({ "JoinSource": "Input" }),
            csv,
            "1,2\n3,4\n",
            "0.5\n0.7\n",
            ["1,2\n3,4\n", "1,2,0.5\n3,4,0.7"],
        );
        check(
            json!({ "InputFilter": "$[1:]", "JoinSource": "Input" }),
            csv,
            "id1,2,3\n",
            "0.5",
            ["2,3", "id1,2,3,0.5"],
        );
        check(
            json!({ "InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]" }),
            csv,
            "\"a, b\",2,3\n",
            "0.5",
            ["2,3", "\"a, b\",0.5"],
        );
        check(
            json!({ "InputFilter": "$.features", "JoinSource": "Input",
                    "OutputFilter": "$['id','SageMakerOutput']" }),
            "application/json",
            r#"{"id": 7, "features": [1, 2]}"#,
            r#"{"label":1}"#,
            ["[1,2]", r#"{"id":7,"SageMakerOutput":{"label":1}}"#],
        );
        check(
            json!({ "JoinSource": "Input" }),
            "application/jsonlines",
            "[1]\n[2]\n",
            "{\"a\":1}\n{\"a\":2}\n",
            [
                "[1]\n[2]\n",
                "{\"SageMakerInput\":[1],\"SageMakerOutput\":{\"a\":1}}\n\
                 {\"SageMakerInput\":[2],\"SageMakerOutput\":{\"a\":2}}",
            ],
        );
        check(
            json!({ "OutputFilter": "$.predictions[0].score" }),
            "application/json",
            "1",
            r#"{"predictions": [{"score": 0.5}]}"#,
            ["1", "0.5"],
        );
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let join = json!({ "JoinSource": "Input", "OutputFilter": "$[9]" });
        let check = |kinds: [&str; 2], input: &str, output: &str, expected: &str| {
            assert_eq!(process(&join, kinds, input, output)[1], expected);
        };
        check(
            ["text/csv", "text/csv"],
            "1,2",
            "3",
            "OutputFilter: the index 9 is not within the 3 columns of a record",
        );
        check(
            ["text/csv", "text/csv"],
            "1\n2",
            "3",
            "JoinSource Input: the model's response has 1 records, and the request had 2",
        );
        check(
            ["text/csv", "application/json"],
            "1",
            "3",
            "JoinSource Input: Csv records can't be joined with the Json response of the model: \
             set Accept to the ContentType",
        );
        assert_eq!(
            Format::of("image/png").unwrap_err(),
            "DataProcessing needs text/csv, application/json or application/jsonlines, and not the \
             content type \"image/png\""
        );
    }
}
