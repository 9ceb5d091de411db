//! The objects that a job reads: those under a prefix, or those that a manifest names. They come a
//! page at a time.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html>

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::container::unsupported;
use service::Objects;

/// A manifest that is longer is no list that a person or a state machine wrote.
const MAX_MANIFEST: usize = 256 << 20;
const PAGE: usize = 1000;

/// An `S3DataSource`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Source {
    pub(crate) bucket: String,
    /// A prefix of keys, or a manifest's key.
    key: String,
    manifest: bool,
}

/// An object to read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Input {
    pub(crate) bucket: String,
    pub(crate) key: String,
    /// Name below the source's prefix: the names of files and outputs follow from it.
    pub(crate) name: String,
}

impl Source {
    /// Reads the `DataSource` of a channel or a transform's input. The error is what this does not
    /// have.
    pub(crate) fn of(source: &Value) -> Result<Self, String> {
        let s3 = &source["S3DataSource"];
        if s3.is_null() {
            return Err(unsupported("data sources other than S3DataSource"));
        }
        let manifest = match s3["S3DataType"].as_str() {
            Some("S3Prefix") => false,
            Some("ManifestFile") => true,
            Some(other) => return Err(unsupported(&format!("the S3DataType {other}"))),
            None => return Err("S3DataType is missing".to_owned()),
        };
        let uri = s3["S3Uri"].as_str().unwrap_or_default();
        let (bucket, key) = s3_uri::split(uri)
            .map_err(|_| format!("S3Uri {uri} is no S3 URI (s3://bucket/prefix)"))?;
        Ok(Self {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            manifest,
        })
    }

    /// AWS's words for a source without objects.
    pub(crate) fn nothing_found(&self, region: &str, role: &str) -> String {
        let Self { bucket, key, .. } = self;
        format!(
            "No S3 objects found under S3 URL \"s3://{bucket}/{key}\" given in input data source. \
             Please ensure that the bucket exists in the selected region ({region}), that objects \
             exist under that S3 prefix, and that the role \"{role}\" has \"s3:ListBucket\" \
             permissions on bucket \"{bucket}\"."
        )
    }

    /// Its objects, from the first on.
    pub(crate) fn inputs(&self, objects: Arc<dyn Objects>) -> Inputs {
        Inputs {
            objects,
            source: self.clone(),
            at: At::Start,
        }
    }
}

/// The objects of a source, not all of them in memory.
pub(crate) struct Inputs {
    objects: Arc<dyn Objects>,
    source: Source,
    at: At,
}

enum At {
    Start,
    /// After this key.
    Key(String),
    /// Prefix and remaining names of a manifest.
    Names(String, std::vec::IntoIter<String>),
}

impl Inputs {
    /// The next of them; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Vec<Input>, String> {
        if self.source.manifest {
            return self.next_named().await;
        }
        loop {
            let after = match &self.at {
                At::Key(key) => Some(key.as_str()),
                _ => None,
            };
            let Source { bucket, key, .. } = &self.source;
            let listed = self.objects.list(bucket, key, after).await;
            let listed = listed.map_err(|error| error.to_string())?;
            let Some(last) = listed.last() else {
                return Ok(vec![]);
            };
            let last = last.key.clone();
            let inputs: Vec<Input> = listed
                .into_iter()
                // What consoles make to show a folder.
                .filter(|object| !object.key.ends_with('/'))
                .map(|object| Input {
                    bucket: bucket.clone(),
                    name: name_below(key, &object.key).to_owned(),
                    key: object.key,
                })
                .collect();
            self.at = At::Key(last);
            if !inputs.is_empty() {
                return Ok(inputs);
            }
        }
    }

    async fn next_named(&mut self) -> Result<Vec<Input>, String> {
        if matches!(self.at, At::Start) {
            let (prefix, names) = self.read_manifest().await?;
            self.at = At::Names(prefix, names.into_iter());
        }
        let At::Names(prefix, names) = &mut self.at else {
            return Ok(vec![]);
        };
        let (bucket, below) = s3_uri::split(prefix).map_err(|_| {
            format!("the manifest's prefix {prefix} is no S3 URI (s3://bucket/prefix)")
        })?;
        let inputs = names.by_ref().take(PAGE).map(|name| Input {
            bucket: bucket.to_owned(),
            key: format!("{below}{name}"),
            name,
        });
        Ok(inputs.collect())
    }

    /// `[{"prefix": "s3://bucket/folder/"}, "one", "two", …]`
    async fn read_manifest(&self) -> Result<(String, Vec<String>), String> {
        let Source { bucket, key, .. } = &self.source;
        let uri = format!("s3://{bucket}/{key}");
        let bytes = self.objects.piece(bucket, key, None, 0, MAX_MANIFEST).await;
        let bytes = bytes.map_err(|error| error.to_string())?;
        let bytes = bytes.ok_or_else(|| format!("there is no manifest at {uri}"))?;
        let broken = |fault: &str| format!("the manifest {uri} {fault}");
        let items: Vec<Value> = serde_json::from_slice(&bytes)
            .map_err(|error| broken(&format!("is no JSON list: {error}")))?;
        let mut items = items.into_iter();
        let first = items.next().unwrap_or_default();
        let Some(prefix) = first["prefix"].as_str() else {
            return Err(broken("does not begin with {\"prefix\": \"s3://…\"}"));
        };
        let names = items.map(|item| match item {
            Value::String(name) => Ok(name),
            other => Err(broken(&format!("has {other} where a name should be"))),
        });
        Ok((prefix.to_owned(), names.collect::<Result<_, _>>()?))
    }
}

/// Returns the name of a key below a prefix: where the prefix ends inside a name, that name begins
/// it.
fn name_below<'k>(prefix: &str, key: &'k str) -> &'k str {
    let rest = key.strip_prefix(prefix).unwrap_or(key);
    match rest.strip_prefix('/') {
        Some(rest) => rest,
        None => {
            let folder = prefix.rfind('/').map_or(0, |at| at + 1);
            key.get(folder..).unwrap_or(rest)
        }
    }
}

/// The file that an input is to be, below `folder`; `None` for a name that would lead out of it.
pub(crate) fn file_below(folder: &Path, name: &str) -> Option<PathBuf> {
    let parts = Path::new(name).components();
    let mut path = folder.to_owned();
    for part in parts {
        match part {
            Component::Normal(part) => path.push(part),
            Component::CurDir => {}
            _ => return None,
        }
    }
    (path != folder).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_follows_the_prefix() {
        let check = |prefix, key, expected| assert_eq!(name_below(prefix, key), expected);
        check("train/", "train/a/b.png", "a/b.png");
        check("train", "train/a/b.png", "a/b.png");
        check("train", "train_lst/x", "train_lst/x");
        check("in/x.csv", "in/x.csv", "x.csv");
        check("", "a/b", "a/b");
        check("é", "é/ü", "ü");
    }

    #[test]
    fn names_stay_below_the_folder() {
        let check = |name: &str, expected: Option<&str>| {
            let found = file_below(Path::new("/f"), name);
            assert_eq!(found.as_deref(), expected.map(Path::new), "{name}");
        };
        check("a/b", Some("/f/a/b"));
        check("./a//b", Some("/f/a/b"));
        check("../a", None);
        check("a/../../b", None);
        check("/etc/passwd", None);
        check("", None);
    }
}
