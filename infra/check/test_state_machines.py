"""Every state machine definition, before three validators: asl-validator, statelint and the project's own."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from statelint.linter import Linter

import application

# Where a validator is behind AWS's own documentation. Each must still be needed: see the test below.
STATELINT_IS_BEHIND = {
    r'is "\{% .* %\}" but should be (an Integer|numeric)': "a JSONata expression may stand for any of these",
    r'Field "Label" not allowed': "https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html",
    r'Field "WriterConfig" not allowed': "…/dg/input-output-resultwriter.html#writer-config",
    r'Field "(InputType|CSVHeaderLocation)" not allowed': "…/dg/input-output-itemreader.html",
}
ASL_VALIDATOR_IS_BEHIND = {
    # Null is JSON, and Output takes any JSON. What follows in the message is every state of that machine that is no
    # Pass state, so the rest of the file is judged by the others.
    r"/NothingToCompareWith/(Output|Type) is invalid": "…/dg/transforming-data.html: Output takes any JSON value",
}


def statelint(text):
    """What statelint finds, without what it does not know yet."""
    return excused(Linter.validate(text), STATELINT_IS_BEHIND)


def asl_validator(text, tmp_path):
    """What asl-validator (npm) finds, without what it does not know yet."""
    program = Path(os.environ.get("NODE_MODULES", "node_modules")) / ".bin" / "asl-validator"
    path = tmp_path / "m.asl.json"
    path.write_text(text)
    ran = subprocess.run([program, "--json-path", path], capture_output=True, text=True)
    lines = (ran.stdout + ran.stderr).splitlines()
    found = [line for line in lines if "is valid" not in line and "is invalid:" not in line]
    assert ran.returncode == 0 or found, "it failed without a word"
    return excused(found, ASL_VALIDATOR_IS_BEHIND)


def excused(found, exceptions):
    return [line for line in found if not any(re.search(known, line) for known in exceptions)]


def scones_validate(text, tmp_path):
    """The errors that `scones validate` finds."""
    path = tmp_path / "m.asl.json"
    path.write_text(text)
    ran = subprocess.run([scones(), "validate", path], capture_output=True, text=True)
    found = [line for line in ran.stdout.splitlines() if line.startswith("error[")]
    assert ran.returncode == 0 or found, ran.stderr
    return found


def scones():
    """The program, where CI or a person has built it."""
    built = [os.environ.get("SCONES")] + [application.ROOT / "target" / kind / "scones" for kind in ("debug", "release")]
    found = [path for path in built if path and Path(path).exists()]
    assert found, "build it first (cargo build), or name it with SCONES=…"
    return found[0]


needs_node = pytest.mark.skipif(
    not shutil.which("node"), reason="asl-validator is an npm package, and there is no Node.js here"
)
each = pytest.mark.parametrize("path", application.DEFINITIONS, ids=lambda path: path.name)


def test_there_are_definitions():
    assert len(application.DEFINITIONS) >= 3


@each
def test_statelint_has_nothing_to_say(path):
    assert statelint(path.read_text()) == []


@needs_node
@each
def test_asl_validator_has_nothing_to_say(path, tmp_path):
    assert asl_validator(path.read_text(), tmp_path) == []


@each
def test_scones_validate_has_nothing_to_say(path, tmp_path):
    assert scones_validate(path.read_text(), tmp_path) == []


def test_every_excuse_for_statelint_is_needed():
    said = [line for path in application.DEFINITIONS for line in Linter.validate(path.read_text())]
    unused = [known for known in STATELINT_IS_BEHIND if not any(re.search(known, line) for line in said)]
    assert unused == []


def without_a_start(machine):
    del machine["StartAt"]


def to_nowhere(machine):
    next(iter(machine["States"].values()))["Next"] = "Nowhere"


def of_no_type(machine):
    next(iter(machine["States"].values()))["Type"] = "Tusk"


@pytest.mark.parametrize("change", [without_a_start, to_nowhere, of_no_type])
@pytest.mark.parametrize("validator", ["statelint", "asl-validator", "scones"])
def test_a_broken_copy_is_found(change, validator, tmp_path):
    path = application.ROOT / "statemachine" / "classify.asl.json"
    machine = json.loads(path.read_text())
    change(machine)
    text = json.dumps(machine)
    if validator == "statelint":
        assert statelint(text) != []
    elif validator == "scones":
        assert scones_validate(text, tmp_path) != []
    elif shutil.which("node"):
        assert asl_validator(text, tmp_path) != []
    else:
        pytest.skip("no Node.js")
