//! Rejects requests that web pages send to an unauthenticated server on this machine.
//!
//! A browser that shows a page of such a server shows other sites too, and each of them can make it
//! send requests to 127.0.0.1. There are two attacks, and browser headers reveal each:
//!
//! - **DNS rebinding.** A site makes its own name resolve to 127.0.0.1. Its pages then have the
//!   server's origin, and can read every response. `Host` still has the site's name, so
//!   [`check_host`] accepts only the names of this machine.
//! - **Cross-site requests.** A form, an image or a `fetch` sends a request whose response the page
//!   need not read. The browser names the requesting origin in `Origin` (all methods but GET and
//!   HEAD) and in `Sec-Fetch-Site` (all requests to a loopback address), so [`check_origin`]
//!   accepts only the server's own.
//!
//! Programs other than browsers send neither `Origin` nor `Sec-Fetch-Site`.
//!
//! Sources: RFC 9112 section 3.2 (Host), RFC 6761 section 6.3 (localhost),
//! <https://fetch.spec.whatwg.org/#origin-header>, <https://www.w3.org/TR/fetch-metadata/>.

#![cfg_attr(test, allow(clippy::unwrap_used))]

use std::net::{Ipv4Addr, Ipv6Addr};

use http::header::{HOST, ORIGIN};
use http::{HeaderName, Method, Request, StatusCode};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The reason that a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `Host` is missing, repeated, or not text.
    #[error("the request must have one Host header")]
    NoHost,
    /// `Host` is not a name of this machine.
    #[error(
        "the Host {0:?} is not a name of this machine: use 127.0.0.1, [::1], localhost or a name \
         that ends in .localhost"
    )]
    ForeignHost(String),
    /// The request comes from a page of another origin.
    #[error(
        "a web page of another origin sent this request (its Origin or Sec-Fetch-Site says so), \
         and pages may not use this server"
    )]
    ForeignOrigin,
}

impl Refusal {
    /// Returns 400 for a request that HTTP does not allow, and 403 for the others.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NoHost => StatusCode::BAD_REQUEST,
            Self::ForeignHost(_) | Self::ForeignOrigin => StatusCode::FORBIDDEN,
        }
    }
}

/// Checks that a program of this machine, or a page of the server itself, sent `request`.
///
/// # Errors
/// Returns the errors of [`check_host`] and [`check_origin`].
pub fn check<B>(request: &Request<B>) -> Result<(), Refusal> {
    check_host(request)?;
    check_origin(request)
}

/// Returns the value of the single `Host` header that HTTP/1.1 requires.
///
/// # Errors
/// [`Refusal::NoHost`].
pub fn host<B>(request: &Request<B>) -> Result<&str, Refusal> {
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().map_err(|_| Refusal::NoHost),
        _ => Err(Refusal::NoHost),
    }
}

/// Checks that `request` names this machine, at any port: a tunnel may have another one at its
/// other end.
///
/// # Errors
/// [`Refusal::NoHost`] and [`Refusal::ForeignHost`].
pub fn check_host<B>(request: &Request<B>) -> Result<(), Refusal> {
    // A request line with a whole URL (`GET http://name/ HTTP/1.1`) names a host too, which servers
    // prefer.
    let authority = request.uri().authority().map(http::uri::Authority::as_str);
    let mut named = [Some(host(request)?), authority].into_iter().flatten();
    match named.find(|host| !is_local(host)) {
        Some(foreign) => Err(Refusal::ForeignHost(foreign.to_owned())),
        None => Ok(()),
    }
}

/// Checks that no page of another origin sent `request`.
///
/// The origin of a sandboxed page is `null`, which is another one.
///
/// # Errors
/// [`Refusal::ForeignOrigin`], and [`Refusal::NoHost`] where an `Origin` can't be compared with a
/// host.
pub fn check_origin<B>(request: &Request<B>) -> Result<(), Refusal> {
    let headers = request.headers();
    let own_site = |value: &http::HeaderValue| match value.as_bytes() {
        b"same-origin" => true,
        // Typed into the address bar, which only ever reads.
        b"none" => matches!(*request.method(), Method::GET | Method::HEAD),
        _ => false,
    };
    if !headers.get_all(FETCH_SITE).iter().all(own_site) {
        return Err(Refusal::ForeignOrigin);
    }
    if !headers.contains_key(ORIGIN) {
        return Ok(());
    }
    let host = host(request)?.as_bytes();
    let own_origin = |value: &http::HeaderValue| {
        let host_of_origin = value.as_bytes().strip_prefix(b"http://");
        host_of_origin.is_some_and(|origin| origin.eq_ignore_ascii_case(host))
    };
    if headers.get_all(ORIGIN).iter().all(own_origin) {
        Ok(())
    } else {
        Err(Refusal::ForeignOrigin)
    }
}

