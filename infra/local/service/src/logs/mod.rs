//! Logs of functions and training jobs: a file for each, with the output of its processes and the
//! stack's own lines.
//!
//! The log of a function has the function's name; that of a training job is called
//! `training-job/NAME`. A line is a time stamp, eight hexadecimal digits that identify the process,
//! and the message:
//!
//! ```text
//! 2026-11-21T09:15:02.118Z 5f2c9a01 START RequestId: 0a3e… Version: $LATEST
//! ```
//! At ten megabytes a file is renamed to `NAME.log.1`, replacing the previous `NAME.log.1`.

mod reader;

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::private;
pub use reader::{Follow, Line, names, read};

/// The size in bytes at which a log file is rotated.
const MAX_FILE: u64 = 10 * 1024 * 1024;

/// The file of the log `name` under the stack's data directory.
pub fn path(data_dir: &Path, name: &str) -> PathBuf {
    data_dir.join("logs").join(format!("{name}.log"))
}

/// The older half of a log.
fn rotated(path: &Path) -> PathBuf {
    path.with_extension("log.1")
}

/// The writing end, which a function's environments share.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    max_file: u64,
    file: Mutex<(File, u64)>,
}

impl Log {
    /// Opens the log `name`, to write at its end.
    pub fn open(data_dir: &Path, name: &str) -> io::Result<Self> {
        Self::with_limit(path(data_dir, name), MAX_FILE)
    }

    fn with_limit(path: PathBuf, max_file: u64) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            private::create_dir_all(folder)?;
        }
        let file = Mutex::new(open(&path)?);
        Ok(Self {
            path,
            max_file,
            file,
        })
    }

    /// Writes `lines`, each ended by a newline, with the time and the process's `stream`. One write
    /// for all of them: it goes to the page cache, so it is done where it is, and it is never mixed
    /// with another process's.
    pub fn append(&self, stream: &str, lines: &[u8]) {
        let now = jiff::Timestamp::now();
        let mut text = Vec::with_capacity(lines.len() + 64);
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            text.extend_from_slice(format!("{now:.3} {stream} ").as_bytes());
            text.extend_from_slice(line);
        }
        if let Err(error) = self.write(&text) {
            tracing::error!(%error, path = %self.path.display(), "a log could not be written");
        }
    }

    fn write(&self, text: &[u8]) -> io::Result<()> {
        let mut file = self.lock();
        if file.1 > 0 && file.1 + text.len() as u64 > self.max_file {
            std::fs::rename(&self.path, rotated(&self.path))?;
            *file = open(&self.path)?;
        }
        file.0.write_all(text)?;
        file.1 += text.len() as u64;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, (File, u64)> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open(path: &Path) -> io::Result<(File, u64)> {
    let file = private::append(path)?;
    let length = file.metadata()?.len();
    Ok((file, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(lines: &[Line]) -> Vec<&str> {
        lines.iter().map(|line| line.message.as_str()).collect()
    }

    #[test]
    fn lines_come_back_with_their_function_stream_and_time() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::open(folder.path(), "one").unwrap();
        log.append(
            "0badcafe",
            b"first\r\n\nthird with \xff\nfourth\rand last\n",
        );
        let lines = read(folder.path(), Some("one"), 10).unwrap();
        assert_eq!(
            messages(&lines),
            ["first", "", "third with \u{fffd}", "fourth\nand last"]
        );
        assert_eq!(lines[0].name, "one");
        assert_eq!(lines[0].stream, "0badcafe");
        assert!(lines[0].time.ends_with('Z') && lines[0].time.len() == 24);
    }

    #[test]
    fn logs_of_jobs_are_among_all_and_can_be_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["one", "training-job/one"] {
            let log = Log::open(folder.path(), name).unwrap();
            log.append("00000000", format!("{name}\n").as_bytes());
        }
        let all = read(folder.path(), None, 10).unwrap();
        assert_eq!(messages(&all), ["one", "training-job/one"]);
        assert_eq!(names(folder.path()).unwrap(), ["one", "training-job/one"]);
        let name = "training-job/one";
        let lines = read(folder.path(), Some(name), 10).unwrap();
        assert_eq!((lines[0].name.as_str(), lines.len()), (name, 1));
    }

    #[test]
    fn reading_all_functions_merges_them_in_time() {
        let folder = tempfile::tempdir().unwrap();
        let text = "2026-01-01T00:00:00.001Z aaaaaaaa a\n2026-01-01T00:00:00.003Z aaaaaaaa c\n";
        Log::open(folder.path(), "one").unwrap();
        std::fs::write(path(folder.path(), "one"), text).unwrap();
        let text = "2026-01-01T00:00:00.002Z bbbbbbbb b\n";
        std::fs::write(path(folder.path(), "two"), text).unwrap();
        let lines = read(folder.path(), None, 10).unwrap();
        assert_eq!(messages(&lines), ["a", "b", "c"]);
        let lines = read(folder.path(), None, 2).unwrap();
        assert_eq!(messages(&lines), ["b", "c"]);
    }

    #[test]
    fn a_full_file_is_rotated_and_still_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = path(folder.path(), "one");
        let log = Log::with_limit(path.clone(), 100).unwrap();
        for number in 0..6 {
            log.append("00000000", format!("line {number}\n").as_bytes());
        }
        // 41 bytes a line: two in a file.
        let lines = read(folder.path(), Some("one"), 10).unwrap();
        assert_eq!(messages(&lines), ["line 2", "line 3", "line 4", "line 5"]);
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 2);
    }

    #[test]
    fn following_sees_each_line_once_across_a_rotation() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::with_limit(path(folder.path(), "one"), 100).unwrap();
        log.append("00000000", b"before\n");
        let mut follow = Follow::new(folder.path(), Some("one")).unwrap();
        assert_eq!(messages(&follow.poll().unwrap()), [""; 0]);
        log.append("00000000", b"one\n");
        log.append("00000000", b"two\n");
        log.append("00000000", b"three\n");
        assert_eq!(messages(&follow.poll().unwrap()), ["one", "two", "three"]);
        assert_eq!(messages(&follow.poll().unwrap()), [""; 0]);
        // A function that writes for the first time.
        let mut all = Follow::new(folder.path(), None).unwrap();
        Log::open(folder.path(), "new")
            .unwrap()
            .append("00000000", b"hello\n");
        assert_eq!(messages(&all.poll().unwrap()), ["hello"]);
    }

    #[test]
    fn a_function_without_a_log_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let error = read(folder.path(), Some("nope"), 1).unwrap_err();
        assert!(error.to_string().contains("nope.log"), "{error}");
    }
}
