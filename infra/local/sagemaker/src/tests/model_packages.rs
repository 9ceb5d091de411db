//! The model registry: groups, versions, approval, and models of packages.

use super::pipeline::serve_model;
use super::*;

const PREFIX: &str = "arn:aws:sagemaker:us-east-1:123456789012:model-package";

fn version(models: &[&str]) -> Value {
    let containers = models.iter().map(|model| {
        json!({ "Image": "i", "ModelDataUrl": format!("s3://b/{model}.tar.gz"),
                "Environment": { "SETTING": "from the package" } })
    });
    json!({
        "ModelPackageGroupName": "g",
        "InferenceSpecification": { "Containers": containers.collect::<Vec<_>>() },
    })
}

async fn stack() -> Stack {
    let stack = Stack::empty();
    let group = json!({ "ModelPackageGroupName": "g", "ModelPackageGroupDescription": "d" });
    let created = stack.ok("CreateModelPackageGroup", group).await;
    assert_eq!(created["ModelPackageGroupArn"], format!("{PREFIX}-group/g"));
    for model in ["one", "two"] {
        stack.put(&format!("{model}.tar.gz"), artifact(model)).await;
    }
    stack
}

/// <https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-approve.html>
#[tokio::test]
async fn an_approved_version_is_deployed() {
    let stack = stack().await;
    let created = stack
        .ok("CreateModelPackage", version(&["one", "two"]))
        .await;
    let arn = format!("{PREFIX}/g/1");
    assert_eq!(created["ModelPackageArn"], arn);
    let container =
        json!({ "ModelPackageName": arn, "Environment": { "SETTING": "of the model" } });
    let model = json!({ "ModelName": "m", "Containers": [container] });
    let (_, message) = stack.refused("CreateModel", model.clone()).await;
    assert_eq!(
        message,
        format!(
            "ModelPackage {arn} can't be deployed: its ModelApprovalStatus is \
             PendingManualApproval, and not Approved."
        )
    );
    let approval = json!({
        "ModelPackageArn": arn, "ModelApprovalStatus": "Approved", "ApprovalDescription": "good",
        "CustomerMetadataProperties": { "k": "v" },
    });
    stack.ok("UpdateModelPackage", approval).await;
    let described = json!({ "ModelPackageName": "g/1" });
    let described = stack.ok("DescribeModelPackage", described).await;
    for (member, expected) in [
        ("ModelApprovalStatus", json!("Approved")),
        ("ApprovalDescription", json!("good")),
        ("ModelPackageVersion", json!(1)),
        ("ModelPackageStatus", json!("Completed")),
        ("CustomerMetadataProperties", json!({ "k": "v" })),
    ] {
        assert_eq!(described[member], expected, "{member}");
    }
    stack.ok("CreateModel", model).await;
    stack
        .ok("DeleteModelPackage", json!({ "ModelPackageName": arn }))
        .await;
    serve_model(&stack).await;
    let response = stack.request(invocation("e", "text/csv", "x")).await;
    assert_eq!(text(response).await, "two(one(x))");
    let response = stack.request(invocation("e", "test/environment", "")).await;
    assert_eq!(text(response).await, r#"["two", 12]"#);
}

#[tokio::test]
async fn versions_are_listed_and_their_numbers_not_given_twice() {
    let stack = stack().await;
    let create = async || stack.ok("CreateModelPackage", version(&["one"])).await;
    create().await;
    create().await;
    stack
        .ok("DeleteModelPackage", json!({ "ModelPackageName": "g/2" }))
        .await;
    assert_eq!(create().await["ModelPackageArn"], format!("{PREFIX}/g/3"));
    let approval =
        json!({ "ModelPackageArn": format!("{PREFIX}/g/3"), "ModelApprovalStatus": "Approved" });
    stack.ok("UpdateModelPackage", approval).await;
    let mut unversioned = version(&["one"]);
    unversioned
        .as_object_mut()
        .unwrap()
        .remove("ModelPackageGroupName");
    unversioned["ModelPackageName"] = "p".into();
    stack.ok("CreateModelPackage", unversioned).await;
    let check = async |request: Value, expected: &[&str]| {
        let listed = stack.ok("ListModelPackages", request.clone()).await;
        let listed = listed["ModelPackageSummaryList"].as_array().unwrap();
        let names: Vec<&str> = listed
            .iter()
            .map(|one| one["ModelPackageName"].as_str().unwrap())
            .collect();
        assert_eq!(names, expected, "{request}");
    };
    let group = |more: Value| {
        let mut request = json!({ "ModelPackageGroupName": "g", "SortBy": "Name" });
        request
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        request
    };
    check(group(json!({})), &["g/3", "g/1"]).await;
    check(
        group(json!({ "ModelApprovalStatus": "Approved" })),
        &["g/3"],
    )
    .await;
    check(json!({}), &["p"]).await;
    let both = json!({ "ModelPackageType": "Both", "SortBy": "Name", "SortOrder": "Ascending" });
    check(both, &["g/1", "g/3", "p"]).await;
    let groups = stack.ok("ListModelPackageGroups", json!({})).await;
    assert_eq!(
        groups["ModelPackageGroupSummaryList"][0]["ModelPackageGroupName"],
        "g"
    );
}

/// The first text is from getmoto/moto#7246, the next two are from getmoto/moto#7165.
#[tokio::test]
async fn what_does_not_fit_the_registry_is_refused() {
    let stack = stack().await;
    let check = async |operation: &str, request: Value, code: &str, expected: &str| {
        let (found, message) = stack.refused(operation, request).await;
        assert_eq!((found.as_str(), message.as_str()), (code, expected));
    };
    let validation = "ValidationException";
    check(
        "DescribeModelPackageGroup",
        json!({ "ModelPackageGroupName": "hello" }),
        validation,
        &format!("ModelPackageGroup {PREFIX}-group/hello does not exist."),
    )
    .await;
    check("CreateModelPackage", json!({}), validation, "Missing ARN.").await;
    check(
        "CreateModelPackage",
        json!({ "ModelPackageName": "p", "ModelPackageGroupName": "g" }),
        validation,
        "Both ModelPackageName and ModelPackageGroupName are provided in the input. Cannot \
         determine which one to use.",
    )
    .await;
    check(
        "CreateModelPackageGroup",
        json!({ "ModelPackageGroupName": "g" }),
        validation,
        &format!("Model Package Group already exists: {PREFIX}-group/g"),
    )
    .await;
    stack.ok("CreateModelPackage", version(&["one"])).await;
    let group = json!({ "ModelPackageGroupName": "g" });
    check(
        "DeleteModelPackageGroup",
        group.clone(),
        "ConflictException",
        &format!(
            "Model Package Group cannot be deleted because it still contains Model Packages: \
             {PREFIX}-group/g"
        ),
    )
    .await;
    stack
        .ok("DeleteModelPackage", json!({ "ModelPackageName": "g/1" }))
        .await;
    stack.ok("DeleteModelPackageGroup", group).await;
}
