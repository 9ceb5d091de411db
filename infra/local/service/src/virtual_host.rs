//! Virtual-hosted requests of S3: `http://BUCKET.localhost:4566/KEY`, the default of most SDKs.
//!
//! The bucket is the first part of `BUCKET.localhost`, `BUCKET.s3.localhost` and
//! `BUCKET.s3.REGION.localhost`, at any port. An IP address can't have a bucket prefix, so SDKs use
//! `http://127.0.0.1:4566/BUCKET/KEY` for it. Source:
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html>

use http::request::Parts;
use http::{HeaderValue, Request, Uri, header, uri};

/// Returns the bucket that `request` names in its host, if it names one there.
pub fn bucket(request: &Parts) -> Option<String> {
    let host = request.headers.get(header::HOST)?.to_str().ok()?;
    let name = host
        .split(':')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let name = name.strip_suffix(".localhost")?;
    let name = match name.rsplit_once('.') {
        Some((service, region)) if is_region(region) && is_s3(service) => service,
        _ => name,
    };
    if name == "s3" || name.is_empty() {
        return None;
    }
    Some(name.strip_suffix(".s3").unwrap_or(name).to_owned())
}

/// Makes a virtual-hosted request one in path style; others stay as they are.
pub fn to_path_style<B>(request: Request<B>) -> Request<B> {
    let (mut parts, body) = request.into_parts();
    if let Some(bucket) = bucket(&parts)
        && let Some(uri) = below(&bucket, &parts.uri)
    {
        parts.uri = uri;
        // URLs in answers have the bucket where the request has it.
        let authority = parts.headers.get(header::HOST);
        let authority = authority.and_then(|host| uri::Authority::try_from(host.as_bytes()).ok());
        if let Some(authority) = authority {
            parts.extensions.insert(authority);
        }
        let host = parts.headers.get(header::HOST).map(HeaderValue::as_bytes);
        let endpoint = host.and_then(|host| host.get(bucket.len() + 1..));
        if let Some(Ok(endpoint)) = endpoint.map(HeaderValue::from_bytes) {
            parts.headers.insert(header::HOST, endpoint);
        }
    }
    Request::from_parts(parts, body)
}

/// The path of `request` in path style: `/BUCKET/KEY`.
pub fn path(request: &Parts) -> String {
    let path = request.uri.path();
    bucket(request).map_or_else(|| path.to_owned(), |bucket| format!("/{bucket}{path}"))
}

fn below(bucket: &str, uri: &Uri) -> Option<Uri> {
    let path = uri.path_and_query().map_or("/", uri::PathAndQuery::as_str);
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(format!("/{bucket}{path}").parse().ok()?);
    Uri::from_parts(parts).ok()
}

fn is_s3(service: &str) -> bool {
    service == "s3" || service.ends_with(".s3")
}

/// Such as `us-east-1`.
fn is_region(name: &str) -> bool {
    let mut parts = name.split('-');
    let ends_in_a_number = parts
        .next_back()
        .is_some_and(|part| part.parse::<u8>().is_ok());
    let mut words = 0;
    let is_word = |part: &str| {
        words += 1;
        part.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    ends_in_a_number && parts.all(is_word) && words >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(host: &str, uri: &str) -> Parts {
        let request = Request::get(uri).header("host", host).body(());
        request.unwrap().into_parts().0
    }

    #[test]
    fn the_bucket_is_before_the_endpoint() {
        for (host, expected) in [
            ("photos.localhost:4566", Some("photos")),
            ("photos.localhost", Some("photos")),
            ("PHOTOS.LocalHost:80", Some("photos")),
            ("my.photos.localhost", Some("my.photos")),
            ("photos.s3.localhost:4566", Some("photos")),
            ("my.photos.s3.localhost", Some("my.photos")),
            ("photos.s3.us-east-1.localhost", Some("photos")),
            ("photos.s3.us-gov-west-1.localhost", Some("photos")),
            ("photos.us-east-1.localhost", Some("photos.us-east-1")),
            ("s3.photos.localhost", Some("s3.photos")),
            ("localhost:4566", None),
            ("s3.localhost:4566", None),
            ("s3.us-east-1.localhost", None),
            (".localhost", None),
            ("127.0.0.1:4566", None),
            ("[::1]:4566", None),
            ("photos.example.com", None),
        ] {
            assert_eq!(bucket(&parts(host, "/k")).as_deref(), expected, "{host}");
        }
    }

    #[test]
    fn path_style_has_the_bucket_in_the_path() {
        for (uri, expected) in [
            ("/", "/photos/"),
            ("/?list-type=2", "/photos/?list-type=2"),
            ("/a//b%20c?x=%2F", "/photos/a//b%20c?x=%2F"),
        ] {
            let request = Request::get(uri)
                .header("host", "photos.localhost")
                .body(());
            let request = to_path_style(request.unwrap());
            assert_eq!(request.uri(), expected);
            assert_eq!(request.headers()["host"], "localhost");
            let authority: Option<&uri::Authority> = request.extensions().get();
            assert_eq!(authority.unwrap(), "photos.localhost");
        }
        let request = Request::get("/photos/k")
            .header("host", "localhost")
            .body(());
        assert_eq!(to_path_style(request.unwrap()).uri(), "/photos/k");
        assert_eq!(path(&parts("photos.localhost", "/k?x")), "/photos/k");
    }
}
