"""Runs whole processes and says what they took: wall time, processor time, peak memory."""

import contextlib
import os
import select
import signal
import statistics
import subprocess
import tempfile
import time
from dataclasses import astuple, dataclass
from pathlib import Path

LOOK_MS = 2
"""How often a running process is asked for its peak memory."""

SHOWN = 2000
"""How many bytes of what a failed process said last are shown."""


class BenchError(Exception):
    """What is measured did not work; the text is for the person who typed the command."""


@dataclass(frozen=True)
class Sample:
    """One run of a process; seconds and bytes."""

    wall: float
    cpu: float
    peak: int


def run(command, *, core=None, timeout=300, env=None):
    """Runs `command` to its end, pinned to `core` if one is given; its standard output goes nowhere.

    The peak is the last VmHWM seen, not wait4's ru_maxrss: that one begins with the size of the process that forked,
    which is this Python.
    """
    command = [str(part) for part in command]
    with tempfile.TemporaryFile() as errors:
        begun = time.perf_counter()
        with pinned(core):
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=env,
                start_new_session=True,
            )
        peak = watch(process.pid, begun + timeout)
        wall = time.perf_counter() - begun
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            over = f" after {timeout} s" if wall > timeout else ""
            raise BenchError(f"{' '.join(command)}: exit status {process.returncode}{over}\n{tail(errors)}")
    return Sample(wall, usage.ru_utime + usage.ru_stime, peak)


@contextlib.contextmanager
def pinned(core):
    """Pins this process for a moment: what it starts in it inherits the core, and keeps it."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, before if core is None else {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def watch(pid, deadline):
    """Returns when the process has ended, with the most memory that it was seen to hold."""
    handle = os.pidfd_open(pid)
    ended = select.poll()
    ended.register(handle, select.POLLIN)
    peak = 0
    try:
        while not ended.poll(LOOK_MS):
            peak = max(peak, peak_memory(pid))
            if time.perf_counter() > deadline:
                os.killpg(pid, signal.SIGKILL)
    except BaseException:
        os.killpg(pid, signal.SIGKILL)
        raise
    finally:
        os.close(handle)
    return peak


def peak_memory(pid):
    """The process's peak memory in bytes; 0 where it has none any more."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def tail(file):
    """The end of what a process wrote into `file`."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - SHOWN))
    return file.read().decode(errors="replace").strip()


def interleave(rounds, *contenders):
    """Lets each contender run once a round, A B C A B C, so that what disturbs the machine disturbs them all.

    A contender is a function of the round's number. The first round warms the caches and is dropped.
    """
    kept = [[] for _ in contenders]
    for number in range(rounds + 1):
        for contender, samples in zip(contenders, kept, strict=True):
            sample = contender(number)
            if number > 0:
                samples.append(sample)
    return kept


def medians(samples):
    """The sample whose every figure is the median of that figure."""
    return type(samples[0])(*map(statistics.median, columns(samples)))


def columns(samples):
    """The values of each figure."""
    return list(zip(*map(astuple, samples), strict=True))


def percentile(values, percent):
    """The value that `percent` of all do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
