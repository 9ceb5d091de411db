//! Binds the port, and reports who holds it if it is taken.

use std::io::ErrorKind;
use std::net::SocketAddr;

use http::Method;
use tokio::net::TcpListener;

use crate::ask::{TIMEOUT, ask};
use crate::stack_info::StackInfo;
use service::signature::Key;

/// The path at which a stack identifies itself.
pub(crate) const STACK_INFO_PATH: &str = "/_scones/stack";

/// The port could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another stack has it.
    #[error("{address} is held by the stack that runs as process {}; use that one, stop it, or \
             give --port another port", info.pid)]
    HeldByStack {
        /// The requested address.
        address: SocketAddr,
        /// The stack that holds it.
        info: StackInfo,
    },
    /// Another program has it.
    #[error("{0} is held by another program; give --port another port (0 takes a free one)")]
    Held(SocketAddr),
    /// Without a key the stack accepts any, so it must not be reachable from other machines.
    #[error(
        "{0} can be reached from other machines, and whoever reaches a stack without a key can \
         run the functions and read every object: set SCONES_ACCESS_KEY_ID and \
         SCONES_SECRET_ACCESS_KEY, and the stack verifies every request's signature; or give \
         --listen a loopback address"
    )]
    NoKey(SocketAddr),
    /// The system refused.
    #[error("{address} can't be listened on: {source}")]
    Io {
        /// The requested address.
        address: SocketAddr,
        /// The system's error.
        source: std::io::Error,
    },
}

/// Takes `address`, which must be a loopback one for a stack that has no `key`.
pub(crate) async fn bind(
    address: SocketAddr,
    key: Option<&Key>,
) -> Result<TcpListener, ListenError> {
    if key.is_none() && !address.ip().is_loopback() {
        return Err(ListenError::NoKey(address));
    }
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            let key = key.cloned();
            let holder = tokio::task::spawn_blocking(move || who_holds(address, key.as_ref()));
            Err(holder.await.unwrap_or(ListenError::Held(address)))
        }
        Err(source) => Err(ListenError::Io { address, source }),
    }
}

fn who_holds(address: SocketAddr, key: Option<&Key>) -> ListenError {
    match info(address, key) {
        Some(info) => ListenError::HeldByStack { address, info },
        None => ListenError::Held(address),
    }
}

/// Asks whatever answers on `address` whether it is a stack; it may well be anything else, or a
/// stack with another key.
fn info(address: SocketAddr, key: Option<&Key>) -> Option<StackInfo> {
    let address = address.to_string();
    let (_, body) = ask(&Method::GET, &address, STACK_INFO_PATH, key, Some(TIMEOUT)).ok()?;
    serde_json::from_str(&body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_of_another_program() {
        let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = other.local_addr().unwrap();
        std::thread::spawn(move || drop(other.accept()));
        let message = bind(address, None).await.unwrap_err().to_string();
        assert_eq!(
            message,
            format!(
                "{address} is held by another program; give --port another port (0 takes a free \
                 one)"
            )
        );
    }

    #[tokio::test]
    async fn an_address_that_others_can_reach() {
        for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
            let address: SocketAddr = address.parse().unwrap();
            let message = bind(address, None).await.unwrap_err().to_string();
            assert_eq!(
                message,
                format!(
                    "{address} can be reached from other machines, and whoever reaches a stack \
                     without a key can run the functions and read every object: set \
                     SCONES_ACCESS_KEY_ID and SCONES_SECRET_ACCESS_KEY, and the stack verifies \
                     every request's signature; or give --listen a loopback address"
                )
            );
        }
    }

    #[tokio::test]
    async fn with_a_key_any_address_is_taken() {
        let key = Key::new("me", "0f8fad5bd9cb469f").unwrap();
        bind("0.0.0.0:0".parse().unwrap(), Some(&key))
            .await
            .unwrap();
    }
}
