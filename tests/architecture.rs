//! Dependencies point downwards: what each crate may know, held against `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Every package of the workspace, and which others of it each may use.
const MAY_USE: &[(&str, &[&str])] = &[
    ("asl", &[]),
    ("aws-failure", &["error-text"]),
    ("browser-guard", &[]),
    ("error-text", &[]),
    ("evaluation", &[]),
    ("fit-image", &[]),
    ("lst", &[]),
    ("model-archive", &[]),
    ("plots", &[]),
    ("s3-objects", &["aws-failure", "error-text", "s3-uri"]),
    ("s3-uri", &[]),
    ("sagemaker-container", &["browser-guard"]),
    ("service", &[]),
    ("tables", &[]),
    ("trees", &["tables"]),
    (
        "scones-tabular",
        &[
            "error-text",
            "evaluation",
            "model-archive",
            "sagemaker-container",
            "tables",
            "trees",
        ],
    ),
    (
        "monitor",
        &["evaluation", "fit-image", "plots", "s3-objects", "s3-uri"],
    ),
    ("console", &["browser-guard", "monitor", "plots", "s3-uri"]),
    ("cifar-tools", &["error-text", "fit-image", "lst"]),
    // The model only with the feature `embedded-model`, which the root package asks for.
    (
        "lambdas",
        &[
            "aws-failure",
            "evaluation",
            "fit-image",
            "lst",
            "monitor",
            "s3-objects",
            "s3-uri",
            "scones-model",
        ],
    ),
    (
        "scones-model",
        &[
            "error-text",
            "evaluation",
            "fit-image",
            "lst",
            "model-archive",
            "plots",
            "sagemaker-container",
        ],
    ),
    ("sam-template", &["service"]),
    ("local-apigateway", &["sam-template", "service"]),
    (
        "local-lambda",
        &["browser-guard", "sam-template", "service"],
    ),
    ("local-s3", &["sam-template", "service"]),
    (
        "local-sagemaker",
        &["model-archive", "s3-uri", "sam-template", "service"],
    ),
    ("local-scheduler", &["sam-template", "service"]),
    (
        "local-states",
        &["asl", "s3-uri", "sam-template", "service"],
    ),
    // It composes the services.
    (
        "scones-local",
        &[
            "browser-guard",
            "local-apigateway",
            "local-lambda",
            "local-s3",
            "local-sagemaker",
            "local-scheduler",
            "local-states",
            "sam-template",
            "service",
        ],
    ),
    (
        "scones",
        &[
            "asl",
            "cifar-tools",
            "console",
            "error-text",
            "evaluation",
            "lambdas",
            "local-lambda",
            "local-sagemaker",
            "local-states",
            "lst",
            "monitor",
            "s3-objects",
            "s3-uri",
            "sam-template",
            "scones-local",
            "scones-model",
            "scones-tabular",
            "service",
        ],
    ),
];

/// External crates that a package must not reach, however indirectly. `asl` does reach `rand` and
/// `chrono`, through `jsonata-core`: its own tests hold that what JSONata asks of them comes from
/// the step and the execution instead.
const MUST_NOT_REACH: &[(&str, &[&str])] = &[
    (
        "asl",
        &["tokio", "hyper", "aws-config", "aws-sdk-sfn", "rusqlite"],
    ),
    ("lambdas", &["rusqlite", "s3s"]),
    ("evaluation", &["tokio", "ndarray", "rten"]),
    ("s3-objects", &["aws-config", "rusqlite", "s3s"]),
    ("monitor", &["aws-config", "rten", "rusqlite", "s3s"]),
    ("scones-model", &["aws-config", "rusqlite", "s3s"]),
    ("service", &["asl", "s3s"]),
    ("scones-local", &["lambda_runtime", "rten", "image"]),
    ("console", &["rusqlite", "s3s", "rten"]),
];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Package id -> the ids it uses in its normal (not dev, not build) dependencies.
fn graph(metadata: &Value) -> BTreeMap<&str, BTreeSet<&str>> {
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    nodes
        .iter()
        .map(|node| (node["id"].as_str().unwrap(), normal_dependencies(node)))
        .collect()
}

