"""The console in a browser: how long a page takes to its first paint, with 100,000 executions in the list.

Chromium runs without a screen and without a GPU. A page of one word, from another server, says what of it is the browser's own.
"""

import contextlib
import http.server
import json
import re
import shutil
import statistics
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import executions
import report
import stack
from measure import BenchError

EXECUTIONS, CLIENTS, ROUNDS = 100_000, 16, 15
DEFINITION = '{"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "End": true}}}'
PAUSE_S = 0.15
"""Between pages: what the browser still does for the one before is not the next one's."""
BROWSER = (
    "--headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync --disable-dev-shm-usage"
).split()
PAINTED = "return performance.getEntriesByType('paint').find(entry => entry.name == 'first-contentful-paint')?.startTime"


def bench(options):
    """Measures and prints."""
    report.title(
        "Console",
        f"Milliseconds from the click to the first contentful paint in headless Chromium, {ROUNDS} times in turns, coming from "
        f"an empty page, on a stack with {EXECUTIONS:,} executions.",
    )
    if shutil.which("chromedriver") is None:
        raise BenchError("the console is measured in Chromium: install the packages chromium and chromium-driver")
    with contextlib.ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(dir=options.work)))
        url, console = running.enter_context(up(options, folder / "stack"))
        definition = folder / "pass.asl.json"
        definition.write_text(DEFINITION)
        executions.output(executions.example(options, "load"), url, definition, "{}", EXECUTIONS, CLIENTS)
        pages = {
            "a page of one word": running.enter_context(one_word()),
            "executions": f"{console}/executions",
            "an execution": first_execution(console),
            "upload": f"{console}/upload",
        }
        browser = running.enter_context(chromium(folder))
        times = {name: [] for name in pages}
        for number in range(ROUNDS + 1):
            for name, page in pages.items():
                painted = browser.paint(page)
                if number > 0:  # the first fills the browser's caches
                    times[name].append(painted)
    medians = {name: statistics.median(found) for name, found in times.items()}
    rows = [
        [name, *(f"{figure:.0f} ms" for figure in (medians[name], min(found), max(found)))] for name, found in times.items()
    ]
    report.table(["", "median", "least", "most"], rows)
    print()
    listed = medians["executions"]
    report.ratio(f"first paint, {EXECUTIONS:,} executions", f"{listed:.0f} ms", "under 200 ms", listed < 200)


@contextlib.contextmanager
def up(options, data_dir):
    """A stack with its console; gives both URLs."""
    data_dir.mkdir(parents=True)
    log = data_dir / "up.log"
    place = ["--empty", "--port", "0", "--console", "127.0.0.1:0", "--data-dir", data_dir]
    command = [options.binaries / "scones", "up", "--until-stdin-ends", *place]
    with stack.running(command, log) as process:
        console = stack.wait_for(process, command, log, lambda: re.search(r"The console: (http://[0-9.:]+)", log.read_text()))
        yield stack.url(data_dir / "stack.json"), console.group(1)


def first_execution(console):
    """The page of the newest execution."""
    with urllib.request.urlopen(f"{console}/executions", timeout=30) as answer:
        listed = answer.read().decode()
    return console + re.search(r'href="(/execution\?arn=[^"]+)"', listed).group(1)


@contextlib.contextmanager
def one_word():
    """A server of a page that has nothing to lay out; gives the URL."""

    class Word(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = b"<!DOCTYPE html><title>word</title><p>word"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Word) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class Browser:
    """A session of WebDriver."""

    def __init__(self, driver):
        options = {"args": BROWSER}
        wanted = {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}}
        self.session = f"{driver}/session/" + ask(f"{driver}/session", wanted)["sessionId"]

    def paint(self, page):
        """Milliseconds to the first contentful paint of a page."""
        ask(f"{self.session}/url", {"url": "about:blank"})
        time.sleep(PAUSE_S)
        ask(f"{self.session}/url", {"url": page})
        for _ in range(100):
            painted = ask(f"{self.session}/execute/sync", {"script": PAINTED, "args": []})
            if painted is not None:
                return painted
            time.sleep(0.05)
        raise BenchError(f"{page} was not painted")

    def close(self):
        """Ends the browser."""
        urllib.request.urlopen(urllib.request.Request(self.session, method="DELETE"), timeout=30).close()


def ask(url, body):
    """What the driver answers."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())["value"]


@contextlib.contextmanager
def chromium(folder):
    """A browser, for as long as the block lasts."""
    log = folder / "chromedriver.log"
    command = ["chromedriver", "--port=0"]
    with stack.running(command, log) as process:
        port = stack.wait_for(process, command, log, lambda: re.search(r"successfully on port (\d+)", log.read_text()))
        with contextlib.closing(Browser(f"http://127.0.0.1:{port.group(1)}")) as browser:
            yield browser
