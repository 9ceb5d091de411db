//! The examples of S3's documentation, to the letter:
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html> and the pages on
//! chunks.

use super::*;

const HOST_NAME: &str = "examplebucket.s3.amazonaws.com";
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn s3() -> Verifier {
    verifier(
        "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    )
}

/// `headers` in the order of their names, which is that of `SignedHeaders`; all are signed.
fn request(
    method: &str,
    host: &str,
    target: &str,
    headers: &[(&str, &str)],
    signature: &str,
    body: &'static str,
) -> Request<Body> {
    let mut names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    names.push("host");
    names.sort_unstable();
    let names = names.join(";");
    let mut request = Request::builder()
        .method(method)
        .uri(target)
        .header("host", host)
        .header("authorization", format!("AWS4-HMAC-SHA256 \
                                          Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders={names},Signature={signature}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body)).unwrap()
}

async fn admit(request: Request<Body>) -> Result<Admitted, SignatureError> {
    let now = at("20130524T000500Z");
    s3().admit("s3", Rules::S3, request, now).await
}

#[tokio::test]
async fn requests_without_a_body() {
    const DATE: (&str, &str) = ("x-amz-date", "20130524T000000Z");
    const HASH: (&str, &str) = ("x-amz-content-sha256", EMPTY);
    for (target, headers, signature) in [
        (
            "/test.txt",
            vec![("range", "bytes=0-9"), HASH, DATE],
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            "/?lifecycle",
            vec![HASH, DATE],
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        (
            "/?max-keys=2&prefix=J",
            vec![HASH, DATE],
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ] {
        let request = request("GET", HOST_NAME, target, &headers, signature, "");
        admit(request).await.unwrap();
    }
}

#[tokio::test]
async fn a_body_is_held_against_its_hash() {
    let put = |body| {
        let headers = [
            ("date", "Fri, 24 May 2013 00:00:00 GMT"),
            (
                "x-amz-content-sha256",
                "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
            ),
            ("x-amz-date", "20130524T000000Z"),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ];
        request(
            "PUT",
            HOST_NAME,
            "/test$file.text",
            &headers,
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            body,
        )
    };
    let read = |admitted: Admitted| axum::body::to_bytes(admitted.request.into_body(), 100);
    let right = admit(put("Welcome to Amazon S3.")).await.unwrap();
    let outcome = right.outcome.clone();
    assert_eq!(&read(right).await.unwrap()[..], b"Welcome to Amazon S3.");
    assert_eq!(outcome.error(), None);

    let wrong = admit(put("Welcome to Amazon S4.")).await.unwrap();
    let outcome = wrong.outcome.clone();
    read(wrong).await.unwrap_err();
    assert_eq!(outcome.error(), Some(&SignatureError::Sha256Mismatch));
}

#[tokio::test]
async fn a_presigned_url_is_good_for_its_time() {
    let target = "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
    for (now, target, expected) in [
        ("20130524T000000Z", target.to_owned(), Ok(())),
        ("20130525T000000Z", target.to_owned(), Ok(())),
        (
            "20130525T000001Z",
            target.to_owned(),
            Err(SignatureError::Expired),
        ),
        (
            "20130523T234459Z",
            target.to_owned(),
            Err(SignatureError::NotYetValid),
        ),
        (
            "20130524T000000Z",
            target.replace("86400", "86401"),
            Err(SignatureError::Mismatch),
        ),
        (
            "20130524T000000Z",
            target.replace("86400", "604801"),
            Err(SignatureError::Expiry),
        ),
        (
            "20130524T000000Z",
            format!("{target}&versionId=1"),
            Err(SignatureError::Mismatch),
        ),
        (
            "20130524T000000Z",
            format!("{target}&X-Amz-Date=20130524T000000Z"),
            Err(SignatureError::Incomplete("X-Amz-Date")),
        ),
    ] {
        let request = Request::get(&target).header("host", HOST_NAME);
        let request = request.body(Body::empty()).unwrap();
        let verdict = s3().admit("s3", Rules::S3, request, at(now)).await;
        assert_eq!(verdict.map(drop), expected, "{now} {target}");
    }
}

/// The verifier of the chunks of the example's upload: 66,560 times the letter a, in chunks of 64
/// KiB.
async fn chunks(kind: &str, trailer: Option<&str>, seed: &str) -> (Chunks, Outcome) {
    let mut headers = vec![
        ("content-encoding", "aws-chunked"),
        ("x-amz-content-sha256", kind),
        ("x-amz-date", "20130524T000000Z"),
        ("x-amz-decoded-content-length", "66560"),
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
    ];
    match trailer {
        Some(trailer) => headers.push(("x-amz-trailer", trailer)),
        None => headers.push(("content-length", "66824")),
    }
    let mut admitted = admit(request(
        "PUT",
        "s3.amazonaws.com",
        "/examplebucket/chunkObject.txt",
        &headers,
        seed,
        "",
    ))
    .await
    .unwrap();
    let chunks = admitted.request.extensions_mut().remove().unwrap();
    (chunks, admitted.outcome)
}

fn chunk(chunks: &mut Chunks, length: usize, signature: &str) -> Result<(), NotSigned> {
    chunks.begin(format!("{length:x};chunk-signature={signature}").as_bytes())?;
    chunks.update(&vec![b'a'; length]);
    chunks.end()
}

#[tokio::test]
async fn signed_chunks() {
    const SEED: &str = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
    const FIRST: &str = "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648";
    const SECOND: &str = "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497";
    const LAST: &str = "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9";
    let begin = || chunks("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", None, SEED);
    let (mut all, outcome) = begin().await;
    for (length, signature) in [(65_536, FIRST), (1024, SECOND), (0, LAST)] {
        chunk(&mut all, length, signature).unwrap();
    }
    all.clone().finish(&http::HeaderMap::new()).unwrap();
    assert_eq!(outcome.error(), None);

    // Trailers that nobody signed.
    let trailers = [(http::header::ETAG, "x".parse().unwrap())];
    all.finish(&trailers.into_iter().collect()).unwrap_err();
    assert_eq!(outcome.error(), Some(&SignatureError::Mismatch));

    // Another length, another order, no signature.
    for (length, signature) in [(65_535, FIRST), (1024, SECOND), (0, LAST), (65_536, "")] {
        let (mut some, outcome) = begin().await;
        chunk(&mut some, length, signature).unwrap_err();
        assert_eq!(outcome.error(), Some(&SignatureError::Mismatch));
    }
}

#[tokio::test]
async fn signed_trailers() {
    let (mut all, _) = chunks(
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        Some("x-amz-checksum-crc32c"),
        "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    )
    .await;
    for (length, signature) in [
        (
            65_536,
            "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
        ),
        (
            1024,
            "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
        ),
        (
            0,
            "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
        ),
    ] {
        chunk(&mut all, length, signature).unwrap();
    }
    let mut trailers = http::HeaderMap::new();
    trailers.insert("x-amz-checksum-crc32c", "sOO8/Q==".parse().unwrap());
    all.clone().finish(&trailers).unwrap_err();
    let signature = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435";
    trailers.insert("x-amz-trailer-signature", signature.parse().unwrap());
    all.clone().finish(&trailers).unwrap();
    trailers.insert("x-amz-checksum-crc32c", "AAAAAA==".parse().unwrap());
    all.finish(&trailers).unwrap_err();
}