fn normal_dependencies(node: &Value) -> BTreeSet<&str> {
    let is_normal = |dependency: &&Value| {
        dependency["dep_kinds"]
            .as_array()
            .unwrap()
            .iter()
            .any(|kind| kind["kind"].is_null())
    };
    let dependencies = node["deps"].as_array().unwrap();
    dependencies
        .iter()
        .filter(is_normal)
        .map(|dependency| dependency["pkg"].as_str().unwrap())
        .collect()
}

fn names(metadata: &Value) -> BTreeMap<&str, &str> {
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            (
                package["id"].as_str().unwrap(),
                package["name"].as_str().unwrap(),
            )
        })
        .collect()
}

fn workspace<'a>(
    metadata: &'a Value,
    names: &BTreeMap<&'a str, &'a str>,
) -> BTreeMap<&'a str, &'a str> {
    let members = metadata["workspace_members"].as_array().unwrap();
    members
        .iter()
        .map(|id| id.as_str().unwrap())
        .map(|id| (names[id], id))
        .collect()
}

#[test]
fn crates_use_only_what_lies_below_them() {
    let metadata = metadata();
    let names = names(&metadata);
    let members = workspace(&metadata, &names);
    let graph = graph(&metadata);
    let listed: BTreeSet<&str> = MAY_USE.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        members.keys().copied().collect::<BTreeSet<_>>(),
        listed,
        "every package has its line in MAY_USE"
    );
    for (package, allowed) in MAY_USE {
        let used: BTreeSet<&str> = graph[members[package]]
            .iter()
            .map(|id| names[id])
            .filter(|name| listed.contains(name))
            .collect();
        assert_eq!(used, allowed.iter().copied().collect(), "{package}");
    }
}

#[test]
fn crates_do_not_reach_what_is_not_theirs() {
    let metadata = metadata();
    let names = names(&metadata);
    let members = workspace(&metadata, &names);
    let graph = graph(&metadata);
    for (package, forbidden) in MUST_NOT_REACH {
        let reached: BTreeSet<&str> = reachable(&graph, members[package])
            .iter()
            .map(|id| names[id])
            .collect();
        let found: Vec<&&str> = forbidden
            .iter()
            .filter(|name| reached.contains(**name))
            .collect();
        assert!(found.is_empty(), "{package} reaches {found:?}");
    }
}

/// A function that calls an endpoint must not pay, in size and cold start, for a predictor. `cargo
/// metadata` can't tell: it has every feature that any package of the workspace asks for.
#[test]
fn functions_link_the_model_only_where_it_is_asked_for() {
    let without = linked(&["--package=lambdas"]);
    let inside = ["scones-model", "rten", "axum"];
    for name in inside {
        assert!(!without.contains(name), "lambdas reaches {name}");
    }
    let with = linked(&["--package=lambdas", "--features=embedded-model"]);
    assert!(with.contains("scones-model") && with.contains("rten"));
}

/// The packages that a build with these arguments links.
fn linked(arguments: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--edges=normal",
            "--prefix=none",
            "--format={p}",
        ])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{listed}");
    let name = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    listed.lines().map(name).collect()
}

fn reachable<'a>(graph: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &'a str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        open.extend(graph[id].iter().filter(|next| seen.insert(**next)));
    }
    seen
}

#[test]
fn the_templates_threshold_is_the_programs_default() {
    let template = include_str!("../infra/template.yaml");
    let parameter = template.split("\n  ConfidenceThreshold:\n").nth(1).unwrap();
    let default = parameter
        .lines()
        .find_map(|line| line.strip_prefix("    Default: "));
    assert_eq!(default.unwrap().parse(), Ok(evaluation::Threshold::DEFAULT));
}
