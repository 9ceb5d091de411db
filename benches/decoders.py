"""Compares what fit-image decodes with what Pillow decodes, on any folder of images, such as a decoder's own test set.

    cargo run --release -p fit-image --example upright -- FOLDER OUT
    python3 benches/decoders.py FOLDER OUT      # pip install pillow numpy
"""

import collections
import pathlib
import re
import sys
import warnings

import numpy
from PIL import Image, ImageOps

# Mean difference of a channel, of 255: decoders may round, and upsample chroma, as they like.
SAME = 3.0
FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "GIF", "BMP", "TIFF")


def over_white(image: Image.Image) -> numpy.ndarray:
    pixels = numpy.asarray(image.convert("RGBA"), dtype=numpy.float32)
    alpha = pixels[..., 3:] / 255
    return pixels[..., :3] * alpha + 255 * (1 - alpha)


def by_pillow(path: pathlib.Path) -> tuple[str, numpy.ndarray | str]:
    """The image, upright and in 8-bit RGB; or why there is none."""
    try:
        with Image.open(path, formats=[name for name in FORMATS if name != "MPO"]) as image:
            mode = f"{image.format} {image.mode}"
            image.load()
            image = ImageOps.exif_transpose(image)
            if image.mode.startswith("I;16"):
                image = Image.fromarray((numpy.asarray(image) >> 8).astype(numpy.uint8))
            return mode, over_white(image)
    except Exception as error:
        return path.suffix[1:].upper(), str(error)


def compare(path: pathlib.Path, ours: pathlib.Path) -> tuple[str, str]:
    """An outcome, and its cause."""
    mode, theirs = by_pillow(path)
    png, refusal = ours.with_name(ours.name + ".png"), ours.with_name(ours.name + ".txt")
    if not png.exists():
        why = re.sub(r"\d+", "N", refusal.read_text())
        return ("neither" if isinstance(theirs, str) else "only Pillow"), f"{mode}: {why}"
    if isinstance(theirs, str):
        return "only fit-image", f"{mode}: {theirs}"
    with Image.open(png) as image:
        pixels = over_white(image)
    if pixels.shape != theirs.shape:
        return "different", f"{mode}: {pixels.shape[1::-1]} and {theirs.shape[1::-1]} pixels"
    difference = float(numpy.abs(pixels - theirs).mean())
    return ("same", mode) if difference <= SAME else ("different", f"{mode}: by {difference:.0f}")


def main() -> None:
    warnings.simplefilter("ignore")
    folder, out = map(pathlib.Path, sys.argv[1:3])
    outcomes: dict[str, dict[str, list[pathlib.Path]]] = collections.defaultdict(lambda: collections.defaultdict(list))
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        outcome, cause = compare(path, out / path.relative_to(folder))
        outcomes[outcome][cause].append(path.relative_to(folder))
    for outcome in ("same", "different", "only Pillow", "only fit-image", "neither"):
        causes = outcomes[outcome]
        print(f"{outcome}: {sum(map(len, causes.values()))}")
        if outcome != "same":
            for cause, paths in sorted(causes.items(), key=lambda item: -len(item[1])):
                print(f"  {len(paths):4} {cause}   (as {paths[0]})")


if __name__ == "__main__":
    main()
