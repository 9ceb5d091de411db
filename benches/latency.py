"""From an upload to the end of the execution that it starts, against a bare InvokeEndpoint of the same image."""

import json
import statistics
import time
from dataclasses import dataclass

import measure
import report
import stack
from measure import BenchError

UPLOADS = 50
DROPPED = 3
"""Uploads that warm the functions up; the first is reported by itself."""
PATIENCE_S = 30
PAUSE_S = 0.005
ENDPOINT = "scones-classifier"
"""The template's default."""
REFUSED = "ThresholdConfidenceNotMet"


@dataclass(frozen=True)
class Upload:
    """One upload; milliseconds."""

    put: float
    stopped: float
    seen: float
    bare: float
    status: str


def bench(options):
    """Measures and prints."""
    data_dir = trained(options)
    with stack.up(options.binaries, data_dir) as url:
        workflow = Workflow(url)
        report.title(
            "From upload to answer",
            f"{UPLOADS} test images put under incoming/ one at a time, and each also sent to the endpoint alone. "
            "Times begin with the call of put_object. Between it and the end lie the S3 event, start-execution, the "
            "state machine, three Lambdas and the endpoint. FAILED by the gate is an end too. The client is boto3.",
        )
        uploads = [workflow.upload(number, key) for number, key in enumerate(workflow.test_keys())]
    show(uploads)


def trained(options):
    """A data directory with a model of the drawn sample, trained once."""
    data_dir = options.work / "trained"
    done = data_dir / "demo.json"
    if not done.exists():
        report.progress("training a model on the drawn sample, once")
        demo = [options.binaries / "scones", "demo", "--once", "--sample", *stack.place(data_dir)]
        measure.run([*demo, "--json", data_dir / "part.json"], timeout=900)
        (data_dir / "part.json").rename(done)
    return data_dir


class Workflow:
    """The application's resources, found as any client finds them."""

    def __init__(self, url):
        self.s3, self.states, self.runtime = (
            stack.client(service, url) for service in ("s3", "stepfunctions", "sagemaker-runtime")
        )
        self.bucket = only(self.s3.list_buckets()["Buckets"])["Name"]
        self.machine = only(self.states.list_state_machines()["stateMachines"])["stateMachineArn"]
        self.known = {execution["executionArn"] for execution in self.newest(100)}

    def test_keys(self):
        """The images to upload, of both classes."""
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix="test/")["Contents"]
        keys = [entry["Key"] for entry in listed]
        count = UPLOADS + DROPPED
        return [keys[at * len(keys) // count] for at in range(count)]

    def upload(self, number, key):
        """Uploads one image and waits for its execution's end; then asks the endpoint alone."""
        image = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        incoming = f"incoming/{time.time_ns()}-{number}.png"
        begun = time.time()
        self.s3.put_object(Bucket=self.bucket, Key=incoming, Body=image, ContentType="image/png")
        put = time.time()
        execution = self.ended(incoming, put + PATIENCE_S)
        seen = time.time()
        stopped = execution["stopDate"].timestamp()
        bare = self.score(image)
        milliseconds = [1000 * span for span in (put - begun, stopped - begun, seen - begun, bare)]
        return Upload(*milliseconds, execution["status"])

    def newest(self, count):
        """The latest executions."""
        return self.states.list_executions(stateMachineArn=self.machine, maxResults=count)["executions"]

    def ended(self, key, deadline):
        """The execution that is new, once it has ended as it should."""
        while time.time() < deadline:
            new = [execution for execution in self.newest(1) if execution["executionArn"] not in self.known]
            if new and new[0]["status"] != "RUNNING":
                self.known.add(new[0]["executionArn"])
                return self.checked(new[0]["executionArn"], key)
            time.sleep(PAUSE_S)
        raise BenchError(f"no execution ended within {PATIENCE_S} s of the upload of {key}")

    def checked(self, arn, key):
        """The execution, which is of this upload, and passed the gate or was refused by it."""
        execution = self.states.describe_execution(executionArn=arn)
        if json.loads(execution["input"])["s3_key"] != key:
            raise BenchError(f"{arn} is not of the upload of {key}: is someone else using this stack?")
        if execution["status"] != "SUCCEEDED" and execution.get("error") != REFUSED:
            raise BenchError(f"{arn}: {execution['status']} {execution.get('error')}: {execution.get('cause')}")
        return execution

    def score(self, image):
        """Seconds that the endpoint alone takes."""
        begun = time.perf_counter()
        answer = self.runtime.invoke_endpoint(EndpointName=ENDPOINT, ContentType="image/png", Body=image)
        answer["Body"].read()
        return time.perf_counter() - begun


def only(found):
    """The one element of a list that must have one."""
    if len(found) != 1:
        raise BenchError(f"expected one of the application's kind, found {found}")
    return found[0]


def show(uploads):
    """Prints the figures, and what they are to each other."""
    first, warm = uploads[0], uploads[DROPPED:]
    rows = [
        ("InvokeEndpoint alone", [one.bare for one in warm]),
        ("put_object alone", [one.put for one in warm]),
        ("upload to stopDate", [one.stopped for one in warm]),
        ("upload to its end seen by a client", [one.seen for one in warm]),
    ]
    report.table(
        ("", "median ms", "p95 ms"),
        [(name, f"{statistics.median(of):.1f}", f"{measure.percentile(of, 95):.1f}") for name, of in rows],
    )
    print()
    passed = sum(one.status == "SUCCEEDED" for one in warm)
    whole, bare = (statistics.median(getattr(one, what) for one in warm) for what in ("seen", "bare"))
    print(f"  {passed} SUCCEEDED, {len(warm) - passed} FAILED with {REFUSED};")
    print(f"  the first upload, every function cold: {first.seen:.0f} ms until its end was seen\n")
    report.ratio("the workflow to InvokeEndpoint alone, median", f"{whole / bare:.1f} x")
