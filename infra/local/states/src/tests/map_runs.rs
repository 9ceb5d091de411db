//! Distributed Maps: items from S3 and elsewhere, children, tolerance, results, and the API's view
//! of it all.

use bytes::Bytes;

use super::integrations::with_s3;
use super::*;
use local_s3::S3;
use service::Objects;

/// A Distributed Map over a processor of one state.
pub(super) fn distributed(state: Value, fields: Value) -> Value {
    let mut map = json!({
        "Type": "Map", "Label": "L",
        "ItemProcessor": {
            "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
            "StartAt": "P", "States": {},
        },
    });
    map["ItemProcessor"]["States"]["P"] = state;
    if let (Some(map), Value::Object(fields)) = (map.as_object_mut(), fields) {
        map.extend(fields);
    }
    single(map)
}

pub(super) fn ending(mut state: Value) -> Value {
    state["End"] = json!(true);
    state
}

/// A state that passes its item on.
pub(super) fn passes() -> Value {
    ending(json!({ "Type": "Pass" }))
}

async fn put(s3: &S3, key: &str, text: &str) {
    let body = Bytes::copy_from_slice(text.as_bytes());
    s3.put("photos", key, body, "text/plain").await.unwrap();
}

async fn get(s3: &S3, key: &str) -> Value {
    let bytes = s3.get("photos", key).await.unwrap();
    serde_json::from_slice(&bytes.unwrap_or_else(|| panic!("there is {key}"))).unwrap()
}

fn reader(config: Value) -> Value {
    let mut fields = json!({
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "Parameters": { "Bucket": "photos", "Key.$": "$.key" },
        },
    });
    fields["ItemReader"]["ReaderConfig"] = config;
    fields
}

/// Runs a Map over an object of S3, and gives its result, or `Error: cause`.
async fn map_over(config: Value, text: &str) -> Value {
    let (f, s3) = with_s3().await;
    put(&s3, "k", text).await;
    f.machine(distributed(passes(), reader(config))).await;
    outcome(&f.run(json!({ "key": "k" })).await)
}

pub(super) fn outcome(ended: &Execution) -> Value {
    match &ended.output {
        Some(output) => serde_json::from_str(output).unwrap(),
        None => json!(format!(
            "{}: {}",
            ended.error.as_deref().unwrap_or("-"),
            ended.cause.as_deref().unwrap_or("-")
        )),
    }
}

