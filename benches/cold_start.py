"""serialize-image against the notebook's Python handler, under the same Runtime API and on the same object."""

import base64
import http.client
import json
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import measure
import report
import stack
from measure import BenchError

HERE = Path(__file__).parent
BUCKET, KEY = "bench", "test/bicycle_s_000513.png"
ROUNDS = 11
WARM = 20
"""Invocations of the environment that is warm, after the first."""


@dataclass(frozen=True)
class Start:
    """One fresh process; milliseconds and MiB."""

    first: float
    init: float
    warm: float
    peak: float


def bench(options):
    """Measures and prints."""
    report.title(
        "Cold start",
        f"serialize-image and the notebook's handler (awslambdaric, boto3), {ROUNDS} fresh processes each, in turns; "
        "medians. First answer: from an Invoke with no process running to its answer. Warm: later answers. Both "
        "read the same 32 x 32 PNG from the same local S3; only serialize-image decodes it.",
    )
    with tempfile.TemporaryDirectory(dir=options.work) as temporary:
        folder = Path(temporary)
        with stack.up(options.binaries, folder / "s3") as url:
            upload(url, an_image(options.binaries, folder))
            contenders = [contender(options, folder, function) for function in functions(options, url)]
            ours, notebook = map(measure.medians, measure.interleave(ROUNDS, *contenders))
    show(ours, notebook)


def an_image(binaries, folder):
    """A drawn photograph of the size that the model takes."""
    archive, out = folder / "sample.tar.gz", folder / "staged"
    measure.run([binaries / "cifar-tools", "sample", "--train", "1", "--test", "1", "--out", archive])
    measure.run([binaries / "cifar-tools", "stage", "--archive", archive, "--out", out])
    return (out / KEY).read_bytes()


def upload(url, image):
    """Puts the image where both functions look for it."""
    s3 = stack.client("s3", url)
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=image)


def functions(options, url):
    """The two; the variable names the S3 alone, as `AWS_ENDPOINT_URL` is the stack's own to set."""
    s3 = {"AWS_ENDPOINT_URL_S3": url}
    pycache = {"PYTHONPYCACHEPREFIX": str(options.work / "pycache")}
    handler = "notebook_serialize.lambda_handler"
    return [
        stack.Function("ours", [options.binaries / "serialize-image"], s3 | {"IMAGE_SHAPE": "3,32,32"}, HERE),
        stack.Function("notebook", [sys.executable, "-m", "awslambdaric", handler], s3 | pycache, HERE),
    ]


def contender(options, folder, function):
    """Makes the measurement of a function's round."""

    def start(number):
        report.progress(f"cold start of {function.name}, round {number}")
        data_dir = folder / f"{function.name}-{number}"
        with stack.one_function(options.binaries, data_dir, function) as port:
            return measured(port, function.name)

    return start


def measured(port, name):
    """The first answer, the later ones, and the peak memory after all of them."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    first, log = invoke(connection, name)
    init = figure(log, r"Init Duration: ([\d.]+) ms")
    warm = [invoke(connection, name) for _ in range(WARM)]
    connection.close()
    peak = figure(warm[-1][1], r"Max Memory Used: (\d+) MB")
    return Start(first, init, measure.percentile([took for took, _ in warm], 50), peak)


def invoke(connection, name):
    """Invokes and checks the answer: milliseconds, and the end of the function's log."""
    event = json.dumps({"image_data": "", "s3_bucket": BUCKET, "s3_key": KEY})
    begun = time.perf_counter()
    connection.request("POST", f"/2015-03-31/functions/{name}/invocations", event, {"X-Amz-Log-Type": "Tail"})
    response = connection.getresponse()
    answer = response.read()
    took = (time.perf_counter() - begun) * 1000
    if response.status != 200 or response.getheader("X-Amz-Function-Error") or not has_image(json.loads(answer)):
        raise BenchError(f"{name} answered {response.status}: {answer.decode(errors='replace')[: measure.SHOWN]}")
    return took, base64.b64decode(response.getheader("X-Amz-Log-Result")).decode()


def has_image(answer):
    """Whether there is a PNG in the answer, which the notebook wraps into a body."""
    image = base64.b64decode(answer.get("body", answer)["image_data"])
    return image.startswith(b"\x89PNG")


def figure(log, pattern):
    """A figure of the REPORT line."""
    found = re.search(pattern, log)
    if found is None:
        raise BenchError(f"no `{pattern}` in the log:\n{log}")
    return float(found[1])


def show(ours, notebook):
    """Prints the figures, and what they are to each other."""
    rows = [("serialize-image", ours), ("the notebook's handler", notebook)]
    report.table(
        ("", "first answer ms", "init ms", "warm ms", "peak MiB"),
        [(name, f"{of.first:.1f}", f"{of.init:.1f}", f"{of.warm:.2f}", f"{of.peak:.0f}") for name, of in rows],
    )
    print()
    report.ratio("the notebook to serialize-image, first answer", f"{notebook.first / ours.first:.1f} x")
    report.ratio("the notebook to serialize-image, warm answer", f"{notebook.warm / ours.warm:.1f} x")
    report.ratio("the notebook to serialize-image, peak memory", f"{notebook.peak / ours.peak:.1f} x")
