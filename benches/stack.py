"""Starts the programs under test that answer on a port, and ends them."""

import contextlib
import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.config import Config

import measure
from measure import BenchError

TEMPLATE = Path(__file__).parent.parent / "infra/template.yaml"
START_S, STOP_S = 60, 20
REGION = "us-east-1"
CREDENTIALS = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}


@dataclass(frozen=True)
class Function:
    """A function: the program, its variables, and the folder that it runs in."""

    name: str
    program: list
    variables: dict
    root: Path


@contextlib.contextmanager
def up(binaries, data_dir):
    """`scones up` on a free port, until the block ends; gives the URL."""
    data_dir.mkdir(parents=True, exist_ok=True)
    said = data_dir / "stack.json"
    said.unlink(missing_ok=True)
    command = [binaries / "scones", "up", "--until-stdin-ends", *place(data_dir)]
    with running(command, data_dir / "up.log") as process:
        yield wait_for(process, command, data_dir / "up.log", lambda: url(said))


def place(data_dir):
    """The options that say where a stack runs: on a free port."""
    return ["--port", "0", "--data-dir", data_dir, "--template", TEMPLATE]


def url(said):
    """The URL in the file that a stack writes about itself, once it is there."""
    with contextlib.suppress(OSError, ValueError):
        return json.loads(said.read_text())["url"]
    return None


@contextlib.contextmanager
def one_function(binaries, data_dir, function):
    """One function under the local Runtime API, with no execution environment yet; gives the port."""
    data_dir.mkdir(parents=True)
    log = data_dir / "lambda-stack.log"
    command = [lambda_stack(binaries), data_dir / "state", "0", function.name, *function.program]
    environment = {f"FUNCTION_{key}": value for key, value in function.variables.items()}
    environment |= {"TASK_ROOT": str(function.root), "TIMEOUT": "30"}
    with running(command, log, env={**os.environ, **environment}) as process:
        yield wait_for(process, command, log, lambda: port(log))


def lambda_stack(binaries):
    """The example of local-lambda, which cargo puts into a folder of its own."""
    beside = binaries / "examples" / "lambda-stack"
    return beside if beside.exists() else binaries / "lambda-stack"


def port(log):
    """The port, which is the first line that the program prints."""
    text = log.read_text()
    first = text.split("\n", 1)[0]
    return int(first) if "\n" in text and first.isdigit() else None


@contextlib.contextmanager
def running(command, log, **options):
    """A process for as long as the block lasts; asked to end by Ctrl-C's signal, and killed if it doesn't."""
    command = [str(part) for part in command]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT, start_new_session=True, **options
        )
    try:
        yield process
    finally:
        end(process)


def end(process):
    """Ends a process, and does not return before it has."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdin.close()


def wait_for(process, command, log, found):
    """Polls for what a starting program says of itself."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        value = found()
        if value is not None:
            return value
        if process.poll() is not None:
            break
        time.sleep(0.01)
    name = " ".join(str(part) for part in command)
    with log.open("rb") as said:
        raise BenchError(f"{name} did not start\n{measure.tail(said)}")


def client(service, url):
    """A client of a running stack that never tries twice: a retry would hide in the figures."""
    config = Config(retries={"total_max_attempts": 1}, read_timeout=60)
    return boto3.client(service, endpoint_url=url, region_name=REGION, config=config, **CREDENTIALS)
