//! Stages CIFAR-100 classes as SageMaker image classification data sets.
//!
//! The CIFAR-100 python archive (Krizhevsky, 2009, <https://www.cs.toronto.edu/~kriz/cifar.html>)
//! is a gzipped tar of three pickles: `train`, `test` and, last, `meta`. This crate gets it
//! ([`fetch`]), draws a stand-in for it ([`sample`]), and turns the classes that are asked for into
//! PNG images and the `.lst` manifests that SageMaker's image classification reads ([`stage`],
//! [`manifest`]).
//!
//! The archive is read once, as a stream: tar members are never unpacked, and the 155 MB of pixels
//! in `train` pass through a window of one read buffer. What a pickle may do is a small, safe
//! subset ([`pickle`]).
//!
//! Nothing here draws on the terminal: long work reports to a [`progress::Progress`] closure, which
//! can also stop it.

pub mod archive;
pub mod classes;
pub mod fetch;
pub mod pickle;
pub mod progress;
pub mod prune;
pub mod s3;
pub mod sample;
pub mod stage;

pub use lst as manifest;

#[cfg(test)]
mod server;
