//! The AWS services that the template needs, in one local process.
//!
//! One port answers for all of them: a request names its service in the credential scope of its SigV4 signature.
//! Each service is a handle that is cheap to clone, with `handle(request) -> response` for the wire and plain
//! methods for the services beside it. Services meet each other only through [`lambda::Invoke`], [`s3::Objects`] and, where
//! a state machine calls them, [`sdk::SdkService`].

pub mod apigateway;
mod ask;
pub mod aws;
mod database;
mod gc;
mod holder;
pub mod lambda;
mod listen;
pub mod logs;
mod private;
mod process;
mod route;
pub mod s3;
pub mod sagemaker;
pub mod scheduler;
pub mod sdk;
mod server;
mod signature;
mod stack;
pub mod states;
pub mod template;
mod virtual_host;

pub use ask::{KeyRefused, takes};
pub use gc::{GcError, gc};
pub use holder::{Holder, LockError, running};
pub use listen::ListenError;
pub use process::{NameError, limit_environment};
pub use signature::{Key, KeyError};
pub use stack::{Config, FunctionCommand, Stack, StartError};
