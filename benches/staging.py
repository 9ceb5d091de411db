"""Staging the archive: `cifar-tools stage` against `gzip -dc`, which only inflates it, and against the notebook."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import measure
import report
from measure import BenchError

HERE = Path(__file__).parent
MEMORY = Path("/dev/shm")
ROOM = 1 << 30
MANIFESTS = ("train.lst", "test.lst")


def bench(options):
    """Measures and prints."""
    archive = options.archive or full_size(options.work)
    core = max(os.sched_getaffinity(0))
    place = scratch(options.work)
    report.title(
        "Staging",
        f"Whole processes, pinned to one core, in turns, medians of {options.rounds} rounds. Two of them go from "
        f"{archive.name} ({archive.stat().st_size / 1e6:.0f} MB) to PNGs and manifests in {place}; gzip only inflates "
        "it.",
    )
    with tempfile.TemporaryDirectory(dir=place, prefix="scones-bench-") as folder:
        contenders = Contenders(options.binaries, archive, core, Path(folder))
        gzip, ours, notebook = map(
            measure.medians,
            measure.interleave(options.rounds, contenders.gzip, contenders.ours, contenders.notebook),
        )
    show(gzip, ours, notebook)


def scratch(work):
    """A file system in memory where there is room: a busy disk can cost as much as the staging itself."""
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        return MEMORY
    return work


def full_size(work):
    """The archive of the published one's size, written once. In a process of its own: numpy stays out of this one."""
    archive = work / "full-size.tar.gz"
    if not archive.exists():
        report.progress(f"writing {archive}, once")
        measure.run([sys.executable, HERE / "archive.py", archive])
    return archive


class Contenders:
    """The three processes; each round ends with a look at whether they did the same work."""

    def __init__(self, binaries, archive, core, folder):
        self.binaries, self.archive, self.core, self.folder = binaries, archive, core, folder

    def gzip(self, _number):
        """Inflates and throws away."""
        return measure.run(["gzip", "-dc", self.archive], core=self.core)

    def ours(self, number):
        """Stages with cifar-tools."""
        out = self.folder / f"ours-{number}"
        stage = [self.binaries / "cifar-tools", "stage", "--archive", self.archive, "--out", out]
        return measure.run(stage, core=self.core)

    def notebook(self, number):
        """Stages as the notebook does, compares, and removes both."""
        ours, out = self.folder / f"ours-{number}", self.folder / f"notebook-{number}"
        report.progress(f"staging, round {number}")
        sample = measure.run([sys.executable, HERE / "notebook_staging.py", self.archive, out], core=self.core)
        compare(ours, out)
        shutil.rmtree(ours)
        shutil.rmtree(out)
        return sample


def compare(ours, notebook):
    """The two sets have the same manifests, byte for byte, and images of the same names."""
    for name in MANIFESTS:
        if (ours / name).read_bytes() != (notebook / name).read_bytes():
            raise BenchError(f"{name} of cifar-tools is not the notebook's: the two did not do the same work")
    for folder in ("train", "test"):
        if names(ours / folder) != names(notebook / folder):
            raise BenchError(f"{folder}/ of cifar-tools has not the images of the notebook's")


def names(folder):
    """The names of the files in a folder."""
    return {file.name for file in folder.iterdir()}


def show(gzip, ours, notebook):
    """Prints the figures, and what they are to each other."""
    rows = [("gzip -dc > /dev/null", gzip), ("cifar-tools stage", ours), ("the notebook's staging", notebook)]
    report.table(
        ("", "wall s", "cpu s", "peak MiB"),
        [(name, f"{of.wall:.3f}", f"{of.cpu:.3f}", f"{of.peak / report.MIB:.1f}") for name, of in rows],
    )
    print()
    to_gzip, to_notebook = ours.wall / gzip.wall, notebook.wall / ours.wall
    report.ratio("cifar-tools to gzip -dc, wall time", f"{to_gzip:.2f}", "at most 0.50", to_gzip <= 0.5)
    report.ratio("cifar-tools to gzip -dc, processor time", f"{ours.cpu / gzip.cpu:.2f}")
    report.ratio("the notebook to cifar-tools, wall time", f"{to_notebook:.1f} x", "at least 4", to_notebook >= 4)
    report.ratio("the notebook to cifar-tools, peak memory", f"{notebook.peak / ours.peak:.0f} x")
    report.ratio("cifar-tools, peak memory", f"{ours.peak / 1e6:.1f} MB", "under 40 MB", ours.peak < 40e6)
