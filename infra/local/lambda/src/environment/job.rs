//! The jobs of an environment, and their results.

use bytes::Bytes;
use http::HeaderValue;
use tokio::sync::{mpsc, oneshot};

use crate::pool::Lease;
use service::Invocation;

/// An invocation for an environment.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) request: Request,
    pub(crate) reply: oneshot::Sender<Reply>,
    /// The right to run, held until the invocation is over.
    pub(crate) lease: Lease,
    /// The environment's own handle, which goes back to the pool afterwards.
    pub(crate) handle: Handle,
}

/// An invocation: the function's event and its metadata.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) id: String,
    pub(crate) payload: Bytes,
    /// The ARN by which the caller named the function.
    pub(crate) arn: String,
    /// An X-Ray trace header.
    pub(crate) trace_id: String,
    /// `X-Amz-Client-Context`, decoded.
    pub(crate) client_context: Option<HeaderValue>,
}

/// The result of a job. (No reply at all means that the stack is stopping.)
#[derive(Debug)]
pub(crate) enum Reply {
    /// The function ran, or tried to.
    Done(Invocation),
    /// The environment ended before the function saw the event: another environment can safely take
    /// it.
    Undelivered(Lease),
}

/// A handle for sending jobs to an environment, which ends when the last handle is gone.
#[derive(Clone, Debug)]
pub(crate) struct Handle {
    /// The environment's number in the pool.
    pub(crate) id: u64,
    /// At most one job at a time: the sender has taken the handle from the pool.
    pub(crate) jobs: mpsc::Sender<Job>,
}

impl Job {
    /// The function has not seen the event: its caller may take another environment.
    pub(crate) fn give_back(self) {
        let _ = self.reply.send(Reply::Undelivered(self.lease));
    }
}
