"""No key of anybody's is in the repository: checkov's search for secrets over every file that git has."""

import json
import os
import shutil
import subprocess

import application

# What is found and is none: it opens nothing.
EXAMPLES = {
    "infra/local/lambda/src": "the key id that functions have on a stack without a key",
    "infra/local/src/tests/signed.rs": "the same key id, in a test",
    "infra/local/service/src/signature": "the keys of AWS's own documentation and test suite",
    "infra/local/states/src/error.rs": "names of errors",
}


def found(folder):
    """The files below a folder in which checkov sees a secret."""
    program = os.environ.get("CHECKOV") or shutil.which("checkov")
    assert program, "infra/check/run.sh makes an environment with checkov in it"
    ran = subprocess.run(
        [program, "--directory", folder, "--framework", "secrets", "--enable-secret-scan-all-files", "--skip-download"]
        + ["--compact", "--quiet", "--output", "json"],
        capture_output=True,
        text=True,
    )
    report = json.loads(ran.stdout)
    checks = report.get("results", {}).get("failed_checks", [])
    return {check["file_path"].lstrip("/") for check in checks}


def test_no_secret_is_in_the_repository(tmp_path):
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=application.ROOT, capture_output=True, check=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        source = application.ROOT / name
        if source.exists() and not name.endswith(".lock"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, tmp_path / name)
    seen = found(tmp_path)
    assert {name for name in seen if not any(name.startswith(example) for example in EXAMPLES)} == set()
    unneeded = {example for example in EXAMPLES if not any(name.startswith(example) for name in seen)}
    assert unneeded == set(), "an exception that nothing needs"


def test_a_secret_would_be_found(tmp_path):
    # In two parts, or it would be found here.
    key = "AKIA" + "Q3EGRZ7XN5JD2WKB"
    (tmp_path / "deploy.sh").write_text(f"export AWS_ACCESS_KEY_ID={key}\n")
    assert found(tmp_path) == {"deploy.sh"}
