//! Taking the port, and saying who holds it where it is taken.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use tokio::net::TcpListener;

use crate::holder::Holder;

/// Where a stack says which one it is. No bucket's name can begin with an underscore, so no object is hidden by it.
pub(crate) const HOLDER_PATH: &str = "/_scones/stack";

/// The port could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another stack has it.
    #[error("{address} is held by the stack that runs as process {}; use that one, stop it, or give --port another port", holder.pid)]
    HeldByStack {
        /// The address asked for.
        address: SocketAddr,
        /// Who holds it.
        holder: Holder,
    },
    /// Another program has it.
    #[error("{0} is held by another program; give --port another port (0 takes a free one)")]
    Held(SocketAddr),
    /// The stack takes any key as valid, so it must not be reachable from other machines.
    #[error(
        "{0} can be reached from other machines, and the stack does not verify signatures: whoever reaches it \
         can run the functions and read every object; give --listen a loopback address"
    )]
    NotLoopback(SocketAddr),
    /// The system refused.
    #[error("{address} can't be listened on: {source}")]
    Io {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Takes `address`, which must be a loopback one.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, ListenError> {
    if !address.ip().is_loopback() {
        return Err(ListenError::NotLoopback(address));
    }
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(who_holds(address)),
        Err(source) => Err(ListenError::Io { address, source }),
    }
}

fn who_holds(address: SocketAddr) -> ListenError {
    match ask(address) {
        Some(holder) => ListenError::HeldByStack { address, holder },
        None => ListenError::Held(address),
    }
}

/// Asks whatever answers on `address` whether it is a stack; it may well be anything else.
fn ask(address: SocketAddr) -> Option<Holder> {
    let patience = Duration::from_secs(1);
    let mut stream = TcpStream::connect_timeout(&address, patience).ok()?;
    stream.set_read_timeout(Some(patience)).ok()?;
    write!(
        stream,
        "GET {HOLDER_PATH} HTTP/1.0\r\nHost: {address}\r\n\r\n"
    )
    .ok()?;
    let mut answer = Vec::new();
    stream.take(4096).read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8(answer).ok()?;
    serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_of_another_program() {
        let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = other.local_addr().unwrap();
        std::thread::spawn(move || drop(other.accept()));
        let told = bind(address).await.unwrap_err().to_string();
        assert_eq!(
            told,
            format!(
                "{address} is held by another program; give --port another port (0 takes a free one)"
            )
        );
    }

    #[tokio::test]
    async fn an_address_that_others_can_reach() {
        let told = bind("0.0.0.0:0".parse().unwrap())
            .await
            .unwrap_err()
            .to_string();
        assert!(
            told.starts_with("0.0.0.0:0 can be reached from other machines"),
            "{told}"
        );
    }
}
