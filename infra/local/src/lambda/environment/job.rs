//! What an environment is given to do, and what it gives back.

use bytes::Bytes;
use http::HeaderValue;
use tokio::sync::{mpsc, oneshot};

use crate::lambda::pool::Lease;
use service::Invocation;

/// An invocation for an environment.
#[derive(Debug)]
pub(in crate::lambda) struct Job {
    pub(in crate::lambda) request: Request,
    pub(in crate::lambda) reply: oneshot::Sender<Reply>,
    /// The right to run, held until the invocation is over.
    pub(in crate::lambda) lease: Lease,
    /// The environment's own handle, which goes back to the pool afterwards.
    pub(in crate::lambda) handle: Handle,
}

/// What is invoked, and with what.
#[derive(Clone, Debug)]
pub(in crate::lambda) struct Request {
    pub(in crate::lambda) id: String,
    pub(in crate::lambda) payload: Bytes,
    /// The ARN by which the caller named the function.
    pub(in crate::lambda) arn: String,
    /// An X-Ray trace header.
    pub(in crate::lambda) trace_id: String,
    /// `X-Amz-Client-Context`, decoded.
    pub(in crate::lambda) client_context: Option<HeaderValue>,
}

/// What came of a job. (None at all means that the stack is stopping.)
#[derive(Debug)]
pub(in crate::lambda) enum Reply {
    /// The function ran, or tried to.
    Done(Invocation),
    /// The environment was gone before the function saw the event: it is safe to take another one.
    Undelivered(Lease),
}

/// Where an environment takes jobs; it ends when the last handle is gone.
#[derive(Clone, Debug)]
pub(in crate::lambda) struct Handle {
    /// The environment's number in the pool.
    pub(in crate::lambda) id: u64,
    /// Never more than one at a time: whoever has the handle to send has taken it from the pool.
    pub(in crate::lambda) jobs: mpsc::Sender<Job>,
}

impl Job {
    /// The function has not seen the event: its caller may take another environment.
    pub(in crate::lambda) fn give_back(self) {
        let _ = self.reply.send(Reply::Undelivered(self.lease));
    }
}
