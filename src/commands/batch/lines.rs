//! The results as one file: a line for each image, also for those whose batch came to nothing.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use aws_sdk_s3::Client;
use lambdas::batch::FailedBatch;
use lambdas::summarize::MAX_LINE;
use s3_objects::Line;
use s3_uri::S3Uri;
use tempfile::NamedTempFile;

use super::report::Results;

/// Downloads all results into `file`, which appears when it is whole; how many lines it has.
pub(super) async fn download(s3: &Client, results: &Results, file: &Path) -> anyhow::Result<u64> {
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let cannot = || format!("writing {}", file.display());
    let mut out = std::io::BufWriter::new(NamedTempFile::new_in(folder).with_context(cannot)?);
    let mut written = 0;
    for key in &results.lines {
        written += each_line(s3, &results.bucket, key, |line| {
            out.write_all(line)?;
            out.write_all(b"\n")?;
            Ok(1)
        })
        .await?;
    }
    for key in &results.unclassified {
        written += each_line(s3, &results.bucket, key, |child| {
            let batch = FailedBatch::read(child).map_err(|problem| anyhow!(problem))?;
            for line in batch.lines() {
                serde_json::to_writer(&mut out, &line)?;
                out.write_all(b"\n")?;
            }
            Ok(batch.images() as u64)
        })
        .await?;
    }
    let whole = out.into_inner().map_err(|error| error.into_error());
    whole
        .with_context(cannot)?
        .persist(file)
        .with_context(cannot)?;
    Ok(written)
}

/// Hands on each line of an object, and adds up what comes back.
async fn each_line(
    s3: &Client,
    bucket: &str,
    key: &str,
    mut each: impl FnMut(&[u8]) -> anyhow::Result<u64>,
) -> anyhow::Result<u64> {
    let uri = S3Uri::new(bucket, key);
    let mut sum = 0;
    let body = s3_objects::open(s3, &uri).await?;
    let each = |_, line: Line<'_>| {
        let Line::Whole(line) = line else {
            bail!("a line has more than {MAX_LINE} bytes");
        };
        sum += each(line)?;
        Ok(())
    };
    let read = body.each_line(MAX_LINE, each).await;
    read.with_context(|| uri.to_string())?;
    Ok(sum)
}
