"""When a photo was taken, as its camera wrote into it."""

from __future__ import annotations

import io
from datetime import datetime

from shelfwatch.inference.image import READERS, sniff_format

# Exif 2.32, 4.6.5: the directory, and in it when the photo was taken and the zone of that.
EXIF, TAKEN, ZONE = 0x8769, 0x9003, 0x9011


def taken_at(data: bytes) -> datetime | None:
    """The time in a photo's EXIF, None where it holds none. One without a zone is in this machine's."""
    kind = sniff_format(data)
    if kind is None:
        return None
    try:
        exif = READERS[kind](io.BytesIO(data)).getexif().get_ifd(EXIF)
    except Exception:  # Pillow raises almost anything on damaged metadata
        return None
    text, zone = (str(exif.get(tag, "")).strip("\0 ") for tag in (TAKEN, ZONE))
    for written, form in ((text + zone, "%Y:%m:%d %H:%M:%S%z"), (text, "%Y:%m:%d %H:%M:%S")):
        try:
            return datetime.strptime(written, form).astimezone()
        except (ValueError, OverflowError):
            continue
    return None
