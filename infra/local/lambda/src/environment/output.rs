//! Copies the output of a function's process to the log. Stdout and stderr share one pipe, which
//! preserves their order.

use std::convert::Infallible;
use std::io::{self, ErrorKind, PipeWriter};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use tokio::net::unix::pipe;

use service::logs::Log;

/// CloudWatch's limit on an event is a megabyte; a line that grows beyond this is cut in two.
const MAX_LINE: usize = 256 * 1024;
/// The maximum number of bytes in `X-Amz-Log-Result`.
const MAX_TAIL: usize = 4 * 1024;

/// The reading end of the pipe, and the state of reading it.
#[derive(Debug)]
pub(super) struct Output {
    pipe: pipe::Receiver,
    buffer: Box<[u8]>,
    partial: Vec<u8>,
    tail: Vec<u8>,
    log: Arc<Log>,
    stream: String,
}

impl Output {
    /// Creates a pipe whose other end goes to the process. `stream` identifies the environment in
    /// `log`.
    pub(super) fn new(log: Arc<Log>, stream: String) -> io::Result<(Self, PipeWriter)> {
        let (reader, writer) = io::pipe()?;
        let output = Self {
            pipe: pipe::Receiver::from_owned_fd(OwnedFd::from(reader))?,
            buffer: vec![0; 16 * 1024].into_boxed_slice(),
            partial: Vec::new(),
            tail: Vec::new(),
            log,
            stream,
        };
        Ok((output, writer))
    }

    /// Copies the output to the log, for as long as it is polled.
    pub(super) async fn pump(&mut self) -> Infallible {
        loop {
            if self.pipe.readable().await.is_err() {
                return std::future::pending().await;
            }
            loop {
                match self.pipe.try_read(&mut self.buffer) {
                    Ok(0) => return std::future::pending().await,
                    Ok(length) => self.take(length),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(_) => return std::future::pending().await,
                }
            }
        }
    }

    /// Copies the output so far to the log. It asks the kernel and not tokio, whose view of the
    /// pipe may be older than the response that the function has just sent.
    pub(super) fn drain(&mut self) {
        loop {
            match rustix::io::read(&self.pipe, &mut self.buffer[..]) {
                Ok(length) if length > 0 => self.take(length),
                Err(error) if io::Error::from(error).kind() == ErrorKind::Interrupted => {}
                _ => break,
            }
        }
        if !self.partial.is_empty() {
            self.partial.push(b'\n');
            self.flush();
        }
    }

    /// Writes a line of the service's own.
    pub(super) fn line(&mut self, line: &str) {
        self.partial.extend_from_slice(line.as_bytes());
        self.partial.push(b'\n');
        self.flush();
    }

    /// The last 4 KB since the last call.
    pub(super) fn take_tail(&mut self) -> String {
        let tail = std::mem::take(&mut self.tail);
        String::from_utf8_lossy(&tail).into_owned()
    }

    fn take(&mut self, length: usize) {
        self.partial.extend_from_slice(&self.buffer[..length]);
        if self.partial.len() > MAX_LINE && !self.partial.contains(&b'\n') {
            self.partial.push(b'\n');
        }
        self.flush();
    }

    /// Moves the complete lines out.
    fn flush(&mut self) {
        let Some(end) = self.partial.iter().rposition(|byte| *byte == b'\n') else {
            return;
        };
        let lines = &self.partial[..=end];
        self.log.append(&self.stream, lines);
        self.tail.extend_from_slice(lines);
        let excess = self.tail.len().saturating_sub(MAX_TAIL);
        self.tail.drain(..excess);
        self.partial.drain(..=end);
    }
}
