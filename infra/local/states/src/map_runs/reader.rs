//! `ItemReader`: from S3 to pages of items.

use asl::{Failure, InputFormat, ItemReader, ItemSource};
use async_trait::async_trait;
use serde_json::{Value, json};

use super::csv::Csv;
use super::decode::Decode;
use super::json::{Elements, JsonPointer};
use super::lines::Lines;
use super::manifest::{self, Manifest, inflated};
use super::{Jobs, failure};
use service::sdk::SdkError;

/// The maximum number of items in a page.
const PAGE: usize = 500;
/// The number of bytes read from an object at a time.
const PIECE: usize = 1 << 20;

/// Receives items in pages, and returns true if it wants more.
#[async_trait]
pub(crate) trait Pages: Send {
    async fn page(&mut self, items: Vec<Value>) -> bool;
}

/// Items on their way into pages.
struct Collector<'a> {
    pages: &'a mut dyn Pages,
    page: Vec<Value>,
    /// The number of items that may still follow.
    remaining: u64,
}

impl Collector<'_> {
    /// Passes items on; returns true if more are wanted.
    async fn take(&mut self, items: &mut Vec<Value>) -> bool {
        for item in items.drain(..) {
            if self.remaining == 0 {
                return false;
            }
            self.remaining -= 1;
            self.page.push(item);
            if self.page.len() == PAGE && !self.deliver().await {
                return false;
            }
        }
        self.remaining > 0
    }

    async fn deliver(&mut self) -> bool {
        let page = std::mem::take(&mut self.page);
        page.is_empty() || self.pages.page(page).await
    }
}

impl Jobs {
    /// Reads all items.
    pub(crate) async fn read(
        &self,
        source: &ItemSource,
        pages: &mut dyn Pages,
    ) -> Result<(), Failure> {
        let mut collector = Collector {
            pages,
            page: Vec::new(),
            remaining: u64::MAX,
        };
        match source {
            ItemSource::Array(items) => {
                for page in items
                    .value()
                    .as_array()
                    .into_iter()
                    .flat_map(|i| i.chunks(PAGE))
                {
                    collector.take(&mut page.to_vec()).await;
                }
            }
            ItemSource::Reader(reader) => {
                let failed = |cause: String| failure("States.ItemReaderFailed", cause);
                collector.remaining = match reader.max_items {
                    Some(max) if max < 0 => {
                        return Err(failed("field MaxItems must be positive".into()));
                    }
                    None | Some(0) => u64::MAX,
                    Some(max) => max.unsigned_abs(),
                };
                self.read_from_s3(reader, &mut collector)
                    .await
                    .map_err(failed)?;
            }
        }
        collector.deliver().await;
        Ok(())
    }

    async fn read_from_s3(
        &self,
        reader: &ItemReader,
        collector: &mut Collector<'_>,
    ) -> Result<(), String> {
        let parameters = reader.parameters.value();
        if reader.api == "listObjectsV2" {
            let loaded = reader.loads.then_some(&reader.format);
            return self.list(parameters, loaded, collector).await;
        }
        let text = |name: &str| {
            let text = parameters[name].as_str().map(str::to_owned);
            text.ok_or_else(|| format!("The field '{name}' is required but was missing"))
        };
        let (bucket, key) = (text("Bucket")?, text("Key")?);
        if reader.loads {
            let manifest = self.read_whole(&bucket, &key).await?;
            for (bucket, key) in manifest::locations(&manifest)? {
                if !self
                    .object(&bucket, &key, None, &reader.format, collector)
                    .await?
                {
                    break;
                }
            }
            return Ok(());
        }
        let version = parameters["VersionId"].as_str();
        self.object(&bucket, &key, version, &reader.format, collector)
            .await?;
        Ok(())
    }

