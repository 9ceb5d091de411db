"""deploy.sh, destroy.sh and smoke.sh, with programs on the path that only write down how they are called."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from samcli.cli.types import CfnParameterOverridesType

import application

DEPLOY = application.ROOT / "infra" / "deploy" / "deploy.sh"
DESTROY = application.ROOT / "infra" / "deploy" / "destroy.sh"
SMOKE = application.ROOT / "infra" / "deploy" / "smoke.sh"
BUCKET = "scones-unlimited-123456789012-us-east-1"
BUILD = "cargo lambda build --profile deploy --arm64 --locked --package lambdas"


@pytest.fixture
def shell(tmp_path):
    """Runs a script; gives its exit code, what it said, and the commands that change something, as text.

    `shell.calls()` has every command as a list, `shell.files()` copies of the files that they were given.
    """
    if shutil.which("jq") is None:
        pytest.skip("no jq, which the scripts need: apt-get install jq")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("aws", "sam", "cargo", "cargo-lambda", "docker"):
        (programs / name).symlink_to(Path(__file__).with_name("fake-program.sh"))
    log, files = tmp_path / "log", tmp_path / "log.files"
    files.mkdir()

    def run(script, *arguments, typed=None, without=(), folder=None, **environment):
        for name in without:
            (programs / name).unlink()
        log.write_text("")
        for copy in files.iterdir():
            copy.unlink()
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        clean |= {"PATH": f"{programs}:/usr/bin:/bin", "FAKE_LOG": str(log), "AWS_REGION": "us-east-1"} | environment
        clean = {name: value for name, value in clean.items() if value is not None}
        ran = subprocess.run([script, *arguments], env=clean, cwd=folder, input=typed or "", capture_output=True, text=True)
        asks = ("sts", "--version", "describe-stacks", "head-", "list-", "configure", "describe-repositories")
        lines = [" ".join(call) for call in run.calls()]
        changes = [line for line in lines if not any(word in line for word in asks)]
        return ran.returncode, ran.stdout + ran.stderr, changes

    run.calls = lambda: [json.loads(line) for line in log.read_text().splitlines()]
    run.files = lambda: sorted(files.iterdir(), key=lambda path: int(path.stem))
    return run


def deploys(shell):
    """The parameters of each `sam deploy`, as SAM's own parser reads them."""
    for call in shell.calls():
        if call[:2] == ["sam", "deploy"]:
            assert call[-2:] == ["--parameter-overrides", "file://target/deploy/parameters.yaml"], call
    return [CfnParameterOverridesType().convert((f"file://{copy}",), None, None) for copy in shell.files()]


def test_the_first_deployment_makes_the_bucket_before_the_endpoint(shell, tmp_path):
    model = tmp_path / "model.tar.gz"
    model.write_text("x")
    code, said, changes = shell(DEPLOY, "--no-image", "--model", model)
    assert code == 0, said
    assert changes[0] == BUILD
    # Named after its content, so that CloudFormation sees a new model.
    key = f"models/{hashlib.sha256(b'x').hexdigest()[:16]}/model.tar.gz"
    assert deploys(shell) == [{"ModelDataKey": key, "DeployEndpoint": value} for value in ("false", "true")]
    assert changes[2] == f"aws s3 cp {model} s3://{BUCKET}/{key}"


def test_the_next_deployment_is_one_step(shell):
    code, said, changes = shell(DEPLOY, "--no-image", "AlarmEmail=a@b.example", FAKE_STACK="1", FAKE_MODEL="1")
    assert code == 0, said
    assert deploys(shell) == [{"AlarmEmail": "a@b.example", "DeployEndpoint": "true"}]


# SAM cuts each of these on the command line, sets two parameters for it, or takes something off it.
HOSTILE = [
    "bicycle,motor bike",
    "cron(0 6 * * ? *)",
    "a,b DeployEndpoint=false",
    "ParameterKey=DeployEndpoint,ParameterValue=false",
    "file:///etc/passwd",
    "$(touch here) `touch here` ${HOME} *",
    "",
    " ",
    "-x",
    "a=b=c",
    '"quoted"',
    "'quoted'",
    '"',
    "\\",
    "a\\ b\\",
    '\\"\\\\" \\\'',
    "line\nAlarmEmail: x@y.example",
    "tab\tÜ ☃ 😀",
    "null",
    "true",
    "007",
    "[a, b]",
    "{a: b}",
    "&a *a !Ref x # y",
]


