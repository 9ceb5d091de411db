//! The artifact: the files of a model of tables in `/opt/ml/model`.
//!
//! | file | holds |
//! |---|---|
//! | `schema.json` | the columns of the training table, and its target |
//! | `preprocessing.json` | the fitted pipeline from those columns to features |
//! | `trees.json` | the fitted trees, with the names of their features |
//! | `output.json` | the classes, the target's transform and the intervals of predictions |
//! | `figures.json` | the figures of the training |
//!
//! The first two files are a model that transforms rows, the last three one that predicts from
//! transformed rows: the two archives of a pipeline model. All of them are the whole model.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use model_archive::ArchiveError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tables::Schema;
use trees::conformal::Conformal;
use trees::preprocessing::{Pipeline, TargetTransform};
use trees::tree::{Ensemble, InvalidEnsemble};

/// The names of the files.
pub const FILES: [&str; 5] = [SCHEMA, PREPROCESSING, TREES, OUTPUT, FIGURES];
const SCHEMA: &str = "schema.json";
const PREPROCESSING: &str = "preprocessing.json";
const TREES: &str = "trees.json";
const OUTPUT: &str = "output.json";
const FIGURES: &str = "figures.json";

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 30;

/// A fitted model: preprocessing, trees, or both.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Preprocessing, with the schema of its input.
    pub preprocessing: Option<(Schema, Pipeline)>,
    /// The trees.
    pub trees: Option<Ensemble>,
    /// The meaning of what the trees predict.
    pub output: Output,
}

/// The meaning of predictions.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// The name of the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The names of the classes, for classification of labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
    /// The transform of the target that the trees learned.
    #[serde(default)]
    pub transform: TargetTransform,
    /// Intervals around predictions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conformal: Option<Conformal>,
}

/// An artifact that can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// A file can't be read or written.
    #[error("{path}: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        cause: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{path} can't be read: {cause}; train the model again")]
    Json {
        /// The file.
        path: PathBuf,
        /// The cause.
        cause: serde_json::Error,
    },
    /// The trees are malformed.
    #[error("{path} can't be used: {cause}; train the model again")]
    Trees {
        /// The file.
        path: PathBuf,
        /// The cause.
        cause: InvalidEnsemble,
    },
    /// The files do not belong together.
    #[error("{path}: {problem}; use the files of one training")]
    Mixed {
        /// The folder.
        path: PathBuf,
        /// The contradiction.
        problem: String,
    },
    /// There is no model.
    #[error(
        "{0} has neither {PREPROCESSING} nor {TREES}; give the folder of a trained model, or its \
         model.tar.gz"
    )]
    Missing(PathBuf),
    /// The archive can't be unpacked or packed.
    #[error("{path}: {cause}")]
    Archive {
        /// The archive.
        path: PathBuf,
        /// The cause.
        cause: ArchiveError,
    },
}

impl Model {
    /// Reads the model of a folder, or of an archive.
    ///
    /// # Errors
    /// A file is missing, damaged, or does not fit the others.
    pub fn read(path: &Path) -> Result<Self, ArtifactError> {
        if path.is_dir() {
            return Self::read_folder(path);
        }
        let folder = tempfile::tempdir().map_err(failed(path))?;
        let archive = File::open(path).map_err(failed(path))?;
        model_archive::unpack(archive, folder.path(), MAX_FILE).map_err(|cause| {
            ArtifactError::Archive {
                path: path.to_owned(),
                cause,
            }
        })?;
        Self::read_folder(folder.path())
    }

    fn read_folder(folder: &Path) -> Result<Self, ArtifactError> {
        let preprocessing = match read_json(folder, PREPROCESSING)? {
            None => None,
            Some(pipeline) => {
                let schema = read_json(folder, SCHEMA)?;
                let schema = schema
                    .ok_or_else(|| failed(&folder.join(SCHEMA))(io::ErrorKind::NotFound.into()))?;
                Some((schema, pipeline))
            }
        };
        let model = Self {
            preprocessing,
            trees: read_json(folder, TREES)?,
            output: read_json(folder, OUTPUT)?.unwrap_or_default(),
        };
        model.check(folder)?;
        Ok(model)
    }

    fn check(&self, folder: &Path) -> Result<(), ArtifactError> {
        let mixed = |problem| ArtifactError::Mixed {
            path: folder.to_owned(),
            problem,
        };
        let Some(trees) = &self.trees else {
            let missing = ArtifactError::Missing(folder.to_owned());
            return self.preprocessing.as_ref().map_or(Err(missing), |_| Ok(()));
        };
        trees.validate().map_err(|cause| ArtifactError::Trees {
            path: folder.join(TREES),
            cause,
        })?;
        if let Some((_, pipeline)) = &self.preprocessing {
            let names = pipeline.outputs().iter().map(|output| &output.name);
            if !names.eq(trees.features.iter().map(|(name, _)| name)) {
                let problem = format!("{TREES} has other features than {PREPROCESSING} makes");
                return Err(mixed(problem));
            }
        }
        let labels = self.output.labels.as_ref().map(Vec::len);
        let classes = if trees.outputs == 1 { 2 } else { trees.outputs };
        match labels.filter(|labels| *labels != classes) {
            Some(labels) => Err(mixed(format!(
                "{OUTPUT} names {labels} classes, and {TREES} predicts {classes}"
            ))),
            None => Ok(()),
        }
    }

    /// Writes the model to a folder, which is made if it is not there.
    ///
    /// # Errors
    /// A file can't be written.
    pub fn write(&self, folder: &Path, figures: &impl Serialize) -> Result<(), ArtifactError> {
        fs::create_dir_all(folder).map_err(failed(folder))?;
        if let Some((schema, pipeline)) = &self.preprocessing {
            write_json(folder, SCHEMA, schema)?;
            write_json(folder, PREPROCESSING, pipeline)?;
        }
        if let Some(trees) = &self.trees {
            write_json(folder, TREES, trees)?;
            write_json(folder, OUTPUT, &self.output)?;
        }
        write_json(folder, FIGURES, figures)
    }

    /// Returns the model cut in two: preprocessing, and trees that take its features.
    pub fn split(self) -> (Self, Self) {
        let preprocessing = Self {
            preprocessing: self.preprocessing,
            ..Self::default()
        };
        let trees = Self {
            preprocessing: None,
            trees: self.trees,
            output: self.output,
        };
        (preprocessing, trees)
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> ArtifactError {
    let path = path.to_owned();
    move |cause| ArtifactError::File {
        path: path.clone(),
        cause,
    }
}

fn read_json<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<Option<T>, ArtifactError> {
    let path = folder.join(name);
    if !path.exists() {
        return Ok(None);
    }
    let file = File::open(&path).map_err(failed(&path))?;
    let mut bytes = Vec::new();
    let mut limited = BufReader::new(file).take(MAX_FILE);
    limited.read_to_end(&mut bytes).map_err(failed(&path))?;
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|cause| ArtifactError::Json { path, cause })
}

fn write_json(folder: &Path, name: &str, value: &impl Serialize) -> Result<(), ArtifactError> {
    let path = folder.join(name);
    let bytes = serde_json::to_vec(value).map_err(|cause| ArtifactError::Json {
        path: path.clone(),
        cause,
    })?;
    fs::write(&path, bytes).map_err(failed(&path))
}
