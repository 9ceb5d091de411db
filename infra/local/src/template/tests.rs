//! The reader, held against small templates and the repository's own.

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

/// A SAM template with `resources` (indented by two) and what `rest` adds.
fn template(resources: &str, rest: &str) -> String {
    format!("Transform: AWS::Serverless-2016-10-31\nResources:\n{resources}\n{rest}")
}

fn load_text(text: &str) -> Result<Application, String> {
    load_with(text, &[])
}

fn load_with(text: &str, given: &[(&str, &str)]) -> Result<Application, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.yaml");
    std::fs::write(&path, text).unwrap();
    std::fs::write(folder.path().join("m.json"), r#"{"A":"${Arn}"}"#).unwrap();
    std::fs::write(folder.path().join("m.yaml"), "A: ${Arn}\nB: 3\nC: '4'").unwrap();
    let given = given.iter().map(|(k, v)| (k.to_string(), v.to_string()));
    load(&path, &given.collect(), &Identity::default()).map_err(|error| {
        error
            .to_string()
            .replace(&*path.to_string_lossy(), "t.yaml")
    })
}

/// What `value` is as an output, beside a few resources to refer to.
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
fn functions_that_cannot_resolve_say_so() {
    let check = |value: &str, expected: &str| {
        let error = output_of(value).unwrap_err();
        assert!(error.ends_with(expected), "{value}: {error}");
    };
    check(
        "!Ref Nothing",
        "unresolved reference: Nothing is no parameter, resource or pseudo parameter of the template",
    );
    check(
        "!Sub 'x${Nothing.Arn}'",
        "unresolved reference: Nothing is no parameter, resource or pseudo parameter of the template",
    );
    check(
        "!GetAtt Fn.Colour",
        "Output O: Fn (AWS::Serverless::Function) has no attribute Colour",
    );
    check(
        "!Ref Gone",
        "Output O: Gone is not created, because the condition No is false",
    );
    check(
        "!If [Maybe, a, b]",
        "Output O: the condition Maybe is not under Conditions",
    );
    check(
        "!If [Loop, a, b]",
        "Output O: circular reference: condition Loop -> condition Loop",
    );
    check(
        "!FindInMap [M, eu-west-1, k]",
        "Output O: M.eu-west-1.k is not under Mappings",
    );
    check(
        "!Select [2, !Ref L]",
        "Output O: Fn::Select takes an index within the list, and the list",
    );
    check(
        "!Split ['', abc]",
        "Output O: Fn::Split takes a delimiter that is not empty, and a text",
    );
    check(
        "!GetAtt Fn",
        "Output O: Fn::GetAtt takes LogicalId.Attribute, or a list of the two",
    );
    check(
        "!Sub '${P'",
        "Output O: Fn::Sub takes a closing } for each ${",
    );
    check(
        "!Join [x]",
        "Output O: Fn::Join takes a delimiter and a list",
    );
    check("[a]", "Output O: Value must be a text, not a list");
    check("!Ref AWS::NoValue", "Output O: a value is missing");
    check(
        "!ImportValue other-stack",
        "Output O: Fn::ImportValue is not supported by the local stack: give the value with a parameter",
    );
}

#[test]
fn what_is_no_template_is_an_error_with_its_place() {
    let check = |text: &str, expected: &str| assert_eq!(load_text(text).unwrap_err(), expected);
    check(
        "",
        "t.yaml:1:1: a template is one YAML document: this file is empty",
    );
    check(
        "a: 1\n---\nb: 2",
        "t.yaml:2:1: a template is one YAML document: a second one begins here",
    );
    check(
        "[",
        "t.yaml:2:1: not YAML: while parsing a node, did not find expected node content",
    );
    check(
        "Resources: {}\nResources: {}",
        "t.yaml:2:1: the key Resources is there twice",
    );
    check(
        "Resources: &a {}",
        "t.yaml:1:12: YAML anchors and aliases are refused, as by CloudFormation: write the value out",
    );
    check("Description: x", "t.yaml:1:1: Resources is missing");
    check(
        "- a",
        "t.yaml:1:1: the template must be a mapping, not a list",
    );
    check(
        "Resorces: {}",
        "t.yaml:1:1: Resorces is no section of a template: the resources go under Resources, the results under Outputs",
    );
    check(
        "Resources: {A: {Properties: {}}}",
        "t.yaml:1:13: Resource A: Type is missing",
    );
    check(
        "Resources:\n  F: {Type: AWS::Serverless::Function}",
        "t.yaml:2:3: Resource F: AWS::Serverless::Function needs the line `Transform: AWS::Serverless-2016-10-31` at the top of the template",
    );
    check(
        "Resources:\n  A: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref B}}\n  B: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub '${A}x'}}",
        "t.yaml:2:3: Resource A: circular reference: A -> B -> A",
    );
}

