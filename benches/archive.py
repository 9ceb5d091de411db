"""Writes an archive of the published one's size and layout, for timing: what costs time is there, photographs are not.

    python archive.py FILE

A gzip file of a tar of three pickles as Python 2 wrote them (protocol 2, every object memoized): 50,000 and 10,000 rows
of 3,072 bytes, 500 and 100 of each of the 100 classes, filled with noise that deflates as photographs do. Pickle's
opcodes are explained in the standard library's `pickletools`.
"""

import gzip
import io
import struct
import sys
import tarfile
from pathlib import Path

import numpy as np

FOLDER = "cifar-100-python"
ROWS = {"train": 50_000, "test": 10_000}
SIDE = 32
WIDTH = 3 * SIDE * SIDE
HORIZON = 560
CLASSES = 100
NAMES = {8: "bicycle", 48: "motorcycle"}
BATCH = 1000
LEVEL = 6


class Pickle:
    """A dictionary in the making."""

    def __init__(self):
        self.out = bytearray(b"\x80\x02}")
        self.memo = 0
        self.put()
        self.out += b"("

    def put(self):
        """Memoizes the object that was written last."""
        self.memo += 1
        self.out += b"q" + bytes([self.memo]) if self.memo < 256 else b"r" + struct.pack("<I", self.memo)

    def string(self, value):
        """Writes a Python 2 string, which has no encoding."""
        self.out += b"U" + bytes([len(value)]) if len(value) < 256 else b"T" + struct.pack("<I", len(value))
        self.out += value
        self.put()

    def strings(self, key, values):
        """Adds an entry that is a list of strings."""
        self.entries(key, values, self.string)

    def numbers(self, key, values):
        """Adds an entry that is a list of numbers below 256."""
        self.entries(key, values, lambda value: self.out.extend((ord("K"), value)))

    def entries(self, key, values, write):
        """Adds a list, in batches as `cPickle` writes them."""
        self.string(key)
        self.out += b"]"
        self.put()
        for begin in range(0, len(values), BATCH):
            self.out += b"("
            for value in values[begin : begin + BATCH]:
                write(value)
            self.out += b"e"

    def pixels(self, key, rows):
        """Adds an entry that is a numpy array of `uint8`, through numpy's own reconstruction."""
        self.string(key)
        self.constructed(b"numpy.core.multiarray", b"_reconstruct", self.empty_array)
        self.out += b"(K\x01J" + struct.pack("<i", len(rows)) + b"M" + struct.pack("<H", WIDTH) + b"\x86"
        self.put()
        self.constructed(b"numpy", b"dtype", self.one_byte)
        self.out += b"(K\x03"
        self.string(b"|")
        self.out += b"NNN" + 2 * (b"J" + struct.pack("<i", -1)) + b"K\x00tb\x89"
        self.string(rows.tobytes())
        self.out += b"tb"

    def constructed(self, module, name, arguments):
        """Calls a global with three arguments."""
        self.imported(module, name)
        arguments()
        self.out += b"\x87R"
        self.put()

    def imported(self, module, name):
        """Names a global."""
        self.out += b"c" + module + b"\n" + name + b"\n"
        self.put()

    def empty_array(self):
        """The arguments ndarray, (0,), 'b'."""
        self.imported(b"numpy", b"ndarray")
        self.out += b"K\x00\x85"
        self.string(b"b")

    def one_byte(self):
        """The arguments 'u1', 0, 1."""
        self.string(b"u1")
        self.out += b"K\x00K\x01"

    def finish(self):
        """The pickle's bytes."""
        return bytes(self.out + b"u.")


def noise(count, random):
    """Rows that are a smooth sky over rough ground in three colors.

    As for photographs, most of what makes deflate save anything is short repeats in the smooth part: the real bicycles
    and motorcycles deflate to 0.90 of their size, and to 0.96 where repeats are not looked for; these rows do so too.
    """
    sky = np.arange(SIDE * SIDE) < random.integers(0, HORIZON, (count, 1, 1))
    ground = uniform(random, 20, 235, (count, 3, 1))
    level = np.where(sky, 255 - ground, ground)
    spread = np.where(sky, uniform(random, 0.7, 3, (count, 1, 1)), uniform(random, 30, 60, (count, 1, 1)))
    rows = random.standard_normal((count, 3, SIDE * SIDE), dtype=np.float32) * spread + level
    return rows.clip(0, 255).astype(np.uint8).reshape(count, WIDTH)


def uniform(random, low, high, shape):
    """Uniform numbers in half the memory."""
    return random.uniform(low, high, shape).astype(np.float32)


def split(name, random):
    """The pickle of train or test."""
    labels = random.permutation(np.arange(ROWS[name]) % CLASSES).tolist()
    names = [f"{NAMES.get(label, 'other')}_s_{row:06}.png".encode() for row, label in enumerate(labels)]
    pickle = Pickle()
    pickle.strings(b"filenames", names)
    pickle.string(b"batch_label")
    pickle.string(f"noise for timing, {name}ing batch 1 of 1".encode())
    pickle.numbers(b"fine_labels", labels)
    pickle.numbers(b"coarse_labels", [label % 20 for label in labels])
    pickle.pixels(b"data", np.concatenate([noise(BATCH, random) for _ in range(0, ROWS[name], BATCH)]))
    return pickle.finish()


def meta():
    """The pickle of the names; only those of the two classes mean anything."""
    pickle = Pickle()
    pickle.strings(b"fine_label_names", [NAMES.get(label, f"class_{label}").encode() for label in range(CLASSES)])
    pickle.strings(b"coarse_label_names", [f"group_{label}".encode() for label in range(20)])
    return pickle.finish()


def write(path):
    """Writes the archive, in the published order of members; it appears whole or not at all."""
    random = np.random.default_rng(100)
    part = Path(f"{path}.part")
    with gzip.GzipFile(part, "wb", LEVEL, mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        folder = tarfile.TarInfo(FOLDER)
        folder.type, folder.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(folder)
        add(tar, "file.txt~", b"")
        add(tar, "train", split("train", random))
        add(tar, "test", split("test", random))
        add(tar, "meta", meta())
    part.replace(path)


def add(tar, name, body):
    """Adds one member."""
    member = tarfile.TarInfo(f"{FOLDER}/{name}")
    member.size = len(body)
    tar.addfile(member, io.BytesIO(body))


if __name__ == "__main__":
    write(sys.argv[1])