#[tokio::test]
async fn items_are_read_from_every_format() {
    let csv = json!({ "InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW" });
    let rows = json!([{ "a": "1", "b": "x,y" }, { "a": "2", "b": "" }]);
    assert_eq!(map_over(csv, "a,b\n1,\"x,y\"\n2,\n").await, rows);
    let json = json!({ "InputType": "JSON", "MaxItems": 2 });
    assert_eq!(map_over(json, "[1, [2], 3]").await, json!([1, [2]]));
    let pointed = json!({ "InputType": "JSON", "ItemsPointer": "/a" });
    let pairs = json!([{ "Key": "b", "Value": 1 }]);
    assert_eq!(map_over(pointed, r#"{"a":{"b":1}}"#).await, pairs);
    let lines = json!({ "InputType": "JSONL" });
    assert_eq!(
        map_over(lines, "{\"a\":1}\n2").await,
        json!([{ "a": 1 }, 2])
    );
}

#[tokio::test]
async fn files_that_a_listing_or_a_manifest_names_are_read() {
    let (f, s3) = with_s3().await;
    put(&s3, "in/", "").await;
    put(&s3, "in/1.jsonl", "1\n2\n").await;
    put(&s3, "in/2.jsonl", "3").await;
    let mut listed = reader(json!({ "InputType": "JSONL", "Transformation": "LOAD_AND_FLATTEN" }));
    listed["ItemReader"]["Resource"] = json!("arn:aws:states:::s3:listObjectsV2");
    listed["ItemReader"]["Parameters"] = json!({ "Bucket": "photos", "Prefix": "in/" });
    f.machine(distributed(passes(), listed)).await;
    assert_eq!(outcome(&f.run(json!({})).await), json!([1, 2, 3]));

    let athena = json!({ "InputType": "JSONL", "ManifestType": "ATHENA_DATA", "MaxItems": 2 });
    let manifest = "s3://photos/in/2.jsonl\ns3://photos/in/1.jsonl\n";
    put(&s3, "manifest.csv", manifest).await;
    let body = json!({
        "stateMachineArn": MACHINE,
        "definition": distributed(passes(), reader(athena)).to_string(),
    });
    f.ok("UpdateStateMachine", body).await;
    assert_eq!(
        outcome(&f.run(json!({ "key": "manifest.csv" })).await),
        json!([3, 1])
    );
}

#[tokio::test]
async fn what_cannot_be_read_fails_in_awss_words() {
    let json = || json!({ "InputType": "JSON" });
    assert_eq!(
        map_over(json(), r#"{"a":1}"#).await,
        "States.ItemReaderFailed: Attempting to map over non-iterable node."
    );
    let twice =
        json!({ "InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a", "a"] });
    assert_eq!(
        map_over(twice, "1,2").await,
        "States.ItemReaderFailed: CSV headers cannot contain duplicates."
    );
    let (f, _) = with_s3().await;
    f.machine(distributed(passes(), reader(json()))).await;
    assert_eq!(
        outcome(&f.run(json!({ "key": "none" })).await),
        "States.ItemReaderFailed: The specified key does not exist: s3://photos/none"
    );
}

#[tokio::test]
async fn a_bucket_is_listed_page_by_page() {
    let (f, s3) = with_s3().await;
    for n in 0..5 {
        put(&s3, &format!("in/{n}"), "text").await;
    }
    put(&s3, "other", "text").await;
    let list = json!({
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:listObjectsV2",
            "Parameters": { "Bucket": "photos", "Prefix": "in/", "MaxKeys": 2 },
        },
    });
    f.machine(distributed(passes(), list)).await;
    let items = outcome(&f.run(json!({})).await);
    let keys: Vec<&str> = items
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["Key"].as_str().unwrap())
        .collect();
    assert_eq!(keys, ["in/0", "in/1", "in/2", "in/3", "in/4"]);
    assert_eq!(items[0]["Size"], 4);
    assert_eq!(items[0]["StorageClass"], "STANDARD");
    assert!(items[0]["LastModified"].is_i64());
    assert!(items[0]["Etag"].as_str().unwrap().starts_with('"'));
}

#[tokio::test]
async fn an_inventory_names_files_of_objects() {
    use std::io::Write;
    let (f, s3) = with_s3().await;
    let mut file = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    file.write_all(b"\"photos\",\"a\"\n\"photos\",\"b\"\n")
        .unwrap();
    let file = Bytes::from(file.finish().unwrap());
    s3.put("photos", "data/1.csv.gz", file, "x").await.unwrap();
    let manifest = json!({
        "destinationBucket": "arn:aws:s3:::photos", "fileFormat": "CSV", "fileSchema": "Bucket, Key",
        "files": [{ "key": "data/1.csv.gz" }],
    });
    put(&s3, "manifest.json", &manifest.to_string()).await;
    f.machine(distributed(
        passes(),
        reader(json!({ "InputType": "MANIFEST" })),
    ))
    .await;
    let items = outcome(&f.run(json!({ "key": "manifest.json" })).await);
    let expected = json!([{ "Bucket": "photos", "Key": "a" }, { "Bucket": "photos", "Key": "b" }]);
    assert_eq!(items, expected);
}

#[tokio::test]
async fn batches_keep_to_their_limits() {
    let f = fixture();
    let batcher = json!({ "ItemBatcher": { "MaxItemsPerBatch": 2, "BatchInput": { "b": 1 } } });
    f.machine(distributed(passes(), batcher)).await;
    let expected = json!([
        { "BatchInput": { "b": 1 }, "Items": [1, 2] }, { "BatchInput": { "b": 1 }, "Items": [3] },
    ]);
    assert_eq!(outcome(&f.run(json!([1, 2, 3])).await), expected);
    let batcher = json!({ "ItemBatcher": { "MaxInputBytesPerBatch": 40 } });
    f.create("bytes", distributed(passes(), batcher)).await;
    let input = json!(["aaaaaa", "bbbbbb", "cccccc"]);
    let batches = outcome(&f.run_of("bytes", input).await);
    assert_eq!(
        batches,
        json!([{ "Items": ["aaaaaa"] }, { "Items": ["bbbbbb"] }, { "Items": ["cccccc"] }])
    );
}