#[test]
fn resources_that_cannot_be_read_say_why() {
    let check = |resources: &str, expected: &str| {
        assert_eq!(
            load_text(&template(resources, "")).unwrap_err(),
            format!("t.yaml:{expected}")
        );
    };
    let function = |properties: &str| {
        format!("  F: {{Type: AWS::Serverless::Function, Properties: {{{properties}}}}}")
    };
    check(
        &function("Timeout: 901"),
        "3:62: Resource F: Timeout must be a whole number from 1 to 900, not \"901\"",
    );
    check(
        &function("MemorySize: much"),
        "3:65: Resource F: MemorySize must be a whole number from 128 to 10240, not \"much\"",
    );
    check(
        &function("Environment: {Variables: {A: [b]}}"),
        "3:82: Resource F: A must be a text, not a list",
    );
    check(
        &function("Policies: [!Ref X]"),
        "3:64: Resource F: unresolved reference: X is no parameter, resource or pseudo parameter of the template",
    );
    check(
        &function("Events: {E: {Type: S3, Properties: {Bucket: b, Events: x}}}"),
        "3:65: Resource F: Bucket must be !Ref of a bucket in this template",
    );
    let machine = |properties: &str| {
        format!("  S: {{Type: AWS::Serverless::StateMachine, Properties: {{{properties}}}}}")
    };
    check(
        &machine("DefinitionUri: x.asl.json"),
        "3:72: Resource S: DefinitionUri x.asl.json: no such file",
    );
    check(&machine(""), "3:3: Resource S: DefinitionUri is missing");
    check(
        &machine("DefinitionUri: m.json"),
        "3:3: Resource S: the definition has ${Arn}, which is not under DefinitionSubstitutions",
    );
    check(
        &machine("Definition: {}, Type: FAST"),
        "3:79: Resource S: Type must be STANDARD or EXPRESS, not \"FAST\"",
    );
    check(
        "  E: {Type: AWS::SageMaker::Endpoint, Properties: {EndpointConfigName: c}}",
        "3:72: Resource E: EndpointConfigName c: the template has no AWS::SageMaker::EndpointConfig of that name",
    );
}

#[test]
fn parameters_are_held_against_their_declaration() {
    let declared = "Parameters:
  Number: {Type: Number, Default: 1, MinValue: 0, MaxValue: 1}
  Choice: {Type: String, Default: a, AllowedValues: [a, b]}
  Shape: {Type: String, Default: x1, AllowedPattern: 'x[0-9]', ConstraintDescription: must be x and a digit}
  Short: {Type: String, Default: ab, MinLength: 2, MaxLength: 3}
  List: {Type: List<Number>, Default: '1,2'}
Outputs: {O: {Value: !Sub '${Number}${Choice}${Shape}${Short}'}, L: {Value: !Join ['', !Ref List]}}";
    let text = template("  B: {Type: AWS::S3::Bucket}", declared);
    let check = |name: &str, value: &str, expected: Result<&str, &str>| {
        let loaded = load_with(&text, &[(name, value)]);
        let loaded = loaded.map(|a| format!("{} {}", a.outputs["O"], a.outputs["L"]));
        match (&loaded, expected) {
            (Ok(found), Ok(wanted)) => assert_eq!(found, wanted),
            (Err(found), Err(wanted)) => assert!(found.ends_with(wanted), "{found}"),
            _ => panic!("{name}={value}: {loaded:?}"),
        }
    };
    check("Number", "0.5", Ok("0.5ax1ab 12"));
    check("List", "3, 4", Ok("1ax1ab 34"));
    check(
        "Number",
        "2",
        Err(
            "Parameter Number: failed to satisfy constraint: must have a value less than or equal to 1",
        ),
    );
    check(
        "Number",
        "NaN",
        Err("Parameter Number: failed to satisfy constraint: must be a number"),
    );
    check(
        "List",
        "3,x",
        Err("Parameter List: failed to satisfy constraint: must be a number"),
    );
    check(
        "Choice",
        "c",
        Err("Parameter Choice: failed to satisfy constraint: must be one of a, b"),
    );
    check(
        "Shape",
        "x12",
        Err("Parameter Shape: failed to satisfy constraint: must be x and a digit"),
    );
    check(
        "Short",
        "a",
        Err("Parameter Short: failed to satisfy constraint: must have a length at least 2"),
    );
    check(
        "Other",
        "a",
        Err(
            "Parameter Other: is not declared: the template's parameters are Number, Choice, Shape, Short, List",
        ),
    );
    let text = template(
        "  B: {Type: AWS::S3::Bucket}",
        "Parameters: {P: {Type: String}}",
    );
    assert_eq!(
        load_text(&text).unwrap_err(),
        "t.yaml:4:17: Parameter P: has no default: give it with --parameter P=VALUE"
    );
}

