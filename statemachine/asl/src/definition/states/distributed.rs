//! Reads the fields of a Distributed Map: `ItemReader`, `ItemBatcher`, `ResultWriter` and the
//! tolerated failures.

use crate::Resource;
use crate::definition::Language;
use crate::definition::fields::Fields;
use crate::map_run::{InputFormat, Transformation};
use crate::states::{BatcherFields, Distributed, NumberField, ReaderFields, WriterFields};
use crate::template::Template;

/// AWS: a label has at most 40 characters.
const MAX_LABEL: usize = 40;

const DELIMITERS: [&str; 5] = ["COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"];
const INPUT_TYPES: [&str; 5] = ["CSV", "JSON", "JSONL", "MANIFEST", "PARQUET"];

impl Distributed {
    pub(super) fn read(fields: &mut Fields<'_>, express: bool) -> Distributed {
        Distributed {
            express,
            label: label(fields),
            reader: fields.object("ItemReader").map(ReaderFields::read),
            batcher: fields.object("ItemBatcher").map(BatcherFields::read),
            writer: fields.object("ResultWriter").map(WriterFields::read),
            tolerated_count: NumberField::read_whole(
                fields,
                "ToleratedFailureCount",
                "ToleratedFailureCountPath",
            ),
            tolerated_percentage: NumberField::read_percentage(
                fields,
                "ToleratedFailurePercentage",
                "ToleratedFailurePercentagePath",
            ),
        }
    }
}

fn label(fields: &mut Fields<'_>) -> Option<String> {
    let label = fields.string("Label")?;
    let forbidden = label.chars().find(|letter| is_forbidden_in_names(*letter));
    let message = if label.is_empty() {
        "Label cannot be empty".to_owned()
    } else if label.chars().count() > MAX_LABEL {
        format!("Label cannot exceed {MAX_LABEL} characters")
    } else if let Some(forbidden) = forbidden {
        format!("Label contains invalid character: '{forbidden}'")
    } else {
        return Some(label.to_owned());
    };
    fields.error_in("Label", message);
    None
}

/// Returns true for what no name of Step Functions may contain.
fn is_forbidden_in_names(letter: char) -> bool {
    letter.is_whitespace()
        || letter.is_control()
        || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(letter)
        || matches!(letter, '\u{fffe}' | '\u{ffff}')
}

impl BatcherFields {
    fn read(mut fields: Fields<'_>) -> BatcherFields {
        let input = fields.template("BatchInput");
        let max_items =
            NumberField::read_whole(&mut fields, "MaxItemsPerBatch", "MaxItemsPerBatchPath");
        let max_bytes = NumberField::read_whole(
            &mut fields,
            "MaxInputBytesPerBatch",
            "MaxInputBytesPerBatchPath",
        );
        if max_items.is_none() && max_bytes.is_none() {
            let message = "There should be one of the following fields: [MaxItemsPerBatch, \
                           MaxItemsPerBatchPath, MaxInputBytesPerBatch, \
                           MaxInputBytesPerBatchPath]";
            fields.error(message);
        }
        fields.finish();
        BatcherFields {
            max_items,
            max_bytes,
            input,
        }
    }
}

/// Reads `Parameters`, or what JSONata states have for it.
fn parameters(fields: &mut Fields<'_>) -> Option<Template> {
    match fields.language() {
        Language::JsonPath => fields.template("Parameters"),
        Language::Jsonata => fields.template("Arguments"),
    }
}

/// Reads the operation of S3 in `Resource`.
fn s3_operation(fields: &mut Fields<'_>, allowed: &[&str]) -> Option<String> {
    let arn = fields.string("Resource")?;
    if let Some(Resource::Service { service, api, .. }) = Resource::parse(arn)
        && matches!(&*service, "s3" | "aws-sdk:s3")
        && allowed.contains(&&*api)
    {
        return Some(api);
    }
    fields.error_in("Resource", "Value is not a valid resource ARN");
    None
}

