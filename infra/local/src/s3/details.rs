//! What an object carries beside its bytes, as a row keeps it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::digest::Checksum;
use super::error::Error;

/// The most bytes that names and values of user metadata may have together.
const METADATA_LIMIT: usize = 2048;

/// Headers, metadata and checksum of an object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Details {
    #[serde(flatten)]
    pub(super) headers: Headers,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) checksum: Option<Checksum>,
    /// The sizes in bytes of the parts of a multipart upload; empty for an object that came in one piece.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) parts: Vec<u64>,
}

/// What the client said about the object, and gets back with it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Headers {
    pub(super) content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cache_control: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_disposition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires: Option<s3s::dto::Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) website_redirect_location: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) storage_class: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) metadata: BTreeMap<String, String>,
}

impl Headers {
    /// Refuses what AWS refuses.
    pub(super) fn checked(self) -> Result<Self, Error> {
        let size: usize = self.metadata.iter().map(|(k, v)| k.len() + v.len()).sum();
        if size > METADATA_LIMIT {
            return Err(Error::MetadataTooLarge);
        }
        Ok(self)
    }
}

/// A tag of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tag {
    pub(super) key: String,
    pub(super) value: String,
}

/// Refuses what AWS refuses: see <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html>.
pub(super) fn checked_tags(tags: Vec<Tag>) -> Result<Vec<Tag>, Error> {
    let mut seen = std::collections::HashSet::new();
    if tags.len() > 10 {
        return Err(Error::InvalidTag("Object tags cannot be greater than 10"));
    }
    for tag in &tags {
        if tag.key.is_empty() || tag.key.chars().count() > 128 {
            return Err(Error::InvalidTag("The TagKey you have provided is invalid"));
        }
        if tag.value.chars().count() > 256 {
            return Err(Error::InvalidTag(
                "The TagValue you have provided is invalid",
            ));
        }
        if !seen.insert(tag.key.as_str()) {
            return Err(Error::InvalidTag(
                "Cannot provide multiple Tags with the same key",
            ));
        }
    }
    Ok(tags)
}

/// The tags of an `x-amz-tagging` header: a query string.
pub(super) fn tags_of_header(header: &str) -> Result<Vec<Tag>, Error> {
    let text = |part: &str| {
        percent_encoding::percent_decode_str(&part.replace('+', " "))
            .decode_utf8()
            .map(String::from)
            .map_err(|_| Error::InvalidArgument("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.".into()))
    };
    let tags = header
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok(Tag {
                key: text(key)?,
                value: text(value)?,
            })
        });
    checked_tags(tags.collect::<Result<_, Error>>()?)
}
