"""What is to be recorded, checked before anything is stored."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shelfwatch.audits.errors import InvalidError
from shelfwatch.audits.tables import KEY_LENGTH, NAME_LENGTH, NOTE_LENGTH

OLDEST = datetime(2000, 1, 1, tzinfo=UTC)  # earlier times come from clocks that were never set
CLOCK_DRIFT = timedelta(days=1)  # how far ahead of ours a camera's clock may be


@dataclass(frozen=True)
class Entry:
    """One audit to record: whose shelf it is and what was found in its photo.

    `width` and `height` are pixels of the upright photo; `model`, `detections` and `report` are JSON-ready, and the
    report holds at least `facings`, `fill_rate` (0..1 or None) and the list `gaps`. `taken_at` without a zone is UTC;
    None is now.
    """

    store: str
    bay: str
    width: int
    height: int
    model: dict[str, Any]
    detections: list[dict[str, Any]]
    report: dict[str, Any]
    taken_at: datetime | None = None
    note: str | None = None
    idempotency_key: str | None = None

    def checked(self, now: datetime) -> Entry:
        """With names, note and time as they are stored. Raises `InvalidError`."""
        fill_rate = self.report["fill_rate"]
        if fill_rate is not None and not math.isfinite(fill_rate):
            raise InvalidError("fill_rate: not a number")
        return replace(
            self,
            store=clean_name(self.store, "store"),
            bay=clean_name(self.bay, "bay"),
            taken_at=clean_time(self.taken_at, now),
            note=clean_note(self.note),
            idempotency_key=clean_key(self.idempotency_key),
        )


def clean_name(text: str, what: str) -> str:
    """A store's or bay's name without blanks around it, in one spelling of its accents. Raises `InvalidError`."""
    name = unicodedata.normalize("NFC", text.strip())
    if not 1 <= len(name) <= NAME_LENGTH or not name.isprintable():
        raise InvalidError(f"{what}: a name has 1 to {NAME_LENGTH} printable characters")
    return name


def known_name(text: str) -> str | None:
    """The name as it would be stored, None for what cannot be one."""
    try:
        return clean_name(text, "name")
    except InvalidError:
        return None


def clean_note(text: str | None) -> str | None:
    """A note, None where it says nothing. Raises `InvalidError`."""
    note = unicodedata.normalize("NFC", text or "").strip().replace("\r\n", "\n")
    if len(note) > NOTE_LENGTH or not all(part.isprintable() for part in note.replace("\t", "\n").split("\n")):
        raise InvalidError(f"note: at most {NOTE_LENGTH} printable characters and line breaks")
    return note or None


def clean_key(text: str | None) -> str | None:
    """An idempotency key. Raises `InvalidError`."""
    if text is not None and not (1 <= len(text) <= KEY_LENGTH and text.isascii() and text.isprintable()):
        raise InvalidError(f"idempotency_key: 1 to {KEY_LENGTH} printable ASCII characters")
    return text


def clean_time(moment: datetime | None, now: datetime) -> datetime:
    """When a photo was taken, in UTC. Raises `InvalidError` for times that no camera was right about."""
    if moment is None:
        return now
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if not OLDEST <= moment <= now + CLOCK_DRIFT:
        raise InvalidError(f"taken_at: a time between {OLDEST.date()} and tomorrow")
    return moment.astimezone(UTC)
