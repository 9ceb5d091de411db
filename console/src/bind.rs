//! Taking the console's address, and saying who holds it where it is taken.

use std::io::ErrorKind;
use std::net::SocketAddr;

use tokio::net::TcpListener;

/// The address could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another program has it.
    #[error(
        "the console's address {0} is held by another program; give --console another address \
         (port 0 takes a free one), or --no-console"
    )]
    Held(SocketAddr),
    /// Whoever reaches the console can start executions and read every image.
    #[error(
        "the console's address {0} can be reached from other machines, and the console asks for \
         no password; give --console a loopback address, or reach it through a tunnel (ssh -L)"
    )]
    NotLoopback(SocketAddr),
    /// The system refused.
    #[error(
        "the console's address {address} can't be listened on: {source}; give --console another, \
         or --no-console"
    )]
    Io {
        /// The address asked for.
        address: SocketAddr,
        /// The system's error.
        source: std::io::Error,
    },
}

/// Takes `address`, which must be a loopback one.
///
/// # Errors
/// The address is in use, is not one of this machine's, or is reachable by others.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    if !address.ip().is_loopback() {
        return Err(BindError::NotLoopback(address));
    }
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(BindError::Held(address)),
        Err(source) => Err(BindError::Io { address, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_that_is_taken_is_named_with_the_way_out() {
        let first = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = first.local_addr().unwrap();
        let text = bind(address).await.unwrap_err().to_string();
        let expected = format!(
            "the console's address {address} is held by another program; give --console another \
             address (port 0 takes a free one), or --no-console"
        );
        assert_eq!(text, expected);
    }

    #[tokio::test]
    async fn others_must_not_reach_it() {
        let text = bind("0.0.0.0:0".parse().unwrap()).await.unwrap_err();
        let text = text.to_string();
        assert!(text.contains("give --console a loopback address"), "{text}");
    }
}
