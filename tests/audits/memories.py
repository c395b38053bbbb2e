"""What the tests of the memory share: a memory, photos and entries."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from shelfwatch.audits import memory
from shelfwatch.audits.audit import Audit
from shelfwatch.audits.entry import Entry
from shelfwatch.audits.folder import FolderPhotos
from shelfwatch.audits.record import record

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Memory(memory.Memory):
    """A memory whose photos lie in a folder."""

    photos: FolderPhotos

    def record(self, number: int = 0, **changes: Any) -> Audit:
        return record(self.database, self.photos, photo(number), entry(**changes)).audit

    def files(self) -> list[Path]:
        """Every file of the photo store."""
        return sorted(path for path in self.photos.folder.rglob("*") if path.is_file())


def photo(number: int = 0, kind: str = "JPEG", **options: Any) -> bytes:
    """A small picture, another for each number."""
    image = Image.linear_gradient("L").resize((48, 64)).convert("RGB")
    for bit in range(20):  # as squares, which no compression makes equal
        shade = 255 * (number >> bit & 1)
        image.paste((shade, shade, shade), (8 * (bit % 5), 8 * (bit // 5), 8 * (bit % 5) + 8, 8 * (bit // 5) + 8))
    buffer = io.BytesIO()
    image.save(buffer, kind, **({"quality": 95, "subsampling": 0} if kind == "JPEG" else {}), **options)
    return buffer.getvalue()


def entry(
    store: str = "Berlin 1",
    bay: str = "Cereal",
    minutes: int = 0,
    facings: int = 3,
    fill_rate: float | None = 0.75,
    gaps: int = 1,
    key: str | None = None,
    **changes: Any,
) -> Entry:
    """What was found in a photo taken some minutes after noon."""
    box = [1.0, 2.0, 3.0, 4.0]
    return Entry(
        store,
        bay,
        width=48,
        height=64,
        model={"name": "accurate", "version": "1.2.0", "precision": "int8"},
        detections=[{"label": "product", "class_id": 0, "confidence": 0.9, "box": box, "row": 0, "position": 0}]
        * facings,
        report={
            "facings": facings,
            "fill_rate": fill_rate,
            "rows": [{"index": 0, "box": box, "facings": facings, "fill_rate": fill_rate}],
            "gaps": [{"row": 0, "box": box, "width_facings": 1.6, "severity": "major"}] * gaps,
        },
        taken_at=changes.pop("taken_at", NOON + timedelta(minutes=minutes)),
        idempotency_key=key,
        **changes,
    )
