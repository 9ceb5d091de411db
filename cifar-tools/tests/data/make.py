"""Makes the archives beside this file, as Python 3 and numpy 2 write them: one for each pickle protocol.

Protocols 2 and 4 have `data` as their first entry, 3 and 5 as their last.  usage: python3 make.py (needs numpy)
"""
import gzip, io, pathlib, pickle, tarfile
import numpy as np

def split(title, labels, protocol):
    rows = [[(row * 31 + at * 7 + at // 1024) % 256 for at in range(3072)] for row in range(len(labels))]
    data = {"data": np.array(rows, np.uint8)}
    rest = {
        "filenames": [f"image_s_{row:06}.png" for row in range(len(labels))],
        "batch_label": title,
        "fine_labels": labels,
        "coarse_labels": [18] * len(labels),
    }
    entries = data | rest if protocol % 2 == 0 else rest | data
    return pickle.dumps(entries, protocol)

NAMES = [f"class_{n}" for n in range(100)]
for protocol in (2, 3, 4, 5):
    members = {
        "train": split("training", [8, 48, 0, 8], protocol),
        "test": split("testing", [3, 48], protocol),
        "meta": pickle.dumps({"fine_label_names": NAMES, "coarse_label_names": []}, protocol),
    }
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, body in members.items():
            info = tarfile.TarInfo(f"cifar-100-python/{name}")
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    out = pathlib.Path(__file__).with_name(f"python3-protocol{protocol}.tar.gz")
    out.write_bytes(gzip.compress(plain.getvalue(), 9, mtime=0))