    /// Reads the items of several objects; returns true if more are wanted.
    async fn objects(
        &self,
        bucket: &str,
        keys: impl Iterator<Item = &str> + Send,
        format: &InputFormat,
        collector: &mut Collector<'_>,
    ) -> Result<bool, String> {
        for key in keys {
            if !self.object(bucket, key, None, format, collector).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads an object's items; returns true if more are wanted.
    async fn object(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
        format: &InputFormat,
        collector: &mut Collector<'_>,
    ) -> Result<bool, String> {
        let mut decoder: Box<dyn Decode> = match format {
            InputFormat::Csv { headers, delimiter } => {
                Box::new(Csv::new(headers.clone(), *delimiter)?)
            }
            InputFormat::Json { pointer: None } => Box::new(Elements::default()),
            InputFormat::Json {
                pointer: Some(pointer),
            } => Box::new(JsonPointer::new(pointer.clone())),
            InputFormat::JsonLines => Box::new(Lines::default()),
            InputFormat::Manifest => return self.inventory(bucket, key, collector).await,
        };
        let mut items = Vec::new();
        let mut at = 0;
        loop {
            let piece = self.piece(bucket, key, version, at).await?;
            if piece.is_empty() {
                break;
            }
            at += piece.len() as u64;
            decoder.piece(&piece, &mut items)?;
            if !collector.take(&mut items).await {
                return Ok(false);
            }
        }
        decoder.end(&mut items)?;
        Ok(collector.take(&mut items).await)
    }

    /// Reads the objects that the inventory's files list; returns true if more are wanted.
    async fn inventory(
        &self,
        bucket: &str,
        key: &str,
        collector: &mut Collector<'_>,
    ) -> Result<bool, String> {
        let manifest = Manifest::parse(&self.read_whole(bucket, key).await?)?;
        for file in &manifest.files {
            let text = inflated(&self.read_whole(&manifest.bucket, file).await?)?;
            let mut decoder = Csv::new(Some(manifest.columns.clone()), ',')?;
            let mut items = Vec::new();
            for piece in text.chunks(PIECE) {
                decoder.piece(piece, &mut items)?;
                if !collector.take(&mut items).await {
                    return Ok(false);
                }
            }
            decoder.end(&mut items)?;
            if !collector.take(&mut items).await {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn read_whole(&self, bucket: &str, key: &str) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        loop {
            let piece = self.piece(bucket, key, None, bytes.len() as u64).await?;
            if piece.is_empty() {
                return Ok(bytes);
            }
            bytes.extend_from_slice(&piece);
        }
    }

    /// The bytes of an object from one on; none at its end.
    async fn piece(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
        at: u64,
    ) -> Result<bytes::Bytes, String> {
        let objects = self.objects.as_ref().ok_or_else(no_s3)?;
        let piece = objects.piece(bucket, key, version, at, PIECE).await;
        piece
            .map_err(|error| error.to_string())?
            .ok_or_else(|| format!("The specified key does not exist: s3://{bucket}/{key}"))
    }

    /// The objects of a bucket, as a listing describes them; or, where their format is given, what
    /// they hold.
    async fn list(
        &self,
        parameters: &Value,
        loaded: Option<&InputFormat>,
        collector: &mut Collector<'_>,
    ) -> Result<(), String> {
        let bucket = parameters["Bucket"].as_str().unwrap_or_default().to_owned();
        let s3 = self.s3.as_ref().ok_or_else(no_s3)?;
        let mut parameters = parameters.clone();
        loop {
            let page = s3.call("listObjectsV2", &parameters).await;
            let page = page.map_err(|error| match error {
                SdkError::Exception(refusal) => refusal.message.unwrap_or(refusal.code),
                other => other.to_string(),
            })?;
            let objects = page["Contents"].as_array().into_iter().flatten();
            let wanted = match loaded {
                None => collector.take(&mut objects.map(object).collect()).await,
                Some(format) => {
                    let keys = objects.filter_map(|object| object["Key"].as_str());
                    // A key that ends like a folder is the folder, as consoles create it.
                    let keys = keys.filter(|key| !key.ends_with('/'));
                    self.objects(&bucket, keys, format, collector).await?
                }
            };
            if !wanted || page["NextContinuationToken"].is_null() {
                return Ok(());
            }
            parameters["ContinuationToken"] = page["NextContinuationToken"].clone();
        }
    }
}

fn no_s3() -> String {
    "there is no S3 beside this Step Functions".to_owned()
}

/// An object with the names and types that AWS gives to items.
fn object(listed: &Value) -> Value {
    let modified = listed["LastModified"].as_str().unwrap_or_default();
    let modified: Option<jiff::Timestamp> = modified.parse().ok();
    json!({
        "Etag": listed["ETag"],
        "Key": listed["Key"],
        "LastModified": modified.map(jiff::Timestamp::as_second),
        "Size": listed["Size"],
        "StorageClass": listed["StorageClass"],
    })
}
