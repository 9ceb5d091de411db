//! Known differences from AWS (docs/limits.md) that no test of a service notices: one stack, and
//! what it answers otherwise.

use crate::support::{Options, Stack};

/// An empty stack, and requests to it as anyone could send them.
struct Started {
    stack: Stack,
    _dir: tempfile::TempDir,
}

impl Started {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = Options {
            empty: true,
            ..Options::default()
        };
        Self {
            stack: Stack::on(dir.path(), &options),
            _dir: dir,
        }
    }

    /// Sends a request; status and body.
    fn send(&self, line: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
        let (method, path) = line.split_once(' ').unwrap();
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.stack.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let mut response = agent.run(request.body(body.to_owned()).unwrap()).unwrap();
        let status = response.status().as_u16();
        (status, response.body_mut().read_to_string().unwrap())
    }

    fn check(&self, line: &str, headers: &[(&str, &str)], body: &str, expected: (u16, &str)) {
        let (status, text) = self.send(line, headers, body);
        assert_eq!(status, expected.0, "{line} {headers:?}: {text}");
        assert!(text.contains(expected.1), "{line} {headers:?}: {text}");
    }
}

#[test]
fn other_services_are_refused_by_name() {
    let target = [("x-amz-target", "DynamoDB_20120810.ListTables")];
    let expected = (501, "The local stack has no service");
    Started::start().check("POST /", &target, "{}", expected);
}

#[test]
fn without_a_key_any_signature_is_taken() {
    let forged = "AWS4-HMAC-SHA256 Credential=anyone/20000101/us-east-1/states/aws4_request, \
                  SignedHeaders=host, Signature=0";
    let headers = [
        ("authorization", forged),
        ("x-amz-target", "AWSStepFunctions.ListStateMachines"),
        ("content-type", "application/x-amz-json-1.0"),
    ];
    let expected = (200, r#"{"stateMachines":[]}"#);
    Started::start().check("POST /", &headers, "{}", expected);
}

#[test]
fn what_s3_does_not_keep_is_not_implemented() {
    let stack = Started::start();
    stack.check("PUT /bucket", &[], "", (200, ""));
    let not_implemented = |line: &str, headers: &[(&str, &str)], body: &str, text: &str| {
        stack.check(line, headers, body, (501, text));
    };
    let append = [("x-amz-write-offset-bytes", "0")];
    not_implemented(
        "PUT /bucket/k",
        &append,
        "x",
        "Appending is for directory buckets",
    );
    let queue = "<NotificationConfiguration><QueueConfiguration><Queue>arn:aws:sqs:us-east-1:123456789012:q</Queue><Event>s3:ObjectCreated:*</Event></QueueConfiguration></NotificationConfiguration>";
    let text = "only Lambda functions can be notified";
    not_implemented("PUT /bucket?notification", &[], queue, text);
    let mfa = "<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Enabled</MfaDelete></VersioningConfiguration>";
    let text = "MFA Delete is not implemented";
    not_implemented("PUT /bucket?versioning", &[], mfa, text);
}

#[test]
fn functions_have_no_versions_and_no_aliases() {
    let stack = Started::start();
    let expected = (404, "is not an operation of the local Lambda service");
    for collection in ["versions", "aliases", "url"] {
        let line = format!("GET /2015-03-31/functions/f/{collection}");
        stack.check(&line, &[], "", expected);
    }
}

#[test]
fn tags_of_what_does_not_exist_are_kept() {
    let headers = |operation: &'static str| {
        [
            ("x-amz-target", operation),
            ("content-type", "application/x-amz-json-1.1"),
        ]
    };
    let stack = Started::start();
    let nothing = "arn:aws:sagemaker:us-east-1:123456789012:model/nothing";
    let add = format!(r#"{{"ResourceArn":"{nothing}","Tags":[{{"Key":"a","Value":"1"}}]}}"#);
    stack.check("POST /", &headers("SageMaker.AddTags"), &add, (200, ""));
    let list = format!(r#"{{"ResourceArn":"{nothing}"}}"#);
    let expected = (200, r#"{"Key":"a","Value":"1"}"#);
    stack.check("POST /", &headers("SageMaker.ListTags"), &list, expected);
}
