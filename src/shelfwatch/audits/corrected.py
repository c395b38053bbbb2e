"""Corrected boxes: which are allowed, and how they differ from what the model found. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from shelfwatch.audits.errors import InvalidError

MAX_BOXES = 3000  # of an audit, as many as the model may find
LABEL_LENGTH = 100  # most characters of a label
LEAST = 1.0  # pixels that a box is wide and high at least
MOVED = 0.05  # pixels by which a side must move to count: boxes are written with one digit


@dataclass(frozen=True)
class Changes:
    """How a correction differs from the model's answer, in boxes. One may be both moved and relabelled."""

    added: int
    removed: int
    moved: int
    relabelled: int

    def to_json(self) -> dict[str, int]:
        """JSON-ready."""
        return asdict(self)


def checked(boxes: Sequence[Mapping[str, Any]], width: int, height: int, found: int) -> list[dict[str, Any]]:
    """The boxes as they are stored: `{"box", "label", "source"}` each, in the order given.

    `width` and `height` are pixels of the upright photo, `found` is how many detections the audit has. Raises
    `InvalidError` for more than 3000 boxes, one that is not within the photo or less than a pixel wide or high, a label
    that is no text of 1 to 100 characters, and a source that is no detection's index or used twice.
    """
    if len(boxes) > MAX_BOXES:
        raise InvalidError(f"detections: at most {MAX_BOXES}")
    used: set[int] = set()
    kept = []
    for number, given in enumerate(boxes):
        where = f"detections.{number}"
        x1, y1, x2, y2 = (float(side) for side in given["box"])
        if not all(math.isfinite(side) for side in (x1, y1, x2, y2)) or not (
            0 <= x1 <= x2 <= width and 0 <= y1 <= y2 <= height
        ):
            raise InvalidError(f"{where}.box: x1, y1, x2, y2 within the photo of {width} × {height} px")
        if x2 - x1 < LEAST or y2 - y1 < LEAST:
            raise InvalidError(f"{where}.box: at least {LEAST:g} px wide and high")
        label = given["label"].strip()
        if not 1 <= len(label) <= LABEL_LENGTH or not label.isprintable():
            raise InvalidError(f"{where}.label: 1 to {LABEL_LENGTH} printable characters")
        source = given["source"]
        if source is not None:
            if not 0 <= source < found:
                raise InvalidError(f"{where}.source: the audit has {found} detections, counted from 0")
            if source in used:
                raise InvalidError(f"{where}.source: {source} is used twice")
            used.add(source)
        kept.append({"box": [x1, y1, x2, y2], "label": label, "source": source})
    return kept


def compare(model: Sequence[Mapping[str, Any]], boxes: Sequence[Mapping[str, Any]]) -> Changes:
    """What became of the model's detections in corrected `boxes`, whose `source` are indices of them."""
    kept = [(model[given["source"]], given) for given in boxes if given["source"] is not None]
    return Changes(
        added=len(boxes) - len(kept),
        removed=len(model) - len(kept),
        moved=sum(
            any(abs(a - b) > MOVED for a, b in zip(before["box"], after["box"], strict=True)) for before, after in kept
        ),
        relabelled=sum(before["label"] != after["label"] for before, after in kept),
    )
