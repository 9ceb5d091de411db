"""Least privilege: no role of the template may do more than it is known to need."""

import copy

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
