//! Deletes old executions of a data directory, whether a stack runs on it or not.

use std::path::Path;
use std::time::Duration;

use http::Method;

use crate::ask::{KeyError, ask, check_key};
use crate::stack_info::{DataDir, LockError, StackInfo};
use local_states::{GcReport, OpenError, gc_offline};
use service::signature::Key;

/// The path for deleting ended executions; `?older_than=` is the age in seconds.
pub(crate) const PATH: &str = "/_scones/gc";

/// The reason that deletion failed or was incomplete.
#[derive(Debug, thiserror::Error)]
pub enum GcError {
    /// The data directory is not to be had.
    #[error(transparent)]
    DataDir(LockError),
    /// The stack that runs on it does not take the key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The database can't be opened or changed.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// The stack that runs on it did not do it.
    #[error("the stack at {url} did not delete anything: {response}")]
    Stack {
        /// The URL of the stack.
        url: String,
        /// The response of the stack.
        response: String,
    },
}

/// Deletes the executions that ended longer ago than `older_than`. Where a stack runs on the data
/// directory, that one does it, where it verifies signatures if `key` is its own; else this process
/// does.
pub fn gc(data_dir: &Path, older_than: Duration, key: Option<&Key>) -> Result<GcReport, GcError> {
    match DataDir::take(data_dir) {
        Ok(held) => Ok(gc_offline(held.path(), older_than)?),
        Err(LockError::Held { info, .. }) => by_stack(&info, older_than, key),
        Err(error) => Err(GcError::DataDir(error)),
    }
}

fn by_stack(
    info: &StackInfo,
    older_than: Duration,
    key: Option<&Key>,
) -> Result<GcReport, GcError> {
    let refused = |response: String| GcError::Stack {
        url: info.url.clone(),
        response,
    };
    check_key(&info.url, key)?;
    let address = info.url.trim_start_matches("http://");
    let uri = format!("{PATH}?older_than={}", older_than.as_secs());
    // However long it takes.
    let response = ask(&Method::POST, address, &uri, key, None);
    let (_, body) = response.map_err(|error| refused(error.to_string()))?;
    serde_json::from_str(&body).map_err(|_| refused(body))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    #[test]
    fn a_directory_without_executions_has_none_to_delete() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(
            gc(dir.path(), Duration::ZERO, None).unwrap(),
            GcReport::default()
        );
    }

    #[test]
    fn a_stack_that_refuses_is_quoted() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let served = std::thread::spawn(move || {
            let mut requests = Vec::new();
            for response in [
                "HTTP/1.0 200 OK\r\n\r\n{}",
                "HTTP/1.0 500 x\r\n\r\nstates.db: disk full",
            ] {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 512];
                let length = stream.read(&mut request).unwrap();
                stream.write_all(response.as_bytes()).unwrap();
                requests.push(String::from_utf8_lossy(&request[..length]).into_owned());
            }
            requests
        });
        let info = StackInfo {
            pid: 1,
            url: url.clone(),
        };
        let error = by_stack(&info, Duration::from_secs(7), None).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the stack at {url} did not delete anything: states.db: disk full")
        );
        let requests = served.join().unwrap();
        assert!(requests[1].starts_with("POST /_scones/gc?older_than=7 HTTP/1.0\r\n"));
    }
}
