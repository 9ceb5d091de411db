"""What the benchmarks print: lines for a terminal of 80 columns."""

import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

WIDTH = 80
MIB = 1024 * 1024


def machine(binaries):
    """Says on what all this was measured."""
    cores = len(os.sched_getaffinity(0))
    packages = ("boto3", "awslambdaric", "numpy", "pandas", "matplotlib")
    versions = [f"{name} {metadata.version(name)}" for name in packages]
    print(f"machine   {processor()}, {cores} cores, load {os.getloadavg()[0]:.1f}, {platform.system()} {platform.release()}")
    print(f"programs  {first_line('gzip', '--version')}; {first_line(binaries / 'scones', '--version')}")
    print(f"python    {platform.python_version()}, {', '.join(versions[:2])},")
    print(f"          {', '.join(versions[2:])}")


def processor():
    """The processor's name, as Linux has it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def first_line(*command):
    """The first line that a command prints."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    return done.stdout.splitlines()[0]


def title(text, *notes):
    """Begins a part: what it is, and what exactly was measured."""
    print(f"\n{text}\n{'=' * len(text)}")
    for note in notes:
        print(note)
    print()
    sys.stdout.flush()


def table(head, rows):
    """Prints rows under a head: the first column to the left, figures to the right."""
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
    widths[0] = max(widths[0], 28)
    for row in [head, *rows]:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        print("  " + "  ".join(cells).rstrip())
    sys.stdout.flush()


def ratio(text, value, target="", holds=True):
    """Prints a ratio, and whether it is what the project promises."""
    verdict = f"  ({target}: {'holds' if holds else 'MISSED'})" if target else ""
    print(f"  {text:<44}{value:>10}{verdict}")
    sys.stdout.flush()


def progress(text):
    """Says on the terminal what goes on; not part of the result."""
    print(f"[{text}]", file=sys.stderr, flush=True)