/// A Map of which some items fail, with limits.
async fn with_failures(fields: Value, items: Value) -> Value {
    let f = fixture();
    let choice = json!({
        "Type": "Choice", "Default": "P",
        "Choices": [{ "Variable": "$", "NumericLessThan": 0, "Next": "F" }],
    });
    let mut machine = distributed(passes(), fields);
    let processor = &mut machine["States"]["S"]["ItemProcessor"];
    processor["StartAt"] = json!("C");
    processor["States"]["C"] = choice;
    processor["States"]["F"] = json!({ "Type": "Fail", "Error": "Negative" });
    f.machine(machine).await;
    outcome(&f.run(items).await)
}

#[tokio::test]
async fn failures_are_tolerated_up_to_a_limit() {
    let exceeded = json!(
        "States.ExceedToleratedFailureThreshold: The specified tolerated failure threshold was \
         exceeded"
    );
    let items = || json!([1, -1, 2, 3]);
    assert_eq!(with_failures(json!({}), items()).await, exceeded);
    let some = with_failures(json!({ "ToleratedFailureCount": 1 }), items()).await;
    assert_eq!(some.as_array().unwrap().len(), 4);
    assert_eq!((&some[0], &some[2]), (&json!(1), &json!(2)));
    assert_eq!(some[1]["Error"], "Negative");
    assert_eq!(some[1]["Status"], "FAILED");
    let percentage = |percentage: f64| json!({ "ToleratedFailurePercentage": percentage });
    assert_eq!(with_failures(percentage(24.9), items()).await, exceeded);
    let some = with_failures(percentage(25.0), items()).await;
    assert_eq!(some.as_array().unwrap().len(), 4);
    assert_eq!(
        with_failures(json!({ "ToleratedFailureCount": 1 }), json!([-1, -2])).await,
        exceeded
    );
}

#[tokio::test]
async fn results_are_written_as_aws_names_them() {
    let (f, s3) = with_s3().await;
    let writer = json!({
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Parameters": { "Bucket": "photos", "Prefix": "jobs" },
        },
    });
    f.machine(distributed(passes(), writer)).await;
    let result = outcome(&f.run(json!(["a", "b"])).await);
    let run = result["MapRunArn"].as_str().unwrap();
    let (machine, uuid) = run.rsplit_once(':').unwrap();
    assert_eq!(machine, "arn:aws:states:us-east-1:123456789012:mapRun:m/L");
    let key = format!("jobs/{uuid}/manifest.json");
    assert_eq!(
        result["ResultWriterDetails"],
        json!({ "Bucket": "photos", "Key": key })
    );
    let manifest = get(&s3, &key).await;
    assert_eq!(manifest["DestinationBucket"], "photos");
    assert_eq!(manifest["MapRunArn"], run);
    assert_eq!(manifest["ResultFiles"]["FAILED"], json!([]));
    assert_eq!(manifest["ResultFiles"]["PENDING"], json!([]));
    let file = format!("jobs/{uuid}/SUCCEEDED_0.json");
    assert_eq!(manifest["ResultFiles"]["SUCCEEDED"][0]["Key"], file);
    let children = get(&s3, &file).await;
    assert_eq!(children.as_array().unwrap().len(), 2);
    assert_eq!(children[0]["Output"], "\"a\"");
    assert_eq!(children[0]["Status"], "SUCCEEDED");
    let child = children[0]["ExecutionArn"].as_str().unwrap();
    assert!(child.starts_with("arn:aws:states:us-east-1:123456789012:execution:m/L:"));
    assert_eq!(f.states.describe(child).await.unwrap().input, "\"a\"");
}

