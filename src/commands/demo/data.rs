//! Finds an archive to take the images from.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::Context;
use cifar_tools::{fetch, sample};

use crate::{cli, progress};

/// The archive that was asked for, else the one in the cache, else a download, else the drawn
/// sample: then why the real one could not be had.
pub(crate) fn find(demo: &cli::Demo) -> anyhow::Result<(PathBuf, Option<String>)> {
    if let Some(archive) = &demo.archive {
        return Ok((archive.clone(), None));
    }
    if demo.sample {
        return Ok((draw(&demo.stack.data_dir)?, None));
    }
    let cached = fetch::cache_path();
    if cached.exists() {
        return Ok((cached, None));
    }
    let bar = progress::Bytes::start("downloading CIFAR-100");
    match fetch::fetch(
        fetch::URL,
        &cached,
        &fetch::Checksum::default(),
        &mut bar.sink(),
    ) {
        Ok(_) => Ok((cached, None)),
        Err(error) => Ok((draw(&demo.stack.data_dir)?, Some(reason_of(&error)))),
    }
}

/// Returns the reason why there was no download, without the ways out of `cifar-tools fetch`: the
/// demo has its own.
fn reason_of(error: &fetch::Error) -> String {
    match error {
        fetch::Error::Unreachable { url, why, .. } => {
            format!("cannot reach {url}:\n  {why}")
        }
        other => other.to_string(),
    }
}

/// The drawn sample in the data directory, drawn now if it is not there.
fn draw(data_dir: &Path) -> anyhow::Result<PathBuf> {
    let file = data_dir.join("sample.tar.gz");
    if !file.exists() {
        sample::write(&file, sample::Sizes::default()).context("drawing the sample")?;
    }
    Ok(file)
}

/// Opens the archive for staging.
pub(crate) fn open(archive: &Path) -> anyhow::Result<BufReader<File>> {
    let file = File::open(archive).with_context(|| {
        format!(
            "{}: give --archive a cifar-100-python.tar.gz, or leave it out",
            archive.display()
        )
    })?;
    Ok(BufReader::with_capacity(1 << 18, file))
}
