//! Amazon SageMaker: training jobs, models, endpoints with data capture, and transform jobs.
//!
//! The modules form layers, and a test checks that no two of them use each other:
//!
//! | layer | modules | do |
//! |---|---|---|
//! | rows | `kind`, `error`, `store` | keep what clients create, each with the request, a status
//! and a state |
//! | containers | `container`, `config`, `artifact`, `server`, `pipeline` | run a container's program as a
//! child process, which dies with the stack |
//! | endpoints | `capture`, `deployment`, `fleet`, `endpoint` | hold what serves, and keep what
//! passed through |
//! | operations | `jobs`, `context`, `packages`, `resolve`, `deploy`, `lifecycle`, `invoke`, `training`,
//! `transform`, `runner` | change what is there: `Inner` is the state that they share |
//! | interfaces | `api`, `declare`, `sdk`, `handle`, `seam` | take requests from the wire, from
//! templates, from state machines |

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod api;
mod artifact;
mod capture;
mod config;
mod container;
mod context;
mod declare;
mod deploy;
mod deployment;
mod endpoint;
mod error;
mod fleet;
mod handle;
mod invoke;
mod jobs;
mod kind;
mod lifecycle;
mod packages;
mod pipeline;
mod resolve;
mod runner;
mod sdk;
mod seam;
mod server;
mod store;
#[cfg(test)]
mod tests;
mod training;
mod transform;

pub use config::{
    Config, ContainerProgram, ContainerPrograms, Launch, StartServer, StartTraining,
    TrainingLaunch, UnknownImage,
};
pub use endpoint::Status;
pub use error::DeployError;
pub use handle::{OpenError, SageMaker};
pub use sdk::{Control, Runtime};
