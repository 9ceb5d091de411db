//! Refuses requests of other sites. The console has no password: the browser that shows it shows
//! other sites too, and those must be able neither to read it nor to make it do anything.
//!
//! - Requests of other sites are refused by `browser_guard`'s rule, which the local stack has too:
//!   `Host` must be a name of this machine, and what changes something must come from the console's
//!   own pages or from no browser. Reading changes nothing, and other sites may link to a page.
//! - Answers tell the browser to run no script but the console's own, to show it in no frame of
//!   others, and to give nothing of it to other sites.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use browser_guard::Refusal;

use crate::Console;
use crate::failure::refusal;

/// The content security policy of a page: it loads its own style, script, pictures and streams, and
/// a report in a frame, which has its own.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                      connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

// No Cross-Origin-Opener-Policy: with it a browser begins a new process on the way in, which takes
// a third of the time to the first paint, and a site that holds the console's window could neither
// read nor change anything without it either.
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
    let mut response = match check(&request) {
        Ok(()) => next.run(request).await,
        Err(why) => refusal(why.status(), why.to_string()),
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

fn check(request: &Request) -> Result<(), Refusal> {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return browser_guard::check_host(request);
    }
    browser_guard::check(request)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn other_sites_read_their_own_links_and_change_nothing() {
        for (method, expected) in [
            (Method::GET, Ok(())),
            (Method::HEAD, Ok(())),
            (Method::POST, Err(Refusal::ForeignOrigin)),
            (Method::DELETE, Err(Refusal::ForeignOrigin)),
        ] {
            let request = Request::builder()
                .method(&method)
                .header(header::HOST, "127.0.0.1:8080")
                .header(header::ORIGIN, "http://page.example")
                .body(Body::empty());
            assert_eq!(check(&request.unwrap()), expected, "{method}");
        }
    }
}
