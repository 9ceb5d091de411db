//! The local stack: AWS services on one port, from one template, in one process.
//!
//! It composes: the listener and its router (`server`, `route`), the registry of services, the data directory, what a template
//! gives each service (`stack`). A service is a folder with one type that implements [`service::Service`], and a line in
//! `stack::register`. Services meet only through the traits of [`service`].

pub mod apigateway;
mod ask;
mod gc;
mod holder;
pub mod lambda;
mod listen;
mod registry;
mod route;
pub mod s3;
pub mod sagemaker;
pub mod scheduler;
mod server;
mod stack;
pub mod states;
pub mod template;
#[cfg(test)]
mod tests;

pub use ask::{KeyRefused, takes};
pub use gc::{GcError, gc};
pub use holder::{Holder, LockError, running};
pub use listen::ListenError;
pub use stack::{Config, FunctionCommand, Stack, StartError};
