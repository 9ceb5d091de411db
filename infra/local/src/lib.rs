//! The local stack: AWS services on one port, from one template, in one process.
//!
//! It composes: the listener and its router (`server`, `route`), the registry of services, the data
//! directory, what a template gives each service (`stack`). A service is a folder with one type
//! that implements [`service::Service`], and a line in `stack::register`. Services meet only
//! through the traits of [`service`].

mod ask;
mod gc;
mod listen;
mod registry;
mod route;
mod server;
mod stack;
mod stack_info;
#[cfg(test)]
mod tests;

pub use ask::{KeyError, check_key};
pub use gc::{GcError, gc};
pub use listen::ListenError;
pub use stack::{Config, FunctionCommand, Stack, StartError};
pub use stack_info::{LockError, StackInfo, running};
