"""What the course's notebook does to get its images: the peer of `cifar-tools stage`.

    python notebook_staging.py ARCHIVE OUT_DIR

The steps are the notebook's: unpack the archive, load its three pickles, pick bicycles and motorcycles with pandas,
save each image with matplotlib, write the manifests with pandas. (The notebook then copies them to S3.)
"""

import os
import pickle
import sys
import tarfile

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # after the backend is chosen
import numpy as np
import pandas as pd

BICYCLE, MOTORCYCLE = 8, 48


def unpack(archive):
    """Unpacks the archive into the current folder and loads what is in it."""
    with tarfile.open(archive, "r:gz") as tar:
        tar.extractall(filter="data")
    return [load(f"cifar-100-python/{name}") for name in ("meta", "test", "train")]


def load(path):
    """A pickle that Python 2 wrote."""
    with open(path, "rb") as file:
        return pickle.load(file, encoding="bytes")


def frame(dataset):
    """The rows of the two classes, as a table of file name, label and row."""
    names = dataset[b"filenames"]
    table = pd.DataFrame({"filenames": names, "labels": dataset[b"fine_labels"], "row": range(len(names))})
    table = table[(table["labels"] == BICYCLE) | (table["labels"] == MOTORCYCLE)].copy()
    table["filenames"] = table["filenames"].apply(lambda name: name.decode("utf-8"))
    return table


def save_images(dataset, table, folder):
    """Writes one PNG a row, from its three planes of 32 x 32."""
    os.makedirs(folder, exist_ok=True)

    def save(row):
        planes = dataset[b"data"][row["row"]].reshape(3, 32, 32)
        plt.imsave(os.path.join(folder, row["filenames"]), np.dstack(tuple(planes)))

    table.apply(save, axis=1)


def save_manifest(table, path):
    """Writes row, class from 0, and file name, with tabs between them."""
    listed = table.copy()
    listed["labels"] = listed["labels"].apply(lambda label: 0 if label == BICYCLE else 1)
    listed[["row", "labels", "filenames"]].to_csv(path, sep="\t", index=False, header=False)


def main(archive, out):
    """Stages `archive` into the folder `out`."""
    archive = os.path.abspath(archive)
    os.makedirs(out)
    os.chdir(out)
    _meta, test, train = unpack(archive)
    for dataset, name in ((train, "train"), (test, "test")):
        table = frame(dataset)
        save_images(dataset, table, name)
        save_manifest(table, f"{name}.lst")


if __name__ == "__main__":
    main(*sys.argv[1:])
