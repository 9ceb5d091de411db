//! Downloads the CIFAR-100 archive, and makes sure that it is the published one.
//!
//! The bytes go to `FILE.part`, which a later run continues with a Range request; `FILE` appears
//! whole or not at all. Size and MD5 are checked at the end, over what was there before too.

#[cfg(test)]
mod tests;

use crate::progress::{Progress, Tick};
use md5::{Digest, Md5};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use ureq::http::{Response, StatusCode};

/// The archive's URL on the dataset's page.
pub const URL: &str = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz";

/// The archive's file name.
pub const FILE_NAME: &str = "cifar-100-python.tar.gz";

const CHUNK: usize = 64 << 10;
const CONNECT: Duration = Duration::from_secs(20);
const RESPONSE: Duration = Duration::from_secs(60);

/// The size and checksum that a download must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    /// Its length in bytes.
    pub size: u64,
    /// Its MD5, in lower-case hexadecimal.
    pub md5: String,
}

impl Default for Checksum {
    /// The published archive.
    fn default() -> Self {
        Self {
            size: 169_001_437,
            md5: "eb9058c3a382ffc7106e4002c42a8d85".to_owned(),
        }
    }
}

/// The outcome of a fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchOutcome {
    /// The file was there already, and is the right one.
    Present,
    /// It was downloaded, this many bytes of it by an earlier run.
    Downloaded {
        /// 0 for a download from the beginning.
        resumed_from: u64,
    },
}

/// An error of fetching the archive.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The host could not be reached.
    #[error(
        "cannot reach {url}: {why}. Give another address with --url, or put {FILE_NAME} at {file} \
         yourself, or draw a stand-in that needs no network with `cifar-tools sample`",
        file = .file.display()
    )]
    Unreachable {
        /// The URL.
        url: String,
        /// The reason.
        why: String,
        /// The path of the file that was to be downloaded.
        file: PathBuf,
    },
    /// The host answered, but not with the file.
    #[error("{url} answered {status}: give another address with --url")]
    Status {
        /// The URL.
        url: String,
        /// The status.
        status: StatusCode,
    },
    /// The connection broke.
    #[error(
        "the download stopped after {got} of {size} bytes ({why}); run the same command again to \
         resume it"
    )]
    Broken {
        /// Bytes received, those of earlier runs included.
        got: u64,
        /// The size of the whole file.
        size: u64,
        /// The reason.
        why: String,
    },
    /// The file is not the published one.
    #[error("{what} is not the published archive: {difference}; {way_out}")]
    Wrong {
        /// The URL, or the file that was there.
        what: String,
        /// The size or MD5 that differs.
        difference: String,
        /// The suggested fix.
        way_out: &'static str,
    },
    /// A file could not be read or written.
    #[error("{path}: {source}", path = .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The progress closure asked to stop.
    #[error("stopped; run the same command again to resume the download")]
    Stopped,
}

/// The path of the archive in the cache that all commands share: `$XDG_CACHE_HOME/scones/` or
/// `~/.cache/scones/`.
#[must_use]
pub fn cache_path() -> PathBuf {
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let cache = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    cache
        .unwrap_or_else(|| PathBuf::from(".cache"))
        .join("scones")
        .join(FILE_NAME)
}

/// Downloads `file` from `url` if it does not exist, and checks it against `expected`.
///
/// # Errors
/// See [`Error`]. An existing file that differs is not touched.
pub fn fetch(
    url: &str,
    file: &Path,
    expected: &Checksum,
    progress: &mut impl Progress,
) -> Result<FetchOutcome, Error> {
    if file.exists() {
        let way_out = "move it away, or give another --out";
        check(
            &mut hash(file, expected, progress)?,
            expected,
            &file.display().to_string(),
            way_out,
        )?;
        return Ok(FetchOutcome::Present);
    }
    if let Some(parent) = file.parent() {
        fs::create_dir_all(parent).map_err(at(parent))?;
    }
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let resumed_from = download(url, file, Path::new(&part), expected, progress)?;
    fs::rename(&part, file).map_err(at(file))?;
    Ok(FetchOutcome::Downloaded { resumed_from })
}

/// Completes `part`, or removes it if it is wrong.
fn download(
    url: &str,
    file: &Path,
    part: &Path,
    expected: &Checksum,
    progress: &mut impl Progress,
) -> Result<u64, Error> {
    let mut hashed = if part.exists() {
        hash(part, expected, progress)?
    } else {
        RunningHash::default()
    };
    if hashed.size > expected.size {
        hashed = RunningHash::default();
    }
    let mut from = hashed.size;
    if from < expected.size {
        let response = request(url, file, from)?;
        if response.status() != StatusCode::PARTIAL_CONTENT || !continues(&response, from) {
            (hashed, from) = (RunningHash::default(), 0); // the server sends the whole file
        }
        let to = OpenOptions::new()
            .create(true)
            .append(from > 0)
            .write(true)
            .truncate(from == 0)
            .open(part);
        copy(
            response,
            to.map_err(at(part))?,
            part,
            &mut hashed,
            expected,
            progress,
        )?;
    }
    let way_out = "it was removed; give another address with --url, or try again";
    check(&mut hashed, expected, url, way_out).inspect_err(|_| drop(fs::remove_file(part)))?;
    Ok(from)
}

