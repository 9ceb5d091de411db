"""The benchmarks, without their peers: each part starts, and says what is missing where it can't."""

import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHES = Path(__file__).resolve().parents[2] / "benches"
sys.path.insert(0, str(BENCHES))
os.environ.setdefault("SCONES_BIN_DIR", str(BENCHES))

import bench  # noqa: E402  (after the path)
from measure import BenchError  # noqa: E402


class Started(Exception):
    """A part has come to its first process."""


def start(*_arguments, **_options):
    """Takes the place of a process."""
    raise Started


@pytest.mark.parametrize("archive", [[], ["--archive", __file__]], ids=["without an archive", "with an archive"])
@pytest.mark.parametrize("part", bench.PARTS)
def test_each_part_starts(part, archive, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["bench.py", part, *archive])
    options = bench.arguments()
    options.work = tmp_path
    options.binaries = tmp_path
    module = importlib.import_module(part.replace("-", "_"))
    monkeypatch.setattr(subprocess, "Popen", start)
    with pytest.raises((Started, BenchError)) as stopped:
        module.bench(options)
    assert stopped.type is Started or "install" in str(stopped.value)


@pytest.mark.parametrize("path", sorted(BENCHES.rglob("*.py")), ids=lambda path: str(path.relative_to(BENCHES)))
def test_what_is_taken_from_a_module_is_there(path):
    tree = ast.parse(path.read_text(), str(path))
    modules = dict(imported(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            module = modules[node.value.id]
            assert hasattr(module, node.attr), f"{path.name}:{node.lineno}: {module.__name__} has no {node.attr}"
        if isinstance(node, ast.ImportFrom) and (module := found(node.module)):
            for name in node.names:
                assert hasattr(module, name.name), f"{path.name}:{node.lineno}: {node.module} has no {name.name}"


def imported(tree):
    """The modules that a file imports as wholes, by the names that it knows them by; peers that are not here are left out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                # `import a.b` makes `a` known.
                known = name.name if name.asname else name.name.split(".")[0]
                if found(name.name):
                    yield name.asname or known, sys.modules[known]


def found(name):
    """A module, if it is installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        assert not (BENCHES / f"{missing.name}.py").exists(), missing
        return None
