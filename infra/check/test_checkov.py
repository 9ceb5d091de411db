"""checkov's security policies, on the template that AWS gets. What it asks for and does not get has its reason here."""

import copy
import json
import os
import shutil
import subprocess

import pytest

SYNCHRONOUS = "its caller waits for the answer and gets the error"
EXCEPTIONS = {
    "CKV_AWS_18": "access logs of the bucket would need a second one; CloudTrail data events tell the same",
    "CKV_AWS_27": "it is encrypted with SqsManagedSseEnabled, which the check does not know",
    "CKV_AWS_76": "access logs need a role for all of the account's APIs, which one application should not set; X-Ray has each call",
    "CKV_AWS_115": "the account's concurrency is shared out by whoever owns the account; throttles have an alarm and are retried",
    "CKV_AWS_116": "only start-execution is invoked asynchronously, and it has a dead-letter queue",
    "CKV_AWS_117": "nothing that the functions call is in a VPC, and a way out of one costs more than the application",
    "CKV_AWS_120": "each image is another one, so there is nothing to cache",
    "CKV_AWS_158": "logs have no image and no secret, and are encrypted with CloudWatch's own key",
    "CKV_AWS_173": "environment variables are names and numbers; they are encrypted with Lambda's own key",
}


def failed(template, tmp_path):
    """The checks that a template fails: check -> resources."""
    path = tmp_path / "template.json"
    path.write_text(json.dumps(template, default=str))
    program = os.environ.get("CHECKOV") or shutil.which("checkov")
    assert program, "infra/check/run.sh makes an environment with checkov in it"
    ran = subprocess.run(
        [program, "--file", path, "--framework", "cloudformation", "--skip-download", "--compact", "--quiet", "--output", "json"],
        capture_output=True,
        text=True,
    )
    report = json.loads(ran.stdout)
    assert report["summary"]["resource_count"] > 40, "checkov has not read the template"
    assert report["summary"]["parsing_errors"] == 0
    checks = {}
    for check in report["results"]["failed_checks"]:
        checks.setdefault(check["check_id"], set()).add(check["resource"].rsplit(".", 1)[-1])
    return checks


def test_checkov_finds_nothing_without_a_reason(cloudformation, tmp_path):
    found = failed(cloudformation, tmp_path)
    assert {check: resources for check, resources in found.items() if check not in EXCEPTIONS} == {}
    assert set(EXCEPTIONS) - set(found) == set(), "an exception that nothing needs"
    assert "StartExecution" not in found["CKV_AWS_116"], "its dead-letter queue"


def open_bucket(resources):
    del resources["Bucket"]["Properties"]["PublicAccessBlockConfiguration"]


def plain_topic(resources):
    del resources["AlarmTopic"]["Properties"]["KmsMasterKeyId"]


def old_key(resources):
    resources["AlarmKey"]["Properties"]["EnableKeyRotation"] = False


@pytest.mark.parametrize(
    "change, check",
    [(open_bucket, "CKV_AWS_53"), (plain_topic, "CKV_AWS_26"), (old_key, "CKV_AWS_7")],
)
def test_a_broken_copy_is_found(cloudformation, tmp_path, change, check):
    template = copy.deepcopy(cloudformation)
    change(template["Resources"])
    assert check in failed(template, tmp_path)
