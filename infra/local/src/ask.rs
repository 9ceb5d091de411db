//! Queries a running stack of this machine over HTTP/1.0, whose response ends with the connection.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use http::{Method, StatusCode};

use crate::listen::STACK_INFO_PATH;
use service::Identity;
use service::signature::{self, Key};

/// The maximum size in bytes of a response about the stack itself.
const MAX_RESPONSE: u64 = 64 << 10;
/// The time limit for a stack to identify itself.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(1);

/// The reason that a stack rejects the client's key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The stack has a key, and the client has none.
    #[error(
        "the stack at {0} verifies signatures: set SCONES_ACCESS_KEY_ID and \
         SCONES_SECRET_ACCESS_KEY to its key"
    )]
    None(String),
    /// The stack has another key.
    #[error(
        "the stack at {url} does not take the key in SCONES_ACCESS_KEY_ID and \
         SCONES_SECRET_ACCESS_KEY: {message}"
    )]
    Wrong {
        /// The URL of the stack.
        url: String,
        /// The response of the stack.
        message: String,
    },
}

/// Checks that the stack at `url` accepts requests signed with `key`. If nothing there responds as
/// a stack, the check succeeds: the client will find out.
pub fn check_key(url: &str, key: Option<&Key>) -> Result<(), KeyError> {
    let Some(address) = url.strip_prefix("http://") else {
        return Ok(());
    };
    let address = address.trim_end_matches('/');
    let Ok((status, body)) = ask(&Method::GET, address, STACK_INFO_PATH, key, Some(TIMEOUT)) else {
        return Ok(());
    };
    if status != StatusCode::FORBIDDEN {
        return Ok(());
    }
    let url = url.to_owned();
    let message = serde_json::from_str::<serde_json::Value>(&body).ok();
    let text = |name: &str| Some(message.as_ref()?.get(name)?.as_str()?.to_owned());
    match (text("__type"), text("message"), key) {
        (Some(_), Some(_), None) => Err(KeyError::None(url)),
        (Some(code), Some(message), Some(_)) => Err(KeyError::Wrong {
            url,
            message: format!("{code}: {message}"),
        }),
        _ => Ok(()),
    }
}

/// Sends a request to the stack at `address` (`127.0.0.1:4566`), signed if there is a key; returns
/// the status and body.
pub(crate) fn ask(
    method: &Method,
    address: &str,
    uri: &str,
    key: Option<&Key>,
    patience: Option<Duration>,
) -> io::Result<(StatusCode, String)> {
    let mut stream = connect(address, patience)?;
    stream.set_read_timeout(patience)?;
    let region = Identity::default().region;
    let signed = key.map(|key| signature::headers(key, &region, method, uri, address));
    let signed = signed.unwrap_or_default();
    // In one piece: a server may answer, and close, after its first read.
    let request =
        format!("{method} {uri} HTTP/1.0\r\nHost: {address}\r\n{signed}Content-Length: 0\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut response = Vec::new();
    stream.take(MAX_RESPONSE).read_to_end(&mut response)?;
    let response = String::from_utf8_lossy(&response);
    let parsed = response.split_once("\r\n\r\n").and_then(|(head, body)| {
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, body.to_owned()))
    });
    parsed.ok_or_else(|| io::Error::other("what answers there does not speak HTTP"))
}

fn connect(address: &str, patience: Option<Duration>) -> io::Result<TcpStream> {
    let Some(patience) = patience else {
        return TcpStream::connect(address);
    };
    let mut last = io::Error::other("the name has no address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, patience) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Serves one response to any request.
    fn answers(text: &'static str) -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 2048]).unwrap();
            stream.write_all(text.as_bytes()).unwrap();
        });
        url
    }

    #[test]
    fn a_stack_that_does_not_take_the_key_says_so() {
        const REFUSED: &str =
            "HTTP/1.1 403 Forbidden\r\n\r\n{\"__type\":\"X\",\"message\":\"why\"}";
        let key = Key::new("me", "0f8fad5bd9cb469f").unwrap();
        let url = answers(REFUSED);
        assert_eq!(
            check_key(&url, None).unwrap_err().to_string(),
            format!(
                "the stack at {url} verifies signatures: set SCONES_ACCESS_KEY_ID and \
                 SCONES_SECRET_ACCESS_KEY to its key"
            )
        );
        let url = answers(REFUSED);
        assert_eq!(
            check_key(&url, Some(&key)).unwrap_err().to_string(),
            format!(
                "the stack at {url} does not take the key in SCONES_ACCESS_KEY_ID and \
                 SCONES_SECRET_ACCESS_KEY: X: why"
            )
        );
    }

    #[test]
    fn what_is_no_stack_is_for_the_client_to_find_out() {
        for url in [
            answers("HTTP/1.1 200 OK\r\n\r\n{}"),
            answers("HTTP/1.1 403 Forbidden\r\n\r\n<Error/>"),
            answers("220 mail.example.com"),
            "https://example.com".to_owned(),
            "http://127.0.0.1:1".to_owned(),
        ] {
            check_key(&url, None).unwrap();
        }
    }
}
