"""Where a bay's gaps are, and since when each is there. Pure functions over JSON-ready values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shelfwatch.audits.audit import time_text

OVERLAP = 0.5  # of the narrower width and of the lower height: what two gaps share that are at one place


def places(report: Mapping[str, Any], width: int, height: int, taken_at: datetime) -> list[dict[str, Any]]:
    """The gaps of a report of a photo of `width` × `height` px, each there since that photo.

    `share` is its box in shares of the photo's sides, 0..1, so that photos of other sizes can be compared; all else is
    as in the report.
    """
    return [
        {
            "row": gap["row"],
            "box": gap["box"],
            "share": share(gap["box"], width, height),
            "width_facings": gap["width_facings"],
            "severity": gap["severity"],
            "since": time_text(taken_at),
        }
        for gap in report["gaps"]
    ]


def share(box: Sequence[float], width: int, height: int) -> list[float]:
    """A box in pixels as shares of the photo's sides, 0..1."""
    return [round(side / whole, 5) for side, whole in zip(box, (width, height) * 2, strict=True)]


def same_place(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether two boxes (shares of their photos' sides) are at one place: in one row, and over each other in it."""
    for low, high in ((0, 2), (1, 3)):
        common = min(one[high], other[high]) - max(one[low], other[low])
        if common <= 0 or common < OVERLAP * min(one[high] - one[low], other[high] - other[low]):
            return False
    return True


def carried(found: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The gaps of a photo, each there since the gap at its place in the photo before, if there was one."""
    answer = []
    for gap in found:
        since = [old["since"] for old in before if same_place(gap["share"], old["share"])]
        answer.append({**gap, "since": min([gap["since"], *since])})
    return answer
