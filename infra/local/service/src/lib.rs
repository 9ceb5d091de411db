//! The interface between the local stack and its services.
//!
//! A service implements [`Service`]. It reaches other services through the traits of this crate
//! ([`Invoke`], [`Objects`], [`sdk::SdkService`], [`sdk::Jobs`]), whose implementations the stack
//! supplies. The crate also has the parts that all services share: the account and region,
//! signature verification, SQLite, private files, child processes, logs. It depends on no service.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod database;
mod error_response;
mod identity;
mod invoke;
pub mod logs;
mod objects;
pub mod private;
pub mod process;
pub mod protocol;
pub mod sdk;
mod seam;
pub mod signature;
pub mod virtual_host;

pub use error_response::ErrorResponse;
pub use identity::Identity;
pub use invoke::{Invocation, Invoke, InvokeError, trace_id};
pub use objects::{ObjectSummary, Objects, ObjectsError};
pub use seam::{RequestHead, Service, ServiceError, Stop};
