"""How well the scores are calibrated, on more images than the test set has: 200 can't tell an ECE of 0.03 from none.

Each fifth of the training images is scored by a model that was trained on the other four. What the five say of all
training images goes into one reliability diagram.
"""

import random
import tempfile
from pathlib import Path

import report
import training

FOLDS = 5
BINS = ("images", "confidence", "accuracy")


def bench(options):
    """Measures and prints."""
    with tempfile.TemporaryDirectory(dir=options.work) as temporary:
        folder = Path(temporary)
        staged = training.stage(options, folder)
        report.title(
            "Calibration",
            f"{options.epochs} epochs on all cores for each of {FOLDS} folds of the training images; figures on what each "
            "model was not trained on, together." + ("" if options.archive else training.DRAWN),
        )
        found = []
        for fold, (rest, held_out) in enumerate(folds((staged / "train.lst").read_text().splitlines())):
            report.progress(f"training without fold {fold}")
            data = lay_out(staged, folder / f"data-{fold}", rest, held_out)
            found.append(training.evaluated(options, data, folder / f"fold-{fold}", fold)[0])
    show(found, promised=options.archive is not None and options.epochs == training.EPOCHS)


def folds(lines):
    """Pairs of the lines that a model is trained on and of those that it is not: each class in equal parts."""
    by_class = {}
    for line in lines:
        by_class.setdefault(line.split("\t")[1], []).append(line)
    parts = [[] for _ in range(FOLDS)]
    for images in by_class.values():
        random.Random(7).shuffle(images)
        for fold, part in enumerate(parts):
            part.extend(images[fold::FOLDS])
    for held_out in parts:
        yield [line for part in parts if part is not held_out for line in part], held_out


def lay_out(staged, data, rest, held_out):
    """A staged folder whose test images are those that are held out."""
    data.mkdir()
    for split, lines in (("train", rest), ("test", held_out)):
        (data / split).symlink_to(staged / "train")
        (data / f"{split}.lst").write_text("\n".join(lines) + "\n")
    return data


def pooled(found):
    """One reliability diagram of several: a bin's images, their mean confidence and their accuracy."""
    for bins in zip(*(figures["reliability"] for figures in found), strict=True):
        images = sum(each["images"] for each in bins)
        if images:
            mean = [sum(each["images"] * each[name] for each in bins) / images for name in BINS[1:]]
            yield images, *mean


def show(found, promised):
    """Prints the diagram, and what it comes to."""
    bins = list(pooled(found))
    images = sum(count for count, _, _ in bins)
    rows = [(f"{count}", f"{confidence:.3f}", f"{accuracy:.3f}") for count, confidence, accuracy in bins]
    report.table(("images", "confidence", "accuracy"), rows)
    ece = sum(count * abs(confidence - accuracy) for count, confidence, accuracy in bins) / images
    right = sum(count * accuracy for count, _, accuracy in bins) / images
    print(f"\n  accuracy {right:.4f} of {images} images\n")
    if promised:
        report.ratio("expected calibration error", f"{ece:.4f}", "at most 0.03", ece <= 0.03)
    else:
        print(f"  expected calibration error {ece:.4f}")
