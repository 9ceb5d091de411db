//! The store, seen by the AWS SDK for Rust.
