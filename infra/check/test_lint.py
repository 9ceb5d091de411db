"""cfn-lint, on what SAM makes of the template: by itself it takes SAM's word for references that do not exist."""

import json

import pytest
from cfnlint.api import ManualArgs, lint
from samtranslator.model.exceptions import InvalidDocumentException

import application

EVERYWHERE = ["us-east-1", "eu-central-1"]


def problems(template):
    """What cfn-lint says of a template, warnings included."""
    text = json.dumps(template, default=str)
    found = lint(text, config=ManualArgs(regions=EVERYWHERE))
    return [f"{match.rule.id} {match.message}" for match in found]


def test_the_template_is_clean_as_it_is_written():
    assert problems(application.packaged(application.read())) == []


def test_the_template_is_clean_as_it_is_deployed(cloudformation):
    assert problems(cloudformation) == []


@pytest.mark.parametrize(
    "parameters",
    [{"DeployEndpoint": "false"}, {"DeployEndpoint": "false", "ModelInLambda": "true"}],
    ids=lambda parameters: "+".join(parameters),
)
def test_the_template_is_clean_with_other_parameters(parameters):
    assert problems(application.deployed_form(parameters=parameters)) == []


def broken(sam, change):
    """What is said of the template after a change to it."""
    change(sam["Resources"])
    try:
        return "\n".join(problems(application.deployed_form(sam)))
    except InvalidDocumentException as refused:
        return "\n".join(cause.message for cause in refused.causes)


def wrong_reference(resources):
    variables = resources["StartExecution"]["Properties"]["Environment"]["Variables"]
    variables["STATE_MACHINE_ARN"] = {"Ref": "NoSuchMachine"}


def wrong_attribute(resources):
    statement = resources["ClassifyImages"]["Properties"]["Policies"][-1]["Statement"][0]
    statement["Resource"] = {"Fn::GetAtt": ["SerializeImage", "Colour"]}


def wrong_property(resources):
    resources["Bucket"]["Properties"]["BucketColour"] = "red"


def wrong_value(resources):
    resources["SerializeImage"]["Properties"]["MemorySize"] = 12


def wrong_event(resources):
    resources["StartExecution"]["Properties"]["Events"]["Upload"]["Properties"]["Bucket"] = "b"


@pytest.mark.parametrize(
    "change, said",
    [
        (wrong_reference, "NoSuchMachine"),
        (wrong_attribute, "Colour"),
        (wrong_property, "BucketColour"),
        (wrong_value, "12 is less than the minimum of 128"),
        (wrong_event, "S3 events must reference an S3 bucket in the same template"),
    ],
)
def test_a_broken_copy_is_found(sam, change, said):
    assert said in broken(sam, change)


def test_cfn_lint_alone_does_not_see_a_wrong_reference_of_a_state_machine(sam):
    """Why the translator runs first; when this fails, cfn-lint has learnt it."""
    substitutions = sam["Resources"]["ClassifyImages"]["Properties"]["DefinitionSubstitutions"]
    substitutions["SerializeImageFunctionArn"] = {"Fn::GetAtt": ["SerializeImag", "Arn"]}
    assert "SerializeImag" in "\n".join(problems(application.deployed_form(sam)))
