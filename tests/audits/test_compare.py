"""Comparing two audits of a bay."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from audits.memories import NOON, Memory
from shelfwatch.audits.audit import Audit
from shelfwatch.audits.compare import compare
from shelfwatch.audits.entry import Entry
from shelfwatch.audits.errors import InvalidError, NotFoundError
from shelfwatch.audits.ids import new_id
from shelfwatch.audits.record import record
from shelfwatch.inference.detections import Detections
from shelfwatch.shelf import analyze
from shelfwatch.training.rendering import RenderedShelf, RenderOptions, ShelfPair, render_pair, render_shelf

SMALL = RenderOptions(width=450, height=600, rows=(3, 3), facings=(8, 9), bays=(1, 1))


@pytest.fixture(scope="module")
def pair() -> ShelfPair:
    return render_pair(4, SMALL)


def keep(memory: Memory, shelf: RenderedShelf, hour: int, bay: str = "Cereal", **changes: Any) -> Audit:
    """Record a rendered shelf as if its products had been detected."""
    height, width = shelf.image.shape[:2]
    found = Detections(shelf.boxes, np.full(len(shelf), 0.9, np.float32), np.zeros(len(shelf), np.int32))
    report = analyze(found, width=width, height=height)
    entry = Entry(
        "Berlin 1",
        bay,
        width=width,
        height=height,
        model={"name": "accurate", "version": "1.2.0", "precision": "int8"},
        detections=report.place(found.to_json(["product"])),
        report=report.to_json() | changes,
        taken_at=NOON + timedelta(hours=hour),
    )
    return record(memory.database, memory.photos, shelf.to_jpeg(), entry).audit


def test_what_left_came_and_stayed(memory: Memory, pair: ShelfPair) -> None:
    earlier, later = keep(memory, pair.earlier, 0), keep(memory, pair.later, 1)
    answer = compare(memory.database, memory.photos, later.id, earlier.id)
    assert (answer["earlier"], answer["later"], answer["registered"]) == (earlier.id, later.id, True)
    assert answer["inliers"] > 10
    fates = len(answer["left"]) + sum(stay["detected"]["earlier"] for stay in answer["stayed"])
    fates += len(answer["came"]) + sum(stay["detected"]["later"] for stay in answer["stayed"])
    assert fates + answer["unseen"] == earlier.facings + later.facings
    true = {
        tuple(np.round(box.astype(float), 2).tolist()) for box in pair.earlier.boxes[marked(pair.earlier, pair.left)]
    }
    found = {tuple(item["box"]) for item in answer["left"]}
    assert len(found & true) > 0.7 * max(len(found), 1)
    corner = np.array(answer["transform"]) @ [225, 300, 1]
    truth = pair.matrix @ [225, 300, 1]
    assert np.abs(corner[:2] / corner[2] - truth[:2] / truth[2]).max() < 4
    assert answer["change"] == {
        "count": later.count - earlier.count,
        "facings": later.facings - earlier.facings,
        "fill_rate": round((later.fill_rate or 0) - (earlier.fill_rate or 0), 4),
        "gaps": later.gaps - earlier.gaps,
    }


def marked(shelf: RenderedShelf, facings: frozenset[int]) -> np.ndarray:
    return np.isin(shelf.facing, list(facings))


def test_an_audit_and_itself(memory: Memory, pair: ShelfPair) -> None:
    audit = keep(memory, pair.earlier, 0)
    answer = compare(memory.database, memory.photos, audit.id, audit.id)
    assert answer["left"] == answer["came"] == []
    assert len(answer["stayed"]) == audit.facings
    assert answer["change"] == {"count": 0, "facings": 0, "fill_rate": 0.0, "gaps": 0}


def test_photos_that_do_not_show_the_same_say_nothing_of_facings(memory: Memory, pair: ShelfPair) -> None:
    earlier, later = keep(memory, pair.earlier, 0, fill_rate=None), keep(memory, render_shelf(99, SMALL), 1)
    answer = compare(memory.database, memory.photos, later.id, earlier.id)
    assert (answer["registered"], answer["inliers"]) == (False, 0)
    assert all(answer[name] is None for name in ("left", "came", "stayed", "unseen", "transform"))
    assert answer["change"]["count"] == later.count - earlier.count
    assert answer["change"]["fill_rate"] is None


def test_audits_of_different_bays_and_unknown_ones(memory: Memory, pair: ShelfPair) -> None:
    one, other = keep(memory, pair.earlier, 0), keep(memory, pair.later, 1, bay="Tea")
    with pytest.raises(InvalidError, match=r"^earlier: "):
        compare(memory.database, memory.photos, other.id, one.id)
    with pytest.raises(NotFoundError):
        compare(memory.database, memory.photos, new_id(), one.id)
