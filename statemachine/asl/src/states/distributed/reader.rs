//! `ItemReader`: where the items are, and how they are written.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html>

use serde_json::Value;

use crate::definition::{Compiler, Diagnostics, Fields, Language};
use crate::fault::Fault;
use crate::states::number::Number;
use crate::template::{Scope, Template};
use crate::{Format, Payload, Reader, Resource};

#[derive(Debug)]
pub(crate) struct ItemReader {
    api: String,
    parameters: Option<Template>,
    format: Format,
    loads: bool,
    max_items: Option<Number>,
}

impl ItemReader {
    pub(super) fn read(compiler: &mut Compiler, fields: &mut Fields<'_>) -> Option<ItemReader> {
        let mut fields = fields.object("ItemReader", &mut compiler.diagnostics)?;
        fields.require(&["Resource"], &mut compiler.diagnostics);
        let parameters = parameters(compiler, &mut fields);
        let diagnostics = &mut compiler.diagnostics;
        let api = s3_api(&mut fields, &["getObject", "listObjectsV2"], diagnostics);
        let listing = api.as_deref() == Some("listObjectsV2");
        let (mut format, mut loads) = (Format::Json { pointer: None }, false);
        let mut max_items = None;
        match fields.object("ReaderConfig", diagnostics) {
            Some(mut config) => {
                max_items = Number::read(&mut config, "MaxItems", "MaxItemsPath", diagnostics);
                loads = names_files(&mut config, listing, diagnostics);
                format = read_format(&mut config, listing && !loads, diagnostics).unwrap_or(format);
                config.finish(diagnostics);
            }
            None if listing => {}
            None => {
                fields.require(&["ReaderConfig"], diagnostics);
            }
        }
        fields.finish(diagnostics);
        Some(ItemReader {
            api: api.unwrap_or_default(),
            parameters,
            format,
            loads,
            max_items,
        })
    }

    pub(crate) fn evaluate(&self, input: &Payload, scope: &Scope<'_>) -> Result<Reader, Fault> {
        let parameters = self.parameters.as_ref();
        let max_items = self.max_items.as_ref();
        Ok(Reader {
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

/// `Parameters`, or what JSONata states have for it.
pub(super) fn parameters(compiler: &mut Compiler, fields: &mut Fields<'_>) -> Option<Template> {
    let name = match fields.language() {
        Language::JsonPath => "Parameters",
        Language::Jsonata => "Arguments",
    };
    compiler.template(fields, name)
}

/// The operation of S3 in `Resource`.
pub(super) fn s3_api(
    fields: &mut Fields<'_>,
    allowed: &[&str],
    diagnostics: &mut Diagnostics,
) -> Option<String> {
    let location = fields.location("Resource");
    let arn = fields.string("Resource", diagnostics)?;
    if let Some(Resource::Service { service, api, .. }) = Resource::parse(arn)
        && matches!(&*service, "s3" | "aws-sdk:s3")
        && allowed.contains(&&*api)
    {
        return Some(api);
    }
    diagnostics.error(&location, "Value is not a valid resource ARN");
    None
}

const DELIMITERS: [&str; 5] = ["COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"];
const INPUT_TYPES: [&str; 5] = ["CSV", "JSON", "JSONL", "MANIFEST", "PARQUET"];

/// Whether what is read names the files that hold the items.
fn names_files(config: &mut Fields<'_>, listing: bool, diagnostics: &mut Diagnostics) -> bool {
    let manifest = config.choice(
        "ManifestType",
        &["ATHENA_DATA", "S3_INVENTORY"],
        diagnostics,
    );
    let transformation =
        config.choice("Transformation", &["NONE", "LOAD_AND_FLATTEN"], diagnostics);
    if listing {
        transformation == Some("LOAD_AND_FLATTEN")
    } else {
        manifest == Some("ATHENA_DATA")
    }
}

/// `listing` says that the items are a listing.
fn read_format(
    config: &mut Fields<'_>,
    listing: bool,
    diagnostics: &mut Diagnostics,
) -> Option<Format> {
    let pointer = config.string("ItemsPointer", diagnostics);
    let (location_of_headers, headers, delimiter) = (
        config.string("CSVHeaderLocation", diagnostics),
        config.array("CSVHeaders", diagnostics),
        config.choice("CSVDelimiter", &DELIMITERS, diagnostics),
    );
    if listing {
        return None;
    }
    config.require(&["InputType"], diagnostics);
    let location = config.location("InputType");
    match config.choice("InputType", &INPUT_TYPES, diagnostics)? {
        "CSV" => {
            if location_of_headers.is_none() {
                config.require(&["CSVHeaderLocation"], diagnostics);
            }
            let headers = headers.unwrap_or_default().iter().map(text);
            Some(Format::Csv {
                headers: (location_of_headers == Some("GIVEN")).then(|| headers.collect()),
                delimiter: delimiter_of(delimiter),
            })
        }
        "JSON" => Some(Format::Json {
            pointer: pointer.map(str::to_owned),
        }),
        "JSONL" => Some(Format::JsonLines),
        "MANIFEST" => Some(Format::Manifest),
        "PARQUET" => {
            diagnostics.not_yet(&location, "The input type PARQUET");
            None
        }
        _ => None,
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn delimiter_of(name: Option<&str>) -> char {
    match name {
        Some("PIPE") => '|',
        Some("SEMICOLON") => ';',
        Some("SPACE") => ' ',
        Some("TAB") => '\t',
        _ => ',',
    }
}
