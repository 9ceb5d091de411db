"""Least privilege: no role of the template may do more than it is known to need."""

import copy
import fnmatch
import json
import re

import pytest

import application
import permissions


def test_nothing_is_allowed_too_widely(cloudformation):
    assert list(permissions.too_wide(cloudformation)) == []


def test_policies_are_found_at_all(cloudformation):
    found = [where for where, _, _ in permissions.policies(cloudformation)]
    assert any(where.startswith("ClassifyImageRole.") for where in found)
    assert "TrainingRole.training" in found


def test_every_exception_is_used(cloudformation):
    """An exception that nothing needs any more is an open door."""
    used = set()
    for _, _, document in permissions.policies(cloudformation):
        for statement in permissions.as_list(document["Statement"]):
            if any(map(permissions.names_nothing, permissions.as_list(statement.get("Resource", [])))):
                used.update(permissions.as_list(statement.get("Action", [])))
    assert set(permissions.TAKES_NO_RESOURCE) - used == set()


def allow(action, resource, **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


@pytest.mark.parametrize(
    "statement, said",
    [
        (allow("s3:*", {"Fn::Sub": "${Bucket.Arn}/x"}), "the action s3:*"),
        (allow(["s3:GetObject", "s3:Put*"], "arn:aws:s3:::b/x"), "the action s3:Put*"),
        (allow("s3:GetObject", "*"), "s3:GetObject on *"),
        (allow("s3:GetObject", ["arn:aws:s3:::b/x", "*"]), "s3:GetObject on *"),
        (allow("s3:GetObject", "arn:aws:s3:::*"), "s3:GetObject on arn:aws:s3:::*"),
        (
            allow("lambda:InvokeFunction", {"Fn::Sub": "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:*"}),
            "lambda:InvokeFunction on arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:*",
        ),
        (allow("cloudwatch:PutMetricData", "*"), "cloudwatch:PutMetricData on * without a condition"),
        ({"Effect": "Allow", "NotAction": "iam:PassRole", "Resource": "arn:aws:s3:::b/x"}, "NotAction"),
    ],
)
def test_a_broken_copy_is_found(cloudformation, statement, said):
    template = copy.deepcopy(cloudformation)
    role = template["Resources"]["TrainingRole"]["Properties"]
    role["Policies"][0]["PolicyDocument"]["Statement"].append(statement)
    found = list(permissions.too_wide(template))
    assert len(found) == 1 and said in found[0], found


def test_a_managed_policy_that_is_not_known_is_found(sam):
    sam["Resources"]["StartExecution"]["Properties"]["Policies"].append("AmazonS3FullAccess")
    found = list(permissions.too_wide(application.deployed_form(sam)))
    assert len(found) == 1 and "AmazonS3FullAccess is not in the list of those that are needed" in found[0], found


def trusts(template):
    """Each statement that lets a service assume a role of the template, but for the roles that SAM makes."""
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::IAM::Role" and not made_by_sam(resource):
            for statement in resource["Properties"]["AssumeRolePolicyDocument"]["Statement"]:
                if "Service" in statement["Principal"]:
                    yield name, statement


def made_by_sam(role):
    """SAM makes the roles of functions and state machines, trust policies included: a state machine has no property for one."""
    return any(tag["Value"] == "SAM" for tag in role["Properties"].get("Tags", []))


def test_a_service_assumes_a_role_for_this_account_only(cloudformation):
    """Source: "Cross-service confused deputy prevention" in the guides of SageMaker and EventBridge Scheduler."""
    found = dict(trusts(cloudformation))
    assert set(found) == {"TrainingRole", "EndpointRole", "ScheduleRole"}
    for name, statement in found.items():
        condition = statement.get("Condition", {})
        assert condition.get("StringEquals", {}).get("aws:SourceAccount") == {"Ref": "AWS::AccountId"}, name
        source = permissions.text_of(condition.get("ArnLike", {}).get("aws:SourceArn"))
        assert source.split(":sagemaker:")[-1].split(":scheduler:")[-1].startswith("${AWS::Region}:${AWS::AccountId}:"), name


def test_a_service_invokes_a_function_for_this_account_only(cloudformation):
    for name, resource in cloudformation["Resources"].items():
        if resource["Type"] == "AWS::Lambda::Permission":
            assert {"SourceAccount", "SourceArn"} & set(resource["Properties"]), name


def writes(template, role):
    """The keys that a role of the template may write, as patterns."""
    for policy in template["Resources"][role]["Properties"]["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            if "s3:PutObject" in permissions.as_list(statement["Action"]):
                yield from (permissions.text_of(arn).split("/", 1)[1] for arn in permissions.as_list(statement["Resource"]))


@pytest.mark.parametrize("role", ["TrainingRole", "EndpointRole"])
def test_a_training_job_cannot_overwrite_the_served_model(cloudformation, role):
    served = cloudformation["Parameters"]["ModelDataKey"]["Default"]
    kept = "models/scones-x/output/model.tar.gz"  # what train-and-deploy serves, see below
    for key in (served, kept):
        assert not any(fnmatch.fnmatchcase(key, pattern) for pattern in writes(cloudformation, role)), key


def test_train_and_deploy_serves_what_its_jobs_cannot_write(cloudformation):
    path = application.ROOT / "statemachine" / "train-and-deploy.asl.json"
    states = json.loads(path.read_text())["States"]
    output = states["Train"]["Arguments"]["OutputDataConfig"]["S3OutputPath"].removeprefix("s3://${BucketName}/")
    assert f"{output}/*" in writes(cloudformation, "TrainingRole")
    assert states["KeepModel"]["Arguments"]["Key"].startswith("{% 'models/' & $name")
    assert "models/scones-*" in writes(cloudformation, "TrainAndDeployRole")


def isolated(definition):
    """The tasks that create a training job or a model, and whether its containers have a network."""
    for name, state in definition["States"].items():
        if re.search(r":create(TrainingJob|Model)\b", state.get("Resource", "")):
            yield name, state["Arguments"].get("EnableNetworkIsolation")


def test_jobs_and_models_have_no_network(cloudformation):
    found = {name: flag for path in application.DEFINITIONS for name, flag in isolated(json.loads(path.read_text()))}
    assert found == {"Train": True, "CreateModel": True}
    for name, resource in cloudformation["Resources"].items():
        if resource["Type"] == "AWS::SageMaker::Model":
            assert resource["Properties"]["EnableNetworkIsolation"] is True, name
