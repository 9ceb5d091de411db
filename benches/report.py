"""What the benchmarks print: lines for a terminal of 80 columns."""

import os
import platform
import subprocess
import sys
import textwrap
from importlib import metadata
from pathlib import Path

WIDTH = 80
MIB = 1024 * 1024


def machine(binaries):
    """Says on what all this was measured."""
    packages = ("boto3", "moto", "awslambdaric", "numpy", "pandas", "matplotlib")
    facts = [
        f"{processor()}, {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}",
        f"{platform.system()} {platform.release()}",
        first_line(binaries / "scones", "--version"),
        first_line("gzip", "--version"),
        f"Python {platform.python_version()}",
        *(f"{name} {metadata.version(name)}" for name in packages),
    ]
    print(textwrap.fill("; ".join(facts), WIDTH, break_on_hyphens=False))


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


def title(text, note):
    """Begins a part: what it is, and what exactly was measured."""
    print(f"\n{text}\n{'=' * len(text)}\n{textwrap.fill(note, WIDTH)}\n")
    sys.stdout.flush()


def table(head, rows):
    """Prints rows under a head: the first column to the left, figures to the right."""
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
    widths[0] = max(widths[0], 28)
    for row in [head, *rows]:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("  " + "  ".join(cells).rstrip())
    sys.stdout.flush()


def ratio(text, value, target="", holds=True):
    """Prints a ratio, and whether it is what the project promises."""
    verdict = f"  ({target}: {'holds' if holds else 'MISSED'})" if target else ""
    print(f"  {text:<44}{value:>10}{verdict}")
    sys.stdout.flush()


def progress(text):
    """Says on a terminal what goes on; not part of the result."""
    if sys.stderr.isatty():
        print(f"[{text}]", file=sys.stderr, flush=True)
