//! The request of a Distributed Map to its runner: a *map run*, which runs the map's processor once
//! for each item, or batch of items, as an execution of its own.
//!
//! The runner reads the items, asks [`crate::Execution::map_item`] what the map makes of each, puts
//! them into batches, starts a child execution ([`crate::Execution::start_child`]) for each, and in
//! the end reports on the map run as on a task. Nothing of the items is in the execution itself:
//! there may be millions.

use serde::{Deserialize, Serialize};

use crate::Payload;
use crate::transition::StateId;

/// A map run to perform.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MapRunRequest {
    /// The Map state, for logs.
    pub state: String,
    /// `arn:aws:states:us-east-1:123456789012:mapRun:MACHINE/LABEL:UUID`
    pub map_run_arn: String,
    /// `Label`, or a UUID that stays the same for the state.
    pub label: String,
    /// The number of redrives: with 0 it begins, otherwise the children that did not succeed run
    /// once more.
    #[serde(default)]
    pub redrives: u64,
    /// `ExecutionType: EXPRESS`: children are neither listed nor have histories.
    pub express: bool,
    /// The source of the items.
    pub source: ItemSource,
    /// `ItemBatcher`
    pub batch: Option<ItemBatcher>,
    /// The most children that run at once; 0 for no limit of its own.
    pub max_concurrency: u64,
    /// The number of items that may fail.
    pub tolerated_failure_count: Option<u64>,
    /// The percentage of the items that may fail.
    pub tolerated_failure_percentage: Option<f64>,
    /// The destination and form of the children's results.
    pub results: ResultWriter,
    /// The first state of the processor.
    pub(crate) processor: StateId,
    /// The value that `ItemSelector` reads as `$`.
    pub(crate) input: Payload,
}

/// The source of a map's items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ItemSource {
    /// An array in the state's input.
    #[serde(rename = "Given")]
    Array(Payload),
    /// `ItemReader`
    Reader(ItemReader),
}

/// `ItemReader`, evaluated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemReader {
    /// `getObject` or `listObjectsV2`, of S3.
    pub api: String,
    /// `Parameters`: `Bucket`, and `Key` or `Prefix`.
    pub parameters: Payload,
    /// The format of the object; not used for a mere listing.
    pub format: InputFormat,
    /// Set if the items are in the files that the listing or manifest names:
    /// `Transformation: LOAD_AND_FLATTEN`, and Athena's manifests.
    #[serde(default)]
    pub loads: bool,
    /// `MaxItems`: 0 and `None` for all. A negative one is the runner's to refuse, as AWS does:
    /// after the map run's start.
    pub max_items: Option<i64>,
}

/// `ReaderConfig`: how an object's items are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum InputFormat {
    /// Rows of texts.
    Csv {
        /// `CSVHeaders` where `CSVHeaderLocation` is `GIVEN`; otherwise the first row names the
        /// columns.
        headers: Option<Vec<String>>,
        /// `CSVDelimiter`
        delimiter: char,
    },
    /// An array, or what `ItemsPointer` leads to.
    Json {
        /// `ItemsPointer`, a JSON Pointer (RFC 6901).
        pointer: Option<String>,
    },
    /// A value a line.
    JsonLines,
    /// An inventory of S3 (`manifest.json`), which names CSV files.
    Manifest,
}

/// `ItemBatcher`, evaluated. At least one of the limits is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemBatcher {
    /// The most items in a batch.
    pub max_items: Option<u64>,
    /// The longest input of a child, in bytes.
    pub max_bytes: Option<u64>,
    /// `BatchInput`: what every child gets beside its items.
    pub input: Option<Payload>,
}

/// `ResultWriter`, evaluated.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ResultWriter {
    /// `Parameters` (`Bucket` and `Prefix`): where results are written. Without it they are the
    /// state's result.
    pub destination: Option<Payload>,
    /// `Transformation`
    pub transformation: Transformation,
    /// `OutputType: JSONL` instead of `JSON`.
    pub lines: bool,
}

/// The transformation of a child's result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Transformation {
    /// The default: `None` where results are written, `Compact` where they are the state's result.
    #[default]
    Default,
    /// The result with all that describes the execution.
    None,
    /// The output alone.
    Compact,
    /// The output alone; the elements of one that is an array.
    Flatten,
}
