//! SageMaker's contracts for training and hosting containers, whatever the model.
//!
//! A training container reads `/opt/ml/input`, writes `/opt/ml/model`, and puts the reason of a
//! failure in `/opt/ml/output/failure` ([`job`], [`hyperparameters`], [`channels`],
//! [`checkpoint`]). A hosting container answers `GET /ping` and `POST /invocations` ([`serve`]).
//! [`cli`] has the arguments of both programs and runs them until SIGTERM.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms.html>

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod channels;
pub mod checkpoint;
pub mod cli;
pub mod hyperparameters;
pub mod job;
pub mod media_type;
pub mod serve;
