//! The fields of a Map whose processor runs as executions of its own (`Mode: DISTRIBUTED`).
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html>

use super::NumberField;
use crate::Payload;
use crate::fault::Fault;
use crate::inspector::MapSetting;
use crate::map_run::{InputFormat, ItemBatcher, ItemReader, ResultWriter, Transformation};
use crate::scope::Scope;
use crate::template::Template;

#[derive(Debug)]
pub(crate) struct Distributed {
    /// `ExecutionType` of the processor.
    pub(crate) express: bool,
    pub(crate) label: Option<String>,
    pub(crate) reader: Option<ReaderFields>,
    pub(crate) batcher: Option<BatcherFields>,
    pub(crate) writer: Option<WriterFields>,
    pub(crate) tolerated_count: Option<NumberField>,
    pub(crate) tolerated_percentage: Option<NumberField>,
}

/// `ItemReader`: where the items are, and their format.
///
/// <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html>
#[derive(Debug)]
pub(crate) struct ReaderFields {
    pub(crate) api: String,
    pub(crate) parameters: Option<Template>,
    pub(crate) format: InputFormat,
    pub(crate) loads: bool,
    pub(crate) max_items: Option<NumberField>,
}

/// `ItemBatcher`
#[derive(Debug)]
pub(crate) struct BatcherFields {
    pub(crate) max_items: Option<NumberField>,
    pub(crate) max_bytes: Option<NumberField>,
    pub(crate) input: Option<Template>,
}

/// `ResultWriter`: where the children's results go, and in what form.
///
/// <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html>
#[derive(Debug)]
pub(crate) struct WriterFields {
    pub(crate) destination: Option<Template>,
    pub(crate) transformation: Transformation,
    pub(crate) lines: bool,
}

/// The number and the percentage of items that may fail.
pub(crate) struct Tolerance {
    pub(crate) count: Option<u64>,
    pub(crate) percentage: Option<f64>,
}

impl Distributed {
    pub(crate) fn batch(&self, scope: &Scope<'_>) -> Result<Option<ItemBatcher>, Fault> {
        let Some(batcher) = &self.batcher else {
            return Ok(None);
        };
        let input = batcher.input.as_ref();
        Ok(Some(ItemBatcher {
            max_items: whole(batcher.max_items.as_ref(), scope)?,
            max_bytes: whole(batcher.max_bytes.as_ref(), scope)?,
            input: input
                .map(|input| input.render(scope))
                .transpose()?
                .map(Payload::from),
        }))
    }

    /// Returns true if results go to a bucket.
    pub(crate) fn writes_results(&self) -> bool {
        self.writer
            .as_ref()
            .is_some_and(|writer| writer.destination.is_some())
    }

    pub(crate) fn results(&self, scope: &Scope<'_>) -> Result<ResultWriter, Fault> {
        let writer = self.writer.as_ref();
        let results = writer.map(|writer| writer.evaluate(scope)).transpose()?;
        Ok(results.unwrap_or_default())
    }

    pub(crate) fn tolerance(&self, scope: &Scope<'_>) -> Result<Tolerance, Fault> {
        let percentage = self.tolerated_percentage.as_ref();
        let percentage = percentage.map(|number| number.float(scope)).transpose()?;
        if percentage.is_some_and(|percentage| !(0.0..=100.0).contains(&percentage)) {
            let message = "ToleratedFailurePercentage must be between 0 and 100.";
            return Err(Fault::runtime(message));
        }
        let count = whole(self.tolerated_count.as_ref(), scope)?;
        if let Some(count) = count {
            scope.record_setting(MapSetting::ToleratedFailureCount, count.into());
        }
        if let Some(percentage) = percentage {
            scope.record_setting(MapSetting::ToleratedFailurePercentage, percentage.into());
        }
        Ok(Tolerance { count, percentage })
    }
}

fn whole(number: Option<&NumberField>, scope: &Scope<'_>) -> Result<Option<u64>, Fault> {
    number.map(|number| number.whole(scope)).transpose()
}

impl ReaderFields {
    pub(crate) fn evaluate(&self, input: &Payload, scope: &Scope<'_>) -> Result<ItemReader, Fault> {
        let parameters = self.parameters.as_ref();
        let max_items = self.max_items.as_ref();
        Ok(ItemReader {
            api: self.api.clone(),
            parameters: match parameters {
                Some(parameters) => parameters.render(scope)?.into(),
                None => input.clone(),
            },
            format: self.format.clone(),
            loads: self.loads,
            max_items: max_items.map(|number| number.signed(scope)).transpose()?,
        })
    }
}

impl WriterFields {
    fn evaluate(&self, scope: &Scope<'_>) -> Result<ResultWriter, Fault> {
        let destination = self.destination.as_ref();
        Ok(ResultWriter {
            destination: destination
                .map(|destination| destination.render(scope))
                .transpose()?
                .map(Payload::from),
            transformation: self.transformation,
            lines: self.lines,
        })
    }
}
