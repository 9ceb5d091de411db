"""deploy.sh and destroy.sh, with programs on the path that only write down how they are called."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

import application

DEPLOY = application.ROOT / "infra" / "deploy" / "deploy.sh"
DESTROY = application.ROOT / "infra" / "deploy" / "destroy.sh"
SMOKE = application.ROOT / "infra" / "deploy" / "smoke.sh"
BUCKET = "scones-unlimited-123456789012-us-east-1"
BUILD = "cargo lambda build --release --arm64 --locked --package lambdas"


@pytest.fixture
def shell(tmp_path):
    """Runs a script; gives its exit code, what it said, and the commands that change something."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("aws", "sam", "cargo", "cargo-lambda", "docker"):
        (programs / name).symlink_to(Path(__file__).with_name("fake-program.sh"))
    log = tmp_path / "log"

    def run(script, *arguments, typed=None, without=(), **environment):
        for name in without:
            (programs / name).unlink()
        log.write_text("")
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        clean |= {"PATH": f"{programs}:/usr/bin:/bin", "FAKE_LOG": str(log), "AWS_REGION": "us-east-1"} | environment
        clean = {name: value for name, value in clean.items() if value is not None}
        ran = subprocess.run([script, *arguments], env=clean, input=typed or "", capture_output=True, text=True)
        asks = ("sts", "describe-stacks", "head-", "list-", "configure", "describe-repositories")
        changes = [line for line in log.read_text().splitlines() if not any(word in line for word in asks)]
        return ran.returncode, ran.stdout + ran.stderr, changes

    return run


def deploys(changes):
    """The last parameter overrides of each `sam deploy`."""
    return [line.split("--parameter-overrides ")[1] for line in changes if line.startswith("sam deploy")]


def test_the_first_deployment_makes_the_bucket_before_the_endpoint(shell, tmp_path):
    model = tmp_path / "model.tar.gz"
    model.write_text("x")
    code, said, changes = shell(DEPLOY, "--no-image", "--model", model)
    assert code == 0, said
    assert changes[0] == BUILD
    # Named after its content, so that CloudFormation sees a new model.
    key = f"models/{hashlib.sha256(b'x').hexdigest()[:16]}/model.tar.gz"
    assert deploys(changes) == [f"ModelDataKey={key} DeployEndpoint={value}" for value in ("false", "true")]
    assert changes[2] == f"aws s3 cp {model} s3://{BUCKET}/{key}"


def test_the_next_deployment_is_one_step(shell):
    code, said, changes = shell(DEPLOY, "--no-image", "AlarmEmail=a@b.example", FAKE_STACK="1", FAKE_MODEL="1")
    assert code == 0, said
    assert deploys(changes) == ["AlarmEmail=a@b.example DeployEndpoint=true"]


def test_without_a_model_there_is_no_endpoint_and_it_is_said(shell):
    code, said, changes = shell(DEPLOY, "--no-image", FAKE_STACK="1")
    assert code == 0
    assert f"There is no s3://{BUCKET}/models/model.tar.gz yet, so no endpoint" in said
    assert deploys(changes) == ["DeployEndpoint=false"]


def test_a_model_in_the_functions_is_built_into_them(shell):
    with_it = f"{BUILD} --features embedded-model"
    given = ("--no-image", "ModelInLambda=true", "DeployEndpoint=false")
    code, said, changes = shell(DEPLOY, *given, FAKE_STACK="1", FAKE_MODEL="1")
    assert (code, changes[0]) == (0, with_it), said
    # As the stack has it, so it is built, also where nobody says so again.
    code, said, changes = shell(
        DEPLOY, "--no-image", FAKE_STACK="1", FAKE_MODEL="1", FAKE_PARAMETERS="Labels\\ta,b\\nModelInLambda\\ttrue\\n"
    )
    assert (code, changes[0]) == (0, with_it), said


def test_a_dry_run_prints_everything_and_runs_nothing(shell):
    code, said, changes = shell(DEPLOY, "--dry-run", "ModelImageTag=v7")
    assert (code, changes) == (0, []), said
    for command in (
        BUILD,
        "sam deploy --template-file infra/template.yaml --stack-name scones",
        "infra/container/build.sh",
        "aws ecr create-repository --repository-name scones-model",
        "docker push ACCOUNT.dkr.ecr.us-east-1.amazonaws.com/scones-model:v7",
    ):
        assert f"+ {command}" in said, command
    assert "ModelImageTag=v7 DeployEndpoint=false" in said


