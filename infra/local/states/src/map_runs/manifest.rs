//! Manifests that list files. An S3 inventory: `manifest.json` lists files of compressed CSV, and
//! each of their rows names an object. An Athena manifest: the locations of the files that a query
//! wrote, one a line.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html>
//! <https://docs.aws.amazon.com/athena/latest/ug/querying-finding-output-files.html>

use std::io::Read;

use flate2::read::MultiGzDecoder;
use serde_json::Value;

/// A parsed manifest.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) bucket: String,
    pub(super) columns: Vec<String>,
    /// The keys of the CSV files.
    pub(super) files: Vec<String>,
}

impl Manifest {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let manifest: Value = serde_json::from_slice(bytes)
            .map_err(|error| format!("The manifest is not JSON: {error}"))?;
        let text = |field: &str| {
            let text = manifest[field].as_str().map(str::to_owned);
            text.ok_or_else(|| format!("The manifest has no '{field}'"))
        };
        let format = text("fileFormat")?;
        if format != "CSV" {
            return Err(format!("The manifest's file format {format} is not CSV"));
        }
        let files = manifest["files"].as_array().into_iter().flatten();
        Ok(Manifest {
            // As an ARN.
            bucket: text("destinationBucket")?
                .rsplit(':')
                .next()
                .unwrap_or_default()
                .to_owned(),
            columns: text("fileSchema")?
                .split(',')
                .map(|column| column.trim().to_owned())
                .collect(),
            files: files
                .filter_map(|file| Some(file["key"].as_str()?.to_owned()))
                .collect(),
        })
    }
}

/// The buckets and keys in a manifest of Athena.
pub(super) fn locations(bytes: &[u8]) -> Result<Vec<(String, String)>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "The manifest is not UTF-8".to_owned())?;
    let lines = text.lines().map(|line| line.trim().trim_matches('"'));
    let parsed = lines.filter(|line| !line.is_empty()).map(|line| {
        let (bucket, key) = s3_uri::split(line)
            .map_err(|_| format!("The manifest's line {line} is no s3://BUCKET/KEY"))?;
        Ok((bucket.to_owned(), key.to_owned()))
    });
    parsed.collect()
}

/// The maximum decompressed size of a file. Gzip can compress a thousand times.
const MAX_TEXT: u64 = 1 << 30;

/// The text of a file that may be compressed.
pub(super) fn inflated(bytes: &[u8]) -> Result<Vec<u8>, String> {
    inflated_at_most(bytes, MAX_TEXT)
}

fn inflated_at_most(bytes: &[u8], max_bytes: u64) -> Result<Vec<u8>, String> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes.to_vec());
    }
    let mut text = Vec::new();
    MultiGzDecoder::new(bytes)
        .take(max_bytes + 1)
        .read_to_end(&mut text)
        .map_err(|error| format!("A file of the manifest can't be decompressed: {error}"))?;
    if text.len() as u64 > max_bytes {
        return Err(format!(
            "A file of the manifest decompresses to more than {max_bytes} bytes"
        ));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use flate2::write::GzEncoder;
    use std::io::Write;

    use super::*;

    #[test]
    fn names_files_and_columns() {
        let text = r#"{"sourceBucket":"s","destinationBucket":"arn:aws:s3:::d","fileFormat":"CSV",
            "fileSchema":"Bucket, Key, Size","files":[{"key":"data/1.csv.gz","size":1,"MD5checksum":"m"}]}"#;
        let manifest = Manifest::parse(text.as_bytes()).unwrap();
        assert_eq!(manifest.bucket, "d");
        assert_eq!(manifest.columns, ["Bucket", "Key", "Size"]);
        assert_eq!(manifest.files, ["data/1.csv.gz"]);
    }

    #[test]
    fn an_athena_manifest_is_a_list_of_locations() {
        let text = b"s3://b/a/1.gz\n\"s3://b/a/2 x\"\r\n\n";
        let pair = |key: &str| ("b".to_owned(), key.to_owned());
        assert_eq!(locations(text), Ok(vec![pair("a/1.gz"), pair("a/2 x")]));
        let error = locations(b"bucket/key").unwrap_err();
        assert_eq!(
            error,
            "The manifest's line bucket/key is no s3://BUCKET/KEY"
        );
    }

    #[test]
    fn a_file_that_decompresses_to_too_much_is_refused() {
        let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&[b'x'; 1000]).unwrap();
        let gzip = gzip.finish().unwrap();
        assert_eq!(inflated_at_most(&gzip, 1000).unwrap(), [b'x'; 1000]);
        assert_eq!(
            inflated_at_most(&gzip, 999).unwrap_err(),
            "A file of the manifest decompresses to more than 999 bytes"
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        let parquet = br#"{"fileFormat":"Parquet"}"#;
        let error = Manifest::parse(parquet).unwrap_err();
        assert_eq!(error, "The manifest's file format Parquet is not CSV");
        let error = Manifest::parse(b"{}").unwrap_err();
        assert_eq!(error, "The manifest has no 'fileFormat'");
    }
}