#[test]
fn globals_lie_under_the_functions_own_properties() {
    let text = template(
        "  A: {Type: AWS::Serverless::Function, Properties: {Timeout: 9, Environment: {Variables: {X: own}}}}
  B: {Type: AWS::Lambda::Function}",
        "Globals: {Function: {Timeout: 5, MemorySize: 256, Environment: {Variables: {X: global, Y: global}}}}",
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
            "  S: {{Type: AWS::Serverless::StateMachine, Properties: {{{properties}, DefinitionSubstitutions: {{Arn: x}}}}}}"
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
  G: {Type: AWS::Lambda::Function}",
        "Rules: {}",
    );
    let expected = [
        "Rules are ignored",
        "A (AWS::CloudWatch::Alarm): the local stack does not have this",
        "B (AWS::S3::Bucket): LifecycleConfiguration is ignored",
        "F (AWS::Serverless::Function): VpcConfig is ignored",
        "G (AWS::Lambda::Function): names no program of the workspace (Metadata.BuildProperties.Binary), so nothing runs it",
        "F (AWS::Serverless::Function): the event Nightly of type Schedule never comes",
    ];
    assert_eq!(load_text(&text).unwrap().notes, expected);
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

fn own_template() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../template.yaml")
}

fn load_own(parameters: &[(&str, &str)]) -> Application {
    let parameters = parameters
        .iter()
        .map(|(k, v)| (k.to_string(), v.to_string()));
    load(&own_template(), &parameters.collect(), &Identity::default()).unwrap()
}

