//! The reader, held against small templates.

mod arbitrary;
mod errors;
mod own;

use super::*;

/// A SAM template with `resources` (indented by two) and what `rest` adds.
fn template(resources: &str, rest: &str) -> String {
    format!("Transform: AWS::Serverless-2016-10-31\nResources:\n{resources}\n{rest}")
}

fn load_text(text: &str) -> Result<Application, String> {
    load_with(text, &[])
}

fn load_with(text: &str, overrides: &[(&str, &str)]) -> Result<Application, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.yaml");
    std::fs::write(&path, text).unwrap();
    std::fs::write(folder.path().join("m.json"), r#"{"A":"${Arn}"}"#).unwrap();
    std::fs::write(folder.path().join("m.yaml"), "A: ${Arn}\nB: 3\nC: '4'").unwrap();
    let overrides = overrides
        .iter()
        .map(|(k, v)| (k.to_string(), v.to_string()));
    load(&path, &overrides.collect(), &Identity::default(), &[]).map_err(|error| {
        error
            .to_string()
            .replace(&*path.to_string_lossy(), "t.yaml")
    })
}

/// Returns `value` as an output of a template with a few resources to refer to.
fn output_of(value: &str) -> Result<String, String> {
    let text = template(
        "  Fn: {Type: AWS::Serverless::Function, Metadata: {BuildProperties: {Binary: b}}, Properties: {FunctionName: f}}
  Bkt: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub 'b-${AWS::AccountId}'}}
  Role: {Type: AWS::IAM::Role}
  Machine: {Type: AWS::Serverless::StateMachine, Properties: {Name: sm, Definition: {}}}
  Gone: {Type: AWS::S3::Bucket, Condition: No}
  Topic: {Type: AWS::SNS::Topic}
  Other: {Type: AWS::Foo::Bar}",
        &format!(
            "Parameters: {{P: {{Type: String, Default: pv}}, L: {{Type: CommaDelimitedList, Default: 'x, y'}}}}
Mappings: {{M: {{us-east-1: {{k: mapped}}}}}}
Conditions: {{Yes: !Equals [!Ref P, pv], No: !Not [!Condition Yes], Both: !And [Condition: Yes, !Not [!Condition No]], Loop: !Or [!Condition Loop, !Condition No]}}
Outputs: {{O: {{Value: {value}}}}}"
        ),
    );
    load_text(&text).map(|application| application.outputs["O"].clone())
}

#[test]
fn functions_resolve_as_in_cloudformation() {
    let check = |value: &str, expected: &str| assert_eq!(output_of(value).as_deref(), Ok(expected));
    check("plain", "plain");
    check("!Ref P", "pv");
    check("{Ref: P}", "pv");
    check("!Ref Fn", "f");
    check(
        "!Ref Machine",
        "arn:aws:states:us-east-1:123456789012:stateMachine:sm",
    );
    check("!Ref Topic", "arn:aws:sns:us-east-1:123456789012:Topic");
    check("!Ref AWS::Region", "us-east-1");
    check(
        "!Sub 'arn:${AWS::Partition}:${AWS::URLSuffix}'",
        "arn:aws:amazonaws.com",
    );
    check("!Ref AWS::StackName", "scones");
    check(
        "!GetAtt Fn.Arn",
        "arn:aws:lambda:us-east-1:123456789012:function:f",
    );
    check("{'Fn::GetAtt': [Bkt, Arn]}", "arn:aws:s3:::b-123456789012");
    check("!GetAtt Machine.Name", "sm");
    check("!GetAtt Role.Arn", "arn:aws:iam::123456789012:role/Role");
    check(
        "!GetAtt FnRole.Arn",
        "arn:aws:iam::123456789012:role/FnRole",
    );
    check("!GetAtt Other.Outputs.X", "Other.Outputs.X");
    check(
        "!Sub '${P}-${Fn.Arn}-${!P}'",
        "pv-arn:aws:lambda:us-east-1:123456789012:function:f-${P}",
    );
    check("!Sub ['${A}/${P}', {A: !Ref Bkt}]", "b-123456789012/pv");
    check("!Join ['/', [a, !Ref P, b]]", "a/pv/b");
    check("!Join ['+', !Ref L]", "x+y");
    check("!Select [1, !Ref L]", "y");
    check("!Select [2, !Split ['.', 'a.b.c']]", "c");
    check("!FindInMap [M, !Ref AWS::Region, k]", "mapped");
    check("!Base64 hello", "aGVsbG8=");
    check("!If [Yes, !Ref P, !Ref Gone]", "pv");
    check("!If [Both, 1, 2]", "1");
    check("!If [No, 1, 2]", "2");
    check("!Join ['', [a, !If [No, x, !Ref AWS::NoValue], b]]", "ab");
}

