//! Objects of S3 as pages list them: folders that are named by time, the newest first.

use serde_json::{Value, json};

use crate::Console;
use crate::aws::ApiError;
use crate::sfn::{rows, text};
use s3_uri::S3Uri;

/// An object in a listing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Listed {
    pub(crate) key: String,
    pub(crate) modified: Option<jiff::Timestamp>,
}

/// An entry of a folder, in the order of names.
enum Entry {
    Folder(String),
    Key(String),
}

impl Console {
    /// The last keys below a prefix, the last first, of those before `before`. Where folders are
    /// hours, only the newest are listed, however many there are.
    pub(crate) async fn last_keys(
        &self,
        below: &S3Uri,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, ApiError> {
        let mut found = Vec::new();
        let mut open = vec![Entry::Folder(below.key.clone())];
        while let Some(entry) = open.pop() {
            match entry {
                Entry::Key(key) if before.is_none_or(|before| *key < *before) => {
                    found.push(key);
                    if found.len() == limit {
                        break;
                    }
                }
                Entry::Folder(folder) if before.is_none_or(|before| *folder < *before) => {
                    open.extend(self.folder(&below.bucket, &folder).await?);
                }
                _ => {}
            }
        }
        Ok(found)
    }

    async fn folder(&self, bucket: &str, folder: &str) -> Result<Vec<Entry>, ApiError> {
        let request = json!({ "Bucket": bucket, "Prefix": folder, "Delimiter": "/" });
        let mut entries = Vec::new();
        self.list(request, |answer| {
            let names = |member, name| {
                let rows = rows(answer, member).iter();
                rows.filter_map(move |row| Some(text(row, name)?.to_owned()))
            };
            entries.extend(names("CommonPrefixes", "Prefix").map(Entry::Folder));
            entries.extend(names("Contents", "Key").map(Entry::Key));
        })
        .await?;
        entries.sort_by(|a, b| name(a).cmp(name(b)));
        Ok(entries)
    }

    /// Lists the objects below a prefix, up to `limit`.
    pub(crate) async fn objects_below(
        &self,
        below: &S3Uri,
        limit: usize,
    ) -> Result<Vec<Listed>, ApiError> {
        let request =
            json!({ "Bucket": below.bucket, "Prefix": below.key, "MaxKeys": limit.min(1000) });
        let mut found = Vec::new();
        self.list(request, |answer| {
            found.extend(rows(answer, "Contents").iter().filter_map(|row| {
                Some(Listed {
                    key: text(row, "Key")?.to_owned(),
                    modified: crate::text::moment(text(row, "LastModified")),
                })
            }));
        })
        .await?;
        found.truncate(limit);
        Ok(found)
    }

    /// Requests page after page. A bucket that does not exist has no objects.
    async fn list(&self, mut request: Value, mut page: impl FnMut(&Value)) -> Result<(), ApiError> {
        loop {
            let answer = match self.aws.call("s3", "listObjectsV2", request.clone()).await {
                Err(error) if error.code == "NoSuchBucket" => return Ok(()),
                answer => answer?,
            };
            page(&answer);
            match text(&answer, "NextContinuationToken") {
                Some(token) => request["ContinuationToken"] = token.into(),
                None => return Ok(()),
            }
        }
    }
}

fn name(entry: &Entry) -> &str {
    match entry {
        Entry::Folder(name) | Entry::Key(name) => name,
    }
}