impl ReaderFields {
    fn read(mut fields: Fields<'_>) -> ReaderFields {
        fields.require(&["Resource"]);
        let parameters = parameters(&mut fields);
        let api = s3_operation(&mut fields, &["getObject", "listObjectsV2"]);
        let is_listing = api.as_deref() == Some("listObjectsV2");
        let (mut format, mut loads) = (InputFormat::Json { pointer: None }, false);
        let mut max_items = None;
        match fields.object("ReaderConfig") {
            Some(mut config) => {
                max_items = NumberField::read_whole(&mut config, "MaxItems", "MaxItemsPath");
                loads = names_files(&mut config, is_listing);
                let listed = read_format(&mut config, is_listing && !loads);
                format = listed.unwrap_or(format);
                config.finish();
            }
            None if is_listing => {}
            None => fields.require(&["ReaderConfig"]),
        }
        fields.finish();
        ReaderFields {
            api: api.unwrap_or_default(),
            parameters,
            format,
            loads,
            max_items,
        }
    }
}

/// Returns true if what is read names the files that hold the items.
fn names_files(config: &mut Fields<'_>, is_listing: bool) -> bool {
    let manifest = config.choice("ManifestType", &["ATHENA_DATA", "S3_INVENTORY"]);
    let transformation = config.choice("Transformation", &["NONE", "LOAD_AND_FLATTEN"]);
    if is_listing {
        transformation == Some("LOAD_AND_FLATTEN")
    } else {
        manifest == Some("ATHENA_DATA")
    }
}

/// Reads the format of the items; `None` if the items are those of a listing.
fn read_format(config: &mut Fields<'_>, is_listing: bool) -> Option<InputFormat> {
    let pointer = config.string("ItemsPointer");
    let header_location = config.string("CSVHeaderLocation");
    let headers = config.array("CSVHeaders");
    let delimiter = config.choice("CSVDelimiter", &DELIMITERS);
    if is_listing {
        return None;
    }
    config.require(&["InputType"]);
    match config.choice("InputType", &INPUT_TYPES)? {
        "CSV" => {
            if header_location.is_none() {
                config.require(&["CSVHeaderLocation"]);
            }
            let headers = headers.unwrap_or_default().iter();
            let headers = headers.map(crate::java_text::string_or_json);
            Some(InputFormat::Csv {
                headers: (header_location == Some("GIVEN")).then(|| headers.collect()),
                delimiter: delimiter_char(delimiter),
            })
        }
        "JSON" => Some(InputFormat::Json {
            pointer: pointer.map(str::to_owned),
        }),
        "JSONL" => Some(InputFormat::JsonLines),
        "MANIFEST" => Some(InputFormat::Manifest),
        "PARQUET" => {
            let message = "The input type PARQUET is not supported by this engine yet";
            config.error_in("InputType", message);
            None
        }
        _ => None,
    }
}

fn delimiter_char(name: Option<&str>) -> char {
    match name {
        Some("PIPE") => '|',
        Some("SEMICOLON") => ';',
        Some("SPACE") => ' ',
        Some("TAB") => '\t',
        _ => ',',
    }
}

impl WriterFields {
    fn read(mut fields: Fields<'_>) -> WriterFields {
        let destination = parameters(&mut fields);
        let resource = s3_operation(&mut fields, &["putObject"]);
        let mut writer = WriterFields {
            destination: destination.filter(|_| resource.is_some()),
            transformation: Transformation::Default,
            lines: false,
        };
        let config = fields.object("WriterConfig");
        if config.is_none() && writer.destination.is_none() {
            fields.require(&["Resource"]);
        }
        if let Some(mut config) = config {
            let names = ["NONE", "COMPACT", "FLATTEN"];
            writer.transformation = match config.choice("Transformation", &names) {
                Some("NONE") => Transformation::None,
                Some("COMPACT") => Transformation::Compact,
                Some("FLATTEN") => Transformation::Flatten,
                _ => Transformation::Default,
            };
            writer.lines = config.choice("OutputType", &["JSON", "JSONL"]) == Some("JSONL");
            config.finish();
        }
        fields.finish();
        writer
    }
}
