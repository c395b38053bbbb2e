"""Compare rendered shelves with themselves at another time and from another spot, and with other shelves.

Prints how often photos register, how far they are off, and how right the facings that left or came are.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from shelfwatch.audits.compare import LOOKED_AT
from shelfwatch.inference.detector import Detector, packaged_models
from shelfwatch.inference.image import decode
from shelfwatch.inference.model import Model
from shelfwatch.shelf.changes import IN_VIEW, assign, find_changes, overlap
from shelfwatch.shelf.homography import project, project_boxes
from shelfwatch.shelf.links import hosts
from shelfwatch.shelf.looks import Shot
from shelfwatch.shelf.registration import register
from shelfwatch.training.rendering import render_pair
from shelfwatch.training.shelf_truth import KINDS, PHOTO, seeds

SAME_PRODUCT = 0.5  # least IoU of a box with the product it counts for
GRID = 15  # points along each side of the earlier photo at which the registration is judged
RUNS = 40  # of the timed comparison
SMALL = 0.02  # error in widths of a facing
SIDES = ("earlier", "later")


@dataclass(frozen=True)
class Pair:
    """Two photos of a shelf and what is true of them, as `ShelfPair` has it."""

    photos: tuple[Path, Path]
    boxes: tuple[NDArray[np.float64], NDArray[np.float64]]
    facing: tuple[NDArray[np.int64], NDArray[np.int64]]
    matrix: NDArray[np.float64]
    changed: tuple[frozenset[int], frozenset[int]]  # facings that left, that came


@dataclass
class Score:
    """Counts over pairs, and the errors of each in shares of a facing's width and in pixels."""

    pairs: int = 0
    registered: int = 0
    left: int = 0
    left_found: int = 0
    left_hit: int = 0
    came: int = 0
    came_found: int = 0
    came_hit: int = 0
    pixels: list[float] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)

    def __add__(self, other: Self) -> Self:
        return type(self)(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


def pair_of(folder: Path, kind: str, seed: int) -> Pair:
    """A rendered pair, from `folder` if it was rendered before."""
    stem = folder / f"{kind.replace(' ', '-')}-{seed}"
    photos = tuple(stem.with_name(f"{stem.name}-{side}.jpg") for side in SIDES)
    truth = stem.with_suffix(".json")
    if not truth.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        made = render_pair(seed, KINDS[kind])
        for photo, shelf in zip(photos, (made.earlier, made.later), strict=True):
            photo.write_bytes(shelf.to_jpeg())
        facts = {
            "boxes": [shelf.boxes.tolist() for shelf in (made.earlier, made.later)],
            "facing": [shelf.facing.tolist() for shelf in (made.earlier, made.later)],
            "matrix": made.matrix.tolist(),
            "changed": [sorted(made.left), sorted(made.came)],
        }
        truth.write_text(json.dumps(facts))
    facts = json.loads(truth.read_text())
    return Pair(
        photos,
        tuple(np.array(boxes, np.float64).reshape(-1, 4) for boxes in facts["boxes"]),
        tuple(np.array(numbers, np.int64) for numbers in facts["facing"]),
        np.array(facts["matrix"]),
        tuple(frozenset(numbers) for numbers in facts["changed"]),
    )


def detected(detector: Detector, photo: Path) -> NDArray[np.float64]:
    """The products that a model finds, as an audit would have them."""
    boxes = detector.detect(detector.decode(photo.read_bytes())).detections.xyxy.astype(np.float64)
    return boxes[hosts(boxes) == np.arange(len(boxes))] if len(boxes) else boxes


def shot(photo: Path, boxes: NDArray[np.float64]) -> Shot:
    """A photo with boxes of products."""
    picture = decode(photo.read_bytes(), target=LOOKED_AT, shrink=True)
    return Shot(boxes, picture.width, picture.height, picture.pixels)


def judge(pair: Pair, shots: tuple[Shot, Shot]) -> Score:
    """Register and compare one pair."""
    begin = time.perf_counter()
    found = register(*shots)
    changes = find_changes(*shots, found.matrix) if found else None
    score = Score(pairs=1, milliseconds=[(time.perf_counter() - begin) * 1000])
    back = np.linalg.inv(pair.matrix)
    mapped = (project_boxes(pair.matrix, pair.boxes[0]), project_boxes(back, pair.boxes[1]))
    in_view = [seen(mapped[side], shots[1 - side]) for side in (0, 1)]
    changed = [np.isin(pair.facing[side], list(pair.changed[side])) for side in (0, 1)]
    score.left, score.came = (int((changed[side] & in_view[side]).sum()) for side in (0, 1))
    if found is None or changes is None:
        return score
    score.registered = 1
    score.pixels, score.widths = ([error] for error in errors(pair, shots, found.matrix))
    counts = []
    for side, listed in enumerate((changes.left, changes.came)):
        product, box = assign(overlap(pair.boxes[side], shots[side].boxes), SAME_PRODUCT)
        who = np.full(len(shots[side].boxes), -1)
        who[box] = product
        who = who[listed]
        right = (who >= 0) & changed[side][who] & in_view[side][who]
        # At the rim of what the other photo shows, saying so is neither right nor wrong.
        excused = (who >= 0) & changed[side][who] & ~in_view[side][who]
        counts.append((len(listed) - int(excused.sum()), int(right.sum())))
    (score.left_found, score.left_hit), (score.came_found, score.came_hit) = counts
    return score


def seen(boxes: NDArray[np.float64], other: Shot) -> NDArray[np.bool_]:
    """Which boxes lie for the most part in the other photo."""
    frame = (other.width, other.height)
    shown = np.clip(boxes[:, 2:], 0, frame) - np.clip(boxes[:, :2], 0, frame)
    return shown.prod(axis=1) >= IN_VIEW * (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)


def errors(pair: Pair, shots: tuple[Shot, Shot], matrix: NDArray[np.float64]) -> tuple[float, float]:
    """How far the registration is off where both photos look: median in pixels and in widths of a facing."""
    steps = np.linspace(0, 1, GRID)
    points = np.array(list(itertools.product(steps * shots[0].width, steps * shots[0].height)))
    true = project(pair.matrix, points)
    both = ((true > 0) & (true < (shots[1].width, shots[1].height))).all(axis=1)
    off = float(np.median(np.linalg.norm(project(matrix, points[both]) - true[both], axis=1)))
    return off, off / float(np.median(pair.boxes[1][:, 2] - pair.boxes[1][:, 0]))


def timed() -> tuple[float, float]:
    """Milliseconds of one core, fastest and median, to compare two photos of 150 facings each."""
    made = render_pair(1, replace(PHOTO, rows=(8, 8), facings=(22, 24)))
    times = []
    for _ in range(RUNS):
        shots = []
        for shelf in (made.earlier, made.later):
            boxes = shelf.boxes[np.argsort(shelf.boxes[:, 0], kind="stable")][:150].astype(np.float64)
            shots.append(Shot(boxes, PHOTO.width, PHOTO.height, shelf.image))
        begin = time.process_time()
        found = register(*shots)
        if found is not None:
            find_changes(*shots, found.matrix)
        times.append((time.process_time() - begin) * 1000)
    return min(times), float(np.median(times))


def share(part: int, whole: int) -> str:
    """A rate for the table."""
    return f"{part / whole:.3f}" if whole else "–"


def main() -> None:
    """Render, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shelves", type=Path, default=Path("runs/pairs"), help="keeps rendered pairs")
    parser.add_argument("--per-kind", type=int, default=8)
    parser.add_argument("--start", type=int, default=0, help="the first of each kind")
    parser.add_argument("--photos", type=Path, help="also photos of different shelves: each with the four after it")
    parser.add_argument("--model", default="fast", choices=list(packaged_models()))
    options = parser.parse_args()
    detector = Detector(Model(packaged_models()[options.model]))
    table = Table("shelves", "boxes", "pairs", "registered", "off by px", "in widths", "below 2 %", "left", "precision")
    for name in ("recall", "came", "precision", "recall", "ms"):
        table.add_column(name)
    totals: dict[str, Score] = {}
    strangers: dict[str, list[int]] = {}
    for kind in KINDS:
        pairs = [pair_of(options.shelves, kind, seed) for seed in seeds(kind, options.per_kind, options.start)]
        for boxes in ("true", options.model):
            shots = [
                tuple(
                    shot(photo, true if boxes == "true" else detected(detector, photo))
                    for photo, true in zip(pair.photos, pair.boxes, strict=True)
                )
                for pair in pairs
            ]
            score = Score()
            for pair, both in zip(pairs, shots, strict=True):
                score += judge(pair, both)
            totals[boxes] = totals.get(boxes, Score()) + score
            table.add_row(kind, boxes, *cells(score))
            # Every later photo but its own; the shelves are of one kind and size, which is the hardest.
            others = [register(one[0], other[1]) for one, other in itertools.permutations(shots, 2)]
            strangers.setdefault(boxes, []).extend(int(found is not None) for found in others)
    for boxes, score in totals.items():
        table.add_row("all", boxes, *cells(score))
    console = Console(width=160)
    console.print(table)
    for boxes, found in strangers.items():
        console.print(f"different shelves, boxes {boxes}: {sum(found)} of {len(found)} pairs registered")
    if options.photos:
        shots = [shot(file, detected(detector, file)) for file in sorted(options.photos.glob("*.jpg"))]
        found = [int(register(one, other) is not None) for i, one in enumerate(shots) for other in shots[i + 1 : i + 5]]
        console.print(f"different photos: {sum(found)} of {len(found)} pairs registered")
    console.print("2 × 150 facings: fastest {:.0f} ms, median {:.0f} ms of one core".format(*timed()))


def cells(score: Score) -> list[str]:
    """A table's row."""
    small = sum(width < SMALL for width in score.widths)
    return [
        str(score.pairs),
        share(score.registered, score.pairs),
        f"{np.median(score.pixels):.2f}" if score.pixels else "–",
        f"{np.median(score.widths):.3f}" if score.widths else "–",
        share(small, len(score.widths)),
        str(score.left),
        share(score.left_hit, score.left_found),
        share(score.left_hit, score.left),
        str(score.came),
        share(score.came_hit, score.came_found),
        share(score.came_hit, score.came),
        f"{np.median(score.milliseconds):.0f}",
    ]


if __name__ == "__main__":
    main()
