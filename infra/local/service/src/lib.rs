//! The seam between the local stack and its services.
//!
//! A service implements [`Service`]; what it needs of another one is a trait of this crate
//! ([`Invoke`], [`Objects`], [`sdk::SdkService`], [`sdk::Jobs`]), which the stack plugs in. What
//! all services share is here too, once: the account and region, how requests are signed, SQLite,
//! files that only the user may read, child processes, logs. This crate knows no service.

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
pub use objects::{Listed, Objects, ObjectsError};
pub use seam::{RequestHead, Service, ServiceError, Stop};