#[tokio::test]
async fn results_are_transformed() {
    let check = async |config: Value, expected: Value| {
        let f = fixture();
        let writer = json!({ "ResultWriter": { "WriterConfig": config } });
        f.machine(distributed(passes(), writer)).await;
        assert_eq!(outcome(&f.run(json!([[1, 2], 3])).await), expected);
    };
    check(json!({ "Transformation": "COMPACT" }), json!([[1, 2], 3])).await;
    check(
        json!({ "Transformation": "FLATTEN", "OutputType": "JSON" }),
        json!([1, 2, 3]),
    )
    .await;
    check(json!({ "OutputType": "JSONL" }), json!("[1,2]\n3")).await;
}

#[tokio::test]
async fn map_runs_and_their_children_are_described_and_listed() {
    let f = fixture();
    f.machine(distributed(passes(), json!({ "MaxConcurrency": 1 })))
        .await;
    let parent = f.run(json!([1, 2])).await.execution_arn;
    let runs = f.ok("ListMapRuns", json!({ "executionArn": parent })).await;
    let run = runs["mapRuns"][0].clone();
    assert_eq!(runs["mapRuns"].as_array().unwrap().len(), 1);
    assert_eq!(run["stateMachineArn"], format!("{MACHINE}/L"));
    let arn = json!({ "mapRunArn": run["mapRunArn"] });
    let described = f.ok("DescribeMapRun", arn.clone()).await;
    assert_eq!(described["status"], "SUCCEEDED");
    assert_eq!(described["executionArn"], parent);
    assert_eq!(described["maxConcurrency"], 1);
    let counts = json!({
        "aborted": 0, "failed": 0, "pending": 0, "pendingRedrive": 0, "running": 0, "succeeded": 2, "timedOut": 0,
        "resultsWritten": 2, "total": 2, "failuresNotRedrivable": 0,
    });
    assert_eq!(described["itemCounts"], counts);
    assert_eq!(described["executionCounts"], counts);
    let children = f.ok("ListExecutions", arn).await;
    let children = children["executions"].as_array().unwrap();
    assert_eq!(children.len(), 2);
    let child = f
        .ok(
            "DescribeExecution",
            json!({ "executionArn": children[0]["executionArn"] }),
        )
        .await;
    assert_eq!(child["mapRunArn"], run["mapRunArn"]);
    assert_eq!(child["stateMachineArn"], format!("{MACHINE}/L"));
    let history = f
        .states
        .history(child["executionArn"].as_str().unwrap())
        .await
        .unwrap();
    assert_eq!(history.len(), 4);
    let executions = f
        .ok("ListExecutions", json!({ "stateMachineArn": MACHINE }))
        .await;
    assert_eq!(executions["executions"].as_array().unwrap().len(), 1);
    let unknown = format!("{}0", run["mapRunArn"].as_str().unwrap());
    f.refused(
        "DescribeMapRun",
        json!({ "mapRunArn": unknown }),
        &format!("400 ResourceNotFound: Resource not found: '{unknown}'"),
    )
    .await;
}

/// All results were gathered, 2.4 GB of them, before they were found to be too long.
#[tokio::test]
async fn a_distributed_map_fails_as_soon_as_its_results_are_too_long() {
    let f = fixture();
    let long = ending(json!({ "Type": "Pass", "Result": "x".repeat(100_000) }));
    f.machine(distributed(long, json!({ "MaxConcurrency": 1 })))
        .await;
    let ended = f.run(json!(vec![0; 50])).await;
    assert_eq!(
        outcome(&ended),
        "States.DataLimitExceeded: The state/task 'S' returned a result with a size exceeding the \
         maximum number of bytes service limit."
    );
    let parent = json!({ "executionArn": ended.execution_arn });
    let run = f.ok("ListMapRuns", parent).await["mapRuns"][0]["mapRunArn"].clone();
    let described = f.ok("DescribeMapRun", json!({ "mapRunArn": run })).await;
    assert_eq!(described["status"], "FAILED");
    // Three results of 100,000 bytes are more than 262,144.
    assert_eq!(described["itemCounts"]["succeeded"], 3, "{described}");
}

