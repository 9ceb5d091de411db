//! Who may ask. The console has no password: the browser that shows it shows other sites too, and those must be able
//! neither to read it nor to make it do anything.
//!
//! - The `Host` must be a name of this machine. A site whose name is made to resolve to 127.0.0.1 (DNS rebinding) would be
//!   of the console's own origin otherwise, and could read all of it.
//! - What changes something is a POST, and a browser sends `Origin` and `Sec-Fetch-Site` with each: they must say that the
//!   console itself asks. A request without them comes from no browser.
//! - Answers tell the browser to run no script but the console's own, to show it in no frame of others, and to give
//!   nothing of it to other sites.

use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::{Router, http};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use crate::Console;
use crate::failure::refusal;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What a page may load: its own style, script, pictures and streams; a report in a frame, which says its own.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
    frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

// No Cross-Origin-Opener-Policy: with it a browser begins a new process on the way in, which takes a third of the time to
// the first paint, and a site that holds the console's window could neither read nor change anything without it either.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Not `no-referrer`: forms would then send `Origin: null`.
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (header::CACHE_CONTROL, "no-store"),
];

/// Puts the guard in front of all routes.
pub(crate) fn around(routes: Router<Console>) -> Router<Console> {
    routes
        .fallback(async || crate::failure::Failure::NoPage)
        .layer(middleware::from_fn(guard))
}

async fn guard(request: Request, next: Next) -> Response {
    let mut response = match check(request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(why) => refusal(StatusCode::FORBIDDEN, why),
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        // A report's own policy, and what a file says of its age, stay.
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

fn check(method: &Method, headers: &HeaderMap) -> Result<(), &'static str> {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(&header::HOST).unwrap_or_default();
    if !is_this_machine(host) {
        return Err(
            "The console answers only as 127.0.0.1, [::1] or localhost: open it under one of these names.",
        );
    }
    if matches!(*method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    let elsewhere = "This request comes from another site, and only the console's own pages may change something.";
    let site = headers.get(FETCH_SITE);
    if site.is_some_and(|site| site != "same-origin") {
        return Err(elsewhere);
    }
    let own = |origin: &str| {
        let origin = origin.strip_prefix("http://");
        origin.is_some_and(|origin| origin.eq_ignore_ascii_case(host))
    };
    match headers.get(header::ORIGIN).map(HeaderValue::to_str) {
        Some(Ok(origin)) if own(origin) => Ok(()),
        None => Ok(()),
        Some(_) => Err(elsewhere),
    }
}

/// Whether a `Host` is a loopback name, at any port: a tunnel may have another one at its other end.
fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    ["127.0.0.1", "[::1]", "localhost"]
        .iter()
        .any(|own| name.eq_ignore_ascii_case(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(method: &Method, headers: &[(&str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        check(method, &map).is_ok()
    }

    #[test]
    fn only_names_of_this_machine() {
        for (host, expected) in [
            ("127.0.0.1:8080", true),
            ("127.0.0.1", true),
            ("localhost:9000", true),
            ("LOCALHOST:9000", true),
            ("[::1]:8080", true),
            ("[::1]", true),
            ("rebound.example:8080", false),
            ("127.0.0.1.rebound.example:8080", false),
            ("127.0.0.1:8080.rebound.example", false),
            ("localhost:80x", false),
            ("192.168.0.7:8080", false),
            ("", false),
        ] {
            assert_eq!(
                allowed(&Method::GET, &[("host", host)]),
                expected,
                "{host:?}"
            );
        }
        assert!(!allowed(&Method::GET, &[]));
    }

    #[test]
    fn only_the_consoles_own_pages_change_something() {
        let host = ("host", "127.0.0.1:8080");
        let own = ("origin", "http://127.0.0.1:8080");
        let same = ("sec-fetch-site", "same-origin");
        for (headers, expected) in [
            (vec![host, own, same], true),
            (vec![host, own], true),
            (vec![host, same], true),
            (vec![host], true), // curl
            (vec![host, ("origin", "http://page.example")], false),
            (vec![host, ("origin", "http://127.0.0.1:3000")], false),
            (vec![host, ("origin", "https://127.0.0.1:8080")], false),
            (vec![host, ("origin", "null")], false),
            (vec![host, own, ("sec-fetch-site", "cross-site")], false),
            (vec![host, ("sec-fetch-site", "same-site")], false),
            (vec![host, ("sec-fetch-site", "none")], false),
            (vec![own, same], false),
        ] {
            assert_eq!(allowed(&Method::POST, &headers), expected, "{headers:?}");
        }
        let read = [host, ("origin", "http://page.example")];
        assert!(allowed(&Method::GET, &read), "a read changes nothing");
        let deleted = [host, ("origin", "http://page.example")];
        assert!(!allowed(&Method::DELETE, &deleted));
    }
}
