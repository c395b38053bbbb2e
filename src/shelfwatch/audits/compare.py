"""Compare two audits of a bay: which facings left, came or stayed between their photos."""

from __future__ import annotations

from typing import Any

import numpy as np

from shelfwatch.audits.audit import Audit
from shelfwatch.audits.database import Database
from shelfwatch.audits.errors import InvalidError
from shelfwatch.audits.photos import MAX_PIXELS, PhotoStore
from shelfwatch.audits.read import get_audit
from shelfwatch.inference.image import decode
from shelfwatch.shelf.changes import NOWHERE, Changes, find_changes
from shelfwatch.shelf.links import Floats, hosts
from shelfwatch.shelf.looks import Shot
from shelfwatch.shelf.registration import Registration, register

LOOKED_AT = 1280  # pixels of a photo's long side; looks are small patches, so more would only cost time


def compare(database: Database, photos: PhotoStore, later_id: str, earlier_id: str) -> dict[str, Any]:
    """What changed from one audit of a bay to another, JSON-ready.

    `registered` is False where the photos do not show the same products in the same places; then `left`, `came`,
    `stayed`, `unseen` and `transform` are None, since nothing is known of single facings. Raises `NotFoundError`,
    `InvalidError` for audits of different bays, `UnavailableError`, and `ImageError` for a damaged photo.
    """
    later, earlier = get_audit(database, later_id), get_audit(database, earlier_id)
    if (later.store, later.bay) != (earlier.store, earlier.bay):
        raise InvalidError("earlier: an audit of another bay; only audits of one bay can be compared")
    shots = _shot(photos, earlier), _shot(photos, later)
    found = register(*shots)
    changes = find_changes(*shots, found.matrix) if found else None
    return {
        "earlier": earlier.id,
        "later": later.id,
        "registered": found is not None,
        "inliers": len(found.earlier) if found else 0,
        **_facings(*shots, found, changes),
        "change": {
            "count": later.count - earlier.count,
            "facings": later.facings - earlier.facings,
            "fill_rate": _difference(later.fill_rate, earlier.fill_rate),
            "gaps": later.gaps - earlier.gaps,
        },
    }


def _shot(photos: PhotoStore, audit: Audit) -> Shot:
    """An audit's products and its photo. A detection without a row is no product, a nested one is a second look."""
    found = [item["box"] for item in audit.detections or () if item.get("row") is not None]
    boxes = np.array(found, np.float64).reshape(-1, 4)
    boxes = boxes[(boxes[:, 2:] > boxes[:, :2]).all(axis=1)]
    boxes = boxes[hosts(boxes) == np.arange(len(boxes))] if len(boxes) else boxes
    photo = decode(photos.read(audit.photo), target=LOOKED_AT, max_pixels=MAX_PIXELS, shrink=True)
    return Shot(boxes, audit.width, audit.height, photo.pixels)


def _facings(earlier: Shot, later: Shot, found: Registration | None, changes: Changes | None) -> dict[str, Any]:
    """Each facing's fate with its box in both photos; the box in a photo that does not show it is where it would be."""
    if found is None or changes is None:
        return dict.fromkeys(("left", "came", "stayed", "unseen", "transform"))
    before, after = _boxes(earlier.boxes), _boxes(later.boxes)
    in_later, in_earlier = _boxes(changes.in_later), _boxes(changes.in_earlier)
    stayed = [
        {
            "earlier": in_earlier[j] if i == NOWHERE else before[i],
            "later": in_later[i] if j == NOWHERE else after[j],
            "detected": {"earlier": i != NOWHERE, "later": j != NOWHERE},
        }
        for i, j in changes.stayed.tolist()
    ]
    return {
        "left": [{"box": before[i], "box_later": in_later[i]} for i in changes.left.tolist()],
        "came": [{"box": after[j], "box_earlier": in_earlier[j]} for j in changes.came.tolist()],
        "stayed": stayed,
        "unseen": len(changes.unseen_earlier) + len(changes.unseen_later),
        "transform": found.matrix.tolist(),
    }


def _boxes(boxes: Floats) -> list[list[float]]:
    """Boxes to hundredths of a pixel."""
    rounded: list[list[float]] = np.round(boxes, 2).tolist()
    return rounded


def _difference(later: float | None, earlier: float | None) -> float | None:
    return None if later is None or earlier is None else round(later - earlier, 4)
