"""The part of a photo that an alert is about."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

from PIL import Image, ImageDraw
from sqlalchemy import select

from shelfwatch.audits.database import Database
from shelfwatch.audits.errors import NotFoundError
from shelfwatch.audits.photos import MAX_PIXELS, PhotoStore
from shelfwatch.audits.tables import AuditRow
from shelfwatch.inference.image import decode

AROUND = 1.0  # of the longer side of the gap, shown on each side of it, so that the place is recognised
LEAST = 0.25  # of the photo's shorter side, that the crop is wide and high at least
LONG_SIDE = 1024  # pixels of the crop at most
LINE = 4  # pixels of the frame around the gap
COLOUR = (230, 30, 30)
QUALITY = 85  # JPEG's, 0..100


def picture(database: Database, photos: PhotoStore, audit_id: str | None, box: Sequence[float] | None) -> bytes:
    """What an alert is about: `crop` of the photo of its audit, deleted or not. Raises as `crop`."""
    with database.read() as session:
        sha256 = session.scalar(select(AuditRow.photo).where(AuditRow.id == audit_id)) if audit_id else None
    if sha256 is None:
        raise NotFoundError("The alert's photo is gone.")
    return crop(photos, sha256, box)


def crop(photos: PhotoStore, sha256: str, box: Sequence[float] | None) -> bytes:
    """A JPEG, at most 1024 px, of a box (pixels of the upright photo) framed, and what is around it.

    Without a box it is the whole photo. Raises `UnavailableError`, `NotFoundError` for a photo that is gone.
    """
    photo = decode(photos.read(sha256), max_pixels=MAX_PIXELS)
    image = Image.fromarray(photo.pixels)
    if box is not None:
        image = _framed(image, box)
    image.thumbnail((LONG_SIDE, LONG_SIDE))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def _framed(image: Image.Image, box: Sequence[float]) -> Image.Image:
    left, top, right, bottom = box
    margin = AROUND * max(right - left, bottom - top)
    least = LEAST * min(image.size)
    across, down = (max(margin, (least - side) / 2) for side in (right - left, bottom - top))
    region = (
        max(0, math.floor(left - across)),
        max(0, math.floor(top - down)),
        min(image.width, math.ceil(right + across)),
        min(image.height, math.ceil(bottom + down)),
    )
    if region[0] >= region[2] or region[1] >= region[3]:
        return image
    part = image.crop(region)
    scale = min(1.0, LONG_SIDE / max(part.size))
    part = part.resize((max(1, round(part.width * scale)), max(1, round(part.height * scale))))
    frame = [
        (left - region[0]) * scale,
        (top - region[1]) * scale,
        (right - region[0]) * scale,
        (bottom - region[1]) * scale,
    ]
    ImageDraw.Draw(part).rectangle(frame, outline=COLOUR, width=LINE)
    return part
