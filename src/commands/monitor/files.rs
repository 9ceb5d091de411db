//! Files here and objects in S3, read in one way.

use anyhow::{Context, bail};
use aws_sdk_s3::Client;
use lst::{Line, Manifest};

use crate::cli::monitor::{Images, Location};

/// The bytes of a file or an object.
pub(super) async fn read(s3: &Client, location: &Location) -> anyhow::Result<Vec<u8>> {
    match location {
        Location::Local(path) => tokio::fs::read(path)
            .await
            .with_context(|| path.display().to_string()),
        Location::S3(uri) => Ok(s3_objects::get(s3, uri).await?),
    }
}

/// Images whose classes are known, each read when it is asked for.
pub(super) struct LabeledImages {
    folder: Location,
    manifest: Manifest,
}

impl LabeledImages {
    /// Reads the list; `None` if no images were given.
    pub(super) async fn list(s3: &Client, images: &Images) -> anyhow::Result<Option<Self>> {
        let (folder, lst) = match (&images.images, &images.lst) {
            (None, None) => return Ok(None),
            (Some(folder), Some(lst)) => (folder.clone(), lst),
            _ => bail!("--images and --lst belong together: give both"),
        };
        let text = String::from_utf8(read(s3, lst).await?).context("the list is not a text")?;
        let manifest: Manifest = text.parse().context("the list")?;
        if manifest.lines().is_empty() {
            bail!("the list names no image");
        }
        Ok(Some(Self { folder, manifest }))
    }

    /// The lines of the list.
    pub(super) fn lines(&self) -> &[Line] {
        self.manifest.lines()
    }

    /// The file of a line.
    pub(super) async fn file(&self, s3: &Client, path: &str) -> anyhow::Result<Vec<u8>> {
        let location = match &self.folder {
            Location::Local(folder) => Location::Local(folder.join(path)),
            Location::S3(uri) => Location::S3(uri.join(path)),
        };
        read(s3, &location).await
    }
}
