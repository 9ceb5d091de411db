//! The event of a Distributed Map: a batch of items, each of which names an image.

use serde::Deserialize;
use serde_json::{Map, Value};

use evaluation::json_type;
use s3_uri::S3Uri;

/// The input of a child execution, as `ItemBatcher` makes it.
#[derive(Debug, Deserialize)]
pub(super) struct Batch {
    /// The input that all batches of an execution share.
    #[serde(default, rename = "BatchInput")]
    pub(super) shared: BatchInput,
    #[serde(rename = "Items")]
    pub(super) items: Vec<Value>,
}

/// `BatchInput`
#[derive(Debug, Default, Deserialize)]
pub(super) struct BatchInput {
    /// The ARN of the execution whose map this is.
    pub(super) execution: Option<String>,
    /// The bucket of items that name none.
    #[serde(default)]
    pub(super) bucket: String,
    /// The score that this execution asks for.
    pub(super) threshold: Option<Value>,
}

/// Names of a field: as listings and inventories have it, as people write it, as the workflow's
/// object has it.
const KEY: [&str; 3] = ["Key", "key", "s3_key"];
const BUCKET: [&str; 3] = ["Bucket", "bucket", "s3_bucket"];

/// The image that an item names: an object of a listing, a row of a manifest, or a key alone.
///
/// # Errors
/// The item is not an image's location; returns the reason.
pub(super) fn location(item: &Value, bucket: &str) -> Result<S3Uri, String> {
    let (bucket, key) = match item {
        Value::String(key) => (bucket, key.as_str()),
        Value::Object(fields) => {
            let key = text(fields, KEY).ok_or("the item has no key: name it Key, key or s3_key")?;
            (text(fields, BUCKET).unwrap_or(bucket), key)
        }
        other => return Err(format!("the item is {}, not a key", json_type(other))),
    };
    match (bucket, key) {
        ("", _) => Err("the item is of no bucket: give the execution one".into()),
        (_, "") => Err("the item's key is empty".into()),
        _ => Ok(S3Uri {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        }),
    }
}

fn text<'a>(fields: &'a Map<String, Value>, names: [&str; 3]) -> Option<&'a str> {
    names
        .into_iter()
        .find_map(|name| fields.get(name)?.as_str())
}

#[cfg(test)]
#[expect(
    clippy::needless_pass_by_value,
    reason = "json!(..) in a call reads best"
)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(item: Value, expected: Result<&str, &str>) {
        let found = location(&item, "b").map(|location| location.to_string());
        assert_eq!(
            found,
            expected.map(str::to_owned).map_err(str::to_owned),
            "{item}"
        );
    }

    #[test]
    fn an_image_is_named_in_many_ways() {
        let listed = json!({"Etag": "\"e\"", "Key": "in/ü b+c.png", "LastModified": 1, "Size": 5, "StorageClass": "STANDARD"});
        check(listed, Ok("s3://b/in/ü b+c.png"));
        check(json!("in/a.png"), Ok("s3://b/in/a.png"));
        check(json!({"key": "a.png"}), Ok("s3://b/a.png"));
        check(
            json!({"s3_bucket": "c", "s3_key": "a.png"}),
            Ok("s3://c/a.png"),
        );
        check(json!({"Bucket": "c", "Key": "a.png"}), Ok("s3://c/a.png"));
    }

    #[test]
    fn an_item_that_names_none_says_why() {
        check(json!(7), Err("the item is a number, not a key"));
        check(json!(""), Err("the item's key is empty"));
        check(
            json!({"Name": "a.png"}),
            Err("the item has no key: name it Key, key or s3_key"),
        );
        assert_eq!(
            location(&json!("a.png"), ""),
            Err("the item is of no bucket: give the execution one".into())
        );
    }
}
