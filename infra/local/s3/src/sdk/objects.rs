//! Objects: get, head, put, copy, delete.

use futures::TryStreamExt as _;
use s3s::S3 as _;
use s3s::dto::*;
use serde_json::{Value, json};

use super::{Call, Members, SdkResult, encryption, head_output, output, tag, time};
use service::sdk::{Parameters, SdkError, blob};

/// The content type that SDKs declare for a text.
pub(super) const TEXT: &str = "text/plain; charset=UTF-8";

/// The members that the results of GetObject and HeadObject share.
macro_rules! described {
    ($output:expr) => {{
        let output = $output;
        let metadata: serde_json::Map<String, Value> = output
            .metadata
            .take()
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| (name, value.into()))
            .collect();
        Members::default()
            .put("AcceptRanges", output.accept_ranges.take())
            .put("CacheControl", output.cache_control.take())
            .put("ChecksumCRC32", output.checksum_crc32.take())
            .put("ContentDisposition", output.content_disposition.take())
            .put("ContentEncoding", output.content_encoding.take())
            .put("ContentLanguage", output.content_language.take())
            .put("ContentLength", output.content_length)
            .put("ContentRange", output.content_range.take())
            .put("ContentType", output.content_type.take())
            .put("ETag", output.e_tag.as_ref().map(tag))
            .put("LastModified", output.last_modified.as_ref().and_then(time))
            .put("Metadata", Some(metadata))
            .put("PartsCount", output.parts_count)
            .put(
                "ServerSideEncryption",
                encryption(output.server_side_encryption.take()),
            )
            .put(
                "StorageClass",
                output
                    .storage_class
                    .take()
                    .map(|class| class.as_str().to_owned()),
            )
            .put("VersionId", output.version_id.take())
    }};
}

impl Call {
    pub(super) async fn get_object(&self, mut from: Parameters) -> SdkResult {
        let input = GetObjectInput {
            bucket: from.required("Bucket"),
            key: from.required("Key"),
            version_id: from.text("VersionId"),
            part_number: from.integer("PartNumber"),
            range: range(&mut from)?,
            ..Default::default()
        };
        from.finish()?;
        let mut found = output(self.api.get_object(self.request(input)).await)?;
        let body = match found.body.take() {
            Some(body) => text(body).await?,
            None => String::new(),
        };
        Ok(described!(&mut found).put("Body", Some(body)).into_value())
    }

    pub(super) async fn head_object(&self, mut from: Parameters) -> SdkResult {
        let input = HeadObjectInput {
            bucket: from.required("Bucket"),
            key: from.required("Key"),
            version_id: from.text("VersionId"),
            part_number: from.integer("PartNumber"),
            ..Default::default()
        };
        from.finish()?;
        let mut found = head_output(self.api.head_object(self.request(input)).await)?;
        Ok(described!(&mut found).into_value())
    }

    pub(super) async fn put_object(&self, mut from: Parameters) -> SdkResult {
        let input = PutObjectInput {
            bucket: from.required("Bucket"),
            key: from.required("Key"),
            body: body(&mut from),
            cache_control: from.text("CacheControl"),
            content_disposition: from.text("ContentDisposition"),
            content_encoding: from.text("ContentEncoding"),
            content_language: from.text("ContentLanguage"),
            content_type: Some(from.text("ContentType").unwrap_or_else(|| TEXT.into())),
            metadata: metadata(&mut from),
            storage_class: from.text("StorageClass").map(Into::into),
            tagging: from.text("Tagging"),
            checksum_algorithm: Some(ChecksumAlgorithm::from_static(ChecksumAlgorithm::CRC32)),
            ..Default::default()
        };
        from.finish()?;
        let put = output(self.api.put_object(self.request(input)).await)?;
        Ok(Members::default()
            .put("ChecksumCRC32", put.checksum_crc32)
            .put(
                "ChecksumType",
                put.checksum_type.map(|kind| kind.as_str().to_owned()),
            )
            .put("ETag", put.e_tag.as_ref().map(tag))
            .put(
                "ServerSideEncryption",
                encryption(put.server_side_encryption),
            )
            .put("VersionId", put.version_id)
            .into_value())
    }

