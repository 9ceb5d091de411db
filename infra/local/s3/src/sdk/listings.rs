//! Listings: objects in two generations, buckets.

use s3s::S3 as _;
use s3s::dto::*;
use serde_json::Value;

use super::{Call, Members, SdkResult, head_output, output, tag, time};
use service::sdk::Parameters;

impl Call {
    pub(super) async fn list_objects(&self, mut from: Parameters) -> SdkResult {
        let input = ListObjectsInput {
            bucket: from.required("Bucket"),
            delimiter: from.text("Delimiter"),
            marker: from.text("Marker"),
            max_keys: from.integer("MaxKeys"),
            prefix: from.text("Prefix"),
            ..Default::default()
        };
        from.finish()?;
        let listed = output(self.api.list_objects(self.request(input)).await)?;
        Ok(Members::default()
            .put("CommonPrefixes", prefixes(listed.common_prefixes))
            .put("Contents", contents(listed.contents))
            .put("Delimiter", listed.delimiter)
            .put("IsTruncated", listed.is_truncated)
            .put("Marker", listed.marker)
            .put("MaxKeys", listed.max_keys)
            .put("Name", listed.name)
            .put("NextMarker", listed.next_marker)
            .put("Prefix", listed.prefix)
            .into_value())
    }

    pub(super) async fn list_objects_v2(&self, mut from: Parameters) -> SdkResult {
        let input = ListObjectsV2Input {
            bucket: from.required("Bucket"),
            continuation_token: from.text("ContinuationToken"),
            delimiter: from.text("Delimiter"),
            fetch_owner: from.flag("FetchOwner"),
            max_keys: from.integer("MaxKeys"),
            prefix: from.text("Prefix"),
            start_after: from.text("StartAfter"),
            ..Default::default()
        };
        from.finish()?;
        let listed = output(self.api.list_objects_v2(self.request(input)).await)?;
        Ok(Members::default()
            .put("CommonPrefixes", prefixes(listed.common_prefixes))
            .put("Contents", contents(listed.contents))
            .put("ContinuationToken", listed.continuation_token)
            .put("Delimiter", listed.delimiter)
            .put("IsTruncated", listed.is_truncated)
            .put("KeyCount", listed.key_count)
            .put("MaxKeys", listed.max_keys)
            .put("Name", listed.name)
            .put("NextContinuationToken", listed.next_continuation_token)
            .put("Prefix", listed.prefix)
            .put("StartAfter", listed.start_after)
            .into_value())
    }

    pub(super) async fn list_buckets(&self, mut from: Parameters) -> SdkResult {
        let input = ListBucketsInput {
            continuation_token: from.text("ContinuationToken"),
            max_buckets: from.integer("MaxBuckets"),
            prefix: from.text("Prefix"),
            ..Default::default()
        };
        from.finish()?;
        let listed = output(self.api.list_buckets(self.request(input)).await)?;
        let buckets = listed
            .buckets
            .unwrap_or_default()
            .into_iter()
            .map(|bucket| {
                Members::default()
                    .put("CreationDate", bucket.creation_date.as_ref().and_then(time))
                    .put("Name", bucket.name)
                    .into_value()
            });
        Ok(Members::default()
            .put("Buckets", Some(buckets.collect::<Vec<_>>()))
            .put("ContinuationToken", listed.continuation_token)
            .put("Prefix", listed.prefix)
            .into_value())
    }

    pub(super) async fn head_bucket(&self, mut from: Parameters) -> SdkResult {
        let input = HeadBucketInput {
            bucket: from.required("Bucket"),
            ..Default::default()
        };
        from.finish()?;
        let found = head_output(self.api.head_bucket(self.request(input)).await)?;
        Ok(Members::default()
            .put("BucketRegion", found.bucket_region)
            .into_value())
    }
}

fn contents(objects: Option<ObjectList>) -> Option<Vec<Value>> {
    let shown = objects?.into_iter().map(|object| {
        Members::default()
            .put("ETag", object.e_tag.as_ref().map(tag))
            .put("Key", object.key)
            .put("LastModified", object.last_modified.as_ref().and_then(time))
            .put("Size", object.size)
            .put(
                "StorageClass",
                object.storage_class.map(|class| class.as_str().to_owned()),
            )
            .into_value()
    });
    Some(shown.collect())
}

fn prefixes(prefixes: Option<CommonPrefixList>) -> Option<Vec<Value>> {
    let shown = prefixes?
        .into_iter()
        .map(|prefix| Members::default().put("Prefix", prefix.prefix).into_value());
    Some(shown.collect())
}
