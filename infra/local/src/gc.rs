//! Deletes old executions of a data directory, whether a stack runs on it or not.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use crate::holder::{DataDir, Holder, LockError};
use crate::states::{OpenError, Swept, gc_offline};

/// Where a running stack is asked for it; `?older_than=` gives the age in seconds.
pub(crate) const PATH: &str = "/_scones/gc";

/// Why nothing was deleted, or not all.
#[derive(Debug, thiserror::Error)]
pub enum GcError {
    /// The data directory is not to be had.
    #[error(transparent)]
    DataDir(LockError),
    /// Its database can't be opened or changed.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// The stack that runs on it did not do it.
    #[error("the stack at {url} did not delete anything: {answer}")]
    Stack {
        /// Where it answers.
        url: String,
        /// What it said.
        answer: String,
    },
}

/// Deletes the executions that ended longer ago than `older_than`. Where a stack runs on the data directory, that one
/// does it; else this process does.
pub fn gc(data_dir: &Path, older_than: Duration) -> Result<Swept, GcError> {
    match DataDir::take(data_dir) {
        Ok(held) => Ok(gc_offline(held.path(), older_than)?),
        Err(LockError::Held { holder, .. }) => ask(&holder, older_than),
        Err(error) => Err(GcError::DataDir(error)),
    }
}

fn ask(holder: &Holder, older_than: Duration) -> Result<Swept, GcError> {
    let refused = |answer: String| GcError::Stack {
        url: holder.url.clone(),
        answer,
    };
    let answer = post(&holder.url, older_than).map_err(|error| refused(error.to_string()))?;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    serde_json::from_str(body).map_err(|_| refused(body.to_owned()))
}

/// HTTP 1.0, whose answer ends with the connection: all that is needed of it.
fn post(url: &str, older_than: Duration) -> std::io::Result<String> {
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address)?;
    let seconds = older_than.as_secs();
    // In one piece: a server may answer, and close, after its first read.
    let request = format!(
        "POST {PATH}?older_than={seconds} HTTP/1.0\r\nHost: {address}\r\nContent-Length: 0\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_without_executions_has_none_to_delete() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(gc(dir.path(), Duration::ZERO).unwrap(), Swept::default());
    }

    #[test]
    fn a_stack_that_refuses_is_quoted() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let served = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 512];
            let length = stream.read(&mut request).unwrap();
            stream
                .write_all(b"HTTP/1.0 500 x\r\n\r\nstates.db: disk full")
                .unwrap();
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        let holder = Holder {
            pid: 1,
            url: url.clone(),
        };
        let error = ask(&holder, Duration::from_secs(7)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the stack at {url} did not delete anything: states.db: disk full")
        );
        let request = served.join().unwrap();
        assert!(request.starts_with("POST /_scones/gc?older_than=7 HTTP/1.0\r\n"));
    }
}
