//! AWS's own test suite for signers:
//! <https://github.com/awslabs/aws-c-auth/tree/main/tests/aws-signing-test-suite/v4> (Apache-2.0),
//! as its requests look on the wire, one a line. Left out are those with a header over several
//! lines, which HTTP no longer has, and those where the suite normalizes a path and encodes it
//! once: no service does both.

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Vector {
    name: String,
    normalized: bool,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("aws-signing-test-suite.json")).unwrap()
}

impl Vector {
    fn parts(&self) -> Parts {
        let mut request = Request::builder()
            .method(self.method.as_str())
            .uri(&self.target);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn verdict(&self, parts: &Parts, secret: &str) -> Result<(), SignatureError> {
        let claim = Claim::of(parts)?;
        claim.check("us-east-1", "service", at("20150830T123600Z"))?;
        claim.check_headers(parts)?;
        let style = if self.normalized {
            PathStyle::Others
        } else {
            PathStyle::S3
        };
        let key = SigningKey::derive(secret, &claim.scope);
        let hash = signing::sha256(self.body.as_bytes());
        verify(&key, &claim, parts, style, &hash)
    }
}

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

#[test]
fn every_request_of_the_suite_is_let_in() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 68);
    for vector in vectors {
        let verdict = vector.verdict(&vector.parts(), SECRET);
        assert_eq!(verdict, Ok(()), "{}", vector.name);
    }
}

#[test]
fn none_of_them_with_another_secret_method_path_query_header_or_body() {
    for mut vector in vectors() {
        let name = &vector.name;
        let refused = Err(SignatureError::Mismatch);
        let mut parts = vector.parts();
        assert_eq!(vector.verdict(&parts, "another"), refused, "{name}");

        parts.method = Method::DELETE;
        assert_eq!(vector.verdict(&parts, SECRET), refused, "{name}");

        let mut parts = vector.parts();
        parts.headers.insert(HOST, "elsewhere".parse().unwrap());
        assert_eq!(vector.verdict(&parts, SECRET), refused, "{name}");

        let (path, query) = vector
            .target
            .split_once('?')
            .unwrap_or((&vector.target, ""));
        for target in [
            format!("{path}more?{query}"),
            format!("{path}?more=1&{query}"),
        ] {
            let mut parts = vector.parts();
            parts.uri = target.parse().unwrap();
            assert_eq!(vector.verdict(&parts, SECRET), refused, "{name}: {target}");
        }

        let parts = vector.parts();
        vector.body.push('x');
        let name = &vector.name;
        assert_eq!(vector.verdict(&parts, SECRET), refused, "{name}");
    }
}