#[test]
fn the_repositorys_template_is_wholly_understood() {
    let application = load_own(&[]);
    assert_eq!(application.notes, [""; 0]);
    let functions: Vec<_> = application
        .functions
        .iter()
        .map(|f| {
            (
                f.name.as_str(),
                f.binary.as_deref(),
                f.memory_mb,
                f.timeout.as_secs(),
            )
        })
        .collect();
    assert_eq!(
        functions,
        [
            ("classify-image", Some("classify-image"), 128, 30),
            ("filter-inferences", Some("filter-inferences"), 128, 10),
            ("serialize-image", Some("serialize-image"), 512, 30),
            ("start-execution", Some("start-execution"), 128, 10),
        ]
    );
    let environment = |index: usize| {
        let variables = application.functions[index].environment.iter();
        variables
            .map(|(k, v)| format!("{k}={v}"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        environment(0),
        "ENDPOINT_NAME=scones-classifier LABELS=bicycle,motorcycle"
    );
    assert_eq!(environment(1), "CONFIDENCE_THRESHOLD=0.93");
    assert_eq!(environment(2), "IMAGE_SHAPE=3,32,32");
    let machine_arn = "arn:aws:states:us-east-1:123456789012:stateMachine:classify-images";
    assert_eq!(environment(3), format!("STATE_MACHINE_ARN={machine_arn}"));
    assert_eq!(application.outputs["StateMachineArn"], machine_arn);
}

#[test]
fn the_repositorys_bucket_starts_executions() {
    let application = load_own(&[]);
    let [bucket] = application.buckets.as_slice() else {
        panic!("one bucket");
    };
    assert_eq!(bucket.name, "scones-unlimited-123456789012-us-east-1");
    assert!(bucket.versioned);
    let upload = Notification {
        id: "Upload".into(),
        events: vec!["s3:ObjectCreated:*".into()],
        function_arn: "arn:aws:lambda:us-east-1:123456789012:function:start-execution".into(),
        prefix: "incoming/".into(),
        suffix: String::new(),
    };
    assert_eq!(bucket.notifications, [upload]);
}

#[test]
fn the_repositorys_state_machine_invokes_its_functions() {
    let application = load_own(&[]);
    let [machine] = application.state_machines.as_slice() else {
        panic!("one state machine");
    };
    assert_eq!(
        (machine.name.as_str(), machine.express),
        ("classify-images", false)
    );
    assert_eq!(
        machine.role_arn,
        "arn:aws:iam::123456789012:role/ClassifyImagesRole"
    );
    for name in ["serialize-image", "classify-image", "filter-inferences"] {
        let arn = format!("\"arn:aws:lambda:us-east-1:123456789012:function:{name}\"");
        assert_eq!(machine.definition.matches(&arn).count(), 1, "{name}");
    }
}

#[test]
fn the_repositorys_endpoint_captures_its_traffic() {
    let application = load_own(&[
        ("ModelDataKey", "other/model.tar.gz"),
        ("DataCapturePercentage", "20"),
    ]);
    let [endpoint] = application.endpoints.as_slice() else {
        panic!("one endpoint");
    };
    let bucket = "s3://scones-unlimited-123456789012-us-east-1";
    let expected = Endpoint {
        logical_id: "Endpoint".into(),
        name: "scones-classifier".into(),
        config_name: "EndpointConfig".into(),
        variants: vec![Variant {
            name: "AllTraffic".into(),
            weight: 1.0,
            model_name: "Model".into(),
            image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/scones-model:latest".into(),
            model_data_url: format!("{bucket}/other/model.tar.gz"),
            environment: BTreeMap::new(),
        }],
        capture: Some(DataCapture {
            sampling_percent: 20,
            destination_s3_uri: format!("{bucket}/captured"),
            input: true,
            output: true,
            json_content_types: vec!["application/json".into()],
            csv_content_types: vec![],
        }),
    };
    assert_eq!(*endpoint, expected);
    let without = load_own(&[("DeployEndpoint", "false")]);
    assert_eq!(without.endpoints, []);
    assert!(!without.outputs.contains_key("EndpointName"));
}

/// Deep documents and references without end, on a test thread's 2 MB stack.
#[test]
fn no_template_takes_the_stack_or_the_memory() {
    let check = |text: &str, expected: &str| {
        let error = load_text(text).unwrap_err();
        assert!(error.ends_with(expected), "{error}");
    };
    check(&"[".repeat(100_000), "not YAML: recursion limit exceeded");
    check(&"[".repeat(200), "nests deeper than 64 levels");
    check(&format!("A: {}", "x".repeat(1_000_000)), "limit");
    let chain = |count: usize, value: fn(usize) -> String| {
        let buckets = (0..count).map(|i| {
            format!(
                "  B{i}: {{Type: AWS::S3::Bucket, Properties: {{BucketName: {}}}}}\n",
                value(i + 1)
            )
        });
        let last = format!("  B{count}: {{Type: AWS::S3::Bucket}}");
        template(&(buckets.collect::<String>() + &last), "")
    };
    check(
        &chain(1000, |next| format!("!Ref B{next}")),
        "Resource B0: nests deeper than 64 levels",
    );
    check(
        &chain(40, |next| format!("!Sub '${{B{next}}}${{B{next}}}'")),
        "its references multiply to more than the reader follows: name fewer of them here",
    );
}

/// Text that looks like a template, to get past the YAML.
fn template_like() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("Resources"),
        Just("Type"),
        Just("Properties"),
        Just("AWS::S3::Bucket"),
        Just("AWS::Serverless::Function"),
        Just("AWS::SageMaker::Endpoint"),
        Just("!Ref"),
        Just("!Sub"),
        Just("!If"),
        Just("!Join"),
        Just("!GetAtt A.Arn"),
        Just("'${A}'"),
        Just("Conditions"),
        Just("Parameters"),
        Just("Outputs"),
        Just("Events"),
        Just("A"),
        Just("Default"),
        Just(": "),
        Just("\n"),
        Just("\n  "),
        Just("\n    "),
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(", "),
        Just("- "),
    ];
    proptest::collection::vec(word, 0..60).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in prop_oneof![template_like(), any::<String>()]) {
        let _ = read(&text, Path::new("/nowhere"), &BTreeMap::new(), &Identity::default());
    }

    #[test]
    fn substitution_puts_each_value_in(pieces in proptest::collection::vec("[a-z \"{}]{0,6}", 0..6), value in "[a-z$]{0,4}") {
        let values = BTreeMap::from([("Name".to_owned(), value.clone())]);
        let expected = pieces.join(&value);
        prop_assert_eq!(state_machine::substitute(&pieces.join("${Name}"), &values), Ok(expected));
    }

    #[test]
    fn a_broken_copy_of_the_repositorys_template_never_panics(at in 0usize..9000, with in "[ -~\n]{0,3}") {
        let mut text = std::fs::read_to_string(own_template()).unwrap();
        let at = at.min(text.len());
        let end = (at + with.len()).min(text.len());
        if text.is_char_boundary(at) && text.is_char_boundary(end) {
            text.replace_range(at..end, &with);
        }
        let _ = read(&text, Path::new("/nowhere"), &BTreeMap::new(), &Identity::default());
    }
}
