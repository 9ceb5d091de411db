"""The SAM template, as AWS makes a CloudFormation template of it.

`sam package` uploads the functions' code and puts S3 addresses in the places of their paths, and CloudFormation's SAM
transform does the rest. Here the translator that the transform is (aws-sam-translator) runs on this machine, and the
state machine definitions go in as text, so that what checks the result sees them too.
"""

import copy
import json
from pathlib import Path

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "infra" / "template.yaml"
DEFINITIONS = sorted((ROOT / "statemachine").glob("*.asl.json"))

ACCOUNT = "123456789012"
REGION = "us-east-1"


class ManagedPolicies:
    """Where the translator asks for the ARNs of AWS's own policies: SAM adds these two by itself."""

    def load(self):
        return {
            name: f"arn:aws:iam::aws:policy/{name}"
            for name in ("AWSXrayWriteOnlyAccess", "AWSXRayDaemonWriteAccess")
        }


def read(path=TEMPLATE):
    """The template as it is written."""
    return yaml_parse(path.read_text())


def packaged(template, folder=TEMPLATE.parent):
    """The template after `sam package`, but for the definitions, which are in it."""
    template = copy.deepcopy(template)
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            properties["CodeUri"] = "s3://sam-packages/function.zip"
        if "DefinitionUri" in properties:
            path = folder / properties.pop("DefinitionUri")
            properties["Definition"] = json.loads(path.read_text())
    return template


def defaults(template):
    """The values that the template's parameters have by themselves."""
    declared = template.get("Parameters", {}).items()
    return {name: str(declaration["Default"]) for name, declaration in declared}


def translated(template, parameters=None):
    """The CloudFormation template that AWS makes of a packaged one.

    The translator takes its parameters' values into account where it must name things, as at a deployment.
    """
    values = defaults(template) | (parameters or {}) | {
        "AWS::Region": REGION,
        "AWS::AccountId": ACCOUNT,
        "AWS::Partition": "aws",
    }
    return transform(copy.deepcopy(template), values, ManagedPolicies())


def deployed_form(template=None, parameters=None):
    """The repository's template (or another one), packaged and translated."""
    return translated(packaged(read() if template is None else template), parameters)
