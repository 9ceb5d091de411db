//! Multipart uploads: create, upload a part, complete, abort.

use s3s::S3 as _;
use s3s::dto::*;
use serde_json::json;

use super::objects::{TEXT, body, metadata, unreadable};
use super::{Call, Members, SdkResult, encryption, output, tag};
use service::sdk::Parameters;

impl Call {
    pub(super) async fn create_multipart_upload(&self, mut from: Parameters) -> SdkResult {
        let input = CreateMultipartUploadInput {
            bucket: from.required("Bucket"),
            key: from.required("Key"),
            content_type: Some(from.text("ContentType").unwrap_or_else(|| TEXT.into())),
            metadata: metadata(&mut from),
            storage_class: from.text("StorageClass").map(Into::into),
            tagging: from.text("Tagging"),
            ..Default::default()
        };
        from.finish()?;
        let created = output(self.api.create_multipart_upload(self.request(input)).await)?;
        Ok(Members::default()
            .put("Bucket", created.bucket)
            .put("Key", created.key)
            .put(
                "ServerSideEncryption",
                encryption(created.server_side_encryption),
            )
            .put("UploadId", created.upload_id)
            .into_value())
    }

    pub(super) async fn upload_part(&self, mut from: Parameters) -> SdkResult {
        let input = UploadPartInput {
            bucket: from.required("Bucket"),
            key: from.required("Key"),
            upload_id: from.required("UploadId"),
            part_number: from.integer("PartNumber").unwrap_or_default(),
            body: body(&mut from),
            ..Default::default()
        };
        from.finish()?;
        let part = output(self.api.upload_part(self.request(input)).await)?;
        Ok(Members::default()
            .put("ETag", part.e_tag.as_ref().map(tag))
            .put(
                "ServerSideEncryption",
                encryption(part.server_side_encryption),
            )
            .into_value())
    }

    pub(super) async fn complete_multipart_upload(&self, mut from: Parameters) -> SdkResult {
        let parts = from.value("MultipartUpload").unwrap_or_default();
        let parts = parts["Parts"].as_array().into_iter().flatten();
        let parts: Option<Vec<_>> = parts
            .map(|part| {
                let tag = part["ETag"].as_str()?;
                Some(CompletedPart {
                    e_tag: Some(ETag::Strong(tag.trim_matches('"').to_owned())),
                    part_number: Some(i32::try_from(part["PartNumber"].as_i64()?).ok()?),
                    ..Default::default()
                })
            })
            .collect();
        let input = CompleteMultipartUploadInput {
            bucket: from.required("Bucket"),
            key: from.required("Key"),
            upload_id: from.required("UploadId"),
            multipart_upload: Some(CompletedMultipartUpload {
                parts: Some(parts.ok_or_else(|| unreadable("MultipartUpload"))?),
            }),
            ..Default::default()
        };
        from.finish()?;
        let (bucket, key) = (input.bucket.clone(), input.key.clone());
        let into_value = self.api.complete_multipart_upload(self.request(input));
        let into_value = output(into_value.await)?;
        Ok(Members::default()
            .put("Bucket", Some(bucket))
            .put("ETag", into_value.e_tag.as_ref().map(tag))
            .put("Key", Some(key))
            .put("Location", into_value.location)
            .put(
                "ServerSideEncryption",
                encryption(into_value.server_side_encryption),
            )
            .put("VersionId", into_value.version_id)
            .into_value())
    }

    pub(super) async fn abort_multipart_upload(&self, mut from: Parameters) -> SdkResult {
        let input = AbortMultipartUploadInput {
            bucket: from.required("Bucket"),
            key: from.required("Key"),
            upload_id: from.required("UploadId"),
            ..Default::default()
        };
        from.finish()?;
        output(self.api.abort_multipart_upload(self.request(input)).await)?;
        Ok(json!({}))
    }
}
