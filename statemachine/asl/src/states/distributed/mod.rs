//! The fields of a Map whose processor runs as executions of its own (`Mode: DISTRIBUTED`).
//!
//! | in        | on                    | does                                                             | then                 |
//! |-----------|-----------------------|------------------------------------------------------------------|----------------------|
//! | (entered) |                       | `MapStateStarted`; evaluates all fields; `MapRunStarted`          | running              |
//! | running   | the map run succeeded | `MapRunSucceeded`, `MapStateSucceeded`; its result                | exit                 |
//! | running   | the map run failed    | `MapRunFailed`                                                   | retry, catch or fail |
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html>

mod reader;
mod running;
mod writer;

use serde_json::Value;

use crate::definition::{Compiler, Fields};
use crate::fault::Fault;
use crate::probe::Setting;
use crate::states::number::Number;
use crate::template::{Scope, Template};
use crate::{Batch, Payload, Results};

use reader::ItemReader;
use writer::ResultWriter;

/// AWS: a label has at most so many characters.
const MAX_LABEL: usize = 40;

#[derive(Debug)]
pub(crate) struct Distributed {
    /// `ExecutionType` of the processor.
    pub(crate) express: bool,
    pub(crate) label: Option<String>,
    pub(crate) reader: Option<ItemReader>,
    batcher: Option<Batcher>,
    writer: Option<ResultWriter>,
    tolerated_count: Option<Number>,
    tolerated_percentage: Option<Number>,
}

#[derive(Debug)]
struct Batcher {
    max_items: Option<Number>,
    max_bytes: Option<Number>,
    input: Option<Template>,
}

impl Distributed {
    pub(crate) fn read(
        compiler: &mut Compiler,
        fields: &mut Fields<'_>,
        express: bool,
    ) -> Distributed {
        Distributed {
            express,
            label: label(compiler, fields),
            reader: ItemReader::read(compiler, fields),
            batcher: Batcher::read(compiler, fields),
            writer: ResultWriter::read(compiler, fields),
            tolerated_count: Number::read(
                fields,
                "ToleratedFailureCount",
                "ToleratedFailureCountPath",
                &mut compiler.diagnostics,
            ),
            tolerated_percentage: Number::read_percentage(
                fields,
                "ToleratedFailurePercentage",
                "ToleratedFailurePercentagePath",
                &mut compiler.diagnostics,
            ),
        }
    }

    pub(crate) fn batch(&self, scope: &Scope<'_>) -> Result<Option<Batch>, Fault> {
        let Some(batcher) = &self.batcher else {
            return Ok(None);
        };
        let input = batcher.input.as_ref();
        Ok(Some(Batch {
            max_items: whole(batcher.max_items.as_ref(), scope)?,
            max_bytes: whole(batcher.max_bytes.as_ref(), scope)?,
            input: input
                .map(|input| input.render(scope))
                .transpose()?
                .map(Payload::from),
        }))
    }

    /// Whether results go to a bucket.
    pub(crate) fn writes_results(&self) -> bool {
        self.writer.as_ref().is_some_and(ResultWriter::writes)
    }

    pub(crate) fn results(&self, scope: &Scope<'_>) -> Result<Results, Fault> {
        let writer = self.writer.as_ref();
        let results = writer.map(|writer| writer.evaluate(scope)).transpose()?;
        Ok(results.unwrap_or_default())
    }

    /// How many items, and how many percent of them, may fail.
    pub(crate) fn tolerated(&self, scope: &Scope<'_>) -> Result<(Option<u64>, Option<f64>), Fault> {
        let percentage = self.tolerated_percentage.as_ref();
        let percentage = percentage.map(|number| number.float(scope)).transpose()?;
        if percentage.is_some_and(|percentage| !(0.0..=100.0).contains(&percentage)) {
            let message = "ToleratedFailurePercentage must be between 0 and 100.";
            return Err(Fault::runtime(message));
        }
        let count = whole(self.tolerated_count.as_ref(), scope)?;
        if let Some(count) = count {
            scope.set(Setting::ToleratedFailureCount, count.into());
        }
        if let Some(percentage) = percentage {
            scope.set(Setting::ToleratedFailurePercentage, percentage.into());
        }
        Ok((count, percentage))
    }
}

fn whole(number: Option<&Number>, scope: &Scope<'_>) -> Result<Option<u64>, Fault> {
    number.map(|number| number.whole(scope)).transpose()
}

impl Batcher {
    fn read(compiler: &mut Compiler, fields: &mut Fields<'_>) -> Option<Batcher> {
        let mut fields = fields.object("ItemBatcher", &mut compiler.diagnostics)?;
        let input = compiler.template(&mut fields, "BatchInput");
        let diagnostics = &mut compiler.diagnostics;
        let max_items = Number::read(
            &mut fields,
            "MaxItemsPerBatch",
            "MaxItemsPerBatchPath",
            diagnostics,
        );
        let max_bytes = Number::read(
            &mut fields,
            "MaxInputBytesPerBatch",
            "MaxInputBytesPerBatchPath",
            diagnostics,
        );
        if max_items.is_none() && max_bytes.is_none() {
            let message = "There should be one of the following fields: [MaxItemsPerBatch, MaxItemsPerBatchPath, \
                           MaxInputBytesPerBatch, MaxInputBytesPerBatchPath]";
            diagnostics.error(fields.at(), message);
        }
        fields.finish(diagnostics);
        Some(Batcher {
            max_items,
            max_bytes,
            input,
        })
    }
}

fn label(compiler: &mut Compiler, fields: &mut Fields<'_>) -> Option<String> {
    let location = fields.location("Label");
    let label = fields.string("Label", &mut compiler.diagnostics)?;
    let bad = label.chars().find(|letter| forbidden(*letter));
    let message = if label.is_empty() {
        "Label cannot be empty".to_owned()
    } else if label.chars().count() > MAX_LABEL {
        format!("Label cannot exceed {MAX_LABEL} characters")
    } else if let Some(bad) = bad {
        format!("Label contains invalid character: '{bad}'")
    } else {
        return Some(label.to_owned());
    };
    compiler.diagnostics.error(&location, message);
    None
}

/// What no name of Step Functions may have.
fn forbidden(letter: char) -> bool {
    letter.is_whitespace()
        || letter.is_control()
        || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(letter)
        || matches!(letter, '\u{fffe}' | '\u{ffff}')
}

/// The items in `value`: the elements of an array, or the members of an object as `Key` and `Value`.
pub(crate) fn items(value: Value) -> Option<Value> {
    match value {
        Value::Array(_) => Some(value),
        Value::Object(members) => Some(
            members
                .into_iter()
                .map(|(key, value)| serde_json::json!({ "Key": key, "Value": value }))
                .collect(),
        ),
        _ => None,
    }
}
