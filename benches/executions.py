"""Step Functions: the engine alone, the service from a Rust client, and the service against moto from boto3."""

import contextlib
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import measure
import report
import stack
from measure import BenchError

DEFINITION = Path(__file__).parent / "executions.asl.json"
INPUT = '{"items":[1,2,3]}'
ONE_AT_A_TIME, AT_ONCE, CLIENTS = 1000, 20_000, 64
"""Executions of the Rust client: one at a time, and by so many clients at once."""
COMPARED, ROUNDS = 100, 3
"""Executions of the boto3 client in a round, of each service."""
IDLE_S = 2
ROLE = "arn:aws:iam::123456789012:role/bench"


def bench(options):
    """Measures and prints."""
    report.title(
        "Step Functions",
        "Pass > Choice > Pass > Map over 3 > Succeed. The engine alone: one core, no disk. The service: this project's "
        "stack, every execution and its history on disk before StartExecution answers; a time is from the call of "
        "StartExecution to the DescribeExecution that says SUCCEEDED. Against moto: one boto3 client, client and "
        "service on one core, in turns; moto keeps its executions in memory.",
    )
    engine = float(output(example(options, "rate"), DEFINITION, INPUT))
    with tempfile.TemporaryDirectory(dir=options.work) as temporary:
        folder = Path(temporary)
        first_ms, idle = start(options, folder / "idle")
        single = load(options, folder / "single", ONE_AT_A_TIME, 1)
        many = load(options, folder / "many", AT_ONCE, CLIENTS)
        ours, moto = compare(options, folder)
    report.table(
        ["", "executions/s", "p50", "p95"],
        [
            ["engine alone, one core", f"{engine:,.0f}", "", ""],
            [f"service, {CLIENTS} Rust clients", *row(many)],
            ["service, one Rust client", *row(single)],
            ["service, one boto3 client", f"{ours:,.0f}", "", ""],
            ["moto, one boto3 client", f"{moto:,.0f}", "", ""],
        ],
    )
    print()
    report.ratio("engine alone, executions/s", f"{engine:,.0f}", "at least 50,000", engine >= 50_000)
    report.ratio("service, executions/s", f"{many['rate']:,.0f}", "at least 1,000", many["rate"] >= 1000)
    report.ratio("service, p50 one at a time", f"{single['p50_ms']:.1f} ms", "under 5 ms", single["p50_ms"] < 5)
    report.ratio("service against moto, boto3", f"{ours / moto:.1f} x", "at least 8", ours >= 8 * moto)
    report.ratio("start to first answer", f"{first_ms:.0f} ms", "under 100 ms", first_ms < 100)
    report.ratio("memory when idle", f"{idle:.0f} MiB", "under 50", idle < 50)


def row(figures):
    """The cells of one Rust client's figures."""
    return [f"{figures['rate']:,.0f}", f"{figures['p50_ms']:.1f} ms", f"{figures['p95_ms']:.1f} ms"]


def example(options, name):
    """An example program, which cargo puts into a folder of its own."""
    beside = options.binaries / "examples" / name
    return beside if beside.exists() else options.binaries / name


def output(*command):
    """What a command prints."""
    command = [str(part) for part in command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise BenchError(f"{' '.join(command)}: exit status {done.returncode}\n{done.stderr.strip()}")
    return done.stdout


def start(options, data_dir):
    """Milliseconds from the start of the process to the first answer, and MiB that it holds when nothing goes on."""
    times = []
    for number in range(ROUNDS):
        begun = time.perf_counter()
        with stack.up(options.binaries, data_dir / str(number)) as url:
            answer(f"{url}/_scones/stack")
            times.append((time.perf_counter() - begun) * 1e3)
            if number + 1 == ROUNDS:
                time.sleep(IDLE_S)
                pid = json.loads((data_dir / str(number) / "stack.json").read_text())["pid"]
                return statistics.median(times), resident(pid) / report.MIB
    raise BenchError("no round was run")


def answer(url, body=None):
    """Asks once, and waits for the answer."""
    with urllib.request.urlopen(urllib.request.Request(url, body), timeout=30) as response:
        response.read()


def resident(pid):
    """The memory that a process holds now, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise BenchError(f"the process {pid} says nothing of its memory")


def load(options, data_dir, count, clients):
    """The Rust client's figures on a stack of its own."""
    with stack.up(options.binaries, data_dir) as url:
        return json.loads(output(example(options, "load"), url, DEFINITION, INPUT, count, clients))


def compare(options, folder):
    """Executions a second of the stack and of moto, from the same client on the same core, in turns."""
    with contextlib.ExitStack() as services, measure.pinned(0):
        clients = [
            contender(services.enter_context(stack.up(options.binaries, folder / "ours"))),
            contender(services.enter_context(moto(folder))),
        ]
        rounds = measure.interleave(ROUNDS, *(lambda _, made=made: rate(*made) for made in clients))
    return map(statistics.median, rounds)


@contextlib.contextmanager
def moto(folder):
    """moto's server, with the interpreter that runs state machines; gives the URL."""
    log = folder / "moto.log"
    command = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", "0"]
    with stack.running(command, log) as process:
        url = stack.wait_for(process, command, log, lambda: said_url(log))
        answer(f"{url}/moto-api/config", b'{"stepfunctions": {"execute_state_machine": true}}')
        yield url


def said_url(log):
    """The URL that a server has written into its log, if it has."""
    found = re.search(r"Running on (http://[0-9.:]+)", log.read_text())
    return found and found.group(1)


def contender(url):
    """A client, and the state machine that it made."""
    client = stack.client("stepfunctions", url)
    made = client.create_state_machine(name="compared", definition=DEFINITION.read_text(), roleArn=ROLE)
    return client, made["stateMachineArn"]


def rate(client, machine):
    """Executions a second, one at a time."""
    begun = time.perf_counter()
    for number in range(COMPARED):
        # moto makes no name itself.
        name = f"{time.time_ns()}-{number}"
        arn = client.start_execution(stateMachineArn=machine, name=name, input=INPUT)["executionArn"]
        while (status := client.describe_execution(executionArn=arn)["status"]) == "RUNNING":
            time.sleep(0.001)
        if status != "SUCCEEDED":
            raise BenchError(f"an execution of {machine} ended {status}")
    return COMPARED / (time.perf_counter() - begun)
