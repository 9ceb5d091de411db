//! The results as one file: a line for each image, also for those whose batch came to nothing.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, anyhow};
use aws_sdk_s3::Client;
use lambdas::batch::Unclassified;
use lambdas::lines::Lines;
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
            let batch = Unclassified::read(child).map_err(|problem| anyhow!(problem))?;
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
    let object = s3.get_object().bucket(bucket).key(key).send().await;
    let object = object
        .map_err(aws_sdk_s3::Error::from)
        .with_context(|| format!("reading s3://{bucket}/{key}"))?;
    let mut body = object.body;
    let (mut lines, mut sum, mut ended) = (Lines::default(), 0, false);
    while !ended {
        match body.try_next().await? {
            Some(piece) => lines
                .add(&piece)
                .map_err(|problem| anyhow!("s3://{bucket}/{key}: {problem}"))?,
            None => {
                lines.end();
                ended = true;
            }
        }
        while let Some(line) = lines.next_line() {
            sum += each(line).with_context(|| format!("s3://{bucket}/{key}"))?;
        }
    }
    Ok(sum)
}
