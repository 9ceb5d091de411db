//! The Lambda functions of the image classification workflow.
//!
//! An upload starts [`start`]; the state machine `classify.asl.json` calls the others in turn:
//! [`serialize`] (S3 object to image), [`classify`] (image to scores) and [`filter`] (scores to an
//! answer, or none). What flows between them is [`event::Object`]. `classify-batch.asl.json`
//! classifies a whole prefix of a bucket: [`batch`] does what the three do, for many images in one
//! invocation, and [`summarize`] counts what came of them. [`classify_http`] does it for the image
//! of an HTTP request. [`evaluate`] judges a model, and [`monitor`] what it answers day by day.
//!
//! Nothing here knows whether AWS or the local stack runs it: a function speaks the
//! [Lambda Runtime API](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html), and finds
//! the other services by the SDK's own environment variables.

mod aws;
pub mod batch;
pub mod classify;
pub mod classify_http;
pub mod diagnostic;
pub mod environment;
pub mod evaluate;
pub mod event;
pub mod filter;
mod fitter;
mod function;
mod logging;
#[cfg(feature = "embedded-model")]
mod model;
pub mod monitor;
pub mod runtime;
pub mod serialize;
pub mod start;
pub mod summarize;

pub use function::{Function, UnknownFunction, programs};
