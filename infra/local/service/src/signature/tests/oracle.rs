//! Tests the verifier against the AWS SDK's signer: exactly the requests that it signs are
//! admitted.

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
    SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use http::{HeaderValue, Uri};
use proptest::prelude::*;

use super::*;

const ID: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const NOW: &str = "20260101T120000Z";
const AUTHORITY: &str = "127.0.0.1:4566";

#[derive(Clone, Debug)]
struct RequestCase {
    s3: bool,
    presigned: bool,
    method: Method,
    /// `/path?query`
    target: String,
    /// Values of a header of the user's own.
    values: Vec<String>,
    body: Vec<u8>,
}

/// Encoded as any client might, or not at all where it need not be.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[A-Za-z0-9._~-]{0,6}",
        Just("%2F".to_owned()),
        Just("%c3%bc".to_owned()),
        Just("%20".to_owned()),
        Just("%7E".to_owned()),
        Just("%25".to_owned()),
        Just("+".to_owned()),
        "[:@!$'()*,;]",
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

/// Encoded as S3's clients do: the signer leaves the path of a request to S3 as it is, and S3 does
/// not.
fn canonical_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[A-Za-z0-9._~-]{0,6}",
        prop::sample::select(vec!["%C3%BC", "%20", "%25", "%3A", "%2B"]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn path(s3: bool) -> impl Strategy<Value = String> {
    let text = if s3 {
        canonical_text().boxed()
    } else {
        text().boxed()
    };
    let segment = prop_oneof![8 => text, 1 => Just(".".into()), 1 => Just("..".into())];
    prop::collection::vec(segment, 0..5).prop_map(|segments| format!("/{}", segments.join("/")))
}

fn request_case() -> impl Strategy<Value = RequestCase> {
    let pair = (text(), prop::option::of(text())).prop_map(|(name, value)| match value {
        Some(value) => format!("q{name}={value}"),
        None => format!("q{name}="),
    });
    let query = prop::collection::vec(pair, 0..4);
    let methods = vec![Method::GET, Method::PUT, Method::POST, Method::DELETE];
    let style_and_path = any::<bool>().prop_flat_map(|s3| (Just(s3), path(s3)));
    (
        style_and_path,
        any::<bool>(),
        prop::sample::select(methods),
        query,
        prop::collection::vec("[ a-z\"]{0,12}", 1..3),
        prop::collection::vec(any::<u8>(), 0..50),
    )
        .prop_map(|((s3, path), presigned, method, query, values, body)| {
            let target = if query.is_empty() {
                path
            } else {
                format!("{path}?{}", query.join("&"))
            };
            RequestCase {
                s3,
                presigned,
                method,
                target,
                values,
                body,
            }
        })
}

impl RequestCase {
    fn settings(&self) -> SigningSettings {
        let mut settings = SigningSettings::default();
        if self.s3 {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        if self.presigned {
            settings.signature_location = SignatureLocation::QueryParams;
            settings.expires_in = Some(std::time::Duration::from_secs(60));
            settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
        }
        settings
    }

    /// The request as the SDK would send it.
    fn signed(&self) -> Request<Body> {
        let mut request = Request::builder()
            .method(&self.method)
            .uri(format!("http://{AUTHORITY}{}", self.target))
            .header(HOST, AUTHORITY);
        for value in &self.values {
            request = request.header("x-own", value);
        }
        let mut request = request.body(()).unwrap();
        let identity = Credentials::new(ID, SECRET, None, None, "test").into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region("us-east-1")
            .name(self.service_name())
            .time(at(NOW).into())
            .settings(self.settings())
            .build()
            .unwrap()
            .into();
        let headers = request.headers().iter();
        let headers = headers.map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
        let body = if self.presigned && self.s3 {
            SignableBody::UnsignedPayload
        } else {
            SignableBody::Bytes(&self.body)
        };
        let (method, uri) = (self.method.as_str(), request.uri().to_string());
        let signable = SignableRequest::new(method, uri, headers, body).unwrap();
        let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
        instructions.apply_to_request_http1x(&mut request);
        // On the wire there is no host in the first line.
        let target = request.uri().path_and_query().unwrap().clone();
        *request.uri_mut() = Uri::from(target);
        request.map(|()| Body::from(self.body.clone()))
    }

    fn rules(&self) -> Rules {
        if self.s3 { Rules::S3 } else { Rules::Others }
    }

    fn service_name(&self) -> &'static str {
        if self.s3 { "s3" } else { "lambda" }
    }
}

/// Returns the verdict on the request and its body.
fn verdict(case: &RequestCase, request: Request<Body>) -> Result<(), SignatureError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let verifier = verifier(ID, SECRET);
        let admitted = verifier
            .admit(case.service_name(), case.rules(), request, at(NOW))
            .await?;
        let read = axum::body::to_bytes(admitted.request.into_body(), 1000).await;
        match admitted.outcome.error() {
            Some(error) => Err(error.clone()),
            None => {
                assert_eq!(read.unwrap(), case.body);
                Ok(())
            }
        }
    })
}

proptest! {
    #[test]
    fn what_the_sdk_signs_is_let_in(case in request_case()) {
        prop_assert_eq!(verdict(&case, case.signed()), Ok(()));
    }

    #[test]
    fn what_was_changed_on_the_way_is_not(case in request_case(), what in 0..5) {
        let mut request = case.signed();
        match what {
            0 => *request.method_mut() = Method::PATCH,
            1 => {
                let uri = request.uri().to_string();
                let (path, query) = uri.split_once('?').unwrap_or((&uri, ""));
                *request.uri_mut() = format!("{path}more?{query}").parse().unwrap();
            }
            2 => {
                let uri = request.uri().to_string();
                let sign = if uri.contains('?') { '&' } else { '?' };
                *request.uri_mut() = format!("{uri}{sign}more=1").parse().unwrap();
            }
            3 => {
                request.headers_mut().insert("x-own", HeaderValue::from_static("other."));
            }
            _ if case.s3 && case.presigned => return Ok(()), // its body is not signed
            _ => *request.body_mut() = Body::from([&case.body[..], b"x"].concat()),
        }
        let expected = match what {
            4 if case.s3 => SignatureError::Sha256Mismatch,
            _ => SignatureError::Mismatch,
        };
        prop_assert_eq!(verdict(&case, request), Err(expected));
    }

    #[test]
    fn no_header_makes_it_panic(header in "AWS4-HMAC-SHA256 \
                                           (Credential|SignedHeaders|Signature|[,=/; \
                                           a-z0-9]){0,12}", query in "[a-zA-Z&=%+-]{0,40}") {
        let request = Request::get(format!("/?{query}")).header("authorization", header);
        let request = request.header("x-amz-date", NOW).body(Body::empty()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let verifier = verifier(ID, SECRET);
        let refused = runtime.block_on(verifier.admit("s3", Rules::S3, request, at(NOW)));
        prop_assert!(refused.is_err());
    }
}
