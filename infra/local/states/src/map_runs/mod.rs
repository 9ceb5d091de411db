//! The jobs of map runs outside the engine's thread: reading items from S3, and writing results to
//! it.
//!
//! Both work in pages, so a million items or their results are never in memory at once.

mod csv;
mod decode;
mod json;
mod lines;
mod manifest;
mod reader;
mod results;

use std::sync::Arc;

use asl::Failure;

pub(super) use reader::Pages;
pub(super) use results::{Destination, Shape, WriteResult, child_results};

use crate::store::Readers;
use service::Objects;
use service::sdk::SdkService;

/// The services that the jobs of map runs use.
pub(super) struct Jobs {
    objects: Option<Arc<dyn Objects>>,
    /// S3 once more, for its listings.
    s3: Option<Arc<dyn SdkService>>,
    readers: Readers,
}

impl Jobs {
    pub(super) fn new(
        objects: Option<Arc<dyn Objects>>,
        s3: Option<Arc<dyn SdkService>>,
        readers: Readers,
    ) -> Self {
        Jobs {
            objects,
            s3,
            readers,
        }
    }
}

fn failure(error: &str, cause: impl Into<String>) -> Failure {
    Failure {
        error: Some(error.to_owned()),
        cause: Some(cause.into()),
    }
}