#[test]
fn globals_lie_under_the_functions_own_properties() {
    let text = template(
        "  A: {Type: AWS::Serverless::Function, Properties: {Timeout: 9, Environment: {Variables: {X: own}}}}
  B: {Type: AWS::Lambda::Function}",
        "Globals: {Function: {Timeout: 5, MemorySize: 256, Environment: {Variables: {X: global, \
         Y: global}}}}",
    );
    let application = load_text(&text).unwrap();
    let [a, b] = application.functions.as_slice() else {
        panic!("two functions");
    };
    assert_eq!((a.timeout.as_secs(), a.memory_mb), (9, 256));
    let environment = [("X".into(), "own".into()), ("Y".into(), "global".into())];
    assert_eq!(a.environment, environment.into());
    assert_eq!((b.timeout.as_secs(), b.memory_mb), (3, 128));
}

#[test]
fn a_definition_comes_from_json_yaml_or_inline() {
    let check = |properties: &str, expected: &str| {
        let machine = format!(
            "  S: {{Type: AWS::Serverless::StateMachine, Properties: {{{properties}, \
             DefinitionSubstitutions: {{Arn: x}}}}}}"
        );
        let application = load_text(&template(&machine, "")).unwrap();
        assert_eq!(application.state_machines[0].definition, expected);
    };
    check("DefinitionUri: m.json", r#"{"A":"x"}"#);
    check("DefinitionUri: m.yaml", r#"{"A":"x","B":3,"C":"4"}"#);
    check(
        "Definition: {A: '${Arn}', B: true, C: 1.5}",
        r#"{"A":"x","B":true,"C":1.5}"#,
    );
    check(r#"DefinitionString: '{"A": "${Arn}"}'"#, r#"{"A": "x"}"#);
    check("DefinitionString: '${ a }$${Arn}${'", "${ a }$x${");
}

#[test]
fn what_the_local_stack_lacks_is_noted_by_name() {
    let text = template(
        "  F:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: f}}
    Properties: {VpcConfig: {}, Tracing: Active, Events: {Nightly: {Type: Schedule, Properties: {Schedule: rate(1 day)}}}}
  B: {Type: AWS::S3::Bucket, Properties: {LifecycleConfiguration: {}, Tags: []}}
  R: {Type: AWS::IAM::Role}
  A: {Type: AWS::CloudWatch::Alarm}
  D: {Type: AWS::CloudFront::Distribution}
  Q: {Type: AWS::SQS::Queue}
  Z: {Type: AWS::CloudWatch::Alarm}
  G: {Type: AWS::Lambda::Function}",
        "Rules: {}",
    );
    let expected = [
        "Rules are ignored",
        "B (AWS::S3::Bucket): LifecycleConfiguration is ignored",
        "D (AWS::CloudFront::Distribution): the local stack does not have this",
        "F (AWS::Serverless::Function): VpcConfig is ignored",
        "G (AWS::Lambda::Function): names no program of the workspace \
         (Metadata.BuildProperties.Binary), so nothing runs it",
        "F (AWS::Serverless::Function): the event Nightly of type Schedule never comes",
        "only on AWS: AWS::CloudWatch::Alarm (A, Z), AWS::SQS::Queue (Q)",
    ];
    assert_eq!(load_text(&text).unwrap().notes, expected);
}

/// An API with one path, whose only operation has `integration`.
fn api(method: &str, path: &str, integration: &str) -> Result<Application, String> {
    let definition = format!("paths: {{'{path}': {{summary: x, {method}: {{{integration}}}}}}}");
    load_text(&template(
        &format!(
            "  F: {{Type: AWS::Lambda::Function, Metadata: {{BuildProperties: {{Binary: f}}}}}}
  Api: {{Type: AWS::Serverless::Api, Properties: {{StageName: v1, BinaryMediaTypes: [image~1png], DefinitionBody: {{{definition}}}}}}}"
        ),
        "",
    ))
}

const TO_F: &str = "x-amazon-apigateway-integration: {type: aws_proxy, uri: !Sub \
                    'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${F.Arn}/invocations'}";

#[test]
fn routes_come_from_the_definition_of_an_api() {
    let check = |method: &str, expected: &str| {
        let mut application = api(method, "/look", TO_F).unwrap();
        assert_eq!(application.notes, [""; 0]);
        let api = application.apis.remove(0);
        assert_eq!((api.logical_id.as_str(), api.stage.as_str()), ("Api", "v1"));
        assert_eq!(api.binary_media_types, ["image/png"]);
        let route = Route {
            method: expected.into(),
            path: "/look".into(),
            function_arn: "arn:aws:lambda:us-east-1:123456789012:function:F".into(),
        };
        assert_eq!(api.routes, [route]);
    };
    check("post", "POST");
    check("x-amazon-apigateway-any-method", "ANY");
}

#[test]
fn routes_that_nothing_answers_are_noted() {
    let check = |path: &str, integration: &str, expected: &str| {
        let application = api("get", path, integration).unwrap();
        assert_eq!(application.apis[0].routes, []);
        let note = format!("Api (AWS::Serverless::Api): GET {path} is not answered, because ");
        assert_eq!(application.notes, [note + expected]);
    };
    check("/a", "responses: {}", "it has no integration");
    let mock = "x-amazon-apigateway-integration: {type: mock}";
    check("/a", mock, "only integrations of type aws_proxy are there");
    check("/a/{id}", TO_F, "its path has parameters");
    let nowhere = "x-amazon-apigateway-integration: {type: aws_proxy, uri: 'http://x'}";
    let error = api("get", "/a", nowhere).unwrap_err();
    assert!(
        error.contains("the integration's uri http://x names no function"),
        "{error}"
    );
}

#[test]
fn notifications_come_from_buckets_and_from_functions() {
    let text = template(
        "  F: {Type: AWS::Lambda::Function}
  B:
    Type: AWS::S3::Bucket
    Properties:
      NotificationConfiguration:
        LambdaConfigurations:
          - Event: s3:ObjectRemoved:*
            Function: !GetAtt F.Arn
            Filter: {S3Key: {Rules: [{Name: Suffix, Value: .png}]}}
  S:
    Type: AWS::Serverless::Function
    Properties:
      Events: {Up: {Type: S3, Properties: {Bucket: !Ref B, Events: ['s3:ObjectCreated:Put', 's3:ObjectCreated:Copy']}}}",
        "",
    );
    let bucket = load_text(&text).unwrap().buckets.remove(0);
    let [own, from_function] = bucket.notifications.as_slice() else {
        panic!("two notifications");
    };
    assert_eq!(own.events, ["s3:ObjectRemoved:*"]);
    assert_eq!((own.prefix.as_str(), own.suffix.as_str()), ("", ".png"));
    assert_eq!(
        own.function_arn,
        "arn:aws:lambda:us-east-1:123456789012:function:F"
    );
    assert_eq!(from_function.id, "Up");
    assert_eq!(
        from_function.events,
        ["s3:ObjectCreated:Put", "s3:ObjectCreated:Copy"]
    );
    assert_eq!(
        from_function.function_arn,
        "arn:aws:lambda:us-east-1:123456789012:function:S"
    );
}