def test_any_value_of_a_parameter_survives_and_none_sets_another(shell):
    hostile = {f"P{number}": value for number, value in enumerate(HOSTILE)}
    given = [f"{name}={value}" for name, value in hostile.items()]
    code, said, _ = shell(DEPLOY, "--no-image", *given, FAKE_STACK="1", FAKE_MODEL="1")
    assert code == 0, said
    assert deploys(shell) == [hostile | {"DeployEndpoint": "true"}]
    assert not (application.ROOT / "here").exists()


def test_parameters_of_a_pipeline_are_quoted_as_in_a_shell(shell):
    given = "Labels='bicycle,motor bike' AlarmEmail=a@b.example\n  MonitorSchedule=\"cron(0 6 * * ? *)\" LogRetentionDays=90"
    code, said, _ = shell(DEPLOY, "--no-image", "LogRetentionDays=30", PARAMETERS=given, FAKE_STACK="1", FAKE_MODEL="1")
    assert code == 0, said
    expected = {"Labels": "bicycle,motor bike", "AlarmEmail": "a@b.example", "MonitorSchedule": "cron(0 6 * * ? *)"}
    assert deploys(shell) == [expected | {"LogRetentionDays": "30", "DeployEndpoint": "true"}]


@pytest.mark.parametrize(
    "parameters, error",
    [
        ("Labels=bicycle,motor bike", "PARAMETERS: bike is not NAME=VALUE; quote values that have spaces"),
        ("--no-image", "PARAMETERS: --no-image is not NAME=VALUE"),
        ("Labels='a,b", "PARAMETERS can't be read: quote values as in a shell"),
        ("A;b=c", "PARAMETERS: A;b=c is not NAME=VALUE"),
    ],
)
def test_parameters_that_are_not_quoted_are_refused(shell, parameters, error):
    code, said, changes = shell(DEPLOY, PARAMETERS=parameters)
    assert (code, changes) == (1, []), said
    assert error in said


def test_just_hands_arguments_on_as_they_are(shell):
    justfile = application.ROOT / "justfile"
    just = (shutil.which("just"), "--justfile", justfile, "deploy", "--no-image", "Labels=motor bike,$(touch here)")
    code, said, _ = shell(*just, FAKE_STACK="1", FAKE_MODEL="1")
    assert code == 0, said
    assert deploys(shell) == [{"Labels": "motor bike,$(touch here)", "DeployEndpoint": "true"}]
    assert "{{" not in re.sub(r"(?m)^#.*", "", justfile.read_text()), "just would have the shell read it again"


def test_a_model_may_have_any_name(shell, tmp_path):
    model = tmp_path / '-m "a"\\\n$(x).tar.gz'
    model.write_text("x")
    code, said, changes = shell(DEPLOY, "--no-image", "--model", model.name, folder=tmp_path, FAKE_STACK="1")
    assert code == 0, said
    key = f"models/{hashlib.sha256(b'x').hexdigest()[:16]}/model.tar.gz"
    assert ["aws", "s3", "cp", str(model), f"s3://{BUCKET}/{key}"] in shell.calls()


def test_without_a_model_there_is_no_endpoint_and_it_is_said(shell):
    code, said, changes = shell(DEPLOY, "--no-image", FAKE_STACK="1")
    assert code == 0
    assert f"There is no s3://{BUCKET}/models/model.tar.gz yet, so no endpoint" in said
    assert deploys(shell) == [{"DeployEndpoint": "false"}]


def test_a_model_in_the_functions_is_built_into_them(shell):
    with_it = f"{BUILD} --features embedded-model"
    given = ("--no-image", "ModelInLambda=true", "DeployEndpoint=false")
    code, said, changes = shell(DEPLOY, *given, FAKE_STACK="1", FAKE_MODEL="1")
    assert (code, changes[0]) == (0, with_it), said
    # As the stack has it, so it is built, also where nobody says so again.
    stack = [{"ParameterKey": "Labels", "ParameterValue": "a\tb\nx"}, {"ParameterKey": "ModelInLambda", "ParameterValue": "true"}]
    code, said, changes = shell(
        DEPLOY, "--no-image", FAKE_STACK="1", FAKE_MODEL="1", FAKE_PARAMETERS=json.dumps(stack)
    )
    assert (code, changes[0]) == (0, with_it), said


def test_a_dry_run_prints_everything_and_runs_nothing(shell):
    code, said, changes = shell(DEPLOY, "--dry-run", "ModelImageTag=v7")
    assert (code, changes) == (0, []), said
    for command in (
        BUILD,
        "sam deploy --template-file infra/template.yaml --stack-name scones",
        "infra/container/build.sh scones-model",
        "aws ecr create-repository --repository-name scones-model",
        "docker push ACCOUNT.dkr.ecr.us-east-1.amazonaws.com/scones-model:v7",
    ):
        assert f"+ {command}" in said, command
    assert '+ target/deploy/parameters.yaml: {"ModelImageTag":"v7","DeployEndpoint":"false"}' in said


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
    code, said, changes = shell(DEPLOY, "--no-image", FAKE_DEPLOY_FAILS="1")
    assert code != 0
    assert len(deploys(shell)) == 1
    assert "sam deploy failed; it must be version 1.152.0 or newer, and this is SAM CLI, version 1.170.0" in said
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


