//! The functions by name, for a program that is all of them in one.

use std::fmt;
use std::str::FromStr;

use futures::FutureExt;
use futures::future::LocalBoxFuture;

use crate::environment::Environment;
use crate::runtime::{self, Handler};
use crate::{
    batch, classify, classify_http, evaluate, filter, monitor, serialize, start, summarise,
};

/// One of the functions.
///
/// A program that is only one of them is in [`crate::programs`], so that it links one SDK and not all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// [`serialize::SerializeImage`]
    SerializeImage,
    /// [`classify::ClassifyImage`]
    ClassifyImage,
    /// [`filter::FilterInferences`]
    FilterInferences,
    /// [`start::StartExecution`]
    StartExecution,
    /// [`batch::ClassifyBatch`]
    ClassifyBatch,
    /// [`summarise::SummariseBatch`]
    SummariseBatch,
    /// [`evaluate::EvaluateModel`]
    EvaluateModel,
    /// [`classify_http::ClassifyHttp`]
    ClassifyHttp,
    /// [`monitor::MonitorEndpoint`]
    MonitorEndpoint,
}

impl Function {
    /// Every function.
    pub const ALL: [Self; 9] = [
        Self::SerializeImage,
        Self::ClassifyImage,
        Self::FilterInferences,
        Self::StartExecution,
        Self::ClassifyBatch,
        Self::SummariseBatch,
        Self::EvaluateModel,
        Self::ClassifyHttp,
        Self::MonitorEndpoint,
    ];

    /// Its name, which is also the name of its program.
    pub fn name(self) -> &'static str {
        match self {
            Self::SerializeImage => serialize::SerializeImage::NAME,
            Self::ClassifyImage => classify::ClassifyImage::NAME,
            Self::FilterInferences => filter::FilterInferences::NAME,
            Self::StartExecution => start::StartExecution::NAME,
            Self::ClassifyBatch => batch::ClassifyBatch::NAME,
            Self::SummariseBatch => summarise::SummariseBatch::NAME,
            Self::EvaluateModel => evaluate::EvaluateModel::NAME,
            Self::ClassifyHttp => classify_http::ClassifyHttp::NAME,
            Self::MonitorEndpoint => monitor::MonitorEndpoint::NAME,
        }
    }

    /// Is this function, for as long as the Runtime API at `AWS_LAMBDA_RUNTIME_API` has events.
    ///
    /// # Errors
    /// The environment is not what the function needs (the Runtime API knows it then), or the Runtime API is gone.
    // Boxed, so that it is compiled here, and not in each program that waits for it.
    pub fn run(self) -> LocalBoxFuture<'static, Result<(), runtime::Error>> {
        async move {
            let environment = Environment::of_this_process();
            match self {
                Self::SerializeImage => {
                    runtime::run::<serialize::SerializeImage>(&environment).await
                }
                Self::ClassifyImage => runtime::run::<classify::ClassifyImage>(&environment).await,
                Self::FilterInferences => {
                    runtime::run::<filter::FilterInferences>(&environment).await
                }
                Self::StartExecution => runtime::run::<start::StartExecution>(&environment).await,
                Self::ClassifyBatch => runtime::run::<batch::ClassifyBatch>(&environment).await,
                Self::SummariseBatch => {
                    runtime::run::<summarise::SummariseBatch>(&environment).await
                }
                Self::EvaluateModel => runtime::run::<evaluate::EvaluateModel>(&environment).await,
                Self::ClassifyHttp => {
                    runtime::run::<classify_http::ClassifyHttp>(&environment).await
                }
                Self::MonitorEndpoint => {
                    runtime::run::<monitor::MonitorEndpoint>(&environment).await
                }
            }
        }
        .boxed_local()
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Function {
    type Err = UnknownFunction;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|function| function.name() == name)
            .ok_or_else(|| UnknownFunction(name.to_owned()))
    }
}

/// No function has this name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no function {0:?}: the functions are serialize-image, classify-image, filter-inferences, start-execution, \
     classify-batch, summarise-batch, evaluate-model, classify-http and monitor-endpoint"
)]
pub struct UnknownFunction(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_found_by_its_name() {
        for function in Function::ALL {
            assert_eq!(function.to_string().parse(), Ok(function));
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let text = "shred-image".parse::<Function>().unwrap_err().to_string();
        assert!(text.starts_with("there is no function \"shred-image\""));
        for function in Function::ALL {
            assert!(text.contains(function.name()), "{text}");
        }
    }
}
