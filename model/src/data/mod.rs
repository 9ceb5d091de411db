//! What goes into the network: pictures of one size, and lists of them with their classes.

mod dataset;
mod picture;

pub use dataset::{Dataset, DatasetError};
pub use picture::{Picture, PictureError, SIDES, Size};
