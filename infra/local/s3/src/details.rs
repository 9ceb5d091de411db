//! The metadata of an object, as a database row stores it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::digest::Checksum;
use super::error::Error;

/// The most bytes that names and values of user metadata may have together.
const METADATA_LIMIT: usize = 2048;

/// The storage classes whose objects can be read immediately; `STANDARD` is stored as none.
const STORAGE_CLASSES: [&str; 5] = [
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER_IR",
];
const ARCHIVES: [&str; 2] = ["GLACIER", "DEEP_ARCHIVE"];

/// Headers, metadata and checksum of an object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Details {
    #[serde(flatten)]
    pub(super) headers: Headers,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) checksum: Option<Checksum>,
    /// The sizes in bytes of the parts of a multipart upload; empty for an object uploaded in one
    /// request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) parts: Vec<u64>,
    /// The checksums of the parts, if the client requested them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) part_checksums: Vec<String>,
}

impl Details {
    /// Returns the checksum of the part with this index; its type is that of the whole object.
    pub(super) fn part_checksum(&self, index: usize) -> Option<Checksum> {
        Some(Checksum {
            value: self.part_checksums.get(index)?.clone(),
            ..self.checksum.clone()?
        })
    }
}

/// The headers that the client stored with the object and gets back with it.
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
            return Err(Error::MetadataTooLarge
                .with("Size", size.to_string())
                .with("MaxSizeAllowed", METADATA_LIMIT.to_string()));
        }
        if let Some(class) = &self.storage_class
            && !STORAGE_CLASSES.contains(&class.as_str())
            && !ARCHIVES.contains(&class.as_str())
        {
            return Err(Error::InvalidStorageClass.with("StorageClassRequested", class));
        }
        Ok(self)
    }

    /// Refuses to read what would have to be restored from an archive first.
    pub(super) fn require_online(&self) -> Result<(), Error> {
        match &self.storage_class {
            Some(class) if ARCHIVES.contains(&class.as_str()) => {
                Err(Error::InvalidObjectState.with("StorageClass", class))
            }
            _ => Ok(()),
        }
    }
}

/// A tag of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tag {
    pub(super) key: String,
    pub(super) value: String,
}

/// Refuses what AWS refuses: see
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html>.
pub(super) fn checked_tags(tags: Vec<Tag>) -> Result<Vec<Tag>, Error> {
    let mut seen = std::collections::HashSet::new();
    if tags.len() > 10 {
        return Err(Error::InvalidTag("Object tags cannot be greater than 10"));
    }
    for tag in &tags {
        let refused = |text| Err(Error::InvalidTag(text).with("TagKey", &tag.key));
        let known = |text: &str, max| text.chars().count() <= max && text.chars().all(is_in_tags);
        if tag.key.starts_with("aws:") {
            return refused("Your TagKey cannot be prefixed with aws:");
        }
        if tag.key.is_empty() || !known(&tag.key, 128) {
            return refused("The TagKey you have provided is invalid");
        }
        if !known(&tag.value, 256) {
            return refused("The TagValue you have provided is invalid")
                .map_err(|error: Error| error.with("TagValue", &tag.value));
        }
        if !seen.insert(tag.key.as_str()) {
            return refused("Cannot provide multiple Tags with the same key");
        }
    }
    Ok(tags)
}

fn is_in_tags(c: char) -> bool {
    c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c)
}

/// The tags of an `x-amz-tagging` header: a query string.
pub(super) fn tags_of_header(header: &str) -> Result<Vec<Tag>, Error> {
    let invalid = || {
        Error::argument(
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query \
             parameters without tag name duplicates.",
            "x-amz-tagging",
            header,
        )
    };
    let text = |part: &str| {
        percent_encoding::percent_decode_str(&part.replace('+', " "))
            .decode_utf8()
            .map(String::from)
            .map_err(|_| invalid())
    };
    let tags = header
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if value.contains('=') {
                return Err(invalid());
            }
            Ok(Tag {
                key: text(key)?,
                value: text(value)?,
            })
        });
    let tags: Vec<Tag> = tags.collect::<Result<_, Error>>()?;
    let keys: std::collections::HashSet<_> = tags.iter().map(|tag| tag.key.as_str()).collect();
    if keys.len() < tags.len() {
        return Err(invalid());
    }
    checked_tags(tags)
}
