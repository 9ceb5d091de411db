"""The model over several seeds: how accurate, how well calibrated, what the gate lets through, how long it takes."""

import json
import statistics
import tempfile
from dataclasses import astuple, dataclass
from pathlib import Path

import measure
import report

SEEDS = range(5)
EPOCHS = 120
"""What the promises are made for."""
LABELS = "bicycle,motorcycle"
DRAWN = " These are DRAWINGS: for figures that mean something, give --archive cifar-100-python.tar.gz."
CHANNELS = {"train": "train", "test": "validation"}


@dataclass(frozen=True)
class Model:
    """A trained model's figures on the test images."""

    accuracy: float
    ece: float
    pass_rate: float
    precision: float
    seconds: float
    peak: float


def bench(options):
    """Measures and prints."""
    with tempfile.TemporaryDirectory(dir=options.work) as temporary:
        folder = Path(temporary)
        staged = stage(options, folder)
        report.title(
            "Training",
            f"{options.epochs} epochs on all cores with each of {len(SEEDS)} seeds; figures on the test images, by "
            "which nothing is chosen." + ("" if options.archive else DRAWN),
        )
        models = [trained(options, staged, folder / f"seed-{seed}", seed) for seed in SEEDS]
    show(models, promised=options.archive is not None and options.epochs == EPOCHS)


def stage(options, folder):
    """The archive's images, or those of the drawn sample."""
    cifar_tools, archive, staged = options.binaries / "cifar-tools", options.archive, folder / "staged"
    if archive is None:
        archive = folder / "sample.tar.gz"
        measure.run([cifar_tools, "sample", "--out", archive])
    measure.run([cifar_tools, "stage", "--archive", archive, "--out", staged])
    return staged


def trained(options, staged, root, seed):
    """A model's figures."""
    report.progress(f"training with seed {seed}")
    found, training = evaluated(options, staged, root, seed)
    gate = found["gate"]
    seconds, peak = training.wall, training.peak / report.MIB
    return Model(found["accuracy"], found["ece"], gate["pass_rate"], gate["precision"], seconds, peak)


def evaluated(options, staged, root, seed):
    """Trains with one seed under SageMaker's contract, and evaluates as the endpoint would score."""
    lay_out(staged, root, seed, options.epochs)
    scones = options.binaries / "scones"
    training = measure.run([scones, "model", "train", "--root", root], timeout=1800)
    figures = root / "evaluation.json"
    images = ["--images", staged / "test", "--lst", staged / "test.lst"]
    measure.run([scones, "model", "evaluate", "--model", root / "model", *images, "--json", figures])
    return json.loads(figures.read_text()), training


def lay_out(staged, root, seed, epochs):
    """What SageMaker would mount under /opt/ml."""
    data, config = root / "input/data", root / "input/config"
    data.mkdir(parents=True)
    config.mkdir()
    for split, channel in CHANNELS.items():
        (data / channel).symlink_to(staged / split)
        (data / f"{channel}_lst").mkdir()
        (data / f"{channel}_lst" / f"{split}.lst").symlink_to(staged / f"{split}.lst")
    samples = len((staged / "train.lst").read_text().splitlines())
    parameters = {"num_classes": 2, "num_training_samples": samples, "image_shape": "3,32,32", "epochs": epochs}
    parameters |= {"labels": LABELS, "seed": seed}
    text = json.dumps({name: str(value) for name, value in parameters.items()})
    (config / "hyperparameters.json").write_text(text)


def show(models, promised):
    """Prints a row for each seed, what they come to, and whether it is what is promised of the real images."""
    columns = measure.columns(models)
    rows = [(f"seed {seed}", *cells(astuple(model))) for seed, model in zip(SEEDS, models, strict=True)]
    rows.append(("mean", *cells(map(statistics.mean, columns))))
    rows.append(("sd", *cells(map(statistics.stdev, columns))))
    report.table(("", "accuracy", "ECE", "pass", "right", "seconds", "MiB"), rows)
    print("\n  pass: the part over the default threshold; right: the part of those that is correct\n")
    if promised:
        accuracy, slowest = statistics.mean(columns[0]), max(columns[4])
        report.ratio("accuracy, mean", f"{accuracy:.4f}", "at least 0.93", accuracy >= 0.93)
        report.ratio("seconds of the slowest training", f"{slowest:.0f}", "under 180", slowest < 180)


def cells(figures):
    """The figures as text."""
    formats = ("{:.4f}", "{:.4f}", "{:.3f}", "{:.3f}", "{:.1f}", "{:.0f}")
    return [shape.format(figure) for shape, figure in zip(formats, figures, strict=True)]
