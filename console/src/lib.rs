//! The console: what the application does, as pages for a browser on the same machine.
//!
//! Pages are rendered here and hold all that there is to see; one script of a few KB keeps them up
//! to date and takes dropped files. It knows neither the local stack nor the model: it asks AWS's
//! APIs through [`Aws`].
//!
//! The console runs next to a browser that also shows other sites, so `guard` refuses requests from
//! other sites, and content of inputs, outputs, keys and logs is escaped as text, never markup.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod assets;
mod aws;
mod bind;
mod captured;
mod classification;
mod execution_history;
mod failure;
mod graph;
mod guard;
mod json;
mod live;
mod merge;
mod objects;
mod page;
mod pages;
mod sfn;
#[cfg(test)]
mod tests;
mod text;

use std::sync::Arc;

use axum::Router;
use axum::serve::ListenerExt;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use aws::{ApiError, Application, Aws, LogLine};
pub use bind::{BindError, bind};

/// The state that every page has at hand. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Console {
    pub(crate) aws: Arc<dyn Aws>,
    pub(crate) application: Arc<Application>,
    /// Turns true when the console stops: answers that go on for ever end then.
    stop: watch::Receiver<bool>,
}

impl Console {
    /// Resolves when the console stops.
    pub(crate) fn stopped(&self) -> Shared<impl Future<Output = ()> + Send + use<>> {
        let mut stop = self.stop.clone();
        async move {
            // An error means that the console is gone.
            let _ = stop.wait_for(|stop| *stop).await;
        }
        .shared()
    }
}

/// Serves the console on `listener` until `shutdown` resolves and the requests under way are
/// answered.
///
/// # Errors
/// The listener fails.
// Boxed, so that it is compiled here and not in each program that waits for it.
pub fn serve(
    listener: TcpListener,
    aws: Arc<dyn Aws>,
    application: Application,
    shutdown: BoxFuture<'static, ()>,
) -> BoxFuture<'static, std::io::Result<()>> {
    let (stop, stopped) = watch::channel(false);
    let app = router(Console {
        aws,
        application: Arc::new(application),
        stop: stopped,
    });
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    async move {
        axum::serve(listener, app)
            .with_graceful_shutdown(async move {
                shutdown.await;
                stop.send_replace(true);
            })
            .await
    }
    .boxed()
}

fn router(console: Console) -> Router {
    guard::around(pages::router().merge(assets::router())).with_state(console)
}
