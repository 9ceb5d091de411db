//! The repository's own template.

use std::path::PathBuf;

use super::*;

pub(super) fn own_template() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml")
}

fn load_own(parameters: &[(&str, &str)]) -> Application {
    let parameters = parameters
        .iter()
        .map(|(k, v)| (k.to_string(), v.to_string()));
    load(
        &own_template(),
        &parameters.collect(),
        &Identity::default(),
        &[],
    )
    .unwrap()
}

/// The resource types that exist only on AWS. The local stack must implement everything else in the
/// template.
const ON_AWS: [&str; 2] = [
    "Bucket (AWS::S3::Bucket): LifecycleConfiguration is ignored",
    "only on AWS: AWS::CloudWatch::Alarm (9 of them), AWS::CloudWatch::Dashboard (Dashboard), \
     AWS::Logs::MetricFilter (Refusals), AWS::SNS::Topic (AlarmTopic), AWS::SQS::Queue \
     (FailedUploads)",
];

#[test]
fn the_repositorys_template_is_wholly_understood() {
    let application = load_own(&[]);
    assert_eq!(application.notes, ON_AWS);
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
            ("classify-batch", Some("classify-batch"), 1769, 60),
            ("classify-http", Some("classify-http"), 512, 29),
            ("classify-image", Some("classify-image"), 128, 30),
            ("evaluate-model", Some("evaluate-model"), 512, 300),
            ("filter-inferences", Some("filter-inferences"), 128, 10),
            ("monitor-endpoint", Some("monitor-endpoint"), 1769, 900),
            ("serialize-image", Some("serialize-image"), 512, 30),
            ("start-execution", Some("start-execution"), 128, 10),
            ("summarize-batch", Some("summarize-batch"), 512, 900),
        ]
    );
    assert_eq!(
        environment(&application, "classify-image"),
        "ENDPOINT_NAME=scones-classifier LABELS=bicycle,motorcycle"
    );
    assert_eq!(
        environment(&application, "classify-batch"),
        "CONFIDENCE_THRESHOLD=0.93 ENDPOINT_NAME=scones-classifier IMAGE_SHAPE=3,32,32 \
         LABELS=bicycle,motorcycle"
    );
    assert_eq!(
        environment(&application, "filter-inferences"),
        "CONFIDENCE_THRESHOLD=0.93"
    );
    assert_eq!(
        environment(&application, "serialize-image"),
        "IMAGE_SHAPE=3,32,32"
    );
    let machine_arn = "arn:aws:states:us-east-1:123456789012:stateMachine:classify-images";
    assert_eq!(
        environment(&application, "start-execution"),
        format!("STATE_MACHINE_ARN={machine_arn}")
    );
    assert_eq!(application.outputs["StateMachineArn"], machine_arn);
}

#[test]
fn every_function_that_judges_gets_the_deployed_threshold() {
    let application = load_own(&[("ConfidenceThreshold", "0.8")]);
    let thresholds = application.functions.iter().filter_map(|function| {
        let threshold = function.environment.get("CONFIDENCE_THRESHOLD")?;
        Some((function.name.as_str(), threshold.as_str()))
    });
    let expected = [
        "classify-batch",
        "classify-http",
        "evaluate-model",
        "filter-inferences",
        "monitor-endpoint",
    ];
    assert_eq!(
        thresholds.collect::<Vec<_>>(),
        expected.map(|name| (name, "0.8"))
    );
}

#[test]
fn a_threshold_that_the_gate_refuses_is_refused_by_the_template() {
    for threshold in ["0", "-0.5", "1.01", "high"] {
        let parameters = [("ConfidenceThreshold".to_owned(), threshold.to_owned())];
        let loaded = load(
            &own_template(),
            &parameters.into(),
            &Identity::default(),
            &[],
        );
        let error = loaded.unwrap_err().to_string();
        assert!(error.contains("ConfidenceThreshold"), "{error}");
    }
}

/// The variables of a function, sorted.
fn environment(application: &Application, function: &str) -> String {
    let mut functions = application.functions.iter();
    let function = functions.find(|candidate| candidate.name == function);
    let variables = function.unwrap().environment.iter();
    variables
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn the_repositorys_functions_can_do_without_an_endpoint() {
    let without = load_own(&[("DeployEndpoint", "false"), ("ModelInLambda", "true")]);
    assert_eq!(without.notes.len(), ON_AWS.len());
    assert!(!without.notes.concat().contains("Endpoint"));
    let model = "MODEL_S3_URI=s3://scones-unlimited-123456789012-us-east-1/models/model.tar.gz";
    assert_eq!(
        environment(&without, "classify-image"),
        format!("LABELS=bicycle,motorcycle {model}")
    );
    assert!(environment(&without, "classify-batch").contains(model));
}

#[test]
fn the_repositorys_front_door_leads_to_its_function() {
    let application = load_own(&[]);
    let [api] = application.apis.as_slice() else {
        panic!("one API");
    };
    assert_eq!(api.binary_media_types, ["*/*"]);
    let route = Route {
        method: "POST".into(),
        path: "/classify".into(),
        function_arn: "arn:aws:lambda:us-east-1:123456789012:function:classify-http".into(),
    };
    assert_eq!(api.routes, [route]);
    assert_eq!(
        application.outputs["FrontDoorUrl"],
        "https://FrontDoor.execute-api.us-east-1.amazonaws.com/v1/classify"
    );
    let keyed = load_own(&[("FrontDoorAuth", "API_KEY"), ("AlarmEmail", "a@b.example")]);
    assert_eq!(keyed.apis, application.apis);
    assert_eq!(keyed.outputs["ApiKeyId"], "ApiKey");
}

#[test]
fn the_repositorys_monitor_runs_every_day() {
    let application = load_own(&[("MonitorHours", "12")]);
    let [schedule] = application.schedules.as_slice() else {
        panic!("one schedule");
    };
    assert_eq!(schedule.name, "scones-monitor");
    assert_eq!(schedule.request["ScheduleExpression"], "cron(0 6 * * ? *)");
    let target = &schedule.request["Target"];
    assert_eq!(
        target["Arn"],
        "arn:aws:states:us-east-1:123456789012:stateMachine:monitor"
    );
    assert_eq!(
        target["Input"],
        r#"{"to": "<aws.scheduler.scheduled-time>"}"#
    );
    let machine = application
        .state_machines
        .iter()
        .find(|m| m.name == "monitor");
    assert!(
        machine
            .unwrap()
            .definition
            .contains("$states.input.hours : $number('12') %}")
    );
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
fn the_repositorys_state_machines_invoke_their_functions() {
    let application = load_own(&[]);
    let machines = application.state_machines.iter();
    let machines: BTreeMap<&str, _> = machines.map(|m| (m.name.as_str(), m)).collect();
    let machine = machines["classify-images"];
    assert!(!machine.express);
    assert_eq!(
        machine.role_arn,
        "arn:aws:iam::123456789012:role/ClassifyImagesRole"
    );
    let invoked = |machine: &StateMachine, name: &str| {
        let arn = format!("\"arn:aws:lambda:us-east-1:123456789012:function:{name}\"");
        machine.definition.matches(&arn).count()
    };
    for name in ["serialize-image", "classify-image", "filter-inferences"] {
        assert_eq!(invoked(machine, name), 1, "{name}");
    }
    let batch = machines["classify-batch"];
    assert_eq!(invoked(batch, "classify-batch"), 4, "one a kind of source");
    assert_eq!(invoked(batch, "summarize-batch"), 1);
    assert!(!batch.definition.contains("${"));
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
            instance_count: 1,
            instance_type: "ml.t2.medium".into(),
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
