"""What each ingredient of training is worth: short runs from one start that differ in one thing.

Usage: .venv-train/bin/python scripts/ingredients.py START DATA --pseudo FILE --rendered FILE --teacher WEIGHTS

START is a checkpoint; DATA and FILE are dataset files. Runs are alike in views, schedule and seed; one that is finished
already in --out is only read. Prints a Markdown table of the averaged weights' accuracy on the `val` photos.
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

MILD = AugmentOptions(zoom=(0.6, 1.5), mosaic=0.25).distorted(0.5)
UNDISTURBED = dict.fromkeys(("light", "blur", "glare", "shade", "noise", "jpeg"), 0.0)
EPOCHS = 2


def variants(given: argparse.Namespace, base: TrainOptions) -> Iterator[tuple[str, TrainOptions]]:
    """Every run by name, the plain one first; those whose files are not given are left out."""
    yield "labels only", base
    yield (
        "without what phones do (light, blur, glare, shade, noise, JPEG)",
        replace(base, augment=replace(MILD, **UNDISTURBED)),
    )
    yield "turned, leaned and zoomed twice as far", replace(base, augment=replace(MILD.distorted(2), zoom=(0.36, 2.25)))
    yield "without mosaics", replace(base, augment=replace(MILD, mosaic=0.0))
    if given.pseudo:
        yield "with pseudo-labels, odds 0.7", replace(base, extra=((given.pseudo, 0.7),))
    if given.rendered:
        yield "with rendered shelves, odds 0.3", replace(base, extra=((given.rendered, 0.3),))
    if given.teacher:
        yield "with a teacher", replace(base, teacher=find_weights(given.teacher))
    if given.pseudo and given.teacher:
        yield (
            "with pseudo-labels and a teacher",
            replace(base, extra=((given.pseudo, 0.7),), teacher=find_weights(given.teacher)),
        )


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
    parser.add_argument("start", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--pseudo", type=Path)
    parser.add_argument("--rendered", type=Path)
    parser.add_argument("--teacher")
    parser.add_argument("--out", type=Path, default=Path("runs/ingredients"))
    parser.add_argument("--views", type=int, default=1600, help="an epoch, of two")
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    given = parser.parse_args()
    shared: dict[str, Any] = {"epochs": EPOCHS, "views": given.views, "learning_rate": given.learning_rate, "ema": 0.99}
    base = TrainOptions(weights=given.start, data=given.data, augment=MILD, hold_statistics=True, **shared)
    print("| run | AP | AP50 | AP75 | count error |\n| --- | ---: | ---: | ---: | ---: |", flush=True)
    for number, (name, options) in enumerate(variants(given, base)):
        row = figures(replace(options, out=given.out / str(number)))
        shown = " | ".join(f"{row[key]:.4f}" for key in ("ap", "ap50", "ap75"))
        print(f"| {name} | {shown} | {row['count_error']:.1%} |", flush=True)


if __name__ == "__main__":
    main()
