//! Reading logs, from any process.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{path, rotated};
use crate::private;

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The name of the log.
    pub name: String,
    /// The time of writing: RFC 3339, UTC, milliseconds; sorts as text.
    pub time: String,
    /// The process that wrote it: eight hexadecimal digits, or hyphens without a process.
    pub stream: String,
    /// The text. It contains line breaks where the writer used carriage returns: Python's Lambda
    /// runtime does so to keep a stack trace in one CloudWatch event.
    pub message: String,
}

/// Returns the last `limit` lines of one log, or of all logs merged, in order of time.
///
/// # Errors
/// The log does not exist, or a file can't be read; the text names the file.
pub fn read(data_dir: &Path, name: Option<&str>, limit: usize) -> io::Result<Vec<Line>> {
    let mut lines = Vec::new();
    for (name, path) in files(data_dir, name)? {
        let mut text = read_from(&rotated(&path), 0).map(|(bytes, _)| bytes);
        if text
            .as_ref()
            .is_err_and(|error| error.kind() == ErrorKind::NotFound)
        {
            text = Ok(Vec::new());
        }
        let mut text = text?;
        text.extend(read_from(&path, 0)?.0);
        lines.extend(parse(&name, &text));
    }
    lines.sort_by(|a, b| a.time.cmp(&b.time));
    let excess = lines.len().saturating_sub(limit);
    Ok(lines.split_off(excess))
}

/// The names of all logs, sorted.
///
/// # Errors
/// The folder of logs can't be read.
pub fn names(data_dir: &Path) -> io::Result<Vec<String>> {
    let mut names: Vec<String> = files(data_dir, None)?
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    names.sort_unstable();
    Ok(names)
}

/// Follows the logs: yields the lines written from now on.
#[derive(Debug)]
pub struct Follow {
    data_dir: PathBuf,
    name: Option<String>,
    /// Per log: the file that was read last, and how far.
    positions: BTreeMap<String, Position>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Position {
    inode: u64,
    offset: u64,
}

impl Follow {
    /// Starts at the present end of one log, or of all.
    ///
    /// # Errors
    /// The folder of logs can't be read.
    pub fn new(data_dir: &Path, name: Option<&str>) -> io::Result<Self> {
        let mut follow = Self {
            data_dir: data_dir.to_owned(),
            name: name.map(str::to_owned),
            positions: BTreeMap::new(),
        };
        for (name, path) in files(data_dir, name)? {
            if let Ok(found) = std::fs::symlink_metadata(&path) {
                let (inode, offset) = (found.ino(), found.len());
                follow.positions.insert(name, Position { inode, offset });
            }
        }
        Ok(follow)
    }

    /// The complete lines that were written since the last call, without waiting for any.
    ///
    /// # Errors
    /// A file can't be read.
    pub fn poll(&mut self) -> io::Result<Vec<Line>> {
        let mut lines = Vec::new();
        for (name, path) in files(&self.data_dir, self.name.as_deref())? {
            let position = self.positions.entry(name.clone()).or_default();
            lines.extend(parse(&name, &position.advance(&path)?));
        }
        lines.sort_by(|a, b| a.time.cmp(&b.time));
        Ok(lines)
    }
}

impl Position {
    /// The new bytes, to the end of the last complete line: of the rotated file first, where there
    /// was a rotation.
    fn advance(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let present = match std::fs::symlink_metadata(path) {
            Ok(found) => found.ino(),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(with_path(path, &error)),
        };
        let mut text = Vec::new();
        if present != self.inode {
            let old = rotated(path);
            let same = std::fs::symlink_metadata(&old).is_ok_and(|found| found.ino() == self.inode);
            if same {
                text = read_from(&old, self.offset)?.0;
            }
            *self = Self {
                inode: present,
                offset: 0,
            };
        }
        let (bytes, length) = read_from(path, self.offset)?;
        text.extend(bytes);
        self.offset += length;
        Ok(text)
    }
}

/// Returns the names and files of the selected logs.
fn files(data_dir: &Path, name: Option<&str>) -> io::Result<Vec<(String, PathBuf)>> {
    if let Some(name) = name {
        return Ok(vec![(name.to_owned(), path(data_dir, name))]);
    }
    let mut found = Vec::new();
    let mut folders = vec![(String::new(), data_dir.join("logs"))];
    while let Some((prefix, folder)) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(with_path(&folder, &error)),
        };
        for entry in entries {
            let entry = entry.map_err(|error| with_path(&folder, &error))?;
            let path = entry.path();
            let Some(file) = path.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            match file.strip_suffix(".log") {
                Some(name) => found.push((format!("{prefix}{name}"), path.clone())),
                None if entry.file_type().is_ok_and(|kind| kind.is_dir()) => {
                    folders.push((format!("{prefix}{file}/"), path.clone()));
                }
                None => {}
            }
        }
    }
    Ok(found)
}

/// The bytes from `offset` to the end of the last complete line, and their number.
fn read_from(path: &Path, offset: u64) -> io::Result<(Vec<u8>, u64)> {
    let read = || {
        let mut file = private::open_to_read(path)?;
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let mut bytes: Vec<u8> = read().map_err(|error| with_path(path, &error))?;
    let end = bytes.iter().rposition(|byte| *byte == b'\n');
    bytes.truncate(end.map_or(0, |end| end + 1));
    let length = bytes.len() as u64;
    Ok((bytes, length))
}

fn parse<'a>(name: &'a str, text: &'a [u8]) -> impl Iterator<Item = Line> + 'a {
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    lines.filter_map(move |line| {
        let line = String::from_utf8_lossy(line);
        let (time, rest) = line.trim_end_matches('\n').split_once(' ')?;
        let (stream, message) = rest.split_once(' ')?;
        Some(Line {
            name: name.to_owned(),
            time: time.to_owned(),
            stream: stream.to_owned(),
            message: message.trim_end_matches('\r').replace('\r', "\n"),
        })
    })
}

fn with_path(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
