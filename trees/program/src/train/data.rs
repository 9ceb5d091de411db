//! The tables of a job.

use std::fs;
use std::path::{Path, PathBuf};

use sagemaker_container::channels::{self, Channel, ChannelError};
use tables::{ColumnSchema, ColumnType, ReadOptions, Reader, Schema, Table};
use trees::preprocessing::Recipe;

use super::{Mode, Settings, TrainError};

/// The name of the column of weights in CSV without a header.
pub(super) const WEIGHT: &str = "weight";

/// The tables of a job, with the recipe for them.
pub(super) struct Data {
    pub(super) train: Table,
    pub(super) validation: Option<Table>,
    pub(super) recipe: Recipe,
    /// The classes, in order, if the target is a label.
    pub(super) labels: Option<Vec<String>>,
}

impl Data {
    pub(super) fn read(root: &Path, settings: &Settings) -> Result<Self, TrainError> {
        let folder = channels::data_folder(root);
        let train = match read_channel(&folder, "train") {
            // The built-in algorithms' name, and that of containers of one's own.
            Err(TrainError::Channel(ChannelError::Missing { .. }))
                if folder.join("training").is_dir() =>
            {
                read_channel(&folder, "training")?
            }
            other => other?,
        };
        let validation = match read_channel(&folder, "validation") {
            Err(TrainError::Channel(ChannelError::Missing { .. })) => None,
            other => Some(other?),
        };
        if settings.mode == Mode::Trees && settings.target.is_none() {
            return Self::of_numbers(settings, &train, validation.as_deref());
        }
        // A column that lacks values in either may lack them in requests.
        let all = validation.iter().fold(train.clone(), |mut all, rows| {
            append(&mut all, without_header(&train, rows));
            all
        });
        let mut schema = infer(&all)?;
        if let Some(target) = &settings.target {
            schema = schema.with_target(target)?;
        }
        let recipe = match recipe(&folder, settings)? {
            Some(recipe) => recipe,
            None if settings.mode == Mode::Trees => Recipe::default(),
            None => Recipe::general(&schema),
        };
        let train = read(&schema, "train", &train)?;
        let target = train.target().and_then(tables::Values::as_labels);
        let labels = target.map(|labels| {
            let mut texts: Vec<String> = labels.iter().flatten().map(str::to_owned).collect();
            texts.sort_unstable();
            texts.dedup();
            texts
        });
        let validation = validation
            .map(|bytes| read(&schema, "validation", &bytes))
            .transpose()?;
        Ok(Self {
            train,
            validation,
            recipe,
            labels,
        })
    }

    /// Reads CSV without a header as the XGBoost container does: the label first, then the weight
    /// if there are weights, then numbers.
    fn of_numbers(
        settings: &Settings,
        train: &[u8],
        validation: Option<&[u8]>,
    ) -> Result<Self, TrainError> {
        let end = train.iter().position(|byte| *byte == b'\n');
        let first = &train[..end.unwrap_or(train.len())];
        let fields = 1 + first.iter().filter(|byte| **byte == b',').count();
        let mut names = vec!["label".to_owned()];
        if settings.csv_weights {
            names.push(WEIGHT.to_owned());
        }
        let features: Vec<String> = (0..fields.saturating_sub(names.len()))
            .map(|index| format!("f{index}"))
            .collect();
        let is_feature = names.len();
        names.extend(features.iter().cloned());
        let columns = names
            .into_iter()
            .enumerate()
            .map(|(index, name)| ColumnSchema {
                name,
                kind: ColumnType::Number,
                missing: index >= is_feature,
            });
        let schema = Schema::new(columns.collect(), Some("label".to_owned()))?;
        let validation = validation
            .map(|bytes| read(&schema, "validation", bytes))
            .transpose()?;
        Ok(Self {
            train: read(&schema, "train", train)?,
            validation,
            recipe: Recipe {
                columns: features,
                ..Recipe::default()
            },
            labels: None,
        })
    }
}

fn infer(bytes: &[u8]) -> Result<Schema, TrainError> {
    Schema::infer(bytes).map_err(|cause| TrainError::Rows {
        channel: "train",
        cause,
    })
}

fn read(schema: &Schema, channel: &'static str, bytes: &[u8]) -> Result<Table, TrainError> {
    let reader = Reader::new(schema).with_options(ReadOptions::default());
    let rows = reader.csv(bytes);
    Ok(rows
        .map_err(|cause| TrainError::Rows { channel, cause })?
        .table)
}

/// Returns the recipe of the hyperparameter or of the channel.
fn recipe(data: &Path, settings: &Settings) -> Result<Option<Recipe>, TrainError> {
    match settings.recipe.as_deref().map(str::trim) {
        Some("general") => return Ok(None),
        Some("house-prices") => return Ok(Some(Recipe::house_prices())),
        Some(json) => return Ok(Some(Recipe::parse(json)?)),
        None => {}
    }
    match read_channel(data, "recipe") {
        Err(TrainError::Channel(ChannelError::Missing { .. })) => Ok(None),
        Err(error) => Err(error),
        Ok(bytes) => Ok(Some(Recipe::parse(&String::from_utf8_lossy(&bytes))?)),
    }
}

/// Returns the files of a channel one after the other. Where all begin with the same line of
/// names, it stays once.
fn read_channel(data: &Path, name: &str) -> Result<Vec<u8>, TrainError> {
    let mut files = Vec::new();
    add_files(Channel::open(data, name)?.entries, &mut files)?;
    let Some((first, others)) = files.split_first() else {
        return Err(TrainError::NoFile(name.to_owned()));
    };
    let mut bytes = first.clone();
    for file in others {
        append(&mut bytes, without_header(first, file));
    }
    Ok(bytes)
}

/// Adds the contents of files, and those of folders.
fn add_files(paths: Vec<PathBuf>, files: &mut Vec<Vec<u8>>) -> Result<(), TrainError> {
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(['.', '_']) {
            continue;
        }
        let failed = |cause| TrainError::File {
            path: path.clone(),
            cause,
        };
        if path.is_dir() {
            let entries = path.read_dir().map_err(failed)?;
            let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
            paths.sort();
            add_files(paths, files)?;
        } else {
            files.push(fs::read(&path).map_err(failed)?);
        }
    }
    Ok(())
}

fn append(bytes: &mut Vec<u8>, rows: &[u8]) {
    if !bytes.ends_with(b"\n") {
        bytes.push(b'\n');
    }
    bytes.extend_from_slice(rows);
}

/// Returns the rows of a file without its first line, if that is the header of the first file.
fn without_header<'a>(first: &[u8], file: &'a [u8]) -> &'a [u8] {
    let line = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').next().map(<[u8]>::len);
    let length = line(first).unwrap_or_default();
    let is_text = first[..length].iter().any(u8::is_ascii_alphabetic);
    if is_text && file.starts_with(&first[..length]) {
        &file[(length + 1).min(file.len())..]
    } else {
        file
    }
}