VERSIONS = [{"Key": 'captured/a "b"', "VersionId": "v1"}, {"Key": "c", "VersionId": "null"}]
REFUSED = [{"Key": "c", "VersionId": "null", "Code": "AccessDenied", "Message": "Access Denied because object protected by object lock."}]


@pytest.mark.parametrize(
    "refused, named",
    [
        (REFUSED, "c (version null): AccessDenied, Access Denied because object protected by object lock."),
        (None, 'captured/a "b" (version v1): deleted, but still there'),  # S3 says nothing, and lists it again
    ],
)
def test_a_version_that_cannot_be_deleted_is_named_and_ends_it(shell, refused, named):
    fake = {"FAKE_VERSIONS": json.dumps(VERSIONS), "FAKE_REFUSED": json.dumps(refused)}
    code, said, changes = shell(DESTROY, "--yes", FAKE_STACK="1", **fake)
    assert code == 1 and named in said, said
    assert f"s3://{BUCKET} keeps {1 if refused else 2} versions that can't be deleted, so the stack scones was not deleted" in said
    assert all("delete-objects" in line for line in changes), changes


def test_versions_that_cannot_be_listed_end_it(shell):
    code, said, changes = shell(DESTROY, "--yes", FAKE_STACK="1", FAKE_UNLISTED="1")
    assert (code, changes) == (1, []), said
    assert f"the versions of s3://{BUCKET} can't be listed, so nothing else was deleted" in said


def test_a_thousand_versions_with_long_keys_are_deleted(shell):
    """As an argument, the request is longer than the kernel takes (128 KiB)."""
    versions = [{"Key": f"{number:04}" + "k" * 120, "VersionId": "v" * 32} for number in range(600)]
    code, said, _ = shell(DESTROY, "--yes", FAKE_STACK="1", FAKE_VERSIONS=json.dumps(versions))
    assert "deleted, but still there" in said and "keeps 600 versions" in said, said[-500:]
    assert len(json.loads(shell.files()[0].read_text())["Objects"]) == 600


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


@pytest.mark.parametrize("name", ['a "b", {$x}.png', "-x.png", "a b\\c.png", "new\nline.png", "ü☃.png"])
def test_the_smoke_test_takes_an_image_of_any_name(shell, tmp_path, name):
    (tmp_path / name).write_text("x")
    code, said, _ = shell(SMOKE, name, folder=tmp_path, FAKE_EXECUTION="SUCCEEDED None")
    assert code == 0, said
    [upload] = [call for call in shell.calls() if call[:3] == ["aws", "s3", "cp"]]
    assert upload[-2:] == [str(tmp_path / name), f"s3://{BUCKET}/smoke/{name}"]
    [start] = [call for call in shell.calls() if "start-execution" in call]
    asked = {"image_data": "", "s3_bucket": BUCKET, "s3_key": f"smoke/{name}"}
    assert json.loads(start[start.index("--input") + 1]) == asked


def test_every_function_is_deployed_as_it_was_built():
    for name, resource in application.read()["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            binary = resource["Metadata"]["BuildProperties"]["Binary"]
            assert resource["Properties"]["CodeUri"] == f"../target/lambda/{binary}", name
            assert resource["Metadata"]["SkipBuild"] is True, name
            assert (application.ROOT / "lambdas" / "src" / "bin" / f"{binary}.rs").exists(), name


def scripts():
    """Every shell script that git has, by its name or its first line."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=application.ROOT, capture_output=True, check=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        path = application.ROOT / name
        if path.suffix == ".sh" or (not path.suffix and path.is_file() and re.match(rb"#!.*\b(ba)?sh\b", path.read_bytes()[:40])):
            yield path


SCRIPTS = list(scripts())


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(application.ROOT)))
def test_shellcheck_has_nothing_to_say(script):
    ran = subprocess.run(["shellcheck", "--external-sources", script], cwd=application.ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout


def test_shellcheck_finds_what_is_wrong():
    ran = subprocess.run(["shellcheck", "--shell=bash", "-"], input="cd $1\nrm -rf $HOME/$2", capture_output=True, text=True)
    assert "SC2086" in ran.stdout
