"""Shelves of which rows, positions, levels and gaps are known: rendered ones of every kind, kept on disk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelfwatch.training.rendering import RenderOptions, render_shelf

PHOTO = RenderOptions(width=960, height=1280)  # as large as the models see
KINDS: dict[str, RenderOptions] = {
    "straight": replace(PHOTO, perspective=0.0, tilt=0.0),
    "tilted": replace(PHOTO, tilt=7.0),
    "perspective": replace(PHOTO, perspective=1.0),
    "stacked": replace(PHOTO, stack_rate=1.0),
    "sparse": replace(PHOTO, gap_rate=0.35),
    "full": replace(PHOTO, gap_rate=0.0),
    "two bays": replace(PHOTO, bays=(2, 2), own_rows=1.0),
    "cooler": replace(PHOTO, fixture="cooler"),
}
SEEDS_A_KIND = 10_000  # seeds of one kind do not run into those of the next


@dataclass(frozen=True, eq=False)
class ShelfTruth:
    """What is true about one photo of a shelf.

    `boxes` is float32 (N, 4), `[x1, y1, x2, y2]` in pixels; `row`, `position` and `level` are int32 (N,), as in
    `RenderedShelf`; `gaps` is float32 (G, 4) and `gap_row` int32 (G,).
    """

    photo: Path
    width: int
    height: int
    boxes: NDArray[np.float32]
    row: NDArray[np.int32]
    position: NDArray[np.int32]
    level: NDArray[np.int32]
    gaps: NDArray[np.float32]
    gap_row: NDArray[np.int32]


def seeds(kind: str, number: int, start: int = 0) -> range:
    """Seeds of `number` shelves of a kind, from its `start`-th on."""
    first = list(KINDS).index(kind) * SEEDS_A_KIND + start
    return range(first, first + number)


def rendered(folder: Path, kind: str, seed: int) -> ShelfTruth:
    """One rendered shelf of a kind, from `folder` if it was rendered before; else it is written there."""
    photo = folder / f"{kind.replace(' ', '-')}-{seed}.jpg"
    truth = photo.with_suffix(".json")
    if not truth.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        shelf = render_shelf(seed, KINDS[kind])
        photo.write_bytes(shelf.to_jpeg())
        truth.write_text(json.dumps(shelf.to_truth()))  # last: where it is, the photo is whole
    return read_truth(photo, json.loads(truth.read_text()))


def read_truth(photo: Path, truth: dict[str, Any]) -> ShelfTruth:
    """The truth about a photo from what `RenderedShelf.to_truth` gave."""
    products, gaps = truth["products"], truth["gaps"]
    return ShelfTruth(
        photo,
        truth["width"],
        truth["height"],
        np.array([product["box"] for product in products], np.float32).reshape(-1, 4),
        np.array([product["row"] for product in products], np.int32),
        np.array([product["position"] for product in products], np.int32),
        np.array([product["level"] for product in products], np.int32),
        np.array([gap["box"] for gap in gaps], np.float32).reshape(-1, 4),
        np.array([gap["row"] for gap in gaps], np.int32),
    )


def every_kind(folder: Path, number: int, start: int = 0) -> Iterator[tuple[str, ShelfTruth]]:
    """`number` rendered shelves of each kind."""
    for kind in KINDS:
        for seed in seeds(kind, number, start):
            yield kind, rendered(folder, kind, seed)
