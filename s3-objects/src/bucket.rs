//! One bucket, by the keys of its objects.

use aws_sdk_s3::Client;
use s3_uri::S3Uri;

use crate::error::{Action, Error};
use crate::object::{self, Body};

/// A bucket, by a client that knows how to reach it.
#[derive(Clone, Debug)]
pub struct Bucket {
    client: Client,
    name: String,
}

impl Bucket {
    /// Returns the bucket of that name.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self {
            client,
            name: name.into(),
        }
    }

    /// Returns the URI of a key.
    pub fn uri(&self, key: &str) -> S3Uri {
        S3Uri::new(&self.name, key)
    }

    /// Asks for an object.
    ///
    /// # Errors
    /// S3 does not deliver it.
    pub async fn open(&self, key: &str) -> Result<Body, Error> {
        object::open(&self.client, &self.uri(key)).await
    }

    /// Reads a whole object.
    ///
    /// # Errors
    /// S3 does not deliver it.
    pub async fn get(&self, key: &str) -> Result<Vec<u8>, Error> {
        object::get(&self.client, &self.uri(key)).await
    }

    /// Writes an object, in the place of an earlier one.
    ///
    /// # Errors
    /// S3 does not take it.
    pub async fn put(&self, key: &str, content_type: &str, bytes: Vec<u8>) -> Result<(), Error> {
        object::put(&self.client, &self.uri(key), content_type, bytes).await
    }

    /// Hands each key that begins with `prefix` to `each`, in the order of their UTF-8 bytes, until
    /// it returns false. Returns false then.
    ///
    /// # Errors
    /// The first error of `each`, or that S3 does not list the keys.
    pub async fn keys(
        &self,
        prefix: &str,
        mut each: impl AsyncFnMut(String) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        let request = self.client.list_objects_v2().bucket(&self.name);
        let mut pages = request.prefix(prefix).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| Action::List.failed(&self.uri(prefix), &error))?;
            let objects = page.contents.into_iter().flatten();
            for key in objects.filter_map(|object| object.key) {
                if !each(key).await? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Returns the names of the folders in `prefix`, which ends with a slash or is empty.
    ///
    /// # Errors
    /// S3 does not list them.
    pub async fn folders(&self, prefix: &str) -> Result<Vec<String>, Error> {
        let request = self.client.list_objects_v2().bucket(&self.name);
        let request = request.prefix(prefix).delimiter("/");
        let mut pages = request.into_paginator().send();
        let mut folders = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| Action::List.failed(&self.uri(prefix), &error))?;
            let common = page.common_prefixes.into_iter().flatten();
            folders.extend(common.filter_map(|common| {
                let folder = common.prefix?;
                let name = folder.strip_prefix(prefix)?.strip_suffix('/')?;
                Some(name.to_owned())
            }));
        }
        Ok(folders)
    }
}
