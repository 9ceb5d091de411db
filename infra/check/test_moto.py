"""The template, deployed: moto's CloudFormation makes every resource that it knows, from the template that AWS gets.

moto skips types that it does not know without a word and says CREATE_COMPLETE, so what came of the template is compared
with what the template names, and what moto does not know is a list here.
"""

import copy
import json

import boto3
import pytest
from moto import mock_aws

import application

# moto has no CloudFormation support for these; cfn-lint and checkov are what checks them.
MOTO_DOES_NOT_KNOW = {
    "AWS::ApiGateway::Deployment",  # moto knows it, but reads no Body of a RestApi, and deploys none without methods
    "AWS::ApiGateway::ApiKey",
    "AWS::ApiGateway::Stage",
    "AWS::ApiGateway::UsagePlan",
    "AWS::ApiGateway::UsagePlanKey",
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::CloudWatch::Alarm",
    "AWS::Logs::MetricFilter",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::Scheduler::Schedule",
}


def deployed(template):
    """What moto made of a template: logical id -> type and physical id."""
    template = template | {
        "Resources": {
            name: resource
            for name, resource in template["Resources"].items()
            if resource["Type"] != "AWS::ApiGateway::Deployment"
        }
    }
    client = boto3.client("cloudformation")
    boto3.client("s3").create_bucket(Bucket="sam-packages")
    client.create_stack(
        StackName="scones",
        TemplateBody=json.dumps(template, default=str),
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
    )
    [stack] = client.describe_stacks(StackName="scones")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack.get("StackStatusReason")
    pages = client.get_paginator("list_stack_resources").paginate(StackName="scones")
    return {
        resource["LogicalResourceId"]: (resource["ResourceType"], resource.get("PhysicalResourceId"))
        for page in pages
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"]  # moto lists what a false condition leaves out, without a name or a type
    }


def named(template, without=()):
    """What the template says should be there: logical id -> type."""
    return {
        name: resource["Type"]
        for name, resource in template["Resources"].items()
        if resource.get("Condition") not in without and resource["Type"] not in MOTO_DOES_NOT_KNOW
    }


def types(resources):
    return {name: kind for name, (kind, _) in resources.items() if kind not in MOTO_DOES_NOT_KNOW}


# The conditions that are false unless a parameter says otherwise.
FALSE_BY_DEFAULT = {"WithAlarmEmail", "WithApiKey", "WithScaling"}


@mock_aws
def test_every_resource_is_made(cloudformation):
    made = deployed(cloudformation)
    assert types(made) == named(cloudformation, FALSE_BY_DEFAULT)
    nameless = {kind for kind, physical in made.values() if not physical}
    assert nameless <= {"AWS::Lambda::Permission"}, "moto gives these no id, and everything else one"


@mock_aws
def test_without_an_endpoint_none_is_made():
    template = application.deployed_form()
    template["Parameters"]["DeployEndpoint"]["Default"] = "false"
    made = deployed(template)
    assert types(made) == named(template, FALSE_BY_DEFAULT | {"WithEndpoint"})
    assert "Endpoint" not in made


@mock_aws
def test_a_type_that_moto_skips_is_noticed(cloudformation):
    template = copy.deepcopy(cloudformation)
    template["Resources"]["Distribution"] = {"Type": "AWS::CloudFront::Distribution", "Properties": {}}
    made = deployed(template)
    assert types(made) != named(template, FALSE_BY_DEFAULT)


@mock_aws
def test_a_resource_that_cant_be_made_is_noticed(cloudformation):
    template = copy.deepcopy(cloudformation)
    template["Resources"]["ClassifyImages"]["Properties"]["RoleArn"] = {"Fn::GetAtt": ["NoSuchRole", "Arn"]}
    with pytest.raises(Exception, match="NoSuchRole"):
        deployed(template)


def test_what_moto_does_not_know_is_used(cloudformation):
    in_template = {resource["Type"] for resource in cloudformation["Resources"].values()}
    assert MOTO_DOES_NOT_KNOW - in_template == set()
