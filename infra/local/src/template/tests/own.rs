//! The repository's own template.

use std::path::PathBuf;

use super::*;

pub(super) fn own_template() -> PathBuf {
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
