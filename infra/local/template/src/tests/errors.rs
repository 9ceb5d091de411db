//! Tests refusals and their texts.

use super::{load_text, load_with, output_of, template};

#[test]
fn functions_that_cannot_resolve_say_so() {
    let check = |value: &str, expected: &str| {
        let error = output_of(value).unwrap_err();
        assert!(error.ends_with(expected), "{value}: {error}");
    };
    check(
        "!Ref Nothing",
        "unresolved reference: Nothing is no parameter, resource or pseudo parameter of the \
         template",
    );
    check(
        "!Sub 'x${Nothing.Arn}'",
        "unresolved reference: Nothing is no parameter, resource or pseudo parameter of the \
         template",
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
        "Output O: Fn::ImportValue is not supported by the local stack: give the value with a \
         parameter",
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
        "t.yaml:1:12: YAML anchors and aliases are refused, as by CloudFormation: write the value \
         out",
    );
    check("Description: x", "t.yaml:1:1: Resources is missing");
    check(
        "- a",
        "t.yaml:1:1: the template must be a mapping, not a list",
    );
    check(
        "Resorces: {}",
        "t.yaml:1:1: Resorces is no section of a template: the resources go under Resources, the \
         results under Outputs",
    );
    check(
        "Resources: {A: {Properties: {}}}",
        "t.yaml:1:13: Resource A: Type is missing",
    );
    check(
        "Resources:\n  F: {Type: AWS::Serverless::Function}",
        "t.yaml:2:3: Resource F: AWS::Serverless::Function needs the line `Transform: \
         AWS::Serverless-2016-10-31` at the top of the template",
    );
    check(
        "Resources:\n  A: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref B}}\n  B: {Type: \
         AWS::S3::Bucket, Properties: {BucketName: !Sub '${A}x'}}",
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
        "3:64: Resource F: unresolved reference: X is no parameter, resource or pseudo parameter \
         of the template",
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
        "3:72: Resource E: EndpointConfigName c: the template has no \
         AWS::SageMaker::EndpointConfig of that name",
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
            "Parameter Number: failed to satisfy constraint: must have a value less than or equal \
             to 1",
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
            "Parameter Other: is not declared: the template's parameters are Number, Choice, \
             Shape, Short, List",
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
