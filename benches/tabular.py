"""Boosted trees beside XGBoost's `hist`, one thread each, on the same folds in turns: `just bench tabular`.

Ames: the first 1,460 rows of the shipped house prices, the logarithm of the price, one-hot columns, five folds of seed 42. With
SCONES_CALIFORNIA=FILE also the 1990 census of California.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import xgboost
from sklearn.model_selection import KFold

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "target/bench/tabular"
AMES = [
    {"num_round": 500, "max_depth": 4, "eta": 0.05},
    {"num_round": 2000, "max_depth": 3, "eta": 0.03, "subsample": 0.8, "colsample_bytree": 0.5},
    {"num_round": 100},
]
CALIFORNIA = [{"num_round": 500, "max_depth": 6, "eta": 0.1}]


def features(table, target):
    labels = np.log(table[target].to_numpy(float)).astype(np.float32)
    table = table.drop(columns=[column for column in (target, "Id") if column in table])
    return pd.get_dummies(table).to_numpy(np.float32), labels


def ours(program, settings, train, test):
    """Predictions, seconds of the training, microseconds of a row."""
    paths = []
    for name, (rows, labels) in {"train": train, "test": test}.items():
        path = WORK / f"{name}.csv"
        pd.DataFrame(np.c_[labels, rows]).to_csv(path, header=False, index=False)
        paths.append(str(path))
    given = [f"{name}={value}" for name, value in settings.items()]
    ran = subprocess.run([program, *paths, *given, "seed=42"], capture_output=True, text=True, check=True)
    seconds, microseconds = map(float, ran.stderr.split())
    return np.array(ran.stdout.split(), float), seconds, microseconds


def theirs(settings, train, test):
    settings = {"tree_method": "hist", "nthread": 1, "seed": 42, **settings}
    rounds = settings.pop("num_round")
    data = xgboost.DMatrix(train[0], train[1], nthread=1)
    began = time.perf_counter()
    model = xgboost.train(settings, data, rounds)
    seconds = time.perf_counter() - began
    return model.predict(xgboost.DMatrix(test[0], nthread=1)), seconds


def compare(program, name, rows, labels, settings):
    folds = list(KFold(5, shuffle=True, random_state=42).split(rows))
    errors, times, microseconds = [], [], []
    for train, test in folds:
        train, test = (rows[train], labels[train]), (rows[test], labels[test])
        mine, seconds, row = ours(program, settings, train, test)
        other, other_seconds = theirs(settings, train, test)
        errors.append([float(np.sqrt(np.mean((found - test[1]) ** 2))) for found in (mine, other)])
        times.append((seconds, other_seconds))
        microseconds.append(row)
    (error, other_error), (seconds, other_seconds) = np.mean(errors, axis=0), np.median(times, axis=0)
    label = f"{name}, {settings['num_round']} x depth {settings.get('max_depth', 6)}"
    print(
        f"{label:30} {error:.4f} {other_error:.4f}  {seconds:6.3f} {other_seconds:6.3f} {seconds / other_seconds:5.2f}"
        f"  {np.median(microseconds):5.1f}",
        flush=True,
    )


def main():
    program = sys.argv[1]
    WORK.mkdir(parents=True, exist_ok=True)
    print(f"xgboost {xgboost.__version__}; {processor()}")
    print(f"{'':30} RMSLE  theirs  seconds theirs ratio  us a row")
    ames = pd.read_csv(ROOT / "tables/data/house-prices.csv", keep_default_na=False, na_values=["NA", ""])
    for settings in AMES:
        compare(program, "Ames", *features(ames[:1460], "SalePrice"), settings)
    if path := os.environ.get("SCONES_CALIFORNIA"):
        california = pd.read_csv(path)
        for settings in CALIFORNIA:
            compare(program, "California", *features(california, "median_house_value"), settings)


def processor():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown processor")
    return model + (" with AVX-512" if any("avx512f" in line for line in lines) else "")


if __name__ == "__main__":
    main()