def test_what_is_missing_is_named_with_the_way_out(shell):
    def refused(*arguments, **environment):
        code, said, changes = shell(DEPLOY, *arguments, **environment)
        assert (code, changes) == (1, []), said
        return said

    assert "unknown argument --modle: see --help" in refused("--modle", "x")
    assert "--model nowhere.tar.gz: no such file" in refused("--model", "nowhere.tar.gz")
    assert "AWS does not take your credentials: sign in" in refused(FAKE_SIGNED_OUT="1")
    assert "no region: set AWS_REGION" in refused(AWS_REGION=None)
    assert "unset it to reach AWS" in refused(AWS_ENDPOINT_URL="http://127.0.0.1:4566")
    assert "cargo-lambda is not there: install it" in refused(without=["cargo-lambda"])
    assert "sam is not there: install the AWS SAM CLI" in refused(without=["sam"])


def test_a_deployment_that_fails_goes_no_further(shell):
    code, _, changes = shell(DEPLOY, "--no-image", FAKE_DEPLOY_FAILS="1")
    assert code != 0
    assert len(deploys(changes)) == 1
    assert not any("s3 cp" in line for line in changes)


def test_destroying_asks_first(shell):
    code, said, changes = shell(DESTROY, typed="no\n", FAKE_STACK="1")
    assert (code, changes) == (1, []), said
    assert "nothing was deleted" in said


def test_destroying_deletes_every_version_before_the_stack(shell):
    code, said, changes = shell(DESTROY, typed="scones\n", FAKE_STACK="1")
    assert code == 0, said
    deleted = [line for line in changes if "delete-objects" in line]
    assert len(deleted) == 2 and all(f"--bucket {BUCKET}" in line for line in deleted)
    names = [line.split(" --")[0] for line in changes if "delete-objects" not in line]
    assert names == [
        "aws cloudformation delete-stack",
        "aws cloudformation wait stack-delete-complete",
        "aws ecr delete-repository",
    ]


def test_a_dry_run_destroys_nothing(shell):
    code, said, changes = shell(DESTROY, "--dry-run", FAKE_STACK="1")
    assert (code, changes) == (0, []), said
    assert "+ aws cloudformation delete-stack --stack-name scones" in said


@pytest.mark.parametrize(
    "ended, code, said",
    [
        ("SUCCEEDED None", 0, '{"label": "bicycle"}'),
        ("FAILED ThresholdConfidenceNotMet", 0, "the gate has refused a doubtful answer"),
        ("FAILED EndpointNotFound", 1, "arn:execution ended FAILED with EndpointNotFound"),
        ("TIMED_OUT None", 1, "arn:execution ended TIMED_OUT"),
        ("RUNNING None", 1, "arn:execution is still running"),
    ],
)
def test_the_smoke_test_wants_an_answer(shell, ended, code, said):
    found, text, changes = shell(SMOKE, FAKE_EXECUTION=ended, SMOKE_TRIES="2", SMOKE_PAUSE="0")
    assert (found, said in text) == (code, True), text
    assert "grey.bmp" in changes[0] and f"s3://{BUCKET}/smoke/grey.bmp" in changes[0]


def test_every_function_is_deployed_as_it_was_built():
    for name, resource in application.read()["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            binary = resource["Metadata"]["BuildProperties"]["Binary"]
            assert resource["Properties"]["CodeUri"] == f"../target/lambda/{binary}", name
            assert resource["Metadata"]["SkipBuild"] is True, name
            assert (application.ROOT / "lambdas" / "src" / "bin" / f"{binary}.rs").exists(), name


SCRIPTS = sorted((application.ROOT / "infra").rglob("*.sh")) + [application.ROOT / ".ci" / "run"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(application.ROOT)))
def test_shellcheck_has_nothing_to_say(script):
    ran = subprocess.run(["shellcheck", "--external-sources", script], cwd=application.ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout


def test_shellcheck_finds_what_is_wrong():
    ran = subprocess.run(["shellcheck", "--shell=bash", "-"], input="cd $1\nrm -rf $HOME/$2", capture_output=True, text=True)
    assert "SC2086" in ran.stdout
