"""The nightly fuzzing: it finds every target, and names what a target fails on."""

import os
import re
import shutil
import subprocess
import tomllib

import pytest
import yaml

import application

FUZZ = application.ROOT / "infra" / "check" / "fuzz.sh"
WORKFLOW = application.ROOT / ".github" / "workflows" / "fuzz.yml"

pytestmark = pytest.mark.skipif(shutil.which("jq") is None, reason="no jq, which fuzz.sh needs: apt-get install jq")


def manifests():
    """The fuzz workspaces that git has."""
    listed = subprocess.run(["git", "ls-files", "-z", "*/fuzz/Cargo.toml"], cwd=application.ROOT, capture_output=True, check=True, text=True)
    return [application.ROOT / name for name in filter(None, listed.stdout.split("\0"))]


def fuzz(*arguments):
    ran = subprocess.run([FUZZ, *arguments], capture_output=True, text=True)
    return ran.returncode, ran.stdout + ran.stderr


def test_every_target_of_every_workspace_is_found():
    expected = set()
    for manifest in manifests():
        workspace = manifest.parent.parent.relative_to(application.ROOT)
        binaries = tomllib.loads(manifest.read_text())["bin"]
        expected |= {f"{workspace}/{binary['name']}" for binary in binaries}
        # A file that no target names would never run.
        assert {manifest.parent / binary["path"] for binary in binaries} == set(manifest.parent.glob("*targets/*.rs")), manifest
    code, said = fuzz("--list")
    assert code == 0 and len(expected) > 10, said
    assert set(said.splitlines()) == expected


@pytest.mark.parametrize("arguments, error", [(["nothing"], "there is no target nothing: --list prints them"), (["-1"], "there is no target -1")])
def test_what_is_mistyped_is_named(arguments, error):
    code, said = fuzz(*arguments)
    assert code == 1 and f"fuzz.sh: {error}" in said, said


FAKE_CARGO = """#!/bin/sh
# Builds a target that fails where it is told to.
case "$*" in
metadata*) exec "$REAL_CARGO" "$@" ;;
fuzz\\ build*)
    for target; do :; done
    program=target/fuzz/build/$(rustc -vV | sed -n 's/^host: //p')/release/$target
    mkdir -p "$(dirname "$program")"
    printf '#!/bin/sh\\necho ran %s "$@"\\ncase %s in %s) exit 77 ;; esac\\n' "$target" "$target" "${FAILS:-none}" >"$program"
    chmod +x "$program" ;;
esac
"""


def test_a_target_that_fails_is_named_and_the_others_run(tmp_path, monkeypatch):
    """In a repository of two workspaces, with a cargo that builds nothing."""
    for folder, names in ((tmp_path / "a" / "fuzz", ("bad", "good")), (tmp_path / "b" / "c" / "fuzz", ("good",))):
        folder.mkdir(parents=True)
        binaries = "".join(f'[[bin]]\nname = "{name}"\npath = "{name}.rs"\n' for name in names)
        (folder / "Cargo.toml").write_text(f'[package]\nname = "fuzz"\nversion = "0.0.0"\n[workspace]\n{binaries}')
    (tmp_path / "infra" / "check").mkdir(parents=True)
    script = shutil.copy(FUZZ, tmp_path / "infra" / "check")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "cargo").write_text(FAKE_CARGO)
    (tmp_path / "bin" / "cargo").chmod(0o755)
    monkeypatch.setenv("REAL_CARGO", shutil.which("cargo"))
    monkeypatch.setenv("FAILS", "bad")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    ran = subprocess.run([script, "0.5"], capture_output=True, text=True)
    assert ran.returncode == 1
    assert ran.stderr.endswith("fuzz.sh: failed: a/bad; the inputs are in target/fuzz/artifacts\n"), ran.stderr
    for target in ("a/bad", "a/good", "b/c/good"):
        flags = f"-artifact_prefix=target/fuzz/artifacts/{target}/ -max_total_time=30 "
        assert f"ran {target.rsplit('/', 1)[1]} target/fuzz/corpus/{target} {flags}" in ran.stdout, target


def test_fuzzing_has_a_job_of_its_own_every_night():
    workflow = yaml.safe_load(WORKFLOW.read_text())
    triggers = workflow[True]  # `on`, as YAML 1.1 has it
    assert re.fullmatch(r"\d+ \d+ \* \* \*", triggers["schedule"][0]["cron"]) and "workflow_dispatch" in triggers
    [job] = workflow["jobs"].values()
    assert [step["run"] for step in job["steps"] if "fuzz.sh" in step.get("run", "")] == ['infra/check/fuzz.sh "$MINUTES"']
    assert "fuzz.sh" not in (application.ROOT / ".ci" / "run").read_text()
