"""What each ingredient of training is worth: short runs from one start that differ in one thing.

Usage: .venv-train/bin/python scripts/ingredients.py START DATA --pseudo FILE --boxes FILE --rendered FILE
    --teacher WEIGHTS

START is a checkpoint, an ONNX model or a packaged model's name; DATA and FILE are dataset files. Runs are alike in
views, schedule and seed; one that is finished already in --out is only read. Prints a Markdown table of the averaged
weights' accuracy on the `val` photos.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from shelfwatch.commands.training import find_weights
from shelfwatch.training.augment import AugmentOptions
from shelfwatch.training.train import TrainOptions, train

UPRIGHT = AugmentOptions(zoom=(0.7, 1.4), mosaic=0.0).distorted(0)
UNDISTURBED = dict.fromkeys(("light", "blur", "glare", "shade", "noise", "jpeg"), 0.0)
EPOCHS = 2


def variants(given: argparse.Namespace, base: TrainOptions) -> Iterator[tuple[str, TrainOptions]]:
    """Every run by name, the plain one first; those whose files are not given are left out."""
    yield "labels only, upright", base
    yield (
        "without what phones do (light, blur, glare, shade, noise, JPEG)",
        replace(base, augment=replace(UPRIGHT, **UNDISTURBED)),
    )
    usual = AugmentOptions()
    bent = replace(usual, zoom=UPRIGHT.zoom, mosaic=UPRIGHT.mosaic)
    yield "turned, sheared, stretched and leaned", replace(base, augment=bent)
    yield "with mosaics, 40 % of views", replace(base, augment=replace(UPRIGHT, mosaic=usual.mosaic))
    yield "zoomed from 0.5 to 1.7", replace(base, augment=replace(UPRIGHT, zoom=usual.zoom))
    if given.pseudo:
        yield "with pseudo-labels, odds 0.7", replace(base, extra=((given.pseudo, 0.7),))
    if given.boxes:
        yield "with pseudo-labels, odds 0.7, their boxes learned too", replace(base, extra=((given.boxes, 0.7),))
    if given.rendered:
        yield "with rendered shelves, odds 0.3", replace(base, extra=((given.rendered, 0.3),))
    if given.teacher:
        yield "with a teacher", replace(base, teachers=(find_weights(given.teacher),))


def figures(options: TrainOptions) -> dict[str, float]:
    """The last validation of a run, which is made unless it is there."""
    results = options.out / "results.csv"
    rows = read(results)
    if len(rows) < options.epochs:
        train(options)
        rows = read(results)
    return rows[-1]


def read(results: Path) -> list[dict[str, float]]:
    """The validations of a run; none before its first."""
    if not results.is_file():
        return []
    with results.open() as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def main() -> None:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("start")
    parser.add_argument("data", type=Path)
    parser.add_argument("--pseudo", type=Path)
    parser.add_argument("--boxes", type=Path, help="the pseudo-labels with `exact_boxes: true`")
    parser.add_argument("--rendered", type=Path)
    parser.add_argument("--teacher")
    parser.add_argument("--out", type=Path, default=Path("runs/ingredients"))
    parser.add_argument("--views", type=int, default=800, help="an epoch, of two")
    parser.add_argument("--learning-rate", type=float, default=3e-4)
    parser.add_argument("--freeze", type=int, default=22, help="first layers left as they are; 22 is all but the head")
    given = parser.parse_args()
    alike: dict[str, Any] = {"epochs": EPOCHS, "views": given.views, "learning_rate": given.learning_rate}
    alike |= {"freeze": given.freeze, "ema": 0.99, "hold_statistics": True, "settle": 0.0}
    base = TrainOptions(weights=find_weights(given.start), data=given.data, augment=UPRIGHT, **alike)
    print("| run | AP | AP50 | AP75 | count error |\n| --- | ---: | ---: | ---: | ---: |", flush=True)
    for number, (name, options) in enumerate(variants(given, base)):
        row = figures(replace(options, out=given.out / str(number)))
        shown = " | ".join(f"{row[key]:.4f}" for key in ("ap", "ap50", "ap75"))
        print(f"| {name} | {shown} | {row['count_error']:.1%} |", flush=True)


if __name__ == "__main__":
    main()