#[tokio::test]
async fn express_children_leave_only_results() {
    let f = fixture();
    let mut machine = distributed(passes(), json!({}));
    machine["States"]["S"]["ItemProcessor"]["ProcessorConfig"]["ExecutionType"] = json!("EXPRESS");
    f.machine(machine).await;
    let parent = f.run(json!([1, 2])).await;
    assert_eq!(outcome(&parent), json!([1, 2]));
    let runs = f
        .ok(
            "ListMapRuns",
            json!({ "executionArn": parent.execution_arn }),
        )
        .await;
    let arn = json!({ "mapRunArn": runs["mapRuns"][0]["mapRunArn"] });
    let children = f.ok("ListExecutions", arn).await;
    assert_eq!(children["executions"], json!([]));
}

#[tokio::test]
async fn concurrency_is_limited_and_can_be_raised() {
    let f = fixture();
    let hangs = ending(task("hang"));
    f.machine(distributed(hangs, json!({ "MaxConcurrency": 2 })))
        .await;
    let parent = f.start_of("m", json!([1, 2, 3, 4])).await;
    f.called(2).await;
    let runs = f.ok("ListMapRuns", json!({ "executionArn": parent })).await;
    let run = runs["mapRuns"][0]["mapRunArn"].clone();
    let described = f.ok("DescribeMapRun", json!({ "mapRunArn": run })).await;
    assert_eq!(described["executionCounts"]["running"], 2);
    assert_eq!(described["executionCounts"]["pending"], 2);
    f.ok(
        "UpdateMapRun",
        json!({ "mapRunArn": run, "maxConcurrency": 3 }),
    )
    .await;
    f.called(3).await;
    f.ok("StopExecution", json!({ "executionArn": parent }))
        .await;
    let described = f.ok("DescribeMapRun", json!({ "mapRunArn": run })).await;
    assert_eq!(described["status"], "ABORTED");
    assert_eq!(described["executionCounts"]["aborted"], 4);
    let children = f
        .ok(
            "ListExecutions",
            json!({ "mapRunArn": run, "statusFilter": "RUNNING" }),
        )
        .await;
    assert_eq!(children["executions"], json!([]));
}

/// Opens a service over a directory, whose function `count` writes down what it was called with.
fn open(dir: &Path) -> States {
    let functions = Functions {
        log: Some(dir.join("calls")),
        ..Functions::default()
    };
    let reachable = ReachableServices::new(std::sync::Arc::new(functions));
    States::open(dir, Identity::default(), reachable).unwrap()
}

async fn survives(kind: &str) {
    const ITEMS: usize = 60;
    const CONCURRENCY: usize = 5;
    const ROUNDS: usize = 10;
    let dir = tempfile::tempdir().unwrap();
    let mut machine = distributed(
        ending(task("count")),
        json!({ "MaxConcurrency": CONCURRENCY }),
    );
    machine["States"]["S"]["ItemProcessor"]["ProcessorConfig"]["ExecutionType"] = json!(kind);
    let machine = sam_template::StateMachine {
        logical_id: "M".into(),
        name: "m".into(),
        definition: machine.to_string(),
        express: false,
        role_arn: ROLE.into(),
    };
    let items: Vec<usize> = (0..ITEMS).collect();
    let mut arn = None;
    for round in 0..ROUNDS {
        let states = open(dir.path());
        states.declare(&machine).await.unwrap();
        states.resume().await.unwrap();
        if arn.is_none() {
            let start = StartExecution {
                state_machine_arn: MACHINE.into(),
                input: Some(json!(items).to_string()),
                ..StartExecution::default()
            };
            arn = Some(states.start(start).await.unwrap().execution_arn);
        }
        tokio::time::sleep(std::time::Duration::from_millis(round as u64 * 4)).await;
        states.shut_down().await;
    }
    let states = open(dir.path());
    states.resume().await.unwrap();
    let ended = states.wait(&arn.unwrap()).await.unwrap();
    assert_eq!(outcome(&ended), json!(items));
    let calls = std::fs::read_to_string(dir.path().join("calls")).unwrap();
    let calls = calls.lines().count();
    assert!(
        (ITEMS..=ITEMS + ROUNDS * CONCURRENCY).contains(&calls),
        "{calls}"
    );
}

#[tokio::test]
async fn a_map_run_goes_on_after_a_shutdown_at_any_moment() {
    survives("STANDARD").await;
}

#[tokio::test]
async fn express_children_that_ran_are_run_once_more() {
    survives("EXPRESS").await;
}
