//! The functions: one table of their names, handlers and programs.

use std::fmt;
use std::process::ExitCode;
use std::str::FromStr;

use futures::FutureExt;
use futures::future::LocalBoxFuture;

use crate::environment::Environment;
use crate::runtime::{self, Handler};

macro_rules! functions {
    ($($function:ident, $program:ident, $handler:ty;)*) => {
        /// A function, for a program that contains all of them.
        ///
        /// A program that is only one of them is in [`programs`], so that it links one SDK and not
        /// all.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Function {
            $(#[doc = concat!("[`", stringify!($handler), "`]")] $function,)*
        }

        impl Function {
            /// Every function.
            pub const ALL: &'static [Self] = &[$(Self::$function),*];

            /// Returns its name, which is also the name of its program.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$function => <$handler>::NAME,)*
                }
            }

            /// Runs this function, for as long as the Runtime API at `AWS_LAMBDA_RUNTIME_API` has
            /// events.
            ///
            /// # Errors
            /// The environment is not what the function needs (the Runtime API knows it then), or
            /// the Runtime API is gone.
            // Boxed, so that it is compiled here, and not in each program that waits for it.
            pub fn run(self) -> LocalBoxFuture<'static, Result<(), runtime::Error>> {
                async move {
                    let environment = Environment::of_this_process();
                    match self {
                        $(Self::$function => runtime::run::<$handler>(&environment).await,)*
                    }
                }
                .boxed_local()
            }
        }

        /// The program of each function.
        ///
        /// They are here and not in `src/bin` because what is generic or `async` is compiled where
        /// it is called at last: each program would compile the runtime, its part of the SDK and
        /// all that lies between once more, for minutes.
        pub mod programs {
            use super::ExitCode;

            $(
                #[doc = concat!("Runs [`", stringify!($handler), "`] as a whole program.")]
                #[inline(never)]
                pub fn $program() -> ExitCode {
                    crate::runtime::main::<$handler>()
                }
            )*
        }
    };
}

functions! {
    SerializeImage, serialize_image, crate::serialize::SerializeImage;
    ClassifyImage, classify_image, crate::classify::ClassifyImage;
    FilterInferences, filter_inferences, crate::filter::FilterInferences;
    StartExecution, start_execution, crate::start::StartExecution;
    ClassifyBatch, classify_batch, crate::batch::ClassifyBatch;
    SummarizeBatch, summarize_batch, crate::summarize::SummarizeBatch;
    EvaluateModel, evaluate_model, crate::evaluate::EvaluateModel;
    ClassifyHttp, classify_http, crate::classify_http::ClassifyHttp;
    MonitorEndpoint, monitor_endpoint, crate::monitor::MonitorEndpoint;
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Function {
    type Err = UnknownFunction;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let named = Self::ALL.iter().find(|function| function.name() == name);
        named
            .copied()
            .ok_or_else(|| UnknownFunction(name.to_owned()))
    }
}

/// No function has this name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no function {0:?}: the functions are {known}", known = known_functions())]
pub struct UnknownFunction(String);

fn known_functions() -> String {
    let names: Vec<&str> = Function::ALL
        .iter()
        .map(|function| function.name())
        .collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_found_by_its_name() {
        for function in Function::ALL.iter().copied() {
            assert_eq!(function.to_string().parse(), Ok(function));
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let text = "shred-image".parse::<Function>().unwrap_err().to_string();
        assert!(text.starts_with("there is no function \"shred-image\""));
        for function in Function::ALL.iter().copied() {
            assert!(text.contains(function.name()), "{text}");
        }
    }
}
