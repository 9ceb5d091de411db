"""The benchmarks: each part measures this project against its peers in one run, and prints ratios.

`just bench` runs this through run.sh, which makes the environment and the binaries.
"""

import argparse
import importlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import report
from measure import BenchError

PARTS = ("staging", "cold-start", "latency", "executions", "console", "training", "calibration", "speed")
ON_DEMAND = {"console", "training", "calibration", "speed"}
REPOSITORY = Path(__file__).parent.parent


def arguments():
    """What one may type."""
    parser = argparse.ArgumentParser(
        prog="just bench",
        description=__doc__.split("\n")[0],
        epilog="Examples: `just bench`, `just bench staging --rounds 9`, `just bench training --archive FILE`.",
    )
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (by default all but console, which needs "
        "Chromium, training and calibration, which take long, and speed, whose peers are large)"
    )
    parser.add_argument(
        "--archive",
        type=existing,
        metavar="FILE",
        help="the published cifar-100-python.tar.gz, for staging, training, calibration and speed",
    )
    parser.add_argument(
        "--rounds", type=positive, default=5, metavar="N", help="rounds of staging (default %(default)s)"
    )
    parser.add_argument("--epochs", type=positive, default=120, metavar="N", help="of training and calibration (default %(default)s)")
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"no part `{unknown.pop()}`: there are {', '.join(PARTS)}")
    options.parts = [part for part in PARTS if part in (options.parts or set(PARTS) - ON_DEMAND)]
    options.work = REPOSITORY / "target" / "bench"
    options.binaries = Path(os.environ["SCONES_BIN_DIR"]).resolve()
    return options


def existing(text):
    """A file that is there."""
    path = Path(text).resolve()
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"{text} is not a file")
    return path


def positive(text):
    """A number from 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number


def main():
    """Runs the parts, in order; staging is first, while this process is still small."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    options = arguments()
    options.work.mkdir(parents=True, exist_ok=True)
    try:
        report.machine(options.binaries)
        for part in options.parts:
            importlib.import_module(part.replace("-", "_")).bench(options)
    except (BenchError, OSError, subprocess.SubprocessError) as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