    pub(super) async fn copy_object(&self, mut from: Parameters) -> SdkResult {
        let source = from.required("CopySource");
        let input = CopyObjectInput::builder()
            .bucket(from.required("Bucket"))
            .key(from.required("Key"))
            .content_type(from.text("ContentType"))
            .metadata(metadata(&mut from))
            .metadata_directive(from.text("MetadataDirective").map(Into::into))
            .storage_class(from.text("StorageClass").map(Into::into))
            .tagging(from.text("Tagging"))
            .tagging_directive(from.text("TaggingDirective").map(Into::into));
        from.finish()?;
        let source = CopySource::parse(&source).map_err(|_| unreadable("CopySource"))?;
        let input = input.copy_source(source).build();
        let input = input.map_err(|_| unreadable("CopySource"))?;
        let copied = output(self.api.copy_object(self.request(input)).await)?;
        let result = copied.copy_object_result.unwrap_or_default();
        let shown = Members::default()
            .put("ETag", result.e_tag.as_ref().map(tag))
            .put("LastModified", result.last_modified.as_ref().and_then(time))
            .into_value();
        Ok(Members::default()
            .put("CopyObjectResult", Some(shown))
            .put("CopySourceVersionId", copied.copy_source_version_id)
            .put(
                "ServerSideEncryption",
                encryption(copied.server_side_encryption),
            )
            .put("VersionId", copied.version_id)
            .into_value())
    }

    pub(super) async fn delete_object(&self, mut from: Parameters) -> SdkResult {
        let input = DeleteObjectInput {
            bucket: from.required("Bucket"),
            key: from.required("Key"),
            version_id: from.text("VersionId"),
            ..Default::default()
        };
        from.finish()?;
        let deleted = output(self.api.delete_object(self.request(input)).await)?;
        Ok(Members::default()
            .put("DeleteMarker", deleted.delete_marker)
            .put("VersionId", deleted.version_id)
            .into_value())
    }

    pub(super) async fn delete_objects(&self, mut from: Parameters) -> SdkResult {
        let bucket = from.required("Bucket");
        let delete = from.value("Delete").unwrap_or(Value::Null);
        from.finish()?;
        let requested = delete["Objects"].as_array().into_iter().flatten();
        let objects = requested.map(|object| {
            Some(ObjectIdentifier {
                key: object["Key"].as_str()?.to_owned(),
                version_id: object["VersionId"].as_str().map(str::to_owned),
                ..Default::default()
            })
        });
        let objects: Option<Vec<_>> = objects.collect();
        let delete = Delete {
            objects: objects.ok_or_else(|| unreadable("Delete"))?,
            quiet: delete["Quiet"].as_bool(),
        };
        let input = DeleteObjectsInput::builder().bucket(bucket).delete(delete);
        let input = input.build().map_err(|_| unreadable("Delete"))?;
        let deleted = output(self.api.delete_objects(self.request(input)).await)?;
        let shown = deleted.deleted.unwrap_or_default().into_iter().map(|gone| {
            Members::default()
                .put("DeleteMarker", gone.delete_marker)
                .put("DeleteMarkerVersionId", gone.delete_marker_version_id)
                .put("Key", gone.key)
                .put("VersionId", gone.version_id)
                .into_value()
        });
        Ok(json!({ "Deleted": shown.collect::<Vec<_>>() }))
    }
}

fn range(from: &mut Parameters) -> Result<Option<Range>, SdkError> {
    let text = from.text("Range");
    text.map(|text| Range::parse(&text).map_err(|_| unreadable("Range")))
        .transpose()
}

/// `Body`, as the JSON that it is.
pub(super) fn body(from: &mut Parameters) -> Option<StreamingBlob> {
    let body = blob(&from.value("Body")?);
    Some(s3s::Body::from(bytes::Bytes::from(body)).into())
}

pub(super) fn metadata(from: &mut Parameters) -> Option<Metadata> {
    Some(from.texts("Metadata")?.into_iter().collect())
}

pub(super) fn unreadable(name: &str) -> SdkError {
    SdkError::Parameters(format!("The value for the field '{name}' is not valid"))
}

/// An object's bytes as text, which is all that a state's payload can hold.
async fn text(body: StreamingBlob) -> Result<String, SdkError> {
    let pieces: Vec<bytes::Bytes> = body
        .try_collect()
        .await
        .map_err(|error| SdkError::Parameters(format!("The object could not be read: {error}")))?;
    Ok(String::from_utf8_lossy(&pieces.concat()).into_owned())
}
