//! The program of each function.
//!
//! They are here and not in `src/bin` because what is generic or `async` is compiled where it is called at last: nine
//! programs would each compile the runtime, their part of the SDK and all that lies between once more, for minutes.

use std::process::ExitCode;

use crate::runtime::main;
use crate::{
    batch, classify, classify_http, evaluate, filter, monitor, serialize, start, summarise,
};

macro_rules! programs {
    ($($name:ident is $handler:ty,)*) => {$(
        #[doc = concat!("Is [`", stringify!($handler), "`], as a whole program.")]
        #[inline(never)]
        pub fn $name() -> ExitCode {
            main::<$handler>()
        }
    )*};
}

programs! {
    serialize_image is serialize::SerializeImage,
    classify_image is classify::ClassifyImage,
    filter_inferences is filter::FilterInferences,
    start_execution is start::StartExecution,
    classify_batch is batch::ClassifyBatch,
    summarise_batch is summarise::SummariseBatch,
    evaluate_model is evaluate::EvaluateModel,
    classify_http is classify_http::ClassifyHttp,
    monitor_endpoint is monitor::MonitorEndpoint,
}