/// Returns true if `host`, with or without a port, is a name that resolves to this machine wherever
/// it is looked up.
fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    if let Some(address) = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
    {
        return address
            .parse()
            .is_ok_and(|address: Ipv6Addr| address.is_loopback());
    }
    if let Ok(address) = name.parse::<Ipv4Addr>() {
        return address.is_loopback();
    }
    let in_a_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let name = name.to_ascii_lowercase();
    name.bytes().all(in_a_name) && (name == "localhost" || name.ends_with(".localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: Method, headers: &[(&str, &str)]) -> Request<()> {
        let mut request = Request::builder().method(method).uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap()
    }

    #[test]
    fn only_names_of_this_machine() {
        for (host, expected) in [
            ("127.0.0.1:8080", true),
            ("127.0.0.1", true),
            ("127.8.9.10:1", true),
            ("localhost:9000", true),
            ("LOCALHOST:9000", true),
            ("[::1]:8080", true),
            ("[0:0:0:0:0:0:0:1]", true),
            ("bucket.localhost:4566", true),
            ("my.bucket.s3.us-east-1.LocalHost", true),
            ("rebound.example:8080", false),
            ("127.0.0.1.rebound.example:8080", false),
            ("127.0.0.1:8080.rebound.example", false),
            ("localhost.rebound.example", false),
            ("rebound-localhost", false),
            ("rebound.example#.localhost", false),
            ("me@localhost", false),
            ("localhost:80x", false),
            ("0.0.0.0:8080", false),
            ("192.168.0.7:8080", false),
            ("128.0.0.1", false),
            ("[::]:8080", false),
            ("[fe80::1]", false),
            ("", false),
        ] {
            let found = check_host(&request(Method::GET, &[("host", host)]));
            let refusal = Refusal::ForeignHost(host.to_owned());
            let expected = if expected { Ok(()) } else { Err(refusal) };
            assert_eq!(found, expected, "{host:?}");
        }
    }

    /// RFC 9112, section 3.2: 400 where there is none, or more than one.
    #[test]
    fn a_request_without_one_host_is_bad() {
        let two = [("host", "localhost"), ("host", "localhost")];
        for headers in [&[][..], &two] {
            let refusal = check_host(&request(Method::GET, headers)).unwrap_err();
            assert_eq!(refusal, Refusal::NoHost);
            assert_eq!(refusal.status(), 400);
        }
    }

    #[test]
    fn the_host_of_a_whole_url_counts_too() {
        let mut whole = request(Method::GET, &[("host", "localhost")]);
        *whole.uri_mut() = http::Uri::from_static("http://rebound.example/");
        let refusal = check_host(&whole).unwrap_err();
        assert_eq!(refusal.status(), 403);
        assert_eq!(
            refusal.to_string(),
            "the Host \"rebound.example\" is not a name of this machine: use 127.0.0.1, [::1], \
             localhost or a name that ends in .localhost"
        );
    }

    #[test]
    fn pages_of_other_origins_are_refused() {
        let host = ("host", "127.0.0.1:8080");
        let own = ("origin", "http://127.0.0.1:8080");
        let same = ("sec-fetch-site", "same-origin");
        for (headers, expected) in [
            (vec![host, own, same], true),
            (vec![host, own], true),
            (vec![host, same], true),
            (vec![host], true), // no browser
            (vec![host, ("origin", "http://page.example")], false),
            (vec![host, ("origin", "http://127.0.0.1:3000")], false),
            (vec![host, ("origin", "http://localhost:8080")], false),
            (vec![host, ("origin", "https://127.0.0.1:8080")], false),
            (vec![host, ("origin", "null")], false),
            (vec![host, own, ("origin", "null")], false),
            (vec![host, own, ("sec-fetch-site", "cross-site")], false),
            (vec![host, ("sec-fetch-site", "same-site")], false),
            (vec![host, ("sec-fetch-site", "none")], false),
            (vec![host, same, ("sec-fetch-site", "cross-site")], false),
            (vec![own, same], false),
        ] {
            let found = check_origin(&request(Method::POST, &headers));
            assert_eq!(found.is_ok(), expected, "{headers:?}: {found:?}");
        }
    }

    #[test]
    fn a_typed_address_is_read() {
        let typed = [("host", "localhost"), ("sec-fetch-site", "none")];
        assert_eq!(check_origin(&request(Method::GET, &typed)), Ok(()));
        let linked = [("host", "localhost"), ("sec-fetch-site", "cross-site")];
        let refusal = check_origin(&request(Method::GET, &linked)).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "a web page of another origin sent this request (its Origin or Sec-Fetch-Site says \
             so), and pages may not use this server"
        );
    }
}
