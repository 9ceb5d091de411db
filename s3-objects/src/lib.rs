//! Objects of S3: read whole, in pieces and in lines, written and listed, with errors that say what
//! a caller can do.

mod bucket;
mod error;
mod lines;
mod object;

pub use bucket::Bucket;
pub use error::{Error, Problem};
pub use lines::{Line, Lines};
pub use object::{Body, get, get_at_most, open, put};
