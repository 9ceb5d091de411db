"""train.sh, with the programs as `cargo build` leaves them and few images: it trains, measures, and lets through what is good enough."""

import json
import shutil
import subprocess
import tarfile

import pytest

import application

needs_jq = pytest.mark.skipif(shutil.which("jq") is None, reason="no jq, which train.sh needs: apt-get install jq")
BUILT = application.ROOT / "target" / "debug"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A folder that train.sh takes for a clone in which `cargo build --release` was run, and a small archive."""
    root = tmp_path_factory.mktemp("checkout")
    (root / "infra" / "deploy").mkdir(parents=True)
    shutil.copy(application.ROOT / "infra" / "deploy" / "train.sh", root / "infra" / "deploy")
    (root / "target" / "release").mkdir(parents=True)
    for program in ("scones", "cifar-tools"):
        assert (BUILT / program).exists(), f"{BUILT / program} is not there: run `cargo build` first"
        (root / "target" / "release" / program).symlink_to(BUILT / program)
    (root / "bin").mkdir()
    cargo = root / "bin" / "cargo"
    cargo.write_text('#!/bin/sh\necho "$@" >>cargo.log\n')
    cargo.chmod(0o755)
    sample = ("sample", "--train", "40", "--test", "10", "--out", root / "sample.tar.gz")
    subprocess.run([BUILT / "cifar-tools", *sample], check=True, capture_output=True)
    return root


def train(checkout, *arguments, **environment):
    script = checkout / "infra" / "deploy" / "train.sh"
    clean = {"PATH": f"{checkout / 'bin'}:/usr/bin:/bin", "EPOCHS": "1"} | environment
    ran = subprocess.run([script, *arguments], env=clean, capture_output=True, text=True)
    return ran.returncode, ran.stdout + ran.stderr


@needs_jq
def test_a_model_that_is_good_enough_is_packed_with_its_figures(checkout):
    code, said = train(checkout, "--archive", checkout / "sample.tar.gz", MINIMUM_ACCURACY="0", MAXIMUM_ECE="1")
    assert code == 0, said
    assert "build --release --locked" in (checkout / "cargo.log").read_text()
    out = checkout / "target" / "pipeline"
    assert 0 <= json.loads((out / "evaluation.json").read_text())["accuracy"] <= 1
    with tarfile.open(out / "model.tar.gz") as model:
        names = {name.removeprefix("./") for name in model.getnames()}
    assert {"model.onnx", "config.json"} <= names, names


@needs_jq
def test_a_model_that_is_not_good_enough_stops_the_pipeline(checkout):
    code, said = train(
        checkout, "--archive", checkout / "sample.tar.gz", "--out", checkout / "elsewhere", MINIMUM_ACCURACY="1.01"
    )
    assert code == 2, said
    assert "the model is not good enough: accuracy must be at least 1.01, and ece at most 0.08; it has" in said
    assert (checkout / "elsewhere" / "evaluation.json").exists()


@pytest.mark.parametrize("bound", ["MINIMUM_ACCURACY", "MAXIMUM_ECE"])
@pytest.mark.parametrize("value", ["0 or true", "nan", "-1) or (1", "0.9,"])
def test_a_bound_that_is_no_number_opens_no_gate(checkout, bound, value):
    code, said = train(checkout, "--archive", checkout / "sample.tar.gz", **{bound: value})
    assert code == 1 and f"train.sh: {bound}={value}: it must be a number, for example 0.9" in said, said


@pytest.mark.parametrize(
    "arguments, said",
    [(["--achive", "x"], "train.sh: unknown argument --achive"), (["--archive"], "train.sh: --archive needs a value")],
)
def test_what_is_mistyped_is_named(checkout, arguments, said):
    code, text = train(checkout, *arguments)
    assert (code, said in text) == (1, True), text


@needs_jq
def test_an_archive_that_is_not_there_is_named(checkout):
    code, said = train(checkout, "--archive", "nowhere.tar.gz")
    assert code != 0 and "nowhere.tar.gz" in said, said
