"""Training, one image, and the served endpoint, each beside what people use for it, one core each, in turns."""

import asyncio
import contextlib
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import measure
import report
import training
from measure import BenchError
from speed.clients import ask

HERE = Path(__file__).parent
CORE, CLIENTS_CORE = 0, 1
ROUNDS = 5
EPOCHS = 3
FORWARDS = 2000
CONNECTIONS = 32
SECONDS = 4


@dataclass(frozen=True)
class Served:
    """What clients saw of an endpoint: answers a second, milliseconds."""

    rate: float
    p50: float
    p99: float


def bench(options):
    """Measures and prints."""
    peers = options.work.parent / "bench-venv-speed/bin/python"
    with tempfile.TemporaryDirectory(dir=options.work) as temporary:
        folder = Path(temporary)
        staged = training.stage(options, folder)
        report.title(
            "The model beside its peers",
            f"One core each, in turns, {ROUNDS} rounds, medians. An epoch: the same network, batch and optimizer in PyTorch, "
            "in the faster of its two memory layouts; ours varies the images too. One image: two passes, of it and its mirror "
            f"image, by the same ONNX file. Served: the same file under uvicorn with onnxruntime; {CONNECTIONS} connections.",
        )
        samples = len((staged / "train.lst").read_text().splitlines())
        epochs = measure_epochs(options, peers, staged, folder, samples)
        model = folder / "epoch-0/model"
        forwards = rounds(
            lambda _: number(options.binaries / "examples/forward", model, FORWARDS),
            lambda _: number(peers, HERE / "onnx_forward.py", model / "model.onnx", FORWARDS),
        )
        image = next((staged / "test").iterdir()).read_bytes()
        ours = [options.binaries / "scones", "model", "serve", "--host", "127.0.0.1", "--model-dir", model, "--port"]
        theirs = [peers, HERE / "onnx_server.py", model]
        served = measure.interleave(
            ROUNDS, lambda _: serve(ours, image, folder), lambda _: serve(theirs, image, folder)
        )
        show(epochs, forwards, [measure.medians(samples) for samples in served])


def measure_epochs(options, peers, staged, folder, samples):
    """Seconds of an epoch: ours, PyTorch's."""

    def ours(turn):
        root = folder / f"epoch-{turn}"
        training.lay_out(staged, root, 0, EPOCHS)
        log = output(options.binaries / "scones", "model", "train", "--root", root)
        return min(float(line.split("=")[1]) for line in log.splitlines() if "Time cost" in line)

    return rounds(ours, lambda _: number(peers, HERE / "torch_epoch.py", samples, EPOCHS))


def rounds(*contenders):
    """The median of each contender's numbers."""
    return [statistics.median(samples) for samples in measure.interleave(ROUNDS, *contenders)]


def number(*command):
    """The number that a process prints."""
    return float(output(*command))


def output(*command):
    """What a process prints, on the one core."""
    with measure.pinned(CORE):
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        raise BenchError(f"{command[0]}: exit status {done.returncode}\n{done.stderr[-measure.SHOWN :]}")
    return done.stdout


def serve(command, image, folder):
    """Starts a server on the one core, asks it from the other, and stops it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with contextlib.ExitStack() as stack:
        log = stack.enter_context((folder / "server.log").open("w"))
        with measure.pinned(CORE):
            server = subprocess.Popen([str(part) for part in [*command, port]], stdout=log, stderr=log)
        stack.callback(server.wait)
        stack.callback(server.kill)
        await_ping(server, port, folder / "server.log")
        with measure.pinned(CLIENTS_CORE):
            asyncio.run(ask(port, image, CONNECTIONS, SECONDS / 4))
            seconds = asyncio.run(ask(port, image, CONNECTIONS, SECONDS))
    milliseconds = [answer * 1e3 for answer in seconds]
    return Served(
        len(seconds) / SECONDS, measure.percentile(milliseconds, 50), measure.percentile(milliseconds, 99)
    )


def await_ping(server, port, log):
    """Returns when the server is up."""
    deadline = time.perf_counter() + 30
    while True:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=1):
            return
        if server.poll() is not None or time.perf_counter() > deadline:
            raise BenchError(f"the server did not come up: {log.read_text()[-measure.SHOWN :]}")
        time.sleep(0.05)


def show(epochs, forwards, served):
    """Prints each pair and its ratio."""
    ours, theirs = served
    rows = [
        ("an epoch, seconds", f"{epochs[0]:.2f}", f"{epochs[1]:.2f}", "PyTorch"),
        ("one image, ms", f"{forwards[0]:.3f}", f"{forwards[1]:.3f}", "onnxruntime"),
        ("served, answers/s", f"{ours.rate:,.0f}", f"{theirs.rate:,.0f}", "uvicorn"),
        ("served, p50 in ms", f"{ours.p50:.1f}", f"{theirs.p50:.1f}", "uvicorn"),
        ("served, p99 in ms", f"{ours.p99:.1f}", f"{theirs.p99:.1f}", "uvicorn"),
    ]
    report.table(("", "scones", "peer", ""), rows)
    print()
    epoch, rate = epochs[0] / epochs[1], ours.rate / theirs.rate
    report.ratio("an epoch against PyTorch's", f"{epoch:.2f} x", "at most 1", epoch <= 1)
    report.ratio("one image against onnxruntime", f"{forwards[0] / forwards[1]:.2f} x")
    report.ratio("answers/s against uvicorn's", f"{rate:.1f} x", "at least 1", rate >= 1)
    report.ratio("p99 against uvicorn's", f"{ours.p99 / theirs.p99:.2f} x", "under 1", ours.p99 < theirs.p99)
