//! The SAM template: read, resolved, and reduced to what the services need.

mod application;

pub use application::*;