/// Requests the file from byte `from` on.
fn request(url: &str, file: &Path, from: u64) -> Result<Response<ureq::Body>, Error> {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    let config = config
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(RESPONSE));
    let agent = ureq::Agent::new_with_config(config.build());
    let mut request = agent.get(url);
    if from > 0 {
        request = request.header("Range", format!("bytes={from}-"));
    }
    let unreachable = |e: ureq::Error| Error::Unreachable {
        url: url.to_owned(),
        why: e.to_string(),
        file: file.to_owned(),
    };
    let response = request.call().map_err(unreachable)?;
    match response.status() {
        StatusCode::OK | StatusCode::PARTIAL_CONTENT => Ok(response),
        // The part is no beginning of what the server has: all of it again.
        StatusCode::RANGE_NOT_SATISFIABLE if from > 0 => self::request(url, file, 0),
        status => Err(Error::Status {
            url: url.to_owned(),
            status,
        }),
    }
}

/// Returns true if a partial response starts at the requested byte.
fn continues(response: &Response<ureq::Body>, from: u64) -> bool {
    let range = response
        .headers()
        .get("content-range")
        .and_then(|value| value.to_str().ok());
    range.is_some_and(|range| range.starts_with(&format!("bytes {from}-")))
}

fn copy(
    mut response: Response<ureq::Body>,
    mut to: File,
    part: &Path,
    hashed: &mut RunningHash,
    expected: &Checksum,
    progress: &mut impl Progress,
) -> Result<(), Error> {
    let mut from = response.body_mut().with_config().limit(u64::MAX).reader();
    let mut chunk = vec![0; CHUNK];
    loop {
        let n = from
            .read(&mut chunk)
            .map_err(|e| hashed.broken(expected, &e.to_string()))?;
        if n == 0 {
            break;
        }
        to.write_all(&chunk[..n]).map_err(at(part))?;
        hashed.add(&chunk[..n], expected, progress)?;
        if hashed.size > expected.size {
            break; // wrong anyway: no need for the rest
        }
    }
    if hashed.size < expected.size {
        return Err(hashed.broken(expected, "the server closed the connection"));
    }
    to.sync_all().map_err(at(part))
}

/// The length and MD5 of the bytes so far.
#[derive(Default)]
struct RunningHash {
    size: u64,
    md5: Md5,
}

impl RunningHash {
    fn add(
        &mut self,
        bytes: &[u8],
        expected: &Checksum,
        progress: &mut impl Progress,
    ) -> Result<(), Error> {
        self.size += bytes.len() as u64;
        self.md5.update(bytes);
        let tick = Tick {
            bytes: self.size,
            total: Some(expected.size),
            images: 0,
        };
        if progress(tick).is_break() {
            Err(Error::Stopped)
        } else {
            Ok(())
        }
    }

    fn broken(&self, expected: &Checksum, why: &str) -> Error {
        Error::Broken {
            got: self.size,
            size: expected.size,
            why: why.to_owned(),
        }
    }
}

fn hash(
    file: &Path,
    expected: &Checksum,
    progress: &mut impl Progress,
) -> Result<RunningHash, Error> {
    let mut from = BufReader::new(File::open(file).map_err(at(file))?);
    let mut hashed = RunningHash::default();
    let mut chunk = vec![0; CHUNK];
    loop {
        match from.read(&mut chunk).map_err(at(file))? {
            0 => return Ok(hashed),
            n => hashed.add(&chunk[..n], expected, progress)?,
        }
    }
}

fn check(
    hashed: &mut RunningHash,
    expected: &Checksum,
    what: &str,
    way_out: &'static str,
) -> Result<(), Error> {
    let md5: String = hashed
        .md5
        .finalize_reset()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let difference = if hashed.size != expected.size {
        format!("it has {} bytes, not {}", hashed.size, expected.size)
    } else if md5 != expected.md5 {
        format!("its MD5 is {md5}, not {}", expected.md5)
    } else {
        return Ok(());
    };
    Err(Error::Wrong {
        what: what.to_owned(),
        difference,
        way_out,
    })
}

fn at(path: &Path) -> impl Fn(io::Error) -> Error {
    move |source| Error::File {
        path: path.to_owned(),
        source,
    }
}
